/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/service/core.h"

#include "common/error.h"
#include "common/later.h"
#include "common/names.h"
#include "common/observers.h"
#include "common/fair-queue.h"
#include "core/job/jobs.h"
#include "core/plan/store.h"
#include "core/service/definitions.h"

#include <errno.h>
#include <string.h>

struct _NetnsCore {
  NetnsMirror *mirror;
  NetnsWorker *worker;
  NetnsBackground *background;
  NetnsOwners *owners;
  NetnsOrigins *origins;
  NetnsParked *parked;
  NetnsDefinitions *definitions;
  NetnsJobs *jobs;
  GArray *observers;
  NetnsFairQueue *queue; /* Waiting: calls that want to plan, and the one that plans or runs */
  guint running_uid;     /* the call that plans or runs, if any */
  guint64 plans_run;
  GHashTable *running; /* Job */
  GStrv foreign_firewalls;
  GHashTable *ruleset_errors; /* cookie -> text, of namespaces whose rules could not be read when last tried */
  NetnsLingering *lingering;
  NetnsDetections *detections;
  GPtrArray *inquiries; /* NetnsInquiry */
  NetnsEndings *endings;
  GSource *forget_source;
  gboolean forget_again; /* when the plan that runs has ended */
  GSource *skip_source;
  NetnsHoldCallFunc hold_call;
  gpointer forward_reconciler;
};

static const NetnsFairQueueLimits one_at_a_time = { 1, G_MAXUINT, G_MAXUINT };

/* A call that wants to plan. */
typedef struct {
  guint uid;
  NetnsQueueFunc func;
  gpointer data;
} Waiting;

/* A plan on its way through the worker. */
typedef struct {
  NetnsCore *core;
  NetnsPlan *plan;
  const NetnsGrant *grant;
  guint uid; /* whose turn it was */
  NetnsDoneFunc done;
  gpointer data;
  GError *error;
} Job;

#define NOTIFY(core, function, ...) NETNS_OBSERVERS_NOTIFY ((core)->observers, NetnsCoreObserver, function, __VA_ARGS__)

static void
run_next (gpointer data)
{
  NetnsCore *core = data;
  g_autofree Waiting *next = netns_fair_queue_next (core->queue);

  if (next == NULL)
    return;
  core->running_uid = next->uid;
  next->func (next->data);
}

/* @func is called when no other call plans or runs, maybe at once; it plans, and runs the plan or says
 * netns_core_skip(). A plan is made from what there is, so nothing may change between making and running it. @uid is
 * NETNS_UID_NOBODY for the service itself. */
void
netns_core_enqueue (NetnsCore *core, guint uid, NetnsQueueFunc func, gpointer data)
{
  Waiting *waiting = g_new (Waiting, 1);

  *waiting = (Waiting) { uid, func, data };
  netns_fair_queue_add (core->queue, uid, waiting);
  run_next (core);
}

/* The call that was to run has nothing to run after all. */
void
netns_core_skip (NetnsCore *core)
{
  netns_fair_queue_done (core->queue, core->running_uid);
  netns_later_end_of_turn (&core->skip_source, run_next, core);
}

static void
run_job (gpointer data)
{
  Job *job = data;

  netns_plan_run (job->plan, job->grant, &job->error);
}

static void
free_job (gpointer data)
{
  Job *job = data;

  g_clear_error (&job->error);
  g_free (job);
}

static void
answer_job (gpointer data)
{
  Job *job = data;

  g_hash_table_steal (job->core->running, job);
  job->done (job->error, job->data);
  free_job (job);
}

static void
on_told (NetnsNamespace *namespace, const NetnsNews *news, gpointer data)
{
  NOTIFY ((NetnsCore *) data, told, namespace, news);
}

static void
settle_job (gpointer data)
{
  Job *job = data;
  NetnsCore *core = job->core;

  if (job->error == NULL)
    netns_plan_tell (job->plan, core->mirror, on_told, core);
  if (core->hold_call == NULL || job->data == core->forward_reconciler
      || !core->hold_call (answer_job, job, core->forward_reconciler))
    answer_job (job);
}

