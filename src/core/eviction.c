/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Before the plan, and outside of anybody's turn: others go on while processes take their time to end. The worker looks
 * and sends the signals, the main loop waits. */
#include "core/eviction.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/core.h"
#include "core/run.h"
#include "kernel/keepers.h"
#include "kernel/process.h"
#include "kernel/unmount.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#define TERM_TIMEOUT    5000 /* ms that processes have to end */
#define KILL_TIMEOUT    2000 /* ms that the kernel has to end them */
#define UNMOUNT_TIMEOUT 2000 /* ms: a file system on the way may never answer */
#define MOST_ROUNDS     20   /* who is made faster than he can be ended wins */

/* A process that is to end. */
typedef struct {
  NetnsEviction *eviction;
  guint pid;
  int pidfd;
  GSource *source;
} Victim;

/* One mount on its way through a thread of its own, which outlives the eviction if a file system keeps it. */
typedef struct {
  NetnsEviction *eviction; /* NULL when nobody waits for it any more */
  GMainContext *context;
  const NetnsGrant *grant;
  NetnsHolder mount;
  GError *error;
} Unmount;

struct _NetnsEviction {
  NetnsCore *core;
  guint caller;
  char *name;
  NetnsFileId id;
  guint64 cookie;
  GArray *others;     /* uids of other users who were concerned at the survey */
  GArray *keepers;    /* NetnsHolder, as of the last look */
  GPtrArray *victims; /* Victim: who was sent a signal */
  guint living;       /* of these */
  const NetnsGrant *grant;
  gboolean may_foreign;
  gboolean killing; /* five seconds are over */
  gint64 deadline;
  guint rounds;
  guint mounts_done; /* of @keepers */
  Unmount *unmount;
  GSource *timer;
  GError *error;
  NetnsEvictionFunc func;
  gpointer data;
};

static guint bus_pid;

/**
 * netns_eviction_spare:
 * @pid: the bus, which may hold descriptors that are on their way, and must not end
 */
void
netns_eviction_spare (guint pid)
{
  bus_pid = pid;
}

static void
stop_timer (NetnsEviction *eviction)
{
  if (eviction->timer != NULL)
    g_source_destroy (eviction->timer);
  g_clear_pointer (&eviction->timer, g_source_unref);
}

static void
start_timer (NetnsEviction *eviction, guint timeout, GSourceFunc func)
{
  stop_timer (eviction);
  eviction->timer = g_timeout_source_new (timeout);
  g_source_set_callback (eviction->timer, func, eviction, NULL);
  g_source_attach (eviction->timer, g_main_context_get_thread_default ());
}

static void
free_victim (gpointer data)
{
  Victim *victim = data;

  if (victim->source != NULL)
    g_source_destroy (victim->source);
  g_clear_pointer (&victim->source, g_source_unref);
  netns_close_fd (&victim->pidfd);
  g_free (victim);
}

/**
 * netns_eviction_new:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace: a namespace
 *
 * Returns: (transfer full): what is to be known for it
 */
NetnsEviction *
netns_eviction_new (NetnsCore *core, guint caller, const NetnsNamespace *namespace)
{
  NetnsEviction *eviction = g_new0 (NetnsEviction, 1);

  eviction->core = core;
  eviction->caller = caller;
  eviction->name = g_strdup (namespace->name);
  eviction->id = namespace->id;
  eviction->cookie = namespace->cookie;
  eviction->others = g_array_new (FALSE, FALSE, sizeof (guint));
  eviction->victims = g_ptr_array_new_with_free_func (free_victim);
  return eviction;
}

void
netns_eviction_free (NetnsEviction *eviction)
{
  stop_timer (eviction);
  g_clear_pointer (&eviction->keepers, g_array_unref);
  g_array_unref (eviction->others);
  g_ptr_array_unref (eviction->victims);
  g_clear_error (&eviction->error);
  g_free (eviction->name);
  g_free (eviction);
}

