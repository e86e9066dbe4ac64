/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs before the plan and outside of the queue, so that other calls continue while processes end. Searching /proc takes as
 * long as others have processes and descriptors: the background does it and sends the signals, the main loop waits. */
#include "core/namespace/eviction.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/later.h"
#include "core/plan/run.h"
#include "core/service/core.h"
#include "core/service/auth-scope.h"
#include "kernel/background.h"
#include "kernel/remaining-references.h"
#include "kernel/process.h"
#include "kernel/termination.h"
#include "kernel/unmount.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define TERM_TIMEOUT    5000 /* ms that processes have to end */
#define KILL_TIMEOUT    2000 /* ms that the kernel has to end them */
#define UNMOUNT_TIMEOUT 2000 /* ms: a file system on the way may never answer */
#define LOOK_LIMIT      5000 /* ms of CPU time to look for those who are to end */
#define QUICK_LIMIT     50 /* ms, to look whether there are any */
#define QUICK_LOOKS     3 /* before the long one: what passes by is gone at the next */
#define PIECE           256 /* processes that are looked at together */
#define MOST_ROUNDS     20 /* processes that are created faster than they can be killed win */

/* A process that is to end. */
typedef struct {
  NetnsEviction *eviction;
  guint pid;
  int pidfd;
  GSource *source;
} Target;

/* One mount on its way through a thread of its own, which outlives the eviction if a file system keeps it. */
typedef struct {
  NetnsEviction *eviction; /* NULL when its caller no longer waits */
  GMainContext *context;
  const NetnsGrant *grant;
  NetnsReference mount;
  GError *error;
} Unmount;

struct _NetnsEviction {
  NetnsCore *core;
  guint caller;
  char *name;
  char *path; /* of a namespace without a name, else NULL */
  NetnsFileId id;
  guint64 cookie;
  gboolean kill; /* else nobody is ended, but looked for */
  GArray *others; /* uids of other users who were concerned at the survey */
  GArray *references; /* NetnsReference, as of the last look */
  gboolean complete; /* whether that came to its end */
  GPtrArray *targets; /* Target: who was sent a signal */
  guint living; /* of these */
  const NetnsGrant *grant;
  gboolean may_foreign;
  gboolean killing; /* five seconds are over */
  gint64 deadline;
  guint rounds;
  guint mounts_done; /* of @references */
  Unmount *unmount;
  GSource *timer;
  GError *error;
  NetnsEvictionFunc func;
  gpointer data;
};

static guint bus_pid;

/* The bus may hold descriptors that are on their way, and must not end. */
void
netns_eviction_spare (guint pid)
{
  bus_pid = pid;
}

static void
start_timer (NetnsEviction *eviction, guint timeout, GSourceOnceFunc func)
{
  netns_later_clear (&eviction->timer);
  netns_later_after (&eviction->timer, timeout, func, eviction);
}

static void
free_target (gpointer data)
{
  Target *target = data;

  netns_later_clear (&target->source);
  netns_close_fd (&target->pidfd);
  g_free (target);
}

/* Returns: (transfer full): what is to be known for it */
NetnsEviction *
netns_eviction_new (NetnsCore *core, guint caller, const NetnsNamespace *namespace, gboolean kill_processes)
{
  NetnsEviction *eviction = g_new0 (NetnsEviction, 1);

  eviction->core = core;
  eviction->caller = caller;
  eviction->name = g_strdup (namespace->name);
  eviction->path = g_strdup (namespace->path);
  eviction->id = namespace->id;
  eviction->cookie = namespace->cookie;
  eviction->kill = kill_processes;
  eviction->others = g_array_new (FALSE, FALSE, sizeof (guint));
  eviction->targets = g_ptr_array_new_with_free_func (free_target);
  return eviction;
}

void
netns_eviction_free (NetnsEviction *eviction)
{
  netns_later_clear (&eviction->timer);
  g_clear_pointer (&eviction->references, g_array_unref);
  g_array_unref (eviction->others);
  g_ptr_array_unref (eviction->targets);
  g_clear_error (&eviction->error);
  g_free (eviction->name);
  g_free (eviction->path);
  g_free (eviction);
}

/* In the background. */
static gboolean
look_for (NetnsEviction *eviction, gboolean search, guint limit)
{
  NetnsTarget target = { eviction->name, eviction->id, eviction->cookie, eviction->path };
  g_autoptr (NetnsRun) run = netns_run_new (eviction->grant, &target, 1);
  int fd;

  g_clear_pointer (&eviction->references, g_array_unref);
  if (netns_run_get_fd (run, eviction->name, &fd, &eviction->error))
    eviction->references = netns_remaining_references_list (fd, search, limit, &eviction->complete, &eviction->error);
  return eviction->references != NULL;
}