static void
refresh_names (NetnsCore *core, NetnsPlan *plan)
{
  const GPtrArray *names = netns_plan_get_names (plan);

  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    netns_mirror_refresh_name (core->mirror, name, netns_plan_get_connection (plan, name));
  }
}

static void
reserve_names (NetnsCore *core, NetnsPlan *plan, gboolean reserved)
{
  const GPtrArray *names = netns_plan_get_names (plan);

  for (guint i = 0; i < names->len; i++)
    netns_mirror_reserve_name (core->mirror, g_ptr_array_index (names, i), reserved);
}

/* Links that a plan has sent home may have to go back. */
static void
prune_origins (NetnsCore *core)
{
  if (netns_endings_is_empty (core->endings))
    netns_origins_prune (core->origins);
}

static void
on_ended (gboolean deleted, const GError *error, gpointer data)
{
  Job *job = data;
  NetnsCore *core = job->core;

  job->error = error ? g_error_copy (error) : NULL;
  if (deleted)
    netns_plan_commit (job->plan);
  reserve_names (core, job->plan, FALSE);
  refresh_names (core, job->plan);
  prune_origins (core);
  core->plans_run++;
  netns_mirror_settle (core->mirror, settle_job, job);
}

/* Changes that the kernel may not have announced. */
static void
read_changes_without_event (NetnsCore *core, const GPtrArray *steps)
{
  for (guint i = 0; i < steps->len; i++) {
    const NetnsStep *step = g_ptr_array_index (steps, i);

    if (step->operation->refresh != NULL)
      step->operation->refresh (step, core->mirror);
  }
}

/* A settled mirror knows all namespaces: a renamed one keeps its owner. */
static void
forget (gpointer data)
{
  NetnsCore *core = data;

  netns_definitions_follow_all (core->definitions, core->mirror);
  netns_jobs_relocate (core->jobs, core->mirror);
  netns_owners_prune (core->owners, core->mirror);
  if (!netns_core_is_busy (core))
    prune_origins (core);
}

/* The names that the plan changed are looked at before the events are taken in, so that a new namespace is read once. Of a
 * namespace that is deleted nothing is certain yet. */
static void
finish_job (gpointer data)
{
  Job *job = data;
  NetnsCore *core = job->core;
  const GPtrArray *names = netns_plan_get_names (job->plan);
  gboolean ends = job->error == NULL && netns_plan_get_end (job->plan) != NULL;

  if (ends)
    reserve_names (core, job->plan, TRUE);
  else if (job->error == NULL)
    netns_plan_commit (job->plan);
  for (guint i = 0; i < names->len; i++)
    netns_mirror_release_name (core->mirror, g_ptr_array_index (names, i));
  refresh_names (core, job->plan);
  netns_plan_close_connections (job->plan);
  netns_mirror_release_events (core->mirror);
  read_changes_without_event (core, netns_plan_get_steps (job->plan));
  if (!ends)
    prune_origins (core);
  netns_fair_queue_done (core->queue, core->running_uid);
  if (core->forget_again)
    netns_mirror_settle (core->mirror, forget, core);
  core->forget_again = FALSE;
  core->plans_run++;
  if (ends)
    netns_endings_begin (core->endings, job->plan, job->grant, job->uid, on_ended, job);
  else
    netns_mirror_settle (core->mirror, settle_job, job);
  run_next (core);
}

/* Runs a plan that a function of netns_core_enqueue() made; afterwards the next such function is called. @done is called
 * when all is done and the mirror shows it, or nothing is; until then @plan and @grant must live. */
