/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts our rules back when somebody else has taken them away or changed them, such as by `nft flush ruleset`: it is the one
 * thing that the service does without being called, since traffic hangs on it. */
#pragma once

#include "common/grant.h"
#include "core/core.h"

typedef struct _NetnsRestore NetnsRestore;

/* @what: what the rules are for, as netns_wanted_name_rules() has it */
typedef void (*NetnsRestoredFunc) (const char *const *what, gpointer data);

NetnsRestore *netns_restore_new (NetnsCore *core, const NetnsGrant *grant, NetnsRestoredFunc restored, gpointer data);
void netns_restore_free (NetnsRestore *restore);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsRestore, netns_restore_free)