/* Whatever can be found. */
static gboolean
look (NetnsEviction *eviction)
{
  return look_for (eviction, TRUE, LOOK_LIMIT);
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
  for (guint i = 0; i < eviction->references->len; i++) {
    const NetnsReference *reference = &g_array_index (eviction->references, NetnsReference, i);

    if (reference->kind == NETNS_REFERENCE_MOUNT || !is_spared (reference->pid))
      continue;
    g_set_error (&eviction->error, NETNS_ERROR, NETNS_ERROR_BUSY,
                 "Namespace “%s” is held by %s (%u), which must not be killed", eviction->name, reference->command,
                 reference->pid);
    return FALSE;
  }
  return TRUE;
}

/* Some of the references, from @first on. */
static gboolean
look_whether_callers (NetnsEviction *eviction, guint first, guint count, gboolean *is_callers)
{
  g_autoptr (GArray) pidfds = g_array_new (FALSE, FALSE, sizeof (int));
  g_autofree gboolean *allowed = g_new0 (gboolean, count);
  g_autofree guint *positions = g_new0 (guint, count);
  gboolean known;

  for (guint i = 0; i < count; i++) {
    int pidfd = netns_process_open (g_array_index (eviction->references, NetnsReference, first + i).pid);

    is_callers[first + i] = pidfd < 0 && errno == ESRCH;
    positions[pidfds->len] = first + i;
    if (pidfd >= 0)
      g_array_append_val (pidfds, pidfd);
  }
  known = netns_termination_is_allowed (eviction->caller, (const int *) pidfds->data, pidfds->len, allowed,
                                        &eviction->error);
  for (guint i = 0; i < pidfds->len; i++) {
    is_callers[positions[i]] = allowed[i];
    close (g_array_index (pidfds, int, i));
  }
  return known;
}

/* Returns: (transfer full) (nullable): for each reference whether the caller could end it without the service's help */
static gboolean *
find_callers (NetnsEviction *eviction)
{
  g_autofree gboolean *is_callers = g_new0 (gboolean, eviction->references->len + 1);

  for (guint i = 0; i < eviction->references->len; i += PIECE)
    if (!look_whether_callers (eviction, i, MIN (PIECE, eviction->references->len - i), is_callers))
      return NULL;
  return g_steal_pointer (&is_callers);
}

static void
survey (gpointer data, GCancellable *cancellable)
{
  NetnsEviction *eviction = data;
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  g_autofree gboolean *is_callers = NULL;

  if (!look (eviction) || !check_spared (eviction))
    return;
  is_callers = find_callers (eviction);
  for (guint i = 0; is_callers != NULL && i < eviction->references->len; i++) {
    const NetnsReference *reference = &g_array_index (eviction->references, NetnsReference, i);
    guint uid = reference->uid == eviction->caller ? netns_process_get_real_user (reference->pid) : reference->uid;

    if (!is_callers[i] && g_hash_table_add (seen, GUINT_TO_POINTER (uid)))
      g_array_append_val (eviction->others, uid);
  }
}

static void
finish (NetnsEviction *eviction)
{
  g_autoptr (GError) error = g_steal_pointer (&eviction->error);

  netns_later_clear (&eviction->timer);
  g_ptr_array_set_size (eviction->targets, 0);
  eviction->func (error, eviction->data);
}

/* @error: why the work was not done */
static void
take_error (NetnsEviction *eviction, const GError *error)
{
  if (error != NULL)
    eviction->error = g_error_copy (error);
}

static void
finish_work (const GError *error, gpointer data)
{
  take_error (data, error);
  finish (data);
}

static void
run_in_background (NetnsEviction *eviction, NetnsBackgroundFunc work, NetnsBackgroundDone done)
{
  if (!netns_background_push (netns_core_get_background (eviction->core), NETNS_WORK_SEARCH, eviction->caller, work,
                              done, NULL, eviction, &eviction->error))
    finish (eviction);
}

/* @func is called when it is known who holds the namespace; at once if nobody is to be ended. */
void
netns_eviction_survey (NetnsEviction *eviction, NetnsEvictionFunc func, gpointer data)
{
  eviction->func = func;
  eviction->data = data;
  if (eviction->kill)
    run_in_background (eviction, survey, finish_work);
  else
    finish (eviction);
}

