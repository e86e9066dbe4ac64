/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls: uids of the clients on the bus, and who of them left. Only bus/authority.c needs it. */
#pragma once

#include <gio/gio.h>

typedef struct _NetnsSenders NetnsSenders;
typedef struct _NetnsSenderWatch NetnsSenderWatch;

/**
 * NetnsSenderUidFunc:
 * @uid: the sender's uid
 * @error: (nullable): why it could not be found out; @uid then means nothing
 * @data: given to netns_senders_identify()
 */
typedef void (*NetnsSenderUidFunc) (guint uid, const GError *error, gpointer data);

/**
 * NetnsSenderLeftFunc:
 * @error: in words that can be sent to others
 * @data: given to netns_senders_watch()
 */
typedef void (*NetnsSenderLeftFunc) (const GError *error, gpointer data);

NetnsSenders *netns_senders_new (GDBusConnection *connection);
void netns_senders_free (NetnsSenders *senders);
void netns_senders_identify (NetnsSenders *senders, const char *name, NetnsSenderUidFunc identified,
                             gpointer data);
NetnsSenderWatch *netns_senders_watch (NetnsSenders *senders, const char *name, NetnsSenderLeftFunc left,
                                       gpointer data);
void netns_senders_unwatch (NetnsSenderWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsSenders, netns_senders_free)
