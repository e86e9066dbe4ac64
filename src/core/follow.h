/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Port forwards go where their namespaces go: to another address, or away. Whatever changed it, by hand or by a call,
 * which then answers only when the forwards have followed. */
#pragma once

#include "core/core.h"

typedef struct _NetnsFollow NetnsFollow;

NetnsFollow *netns_follow_new (NetnsCore *core, const NetnsGrant *grant);
void netns_follow_free (NetnsFollow *follow);
void netns_follow_count (NetnsFollow *follow, const char *name, guint64 *packets, guint64 *bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsFollow, netns_follow_free)
