/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/core.h"

#include "common/error.h"
#include "common/names.h"
#include "core/step.h"
#include "core/store.h"

#include <errno.h>
#include <string.h>

/* How long the kernel may take to give up a namespace that nobody holds: it waits for RCU, and for others before. */
#define END_TIMEOUT 10000 /* ms */

typedef struct {
  const NetnsCoreObserver *functions;
  gpointer data;
} ObserverEntry;

struct _NetnsCore {
  NetnsMirror *mirror;
  NetnsWorker *worker;
  NetnsOwners *owners;
  NetnsOrigins *origins;
  GHashTable *definitions[NETNS_N_DEFINITION_CLASSES]; /* name -> NetnsDefinition, by class */
  NetnsJobs *jobs;
  GArray *observers;
  NetnsTurns *waiting; /* calls that want to plan */
  gboolean busy;       /* one plans or runs */
  guint64 plans_run;
  GStrv foreign_firewalls;
  GSource *forget_source;
  NetnsFollowFunc follow;
  gpointer follower;
};

static const NetnsDefinitionClass *const classes[NETNS_N_DEFINITION_CLASSES]
  = { &netns_network_class, &netns_nat_class, &netns_firewall_class, &netns_forward_class };

/* A plan on its way through the worker. */
typedef struct {
  NetnsCore *core;
  NetnsPlan *plan;
  const NetnsGrant *grant;
  NetnsDoneFunc done;
  gpointer data;
  GError *error;
} Job;

#define NOTIFY(core, function, ...)                                                                                  \
  for (guint entry_index = 0; entry_index < (core)->observers->len; entry_index++) {                                 \
    const ObserverEntry *entry = &g_array_index ((core)->observers, ObserverEntry, entry_index);                     \
                                                                                                                     \
    if (entry->functions->function != NULL)                                                                          \
      entry->functions->function (__VA_ARGS__, entry->data);                                                         \
  }

static void
next_turn (NetnsCore *core)
{
  if (core->busy || netns_turns_is_empty (core->waiting))
    return;
  core->busy = TRUE;
  netns_turns_next (core->waiting);
}

/**
 * netns_core_wait_for_turn:
 * @core: the service
 * @uid: who asks for it, NETNS_UID_NOBODY for the service itself
 * @turn: (scope async): called when no other call plans or runs, maybe at once; it plans, and runs the plan or says
 *   netns_core_skip()
 * @data: for @turn
 *
 * A plan is made from what there is, so nothing may change between making and running it.
 */
void
netns_core_wait_for_turn (NetnsCore *core, guint uid, NetnsTurnFunc turn, gpointer data)
{
  netns_turns_add (core->waiting, uid, turn, data);
  next_turn (core);
}

static gboolean
on_skipped (gpointer data)
{
  next_turn (data);
  return G_SOURCE_REMOVE;
}

/**
 * netns_core_skip:
 * @core: the service
 *
 * The call whose turn it is has nothing to run after all.
 */
void
netns_core_skip (NetnsCore *core)
{
  core->busy = FALSE;
  if (!netns_turns_is_empty (core->waiting))
    g_idle_add_full (G_PRIORITY_DEFAULT, on_skipped, core, NULL);
}

static void
run_job (gpointer data)
{
  Job *job = data;

  netns_plan_run (job->plan, job->grant, &job->error);
}

static void
answer_job (gpointer data)
{
  Job *job = data;

  job->done (job->error, job->data);
  g_clear_error (&job->error);
  g_free (job);
}

static void
end_job (Job *job)
{
  NetnsCore *core = job->core;

  if (core->follow == NULL || job->data == core->follower || !core->follow (answer_job, job, core->follower))
    answer_job (job);
}

static void
on_end (gboolean ended, gpointer data)
{
  Job *job = data;

  if (!ended)
    g_set_error (&job->error, NETNS_ERROR, NETNS_ERROR_BUSY,
                 "The name is gone, but something that cannot be seen still keeps the namespace alive, such as a "
                 "connection that is being closed");
  end_job (job);
}