/* In the worker. */
static gboolean
look (NetnsEviction *eviction)
{
  g_autoptr (NetnsRun) run = netns_run_new (eviction->grant);
  int fd;

  g_clear_pointer (&eviction->keepers, g_array_unref);
  netns_run_expect (run, eviction->name, &eviction->id, eviction->cookie, NULL);
  if (netns_run_get_fd (run, eviction->name, &fd, &eviction->error))
    eviction->keepers = netns_keepers_list (fd, &eviction->error);
  return eviction->keepers != NULL;
}

static gboolean
is_spared (guint pid)
{
  return pid == 1 || pid == bus_pid || pid == (guint) getpid ();
}

/* Once this is seen nothing is done, not even to the others: the namespace would stay anyway. */
static gboolean
check_spared (NetnsEviction *eviction)
{
  for (guint i = 0; i < eviction->keepers->len; i++) {
    const NetnsHolder *keeper = &g_array_index (eviction->keepers, NetnsHolder, i);

    if (keeper->kind == NETNS_HOLDER_MOUNT || !is_spared (keeper->pid))
      continue;
    g_set_error (&eviction->error, NETNS_ERROR, NETNS_ERROR_BUSY,
                 "Namespace “%s” is held by %s (%u), which this machine cannot do without", eviction->name,
                 keeper->command, keeper->pid);
    return FALSE;
  }
  return TRUE;
}

static void
survey (gpointer data)
{
  NetnsEviction *eviction = data;

  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  if (!look (eviction) || !check_spared (eviction))
    return;
  for (guint i = 0; i < eviction->keepers->len; i++) {
    const NetnsHolder *keeper = &g_array_index (eviction->keepers, NetnsHolder, i);

    if (keeper->uid != eviction->caller && g_hash_table_add (seen, GUINT_TO_POINTER (keeper->uid)))
      g_array_append_val (eviction->others, keeper->uid);
  }
}

static void
finish (NetnsEviction *eviction)
{
  g_autoptr (GError) error = g_steal_pointer (&eviction->error);

  stop_timer (eviction);
  g_ptr_array_set_size (eviction->victims, 0);
  eviction->func (error, eviction->data);
}

/* Nobody was asked for leave yet, and a look takes its time in the thread that works for everybody. */
static NetnsTurns *surveys;
static gboolean is_surveying;

static void
on_surveyed (gpointer data)
{
  finish (data);
  is_surveying = FALSE;
  netns_turns_next (surveys);
}

static void
on_turn_to_survey (gpointer data)
{
  NetnsEviction *eviction = data;

  is_surveying = TRUE;
  netns_worker_push (netns_core_get_worker (eviction->core), survey, on_surveyed, eviction);
}

/**
 * netns_eviction_survey:
 * @eviction: an eviction
 * @func: (scope async): called when it is known who holds the namespace
 * @data: for @func
 */
void
netns_eviction_survey (NetnsEviction *eviction, NetnsEvictionFunc func, gpointer data)
{
  eviction->func = func;
  eviction->data = data;
  if (surveys == NULL)
    surveys = netns_turns_new ();
  netns_turns_add (surveys, eviction->caller, on_turn_to_survey, eviction);
  if (!is_surveying)
    netns_turns_next (surveys);
}

/**
 * netns_eviction_touch:
 * @eviction: an eviction that was surveyed
 * @plan: the plan that it is for
 *
 * Notes in the plan whose processes and mounts are concerned: what is not the caller's own is somebody else's, wherever
 * it lives.
 */
void
netns_eviction_touch (const NetnsEviction *eviction, NetnsPlan *plan)
{
  for (guint i = 0; i < eviction->others->len; i++)
    netns_core_add_foreign (plan, eviction->name, g_array_index (eviction->others, guint, i));
}