void
netns_core_run (NetnsCore *core, NetnsPlan *plan, const NetnsGrant *grant, NetnsDoneFunc done, gpointer data)
{
  const GPtrArray *names = netns_plan_get_names (plan);
  Job *job = g_new0 (Job, 1);

  job->core = core;
  job->plan = plan;
  job->grant = grant;
  job->uid = core->running_uid;
  job->done = done;
  job->data = data;
  g_hash_table_add (core->running, job);
  for (guint i = 0; i < names->len; i++)
    netns_mirror_hold_name (core->mirror, g_ptr_array_index (names, i));
  netns_mirror_hold_events (core->mirror);
  netns_worker_push (core->worker, run_job, finish_job, job);
}

/* Returns: whether a call plans or runs at the moment */
gboolean
netns_core_is_busy (const NetnsCore *core)
{
  return netns_fair_queue_is_running (core->queue);
}

/**
 * netns_core_runs_step:
 * @core: the service
 * @is_one: (scope call): whether a step is one that is looked for
 * @data: for @is_one
 *
 * Returns: whether a plan has one that runs, or has run and what it changed is being taken in
 */
gboolean
netns_core_runs_step (NetnsCore *core, NetnsStepFunc is_one, gconstpointer data)
{
  GHashTableIter iter;
  Job *job;

  g_hash_table_iter_init (&iter, core->running);
  while (g_hash_table_iter_next (&iter, (gpointer *) &job, NULL)) {
    const GPtrArray *steps = netns_plan_get_steps (job->plan);

    for (guint i = 0; i < steps->len; i++)
      if (is_one (g_ptr_array_index (steps, i), data))
        return TRUE;
  }
  return FALSE;
}

/* Returns: a number that is the same again only if nothing has changed meanwhile */
guint64
netns_core_get_generation (NetnsCore *core)
{
  netns_mirror_catch_up (core->mirror);
  return netns_mirror_get_generation (core->mirror) + core->plans_run;
}

/* And once more when the plan that runs has ended: it may be about to note what is in a namespace that is gone. */
static void
forget_the_dead (gpointer data)
{
  NetnsCore *core = data;

  core->forget_again = netns_core_is_busy (core);
  forget (core);
}

static void
on_forget (gpointer data)
{
  NetnsCore *core = data;

  netns_mirror_settle (core->mirror, forget_the_dead, core);
}

/* At the end of the turn: in its middle a namespace that gets another name looks gone. */
static void
on_namespace_removed (NetnsNamespace *namespace, gpointer data)
{
  NetnsCore *core = data;

  g_hash_table_remove (core->ruleset_errors, &namespace->cookie);
  netns_later_end_of_turn (&core->forget_source, on_forget, core);
}

static void
on_namespace_added (NetnsNamespace *namespace, gpointer data)
{
  netns_definitions_follow (((NetnsCore *) data)->definitions, namespace);
}

static const NetnsObserver mirror_observer = {
  .namespace_added = on_namespace_added,
  .namespace_removed = on_namespace_removed,
};

static void
on_definition_added (NetnsDefinition *definition, gpointer data)
{
  NOTIFY ((NetnsCore *) data, definition_added, definition);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  NOTIFY ((NetnsCore *) data, definition_removed, definition);
}

static void
on_definition_changed (NetnsDefinition *definition, guint changes, gpointer data)
{
  NOTIFY ((NetnsCore *) data, definition_changed, definition, changes);
}

static const NetnsDefinitionsObserver definitions_observer = {
  .added = on_definition_added,
  .removed = on_definition_removed,
  .changed = on_definition_changed,
};

/* Returns: (transfer full) (nullable): the service, with what it knew when it stopped. Error: `KernelRefused` when
 * /run/netnsd cannot be used. */
