/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose call is next. Users take turns, and so do the connections of each; a connection's own calls keep their order. Who
 * asks for much, or does not read the answers, makes only themselves wait. */
#pragma once

#include "bus/call/inbox.h"

typedef struct _NetnsQueue NetnsQueue;

/**
 * NetnsTakeFunc:
 * @invocation: (transfer full): a call whose turn has come
 * @data: given to netns_queue_new()
 */
typedef void (*NetnsTakeFunc) (NetnsInvocation *invocation, gpointer data);

NetnsQueue *netns_queue_new (NetnsInbox *inbox, NetnsTakeFunc take, gpointer data);
void netns_queue_free (NetnsQueue *queue);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsQueue, netns_queue_free)
