/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients that are interested in namespaces without a name. Searching for these is expensive, so it is only done
 * for clients that asked, until they leave the bus. */
#pragma once

#include "mirror/mirror.h"

#include <gio/gio.h>

typedef struct _NetnsSubscribers NetnsSubscribers;

NetnsSubscribers *netns_subscribers_new (NetnsMirror *mirror, GDBusConnection *connection);
void netns_subscribers_free (NetnsSubscribers *subscribers);
void netns_subscribers_add (NetnsSubscribers *subscribers, const char *sender, gboolean again,
                            NetnsSettledFunc searched, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsSubscribers, netns_subscribers_free)