NetnsCore *
netns_core_new (NetnsMirror *mirror, NetnsWorker *worker, GError **error)
{
  g_autoptr (NetnsCore) core = NULL;

  if (g_mkdir_with_parents (NETNS_STATE_DIR, 0755) < 0) {
    netns_error_set_errno (error, errno, "Cannot create " NETNS_STATE_DIR);
    return NULL;
  }
  netns_store_begin ();
  core = g_new0 (NetnsCore, 1);
  core->mirror = mirror;
  core->worker = worker;
  core->background = netns_background_new ();
  core->owners = netns_owners_new ();
  core->origins = netns_origins_new (mirror);
  core->parked = netns_parked_new (mirror, core->owners);
  core->foreign_firewalls = g_new0 (char *, 1);
  core->ruleset_errors = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  core->jobs = netns_jobs_new ();
  core->lingering = netns_lingering_new ();
  core->detections = netns_detections_new (mirror);
  core->inquiries = g_ptr_array_new ();
  core->endings = netns_endings_new (&(NetnsEndingParts) { mirror, worker, core->background, core->lingering,
                                                           netns_core_enqueue, netns_core_skip, core });
  core->observers = netns_observers_new ();
  core->queue = netns_fair_queue_new (&one_at_a_time, g_free);
  core->running = g_hash_table_new_full (NULL, NULL, free_job, NULL);
  core->definitions = netns_definitions_new (&definitions_observer, core);
  netns_mirror_observe (mirror, &mirror_observer, core);
  return g_steal_pointer (&core);
}

/* Finds the commands that go on, and forgets what ended while the service did not run; the mirror has settled for the
 * first time. */
void
netns_core_start (NetnsCore *core)
{
  netns_jobs_resume (core->jobs);
  forget_the_dead (core);
}

/* Ends what is done in the background, when the worker has ended: nobody gets its results, so who waits for them can be
 * freed. Nothing more may be read or run. */
void
netns_core_close (NetnsCore *core)
{
  g_clear_pointer (&core->background, netns_background_free);
}

/* After netns_core_close(). */
void
netns_core_free (NetnsCore *core)
{
  netns_later_clear (&core->forget_source);
  netns_later_clear (&core->skip_source);
  netns_fair_queue_free (core->queue);
  netns_endings_free (core->endings);
  g_hash_table_unref (core->running);
  netns_definitions_free (core->definitions);
  g_strfreev (core->foreign_firewalls);
  g_hash_table_unref (core->ruleset_errors);
  netns_jobs_free (core->jobs);
  netns_lingering_free (core->lingering);
  netns_detections_free (core->detections);
  g_ptr_array_unref (core->inquiries);
  g_array_unref (core->observers);
  netns_owners_free (core->owners);
  netns_origins_free (core->origins);
  netns_parked_free (core->parked);
  g_free (core);
}

/* @observer must outlive the service. */
void
netns_core_observe (NetnsCore *core, const NetnsCoreObserver *observer, gpointer data)
{
  netns_observers_add (core->observers, observer, data);
}

/* @hold_call: called when a call is done and not yet answered; a plan whose data is @forward_reconciler is its own */
void
netns_core_set_forward_reconciler (NetnsCore *core, NetnsHoldCallFunc hold_call, gpointer forward_reconciler)
{
  core->hold_call = hold_call;
  core->forward_reconciler = forward_reconciler;
}

gpointer
netns_core_get_forward_reconciler (NetnsCore *core)
{
  return core->forward_reconciler;
}

NetnsMirror *
netns_core_get_mirror (NetnsCore *core)
{
  return core->mirror;
}

NetnsBackground *
netns_core_get_background (NetnsCore *core)
{
  return core->background;
}

NetnsLingering *
netns_core_get_lingering (NetnsCore *core)
{
  return core->lingering;
}

NetnsDetections *
netns_core_get_detections (NetnsCore *core)
{
  return core->detections;
}

GPtrArray *
netns_core_get_inquiries (NetnsCore *core)
{
  return core->inquiries;
}

NetnsEndings *
netns_core_get_endings (NetnsCore *core)
{
  return core->endings;
}

NetnsOwners *
netns_core_get_owners (NetnsCore *core)
{
  return core->owners;
}

NetnsOrigins *
netns_core_get_origins (NetnsCore *core)
{
  return core->origins;
}

NetnsParked *
netns_core_get_parked (NetnsCore *core)
{
  return core->parked;
}

