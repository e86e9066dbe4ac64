/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue for each user, and a queue of the users of whom something may run. */
#include "common/fair-queue.h"

typedef struct {
  GQueue waiting;
  guint running;
  gboolean is_in_order;
} User;

struct _NetnsFairQueue {
  NetnsFairQueueLimits limits;
  GDestroyNotify destroy;
  GHashTable *users; /* uid -> User, only those that wait or run */
  GQueue order; /* uid */
  guint running;
};

/* @destroy: (nullable): frees an item that waits when the queue is freed */
NetnsFairQueue *
netns_fair_queue_new (const NetnsFairQueueLimits *limits, GDestroyNotify destroy)
{
  NetnsFairQueue *queue = g_new0 (NetnsFairQueue, 1);

  queue->limits = *limits;
  queue->destroy = destroy;
  queue->users = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return queue;
}

void
netns_fair_queue_free (NetnsFairQueue *queue)
{
  GHashTableIter iter;
  User *user;

  g_hash_table_iter_init (&iter, queue->users);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &user)) {
    if (queue->destroy != NULL)
      g_queue_clear_full (&user->waiting, queue->destroy);
    else
      g_queue_clear (&user->waiting);
  }
  g_hash_table_unref (queue->users);
  g_queue_clear (&queue->order);
  g_free (queue);
}

static User *
get_user (const NetnsFairQueue *queue, guint uid)
{
  return g_hash_table_lookup (queue->users, GUINT_TO_POINTER (uid));
}

/* To be called after each change of a user: keeps the order right, and forgets who wants nothing more. */
static void
update_user (NetnsFairQueue *queue, guint uid, User *user)
{
  gboolean can_run = user->waiting.length > 0 && user->running < queue->limits.running_per_user;

  if (can_run && !user->is_in_order)
    g_queue_push_tail (&queue->order, GUINT_TO_POINTER (uid));
  else if (!can_run && user->is_in_order)
    g_queue_remove (&queue->order, GUINT_TO_POINTER (uid));
  user->is_in_order = can_run;
  if (user->waiting.length == 0 && user->running == 0)
    g_hash_table_remove (queue->users, GUINT_TO_POINTER (uid));
}

/* Puts an @item, anything but %NULL, behind the others of this user. Call netns_fair_queue_next() until it has nothing more.
 * Returns: %FALSE if too many of this user's items wait */
gboolean
netns_fair_queue_add (NetnsFairQueue *queue, guint uid, gpointer item)
{
  User *user = get_user (queue, uid);

  if (user == NULL) {
    user = g_new0 (User, 1);
    g_hash_table_insert (queue->users, GUINT_TO_POINTER (uid), user);
  }
  if (user->waiting.length >= queue->limits.waiting_per_user)
    return FALSE;
  g_queue_push_tail (&user->waiting, item);
  update_user (queue, uid, user);
  return TRUE;
}

/* Returns: (transfer full) (nullable): the next item that may run; it counts as running until netns_fair_queue_done() */
gpointer
netns_fair_queue_next (NetnsFairQueue *queue)
{
  gpointer item;
  User *user;
  guint uid;

  if (queue->running >= queue->limits.running || queue->order.length == 0)
    return NULL;
  uid = GPOINTER_TO_UINT (g_queue_pop_head (&queue->order));
  user = get_user (queue, uid);
  user->is_in_order = FALSE;
  item = g_queue_pop_head (&user->waiting);
  user->running++;
  queue->running++;
  update_user (queue, uid, user);
  return item;
}

/* To be called when an item of @uid ended that netns_fair_queue_next() had given. */
void
netns_fair_queue_done (NetnsFairQueue *queue, guint uid)
{
  User *user = get_user (queue, uid);

  user->running--;
  queue->running--;
  update_user (queue, uid, user);
}

/* Takes out an @item of @uid that still waits. */
void
netns_fair_queue_remove (NetnsFairQueue *queue, guint uid, gpointer item)
{
  User *user = get_user (queue, uid);

  g_queue_remove (&user->waiting, item);
  update_user (queue, uid, user);
}

/* Returns: whether anything runs */
gboolean
netns_fair_queue_is_running (const NetnsFairQueue *queue)
{
  return queue->running > 0;
}
