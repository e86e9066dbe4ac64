/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/service/ending.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/remaining-references.h"
#include "kernel/sockets.h"

/* The kernel waits for RCU before it says that a namespace has ended, and for those that end before. */
#define MOMENT      500   /* ms, after which it is likely that somebody uses it */
#define END_TIMEOUT 10000 /* ms */
#define LOOK_LIMIT  5000  /* ms of CPU time to look for them */
#define TRIED_MAX   256   /* of them, at a time, to find the way back by */

typedef enum {
  WAITING,
  RETURNING,  /* its names are to be put back */
  COMPLETING, /* they are gone for good */
} State;

struct _NetnsEndings {
  NetnsEndingParts parts;
  GPtrArray *all; /* Ending */
};

typedef struct {
  NetnsEndings *endings;
  const NetnsEndingParts *parts;
  NetnsPlan *plan;
  const NetnsGrant *grant;
  guint uid;
  NetnsFileId id;
  State state;
  int fd; /* the namespace, until its connections without a process were ended */
  GHashTable *sockets;
  GArray *references; /* NetnsReference, as far as they were looked for */
  gboolean looking; /* in the background */
  gboolean late; /* END_TIMEOUT is over */
  gint64 deadline;
  NetnsTakenBack taken_back;
  GError *error;
  NetnsEndingFunc func;
  gpointer data;
} Ending;

static void wait_for_end (Ending *ending, gint64 until);

static void
free_ending (gpointer data)
{
  Ending *ending = data;

  netns_close_fd (&ending->fd);
  g_clear_pointer (&ending->sockets, g_hash_table_unref);
  g_clear_pointer (&ending->references, g_array_unref);
  g_clear_error (&ending->error);
  g_free (ending);
}

/* One whose answer is given waits for the background to be done with it. */
static void
answer (Ending *ending, gboolean deleted)
{
  NetnsEndingFunc func = ending->func;
  gpointer data = ending->data;
  g_autoptr (GError) error = g_steal_pointer (&ending->error);

  ending->func = NULL;
  if (!ending->looking)
    g_ptr_array_remove_fast (ending->endings->all, ending);
  func (deleted, error, data);
}

static void
in_worker (Ending *ending, NetnsWorkerFunc work, NetnsWorkerFunc done)
{
  netns_mirror_hold_events (ending->parts->mirror);
  netns_worker_push (ending->parts->worker, work, done, ending);
}

static void
end_turn (Ending *ending)
{
  netns_mirror_release_events (ending->parts->mirror);
  ending->parts->skip (ending->parts->queue);
}

/* ---- the end */

static void
finish_plan (gpointer data)
{
  Ending *ending = data;

  netns_plan_finish (ending->plan, ending->grant, &ending->error);
}

static void
on_finished (gpointer data)
{
  Ending *ending = data;
  gboolean ended = netns_end_watch_has_ended (netns_plan_get_end (ending->plan));

  end_turn (ending);
  if (!ended) {
    netns_lingering_add (ending->parts->lingering, ending->plan);
    if (ending->error == NULL)
      netns_refuse (
        &ending->error, NETNS_ERROR_BUSY,
        "The name is gone, but something invisible still keeps the namespace alive, such as a closing connection");
  }
  answer (ending, TRUE);
}

static void
on_turn_to_finish (gpointer data)
{
  in_worker (data, finish_plan, on_finished);
}

static void
complete (Ending *ending)
{
  ending->state = COMPLETING;
  ending->parts->enqueue (ending->parts->queue, ending->uid, on_turn_to_finish, ending);
}

/* ---- back again */

/* It has to be the same namespace that is found by what was seen of its users: this is compared with the cookie. If the first
 * ones have all ended, others are looked for. */
static void
take_back (gpointer data)
{
  Ending *ending = data;

  ending->taken_back = NETNS_TAKEN_BACK_GONE;
  for (guint i = 0; ending->taken_back == NETNS_TAKEN_BACK_GONE && i < MIN (ending->references->len, TRIED_MAX); i++) {
    int fd = netns_remaining_reference_open (&g_array_index (ending->references, NetnsReference, i), NULL);

    if (fd >= 0)
      ending->taken_back = netns_plan_take_back (ending->plan, ending->grant, fd, &ending->error);
  }
}

static void
on_taken_back (gpointer data)
{
  Ending *ending = data;
  gint64 now = g_get_monotonic_time ();

  end_turn (ending);
  switch (ending->taken_back) {
  case NETNS_TAKEN_BACK_GONE:
    ending->state = WAITING;
    g_clear_error (&ending->error);
    g_clear_pointer (&ending->references, g_array_unref);
    wait_for_end (ending, MIN (ending->deadline, now + MOMENT * G_TIME_SPAN_MILLISECOND));
    break;
  case NETNS_TAKEN_BACK_DONE:
    netns_refuse_in_use (netns_plan_get_target_name (ending->plan), ending->references, &ending->error);
    answer (ending, FALSE);
    break;
  case NETNS_TAKEN_BACK_FAILED:
    answer (ending, FALSE);
    break;
  default:
    g_assert_not_reached ();
  }
}

static void
on_turn_to_take_back (gpointer data)
{
  Ending *ending = data;

  if (netns_end_watch_has_ended (netns_plan_get_end (ending->plan))) {
    ending->parts->skip (ending->parts->queue);
    complete (ending);
  } else {
    in_worker (ending, take_back, on_taken_back);
  }
}