/* Returns: (transfer none) (element-type utf8 NetnsDefinition): all of a class, by name */
GHashTable *
netns_core_get_definitions (NetnsCore *core, const NetnsDefinitionClass *class)
{
  return netns_definitions_get (core->definitions, class);
}

/* Returns: the lowest number that none of a class has for a name */
guint
netns_core_find_free_number (NetnsCore *core, const NetnsDefinitionClass *class)
{
  GHashTable *table = netns_core_get_definitions (core, class);
  char name[16];
  guint number = 0;

  do
    g_snprintf (name, sizeof name, "%u", ++number);
  while (g_hash_table_contains (table, name));
  return number;
}

/* See netns_definitions_list(). */
GPtrArray *
netns_core_list_definitions (NetnsCore *core, const NetnsDefinitionClass *class, const char *namespace_name)
{
  return netns_definitions_list (core->definitions, class, namespace_name);
}

NetnsJobs *
netns_core_get_jobs (NetnsCore *core)
{
  return core->jobs;
}

/* See netns_definitions_put(). */
void
netns_core_put_definition (NetnsCore *core, NetnsDefinition *definition)
{
  netns_definitions_put (core->definitions, definition);
}

/* See netns_definitions_drop(). */
void
netns_core_drop_definition (NetnsCore *core, const NetnsDefinition *like)
{
  netns_definitions_drop (core->definitions, like);
}

/* Takes @firewalls. */
void
netns_core_set_foreign_firewalls (NetnsCore *core, GStrv firewalls)
{
  gboolean same = g_strv_equal ((const char *const *) core->foreign_firewalls, (const char *const *) firewalls);

  g_strfreev (core->foreign_firewalls);
  core->foreign_firewalls = firewalls;
  if (!same)
    NOTIFY (core, machine_changed, NETNS_CORE_FOREIGN_FIREWALLS);
}

/* Returns: (transfer none): where firewalls of others may drop packets of networks */
const char *const *
netns_core_get_foreign_firewalls (NetnsCore *core)
{
  return (const char *const *) core->foreign_firewalls;
}

/* A namespace has another owner now. */
void
netns_core_touch_owner (NetnsCore *core, NetnsNamespace *namespace)
{
  NOTIFY (core, owner_changed, namespace);
}

/* @text: why its rules cannot be read, empty if they can */
void
netns_core_set_ruleset_error (NetnsCore *core, NetnsNamespace *namespace, const char *text)
{
  if (strcmp (text, netns_core_get_ruleset_error (core, namespace)) == 0)
    return;
  if (*text != '\0')
    g_hash_table_replace (core->ruleset_errors, g_memdup2 (&namespace->cookie, sizeof namespace->cookie),
                          g_strdup (text));
  else
    g_hash_table_remove (core->ruleset_errors, &namespace->cookie);
  NOTIFY (core, ruleset_error_changed, namespace);
}

/* Returns: (transfer none): why its rules could not be read when last tried, empty if they could */
const char *
netns_core_get_ruleset_error (NetnsCore *core, const NetnsNamespace *namespace)
{
  const char *text = g_hash_table_lookup (core->ruleset_errors, &namespace->cookie);

  return text ? text : "";
}

/* A namespace was deleted, with what was inside. */
void
netns_core_forget_namespace (NetnsCore *core, const char *name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL, name);

  for (guint i = 0; i < definitions->len; i++)
    if (!((NetnsDefinition *) g_ptr_array_index (definitions, i))->class->in_host)
      netns_core_drop_definition (core, g_ptr_array_index (definitions, i));
}

/* A namespace has another name: so what is inside has to find it by that. */
void
netns_core_rename_namespace (NetnsCore *core, const char *name, const char *new_name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL, name);

  netns_jobs_rename_namespace (core->jobs, name, new_name);
  for (guint i = 0; i < definitions->len; i++)
    netns_definitions_move (core->definitions, g_ptr_array_index (definitions, i), new_name);
}