/* Others can have their turn while the kernel takes its time. */
static void
settle_job (gpointer data)
{
  Job *job = data;
  NetnsEndWatch *end = netns_plan_get_end (job->plan);

  if (job->error == NULL && end != NULL)
    netns_end_watch_wait (end, END_TIMEOUT, on_end, job);
  else
    end_job (job);
}

/* What the kernel may not have announced. */
static void
look_at_quiet_changes (NetnsCore *core, const GPtrArray *steps)
{
  for (guint i = 0; i < steps->len; i++) {
    const NetnsStep *step = g_ptr_array_index (steps, i);

    if (step->operation->quiet)
      netns_mirror_refresh_link (core->mirror, step->namespace_name, netns_step_get_uint32 (step, "index"),
                                 netns_step_get_string (step, "link"));
    if (netns_step_get_boolean (step, "unchecked"))
      netns_mirror_refresh_addresses (core->mirror, step->namespace_name);
  }
}

/* The names that the plan changed are looked at before the events are taken in, so that a new namespace is read once. */
static void
finish_job (gpointer data)
{
  Job *job = data;
  NetnsCore *core = job->core;
  const GPtrArray *names = netns_plan_get_names (job->plan);

  if (job->error == NULL)
    netns_plan_commit (job->plan);
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    netns_mirror_release_name (core->mirror, name);
    netns_mirror_refresh_name (core->mirror, name, netns_plan_get_connection (job->plan, name));
  }
  netns_plan_close_connections (job->plan);
  netns_mirror_release_events (core->mirror);
  look_at_quiet_changes (core, netns_plan_get_steps (job->plan));
  netns_origins_prune (core->origins);
  core->busy = FALSE;
  core->plans_run++;
  netns_mirror_settle (core->mirror, settle_job, job);
  next_turn (core);
}

/**
 * netns_core_run:
 * @core: the service
 * @plan: a plan made in this turn; must live until @done
 * @grant: proof that the caller may; must live until @done
 * @done: (scope async): called when all is done and the mirror shows it, or nothing is
 * @data: for @done
 *
 * Ends the turn.
 */
void
netns_core_run (NetnsCore *core, NetnsPlan *plan, const NetnsGrant *grant, NetnsDoneFunc done, gpointer data)
{
  const GPtrArray *names = netns_plan_get_names (plan);
  Job *job = g_new0 (Job, 1);

  job->core = core;
  job->plan = plan;
  job->grant = grant;
  job->done = done;
  job->data = data;
  for (guint i = 0; i < names->len; i++)
    netns_mirror_hold_name (core->mirror, g_ptr_array_index (names, i));
  netns_mirror_hold_events (core->mirror);
  netns_worker_push (core->worker, run_job, finish_job, job);
}

/* Returns: whether a call plans or runs at the moment */
gboolean
netns_core_is_busy (const NetnsCore *core)
{
  return core->busy;
}

/**
 * netns_core_get_generation:
 * @core: the service
 *
 * Returns: a number that is the same again only if nothing has changed meanwhile
 */
guint64
netns_core_get_generation (NetnsCore *core)
{
  netns_mirror_catch_up (core->mirror);
  return netns_mirror_get_generation (core->mirror) + core->plans_run;
}

static void
load_definitions (NetnsCore *core, const NetnsDefinitionClass *class)
{
  g_autoptr (GPtrArray) files = netns_store_list (class->folder);

  for (guint i = 0; i < files->len; i++) {
    const char *file = g_ptr_array_index (files, i);
    g_autoptr (GError) error = NULL;
    NetnsDefinition *definition = netns_definition_load (class, file, &error);

    if (definition == NULL)
      g_warning ("Leaving out %s: %s", file, error->message);
    else
      g_hash_table_replace (netns_core_get_definitions (core, class), definition->name, definition);
  }
}