/* The caller was authorized for what there was at the survey. */
static gboolean
check_authorized (NetnsEviction *eviction)
{
  for (guint i = 0; i < eviction->keepers->len; i++) {
    const NetnsHolder *keeper = &g_array_index (eviction->keepers, NetnsHolder, i);

    if (eviction->may_foreign || eviction->caller == 0 || keeper->uid == eviction->caller)
      continue;
    g_set_error (&eviction->error, NETNS_ERROR, NETNS_ERROR_BUSY,
                 "%s (%u) of another user began to use namespace “%s” meanwhile; call again", keeper->command,
                 keeper->pid, eviction->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
holds (const NetnsEviction *eviction, guint pid)
{
  for (guint i = 0; i < eviction->keepers->len; i++) {
    const NetnsHolder *keeper = &g_array_index (eviction->keepers, NetnsHolder, i);

    if (keeper->kind != NETNS_HOLDER_MOUNT && keeper->pid == pid)
      return TRUE;
  }
  return FALSE;
}

static void
open_victims (NetnsEviction *eviction)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  g_ptr_array_set_size (eviction->victims, 0);
  for (guint i = 0; i < eviction->keepers->len; i++) {
    const NetnsHolder *keeper = &g_array_index (eviction->keepers, NetnsHolder, i);
    int pidfd;

    if (keeper->kind == NETNS_HOLDER_MOUNT || !g_hash_table_add (seen, GUINT_TO_POINTER (keeper->pid)))
      continue;
    pidfd = netns_process_open (keeper->pid);
    if (pidfd >= 0) {
      Victim *victim = g_new0 (Victim, 1);

      victim->eviction = eviction;
      victim->pid = keeper->pid;
      victim->pidfd = pidfd;
      g_ptr_array_add (eviction->victims, victim);
    }
  }
}

/* A number can pass to another process while it is looked at. So each is opened, all are looked for again, and who is
 * there again and has lived since is the one that was opened. */
static void
strike (gpointer data)
{
  NetnsEviction *eviction = data;

  if (!look (eviction))
    return;
  open_victims (eviction);
  if (eviction->victims->len > 0 && !look (eviction))
    return;
  if (!check_spared (eviction) || !check_authorized (eviction))
    return;
  for (guint i = eviction->victims->len; i > 0; i--) {
    const Victim *victim = g_ptr_array_index (eviction->victims, i - 1);

    if (netns_process_has_ended (victim->pidfd) || !holds (eviction, victim->pid))
      g_ptr_array_remove_index (eviction->victims, i - 1);
    else if (!netns_process_signal (eviction->grant, victim->pidfd, eviction->killing ? SIGKILL : SIGTERM,
                                    &eviction->error))
      return;
  }
}

static void
on_struck (gpointer data);

static void
next_round (NetnsEviction *eviction)
{
  stop_timer (eviction);
  g_ptr_array_set_size (eviction->victims, 0);
  if (eviction->rounds++ == MOST_ROUNDS)
    finish (eviction); /* the plan will say who is still there */
  else
    netns_worker_push (netns_core_get_worker (eviction->core), strike, on_struck, eviction);
}

static gboolean
on_victim_ended (gint fd, GIOCondition condition, gpointer data)
{
  Victim *victim = data;
  NetnsEviction *eviction = victim->eviction;

  g_clear_pointer (&victim->source, g_source_unref);
  if (--eviction->living == 0)
    next_round (eviction);
  return G_SOURCE_REMOVE;
}

static gboolean
on_time_over (gpointer data)
{
  NetnsEviction *eviction = data;

  if (eviction->killing) {
    finish (eviction);
    return G_SOURCE_REMOVE;
  }
  eviction->killing = TRUE;
  next_round (eviction);
  return G_SOURCE_REMOVE;
}

static void
wait_for_victims (NetnsEviction *eviction)
{
  gint64 left = (eviction->deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

  eviction->living = eviction->victims->len;
  for (guint i = 0; i < eviction->victims->len; i++) {
    Victim *victim = g_ptr_array_index (eviction->victims, i);

    victim->source = g_unix_fd_source_new (victim->pidfd, G_IO_IN);
    g_source_set_callback (victim->source, G_SOURCE_FUNC (on_victim_ended), victim, NULL);
    g_source_attach (victim->source, g_main_context_get_thread_default ());
  }
  start_timer (eviction, eviction->killing ? KILL_TIMEOUT : (guint) MAX (left, 0), on_time_over);
}

static void
unmount_next (NetnsEviction *eviction);

static gboolean
on_unmounted (gpointer data)
{
  Unmount *unmount = data;
  NetnsEviction *eviction = unmount->eviction;

  if (unmount->error != NULL)
    g_message ("%s", unmount->error->message);
  g_clear_error (&unmount->error);
  g_main_context_unref (unmount->context);
  g_free (unmount->mount.mount);
  g_free (unmount);
  if (eviction == NULL)
    return G_SOURCE_REMOVE;
  eviction->unmount = NULL;
  unmount_next (eviction);
  return G_SOURCE_REMOVE;
}

static gpointer
run_unmount (gpointer data)
{
  Unmount *unmount = data;
  g_autoptr (GSource) source = g_idle_source_new ();

  netns_unmount_elsewhere (unmount->grant, &unmount->mount, &unmount->error);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_unmounted, unmount, NULL);
  g_source_attach (source, unmount->context);
  return NULL;
}

static gboolean
on_unmount_hangs (gpointer data)
{
  NetnsEviction *eviction = data;

  eviction->unmount->eviction = NULL;
  eviction->unmount = NULL;
  unmount_next (eviction);
  return G_SOURCE_REMOVE;
}

/* The next mount of the last look; when all were tried, what is left is for the plan to tell. */
static void
unmount_next (NetnsEviction *eviction)
{
  const NetnsHolder *mount;
  Unmount *unmount;

  stop_timer (eviction);
  while (eviction->mounts_done < eviction->keepers->len
         && g_array_index (eviction->keepers, NetnsHolder, eviction->mounts_done).kind != NETNS_HOLDER_MOUNT)
    eviction->mounts_done++;
  if (eviction->mounts_done == eviction->keepers->len) {
    finish (eviction);
    return;
  }
  mount = &g_array_index (eviction->keepers, NetnsHolder, eviction->mounts_done++);
  unmount = g_new0 (Unmount, 1);
  unmount->eviction = eviction;
  unmount->context = g_main_context_ref_thread_default ();
  unmount->grant = eviction->grant;
  unmount->mount = *mount;
  unmount->mount.mount = g_strdup (mount->mount);
  eviction->unmount = unmount;
  start_timer (eviction, UNMOUNT_TIMEOUT, on_unmount_hangs);
  g_thread_unref (g_thread_new ("netns-unmount", run_unmount, unmount));
}

/* With nobody to wait for, all that is left are mounts. */
static void
on_struck (gpointer data)
{
  NetnsEviction *eviction = data;

  if (eviction->error != NULL)
    finish (eviction);
  else if (eviction->victims->len > 0)
    wait_for_victims (eviction);
  else
    unmount_next (eviction);
}

/**
 * netns_eviction_run:
 * @eviction: an eviction
 * @grant: proof that the caller may; must live until @func
 * @may_foreign: whether the caller may do it to processes of other users
 * @func: (scope async): called when nobody is left who can be ended, or with an error
 * @data: for @func
 *
 * What was ended stays so whatever happens then.
 */
void
netns_eviction_run (NetnsEviction *eviction, const NetnsGrant *grant, gboolean may_foreign, NetnsEvictionFunc func,
                    gpointer data)
{
  eviction->grant = grant;
  eviction->may_foreign = may_foreign;
  eviction->func = func;
  eviction->data = data;
  eviction->deadline = g_get_monotonic_time () + TERM_TIMEOUT * G_TIME_SPAN_MILLISECOND;
  next_round (eviction);
}
