/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/background.h"

#include "common/error.h"
#include "common/later.h"
#include "common/fair-queue.h"

#include <malloc.h>

#define TRIM_MILLISECONDS 1000

/* Two of one user would take their share from two others. */
static const NetnsFairQueueLimits limits = { .running = 4, .running_per_user = 1, .waiting_per_user = 32 };
/* Asking is mostly waiting, so more of it may run at once. */
static const NetnsFairQueueLimits ask_limits = { .running = 32, .running_per_user = 8, .waiting_per_user = 128 };

struct _NetnsBackground {
  NetnsFairQueue *queues[NETNS_N_WORKS]; /* Piece */
  GPtrArray *running; /* Piece */
  GCancellable *cancellable;
  GMainContext *context;
  GSource *trim;
};

typedef struct {
  NetnsBackground *background;
  NetnsWork work;
  GThread *thread; /* NULL if there was none to be had */
  guint uid;
  NetnsBackgroundFunc run;
  NetnsBackgroundDone done;
  GDestroyNotify drop;
  gpointer data;
  GError *error;
} Piece;

static void run_next (NetnsBackground *background, NetnsWork work);

/* One that still waited at the end. */
static void
drop_piece (gpointer data)
{
  Piece *piece = data;

  if (piece->drop != NULL)
    piece->drop (piece->data);
  g_free (piece);
}

static void
on_trim (gpointer data)
{
  malloc_trim (0);
}

/* What was read may have been large, and what it leaves, when it has been passed on, is of no use to anything else. */
static void
finish (gpointer data)
{
  Piece *piece = data;
  NetnsBackground *background = piece->background;
  NetnsWork work = piece->work;

  g_clear_pointer (&piece->thread, g_thread_join);
  g_ptr_array_remove_fast (background->running, piece);
  netns_fair_queue_done (background->queues[work], piece->uid);
  piece->done (piece->error, piece->data);
  g_clear_error (&piece->error);
  g_free (piece);
  netns_later_after (&background->trim, TRIM_MILLISECONDS, on_trim, NULL);
  run_next (background, work);
}

static gpointer
run (gpointer data)
{
  Piece *piece = data;

  piece->run (piece->data, piece->background->cancellable);
  netns_later_in (piece->background->context, finish, piece);
  return NULL;
}

static void
start (Piece *piece)
{
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (piece->background->running, piece);
  piece->thread = g_thread_try_new ("netns-reading", run, piece, &error);
  if (piece->thread != NULL)
    return;
  netns_refuse (&piece->error, NETNS_ERROR_KERNEL_REFUSED, "Cannot start a thread: %s", error->message);
  netns_later_in (piece->background->context, finish, piece);
}

static void
run_next (NetnsBackground *background, NetnsWork work)
{
  Piece *piece;

  while ((piece = netns_fair_queue_next (background->queues[work])) != NULL)
    start (piece);
}

/**
 * netns_background_new:
 *
 * To be called in the host namespace by the thread of the main context that results are handed back to: others are born
 * from it there.
 *
 * Returns: (transfer full): it, without work
 */
NetnsBackground *
netns_background_new (void)
{
  NetnsBackground *background = g_new0 (NetnsBackground, 1);

  for (gsize i = 0; i < NETNS_N_WORKS; i++)
    background->queues[i] = netns_fair_queue_new (i == NETNS_WORK_ASK ? &ask_limits : &limits, drop_piece);
  background->running = g_ptr_array_new ();
  background->cancellable = g_cancellable_new ();
  background->context = g_main_context_ref_thread_default ();
  return background;
}

/**
 * netns_background_free:
 * @background: (transfer full): it; its main context must not run afterwards
 *
 * Cancels what runs and waits for its end; nobody gets the results.
 */
void
netns_background_free (NetnsBackground *background)
{
  g_cancellable_cancel (background->cancellable);
  for (guint i = 0; i < background->running->len; i++)
    g_clear_pointer (&((Piece *) g_ptr_array_index (background->running, i))->thread, g_thread_join);
  netns_later_clear (&background->trim);
  g_ptr_array_unref (background->running);
  for (gsize i = 0; i < NETNS_N_WORKS; i++)
    netns_fair_queue_free (background->queues[i]);
  g_object_unref (background->cancellable);
  g_main_context_unref (background->context);
  g_free (background);
}

/**
 * netns_background_push:
 * @background: it
 * @work: its kind: one does not wait for another
 * @uid: whose work it is
 * @run: (scope async): the work, in a thread of its own; must have limits of its own, and end when it is cancelled
 * @done: (scope async): called in the main context, after this function has returned: with the result, or with the error
 *   `KernelRefused` if there is no thread for it, and @run was not called
 * @drop: (nullable): called for @data instead of both when all ends before its turn
 * @data: for both
 * @error: `LimitsExceeded` when too much of this user's work waits
 *
 * Returns: whether it will be done
 */
gboolean
netns_background_push (NetnsBackground *background, NetnsWork work, guint uid, NetnsBackgroundFunc run_func,
                       NetnsBackgroundDone done, GDestroyNotify drop, gpointer data, GError **error)
{
  const Piece values
    = { .background = background, .work = work, .uid = uid, .run = run_func, .done = done, .drop = drop, .data = data };
  Piece *piece = g_memdup2 (&values, sizeof values);

  if (!netns_fair_queue_add (background->queues[work], uid, piece)) {
    g_free (piece);
    return netns_refuse (error, NETNS_ERROR_LIMITS_EXCEEDED, "Too much is being read for this user; try again later");
  }
  run_next (background, work);
  return TRUE;
}