/* What was in a namespace that is gone. Forwards to it have rules elsewhere, see core/follow.h. */
static void
forget_orphans (NetnsCore *core)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL);

  for (guint i = 0; i < definitions->len; i++) {
    NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    g_autofree char *file = netns_definition_get_file (definition);

    if (definition->class == &netns_forward_class || !netns_core_is_orphan (core, definition))
      continue;
    netns_store_write (file, NULL, NULL);
    netns_core_drop_definition (core, definition);
  }
}

/* A settled mirror knows who everybody is: one that only got another name keeps its owner. */
static void
forget_the_dead (gpointer data)
{
  NetnsCore *core = data;

  forget_orphans (core);
  netns_owners_prune (core->owners, core->mirror);
  netns_jobs_forget_namespaces (core->jobs, core->mirror);
  if (!core->busy)
    netns_origins_prune (core->origins);
}

static gboolean
on_forget (gpointer data)
{
  NetnsCore *core = data;

  g_clear_pointer (&core->forget_source, g_source_unref);
  netns_mirror_settle (core->mirror, forget_the_dead, core);
  return G_SOURCE_REMOVE;
}

/* At the end of the turn: in its middle a namespace that gets another name looks gone. */
static void
on_namespace_removed (NetnsNamespace *namespace, gpointer data)
{
  NetnsCore *core = data;

  if (core->forget_source != NULL)
    return;
  core->forget_source = g_idle_source_new ();
  g_source_set_priority (core->forget_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (core->forget_source, on_forget, core, NULL);
  g_source_attach (core->forget_source, g_main_context_get_thread_default ());
}

static const NetnsObserver mirror_observer = { .namespace_removed = on_namespace_removed };

/**
 * netns_core_new:
 * @mirror: what the kernel looks like
 * @worker: the thread that runs plans
 * @error: `KernelRefused` when /run/netnsd cannot be used
 *
 * Returns: (transfer full) (nullable): the service, with what it knew when it stopped
 */
NetnsCore *
netns_core_new (NetnsMirror *mirror, NetnsWorker *worker, GError **error)
{
  g_autoptr (NetnsCore) core = NULL;

  if (g_mkdir_with_parents (NETNS_STATE_DIR, 0755) < 0) {
    netns_error_set_errno (error, errno, "Cannot make " NETNS_STATE_DIR);
    return NULL;
  }
  core = g_new0 (NetnsCore, 1);
  core->mirror = mirror;
  core->worker = worker;
  core->owners = netns_owners_new ();
  core->origins = netns_origins_new (mirror);
  core->foreign_firewalls = g_new0 (char *, 1);
  core->jobs = netns_jobs_new ();
  core->observers = g_array_new (FALSE, FALSE, sizeof (ObserverEntry));
  core->waiting = netns_turns_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++) {
    core->definitions[i] = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, netns_definition_free);
    load_definitions (core, classes[i]);
  }
  netns_mirror_observe (mirror, &mirror_observer, core);
  return g_steal_pointer (&core);
}

/**
 * netns_core_start:
 * @core: the service, its mirror settled for the first time
 *
 * Finds the commands that go on, and forgets what ended while the service did not run.
 */
void
netns_core_start (NetnsCore *core)
{
  netns_jobs_resume (core->jobs);
  forget_the_dead (core);
}

void
netns_core_free (NetnsCore *core)
{
  if (core->forget_source != NULL)
    g_source_destroy (core->forget_source);
  g_clear_pointer (&core->forget_source, g_source_unref);
  netns_turns_free (core->waiting);
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    g_hash_table_unref (core->definitions[i]);
  g_strfreev (core->foreign_firewalls);
  netns_jobs_free (core->jobs);
  g_array_unref (core->observers);
  netns_owners_free (core->owners);
  netns_origins_free (core->origins);
  g_free (core);
}

/**
 * netns_core_observe:
 * @core: the service
 * @observer: functions to call on differences, which must outlive the service
 * @data: for them
 */