/* A namespace in use continues to exist without a name: deleting it would only hide it. Whoever has so many descriptors
 * that there is no end of looking at them could hold it; then the kernel has the last word, which says afterwards whether
 * the namespace has ended. All are looked for only to name them to the caller. */
static void
check_unused (gpointer data, GCancellable *cancellable)
{
  NetnsEviction *eviction = data;
  guint looks = 0;

  do {
    if (!look_for (eviction, FALSE, QUICK_LIMIT) || eviction->references->len == 0)
      return;
  } while (++looks < QUICK_LOOKS);
  if (!eviction->complete && !look (eviction))
    return;
  if (eviction->references->len > 0)
    netns_refuse_in_use (eviction->name, eviction->references, &eviction->error);
}

/* The last look before the plan, which deletes the namespace without another one. */
static void
finish_unused (NetnsEviction *eviction)
{
  netns_later_clear (&eviction->timer);
  if (eviction->error != NULL)
    finish (eviction);
  else
    run_in_background (eviction, check_unused, finish_work);
}

/* Notes in the plan whose processes and mounts are concerned, after the survey: everything that does not belong to the
 * caller counts as another user's. */
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
  const NetnsReference *reference;
  g_autofree gboolean *is_callers = NULL;
  guint index = 0;

  if (eviction->may_foreign)
    return TRUE;
  is_callers = find_callers (eviction);
  if (is_callers == NULL)
    return FALSE;
  while (index < eviction->references->len && is_callers[index])
    index++;
  if (index == eviction->references->len)
    return TRUE;
  reference = &g_array_index (eviction->references, NetnsReference, index);
  return netns_refuse (&eviction->error, NETNS_ERROR_BUSY,
                       "%s (%u) of another user has started to use namespace “%s”; try again", reference->command,
                       reference->pid, eviction->name);
}

static gboolean
holds (const NetnsEviction *eviction, guint pid)
{
  for (guint i = 0; i < eviction->references->len; i++) {
    const NetnsReference *reference = &g_array_index (eviction->references, NetnsReference, i);

    if (reference->kind != NETNS_REFERENCE_MOUNT && reference->pid == pid)
      return TRUE;
  }
  return FALSE;
}

static void
open_targets (NetnsEviction *eviction)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  g_ptr_array_set_size (eviction->targets, 0);
  for (guint i = 0; i < eviction->references->len; i++) {
    const NetnsReference *reference = &g_array_index (eviction->references, NetnsReference, i);
    int pidfd;

    if (reference->kind == NETNS_REFERENCE_MOUNT || !g_hash_table_add (seen, GUINT_TO_POINTER (reference->pid)))
      continue;
    pidfd = netns_process_open (reference->pid);
    if (pidfd >= 0) {
      Target *target = g_new0 (Target, 1);

      target->eviction = eviction;
      target->pid = reference->pid;
      target->pidfd = pidfd;
      g_ptr_array_add (eviction->targets, target);
    }
  }
}

/* Whoever is authorized for processes of others signals as root, else as the caller: the kernel has the last word. */
static gboolean
signal_all (NetnsEviction *eviction)
{
  g_autofree int *pidfds = g_new0 (int, eviction->targets->len);

  for (guint i = 0; i < eviction->targets->len; i++)
    pidfds[i] = ((const Target *) g_ptr_array_index (eviction->targets, i))->pidfd;
  return netns_termination_signal (eviction->grant, eviction->may_foreign ? 0 : eviction->caller, pidfds,
                                   eviction->targets->len, eviction->killing ? SIGKILL : SIGTERM, &eviction->error);
}

/* A number can pass to another process while it is looked at. So each is opened, all are looked for again, and who is
 * there again and has lived since is the one that was opened. */
static void
signal_targets (gpointer data, GCancellable *cancellable)
{
  NetnsEviction *eviction = data;

  if (!look (eviction))
    return;
  open_targets (eviction);
  if (eviction->targets->len > 0 && !look (eviction))
    return;
  if (!check_spared (eviction) || !check_authorized (eviction))
    return;
  for (guint i = eviction->targets->len; i > 0; i--) {
    const Target *target = g_ptr_array_index (eviction->targets, i - 1);

    if (netns_process_has_ended (target->pidfd) || !holds (eviction, target->pid))
      g_ptr_array_remove_index (eviction->targets, i - 1);
  }
  signal_all (eviction);
}

static void on_signalled (const GError *error, gpointer data);

