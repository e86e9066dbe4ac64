/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals of the Manager that tell what others did to the service's things. */
#pragma once

#include "core/core.h"

#include <gio/gio.h>

typedef struct _NetnsNotices NetnsNotices;

NetnsNotices *netns_notices_new (NetnsCore *core, GDBusConnection *connection);
void netns_notices_free (NetnsNotices *notices);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNotices, netns_notices_free)
