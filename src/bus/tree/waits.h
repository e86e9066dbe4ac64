/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of Process.Wait() that are open: answered when the command ends, and dropped when who waits leaves the bus. */
#pragma once

#include "core/service/core.h"

#include <gio/gio.h>

typedef struct _NetnsWaits NetnsWaits;

NetnsWaits *netns_waits_new (NetnsCore *core, GDBusConnection *connection);
void netns_waits_free (NetnsWaits *waits);
void netns_waits_add (NetnsWaits *waits, guint id, guint uid, const char *sender, NetnsDoneFunc done, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsWaits, netns_waits_free)
