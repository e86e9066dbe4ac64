/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those that wait for something of which there is not enough for all at a time. Users take turns, and what each user wants
 * comes in its order, so whoever wants much makes only themselves wait. */
#pragma once

#include <glib.h>

/**
 * NetnsFairQueueLimits:
 * @running: how many may have their turn at a time, in all
 * @running_per_user: how many of them may be one user's
 * @waiting_per_user: how many of one user may wait
 */
typedef struct {
  guint running;
  guint running_per_user;
  guint waiting_per_user;
} NetnsFairQueueLimits;

typedef struct _NetnsFairQueue NetnsFairQueue;

NetnsFairQueue *netns_fair_queue_new (const NetnsFairQueueLimits *limits, GDestroyNotify destroy);
void netns_fair_queue_free (NetnsFairQueue *queue);
gboolean netns_fair_queue_add (NetnsFairQueue *queue, guint uid, gpointer item);
gpointer netns_fair_queue_next (NetnsFairQueue *queue);
void netns_fair_queue_done (NetnsFairQueue *queue, guint uid);
void netns_fair_queue_remove (NetnsFairQueue *queue, guint uid, gpointer item);
gboolean netns_fair_queue_is_running (const NetnsFairQueue *queue);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsFairQueue, netns_fair_queue_free)
