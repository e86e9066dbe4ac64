/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients on the bus, and when they leave. Only bus/call/authority.c needs it. */
#pragma once

#include <gio/gio.h>

typedef struct _NetnsSenders NetnsSenders;
typedef struct _NetnsSenderWatch NetnsSenderWatch;

/**
 * NetnsSenderLeftFunc:
 * @error: in words that can be sent to others
 * @data: given to netns_senders_watch()
 */
typedef void (*NetnsSenderLeftFunc) (const GError *error, gpointer data);

NetnsSenders *netns_senders_new (GDBusConnection *connection);
void netns_senders_free (NetnsSenders *senders);
NetnsSenderWatch *netns_senders_watch (NetnsSenders *senders, const char *name, NetnsSenderLeftFunc left,
                                       gpointer data);
void netns_senders_unwatch (NetnsSenderWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsSenders, netns_senders_free)
