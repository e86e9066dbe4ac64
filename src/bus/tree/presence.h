/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that are of interest until they leave the bus, all with one match rule: the bus gives a connection 512 of them,
 * and any user can open many connections. */
#pragma once

#include <gio/gio.h>

typedef struct _NetnsPresence NetnsPresence;

/* @name has left and is forgotten already. */
typedef void (*NetnsLeftFunc) (const char *name, gpointer data);

NetnsPresence *netns_presence_new (GDBusConnection *connection, NetnsLeftFunc left, gpointer data);
void netns_presence_free (NetnsPresence *presence);
gboolean netns_presence_add (NetnsPresence *presence, const char *name);
gboolean netns_presence_is_empty (const NetnsPresence *presence);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsPresence, netns_presence_free)