/* ---- who uses it */

static void
look (gpointer data, GCancellable *cancellable)
{
  Ending *ending = data;

  ending->references = netns_remaining_references_find (&ending->id, ending->sockets, TRUE, LOOK_LIMIT, NULL, NULL);
}

static void
on_looked (const GError *error, gpointer data)
{
  Ending *ending = data;

  ending->looking = FALSE;
  if (ending->func == NULL) {
    g_ptr_array_remove_fast (ending->endings->all, ending);
  } else if (ending->state == WAITING && ending->references != NULL && ending->references->len > 0) {
    ending->state = RETURNING;
    ending->parts->enqueue (ending->parts->queue, ending->uid, on_turn_to_take_back, ending);
  } else if (ending->state == WAITING && ending->late) {
    complete (ending);
  }
}

static void
on_end (gboolean ended, gpointer data)
{
  Ending *ending = data;

  if (ending->state != WAITING)
    return;
  if (ended) {
    complete (ending);
  } else if (g_get_monotonic_time () < ending->deadline) {
    ending->looking = netns_background_push (ending->parts->background, NETNS_WORK_SEARCH, ending->uid, look, on_looked,
                                             NULL, ending, NULL);
    wait_for_end (ending, ending->deadline);
  } else {
    ending->late = TRUE;
    if (!ending->looking)
      complete (ending);
  }
}

/* Rounded up: on_end() must not be told too early, when it would begin another search beside the one under way. */
static void
wait_for_end (Ending *ending, gint64 until)
{
  gint64 left = (until - g_get_monotonic_time () + G_TIME_SPAN_MILLISECOND - 1) / G_TIME_SPAN_MILLISECOND;

  netns_end_watch_wait (netns_plan_get_end (ending->plan), (guint) MAX (left, 0), on_end, ending);
}

/* ---- its sockets */

static void
settle_sockets (gpointer data, GCancellable *cancellable)
{
  Ending *ending = data;

  ending->sockets = netns_sockets_destroy_orphans (ending->grant, ending->fd);
}

/* From here on nothing of the service keeps it. */
static void
on_settled (const GError *error, gpointer data)
{
  Ending *ending = data;
  gint64 now = g_get_monotonic_time ();

  netns_close_fd (&ending->fd);
  if (ending->sockets == NULL)
    ending->sockets = g_hash_table_new (NULL, NULL);
  ending->deadline = now + END_TIMEOUT * G_TIME_SPAN_MILLISECOND;
  wait_for_end (ending, now + MOMENT * G_TIME_SPAN_MILLISECOND);
}

/* Returns: (transfer full): nothing ends */
NetnsEndings *
netns_endings_new (const NetnsEndingParts *parts)
{
  NetnsEndings *endings = g_new0 (NetnsEndings, 1);

  endings->parts = *parts;
  endings->all = g_ptr_array_new_with_free_func (free_ending);
  return endings;
}

/* @endings: (transfer full): the background and the worker have ended; nobody gets an answer */
void
netns_endings_free (NetnsEndings *endings)
{
  g_ptr_array_unref (endings->all);
  g_free (endings);
}

/**
 * netns_endings_begin:
 * @endings: what ends
 * @plan: one that ran, with netns_plan_await_end(), whose result is a descriptor of the namespace; must live until @func
 * @grant: who may do it; the same
 * @uid: whose turns it takes
 * @func: (scope async): called when it is over, not at once
 * @data: for @func
 */
void
netns_endings_begin (NetnsEndings *endings, NetnsPlan *plan, const NetnsGrant *grant, guint uid, NetnsEndingFunc func,
                     gpointer data)
{
  Ending *ending = g_new0 (Ending, 1);

  g_ptr_array_add (endings->all, ending);
  ending->endings = endings;
  ending->parts = &endings->parts;
  ending->plan = plan;
  ending->grant = grant;
  ending->uid = uid;
  ending->func = func;
  ending->data = data;
  ending->fd = netns_plan_steal_descriptor (plan);
  if (!netns_nsfs_identify (ending->fd, &ending->id, NULL)
      || !netns_background_push (ending->parts->background, NETNS_WORK_END, uid, settle_sockets, on_settled, NULL,
                                 ending, NULL))
    on_settled (NULL, ending);
}

/* Returns: whether there is none whose plan may be taken back */
gboolean
netns_endings_is_empty (const NetnsEndings *endings)
{
  for (guint i = 0; i < endings->all->len; i++)
    if (((const Ending *) g_ptr_array_index (endings->all, i))->func != NULL)
      return FALSE;
  return TRUE;
}

/* Returns: whether the namespace with this cookie has lost its names, and may get them back */
gboolean
netns_endings_has (const NetnsEndings *endings, guint64 cookie)
{
  for (guint i = 0; i < endings->all->len; i++) {
    const Ending *ending = g_ptr_array_index (endings->all, i);

    if (ending->func != NULL && netns_plan_get_target_cookie (ending->plan) == cookie)
      return TRUE;
  }
  return FALSE;
}

/* Returns: %FALSE; @error: `Busy` */
gboolean
netns_refuse_in_use (const char *name, const GArray *references, GError **error)
{
  g_autofree char *list = netns_remaining_references_describe (references);

  return netns_refuse (error, NETNS_ERROR_BUSY,
                       "Namespace “%s” is in use: %s; stop these processes first, or use option “kill”", name, list);
}
