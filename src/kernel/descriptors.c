/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/descriptors.h"

#include "common/fair-queue.h"

#include <unistd.h>

/* So many threads may hang, and so many because of one user. */
#define THREADS          64
#define THREADS_PER_USER 4

struct _NetnsDescriptors {
  int *fds;
  guint count;
  guint uid;
};

/* For the whole process, from the first descriptor on. */
static GMutex mutex;
static NetnsFairQueue *queue;    /* NetnsDescriptors that are to be closed */
static GHashTable *unclosed; /* uid -> how many descriptors those are */
static GThreadPool *threads;

/**
 * netns_descriptors_new:
 * @fds: (transfer full) (array length=count): descriptors of a stranger
 * @count: how many
 *
 * Returns: (transfer full): their owner; they are closed by netns_descriptors_close() only
 */
NetnsDescriptors *
netns_descriptors_new (int *fds, guint count)
{
  NetnsDescriptors *descriptors = g_new0 (NetnsDescriptors, 1);

  descriptors->fds = fds;
  descriptors->count = count;
  return descriptors;
}

guint
netns_descriptors_get_count (const NetnsDescriptors *descriptors)
{
  return descriptors->count;
}

/* Returns: descriptor @number of them, counted from 0; still theirs, not to be closed */
int
netns_descriptors_get (const NetnsDescriptors *descriptors, guint number)
{
  g_assert (number < descriptors->count);
  return descriptors->fds[number];
}

static void
add_unclosed (guint uid, int more)
{
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (unclosed, GUINT_TO_POINTER (uid))) + (guint) more;

  if (count > 0)
    g_hash_table_insert (unclosed, GUINT_TO_POINTER (uid), GUINT_TO_POINTER (count));
  else
    g_hash_table_remove (unclosed, GUINT_TO_POINTER (uid));
}

/* With the mutex. */
static void
start_next (void)
{
  NetnsDescriptors *next;

  while ((next = netns_fair_queue_next (queue)) != NULL)
    g_thread_pool_push (threads, next, NULL);
}

static void
close_all (gpointer item, gpointer data)
{
  g_autofree NetnsDescriptors *descriptors = item;

  for (guint i = 0; i < descriptors->count; i++) {
    close (descriptors->fds[i]);
    g_mutex_lock (&mutex);
    add_unclosed (descriptors->uid, -1);
    g_mutex_unlock (&mutex);
  }
  g_free (descriptors->fds);
  g_mutex_lock (&mutex);
  netns_fair_queue_done (queue, descriptors->uid);
  start_next ();
  g_mutex_unlock (&mutex);
}

/**
 * netns_descriptors_close:
 * @descriptors: (transfer full): descriptors that are no longer needed
 * @uid: whose they were: if they cannot be closed, this user's next ones wait
 */
void
netns_descriptors_close (NetnsDescriptors *descriptors, guint uid)
{
  const NetnsFairQueueLimits limits = { THREADS, THREADS_PER_USER, G_MAXUINT };

  descriptors->uid = uid;
  g_mutex_lock (&mutex);
  if (queue == NULL) {
    queue = netns_fair_queue_new (&limits, NULL);
    unclosed = g_hash_table_new (NULL, NULL);
    threads = g_thread_pool_new (close_all, NULL, THREADS, FALSE, NULL);
  }
  add_unclosed (uid, (int) descriptors->count);
  netns_fair_queue_add (queue, uid, descriptors);
  start_next ();
  g_mutex_unlock (&mutex);
}

/* Returns: how many descriptors of a user are to be closed, and are not */
guint
netns_descriptors_count_unclosed (guint uid)
{
  guint count;

  g_mutex_lock (&mutex);
  count = unclosed ? GPOINTER_TO_UINT (g_hash_table_lookup (unclosed, GUINT_TO_POINTER (uid))) : 0;
  g_mutex_unlock (&mutex);
  return count;
}
