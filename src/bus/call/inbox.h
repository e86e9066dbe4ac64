/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Method calls as they come, in the thread of the gate. What would only cost time is dropped there, and too many of one
 * sender are refused there; the rest waits for the main loop. */
#pragma once

#include "bus/call/invocation.h"

typedef struct _NetnsInbox NetnsInbox;

/**
 * NetnsArrivedFunc:
 * @data: given to netns_inbox_listen()
 *
 * Called in the thread of the gate, with the lock of the inbox.
 */
typedef void (*NetnsArrivedFunc) (gpointer data);

NetnsInbox *netns_inbox_new (GError **error);
void netns_inbox_free (NetnsInbox *inbox);
GDBusConnection *netns_inbox_get_connection (NetnsInbox *inbox);
void netns_inbox_listen (NetnsInbox *inbox, NetnsArrivedFunc arrived, gpointer data);
NetnsInvocation *netns_inbox_pop (NetnsInbox *inbox);
void netns_inbox_forget (NetnsInbox *inbox, const NetnsInvocation *invocation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsInbox, netns_inbox_free)