static void
next_round (NetnsEviction *eviction)
{
  netns_later_clear (&eviction->timer);
  g_ptr_array_set_size (eviction->targets, 0);
  if (eviction->rounds++ == MOST_ROUNDS)
    finish_unused (eviction); /* says who is still there */
  else
    run_in_background (eviction, signal_targets, on_signalled);
}

static void
on_target_ended (gpointer data)
{
  Target *target = data;
  NetnsEviction *eviction = target->eviction;

  netns_later_clear (&target->source);
  if (--eviction->living == 0)
    next_round (eviction);
}

static void
on_time_over (gpointer data)
{
  NetnsEviction *eviction = data;

  if (eviction->killing) {
    finish_unused (eviction);
    return;
  }
  eviction->killing = TRUE;
  next_round (eviction);
}

static void
wait_for_targets (NetnsEviction *eviction)
{
  gint64 left = (eviction->deadline - g_get_monotonic_time ()) / G_TIME_SPAN_MILLISECOND;

  eviction->living = eviction->targets->len;
  for (guint i = 0; i < eviction->targets->len; i++) {
    Target *target = g_ptr_array_index (eviction->targets, i);

    netns_later_watch (&target->source, target->pidfd, G_IO_IN, on_target_ended, target);
  }
  start_timer (eviction, eviction->killing ? KILL_TIMEOUT : (guint) MAX (left, 0), on_time_over);
}

static void unmount_next (NetnsEviction *eviction);

static void
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
    return;
  eviction->unmount = NULL;
  unmount_next (eviction);
}

static gpointer
run_unmount (gpointer data)
{
  Unmount *unmount = data;

  netns_unmount_elsewhere (unmount->grant, &unmount->mount, &unmount->error);
  netns_later_in (unmount->context, on_unmounted, unmount);
  return NULL;
}

static void
on_unmount_hangs (gpointer data)
{
  NetnsEviction *eviction = data;

  eviction->unmount->eviction = NULL;
  eviction->unmount = NULL;
  unmount_next (eviction);
}

/* The next mount of the last look; when all were tried, the last look tells what is left. */
static void
unmount_next (NetnsEviction *eviction)
{
  g_autoptr (GError) error = NULL;
  const NetnsReference *mount;
  Unmount *unmount;
  GThread *thread;

  netns_later_clear (&eviction->timer);
  while (eviction->mounts_done < eviction->references->len
         && g_array_index (eviction->references, NetnsReference, eviction->mounts_done).kind != NETNS_REFERENCE_MOUNT)
    eviction->mounts_done++;
  if (eviction->mounts_done == eviction->references->len) {
    finish_unused (eviction);
    return;
  }
  mount = &g_array_index (eviction->references, NetnsReference, eviction->mounts_done++);
  unmount = g_new0 (Unmount, 1);
  unmount->eviction = eviction;
  unmount->context = g_main_context_ref_thread_default ();
  unmount->grant = eviction->grant;
  unmount->mount = *mount;
  unmount->mount.mount = g_strdup (mount->mount);
  eviction->unmount = unmount;
  start_timer (eviction, UNMOUNT_TIMEOUT, on_unmount_hangs);
  thread = g_thread_try_new ("netns-unmount", run_unmount, unmount, &error);
  if (thread != NULL) {
    g_thread_unref (thread);
    return;
  }
  netns_refuse (&unmount->error, NETNS_ERROR_KERNEL_REFUSED, "Cannot start a thread: %s", error->message);
  netns_later_in (unmount->context, on_unmounted, unmount);
}

/* Without processes to wait for, only mounts are left. */
static void
on_signalled (const GError *error, gpointer data)
{
  NetnsEviction *eviction = data;

  take_error (eviction, error);
  if (eviction->error != NULL)
    finish (eviction);
  else if (eviction->targets->len > 0)
    wait_for_targets (eviction);
  else
    unmount_next (eviction);
}

/* @func is called when no process is left that can be killed, or with an error; until then @grant must live. What was
 * ended stays so whatever happens then. With @may_foreign it may be processes of other users. */
void
netns_eviction_run (NetnsEviction *eviction, const NetnsGrant *grant, gboolean may_foreign, NetnsEvictionFunc func,
                    gpointer data)
{
  eviction->grant = grant;
  eviction->may_foreign = may_foreign;
  eviction->func = func;
  eviction->data = data;
  eviction->deadline = g_get_monotonic_time () + TERM_TIMEOUT * G_TIME_SPAN_MILLISECOND;
  if (eviction->kill)
    next_round (eviction);
  else
    run_in_background (eviction, check_unused, finish_work);
}