void
netns_core_observe (NetnsCore *core, const NetnsCoreObserver *observer, gpointer data)
{
  ObserverEntry entry = { observer, data };

  g_array_append_val (core->observers, entry);
}

/* @follow: called when a call is done and not yet answered; a plan whose data is @follower is the follower's own */
void
netns_core_set_follower (NetnsCore *core, NetnsFollowFunc follow, gpointer follower)
{
  core->follow = follow;
  core->follower = follower;
}

gpointer
netns_core_get_follower (NetnsCore *core)
{
  return core->follower;
}

NetnsMirror *
netns_core_get_mirror (NetnsCore *core)
{
  return core->mirror;
}

NetnsWorker *
netns_core_get_worker (NetnsCore *core)
{
  return core->worker;
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

/* Returns: (transfer none) (element-type utf8 NetnsDefinition): all of a class, by name */
GHashTable *
netns_core_get_definitions (NetnsCore *core, const NetnsDefinitionClass *class)
{
  gsize position = 0;

  while (classes[position] != class)
    position++;
  return core->definitions[position];
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

/**
 * netns_core_list_definitions:
 * @core: the service
 * @namespace_name: (nullable): only those in this namespace
 *
 * Returns: (transfer container) (element-type NetnsDefinition): those of all classes
 */
GPtrArray *
netns_core_list_definitions (NetnsCore *core, const char *namespace_name)
{
  GPtrArray *list = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++) {
    GHashTableIter iter;
    NetnsDefinition *definition;

    g_hash_table_iter_init (&iter, core->definitions[i]);
    while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &definition))
      if (namespace_name == NULL || strcmp (definition->namespace_name, namespace_name) == 0)
        g_ptr_array_add (list, definition);
  }
  return list;
}

NetnsJobs *
netns_core_get_jobs (NetnsCore *core)
{
  return core->jobs;
}

/* Takes @definition; one of its class and name is replaced. */
void
netns_core_put_definition (NetnsCore *core, NetnsDefinition *definition)
{
  GHashTable *table = netns_core_get_definitions (core, definition->class);
  const NetnsDefinition *old = g_hash_table_lookup (table, definition->name);
  guint changes = old != NULL && definition->class->compare != NULL ? definition->class->compare (old, definition) : 0;
  gboolean is_new = old == NULL;

  g_hash_table_replace (table, definition->name, definition);
  if (is_new) {
    NOTIFY (core, definition_added, definition);
  } else if (changes != 0) {
    NOTIFY (core, definition_changed, definition, changes);
  }
}

/* @like: one of its class and name */
void
netns_core_drop_definition (NetnsCore *core, const NetnsDefinition *like)
{
  GHashTable *table = netns_core_get_definitions (core, like->class);
  NetnsDefinition *definition = g_hash_table_lookup (table, like->name);

  if (definition == NULL)
    return;
  NOTIFY (core, definition_removed, definition);
  g_hash_table_remove (table, definition->name);
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

/* A namespace belongs to somebody else now. */
void
netns_core_touch_owner (NetnsCore *core, NetnsNamespace *namespace)
{
  NOTIFY (core, owner_changed, namespace);
}

/* A namespace was deleted, with what was inside. */
void
netns_core_forget_namespace (NetnsCore *core, const char *name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, name);

  for (guint i = 0; i < definitions->len; i++)
    if (((NetnsDefinition *) g_ptr_array_index (definitions, i))->class != &netns_forward_class)
      netns_core_drop_definition (core, g_ptr_array_index (definitions, i));
}

/* A namespace has another name: so what is inside has to find it by that. */
void
netns_core_rename_namespace (NetnsCore *core, const char *name, const char *new_name)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, name);

  netns_jobs_rename_namespace (core->jobs, name, new_name);
  for (guint i = 0; i < definitions->len; i++) {
    NetnsDefinition *definition = g_ptr_array_index (definitions, i);

    g_free (definition->namespace_name);
    definition->namespace_name = g_strdup (new_name);
    NOTIFY (core, definition_changed, definition, definition->class->renamed);
  }
}
