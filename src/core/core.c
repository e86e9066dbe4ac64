/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/core.h"

#include "common/error.h"
#include "common/names.h"
#include "core/step.h"
#include "core/store.h"

#include <errno.h>
#include <string.h>

typedef struct {
  const NetnsCoreObserver *functions;
  gpointer data;
} ObserverEntry;

typedef struct {
  NetnsTurnFunc turn;
  gpointer data;
} Waiting;

struct _NetnsCore {
  NetnsMirror *mirror;
  NetnsWorker *worker;
  NetnsOwners *owners;
  GHashTable *networks; /* name -> NetnsNetwork */
  GHashTable *nats;     /* id -> NetnsNat */
  GArray *observers;
  GQueue waiting; /* calls that want to plan */
  gboolean busy;  /* one plans or runs */
  guint64 plans_run;
  GSource *forget_source;
};

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
  Waiting *waiting;

  if (core->busy)
    return;
  waiting = g_queue_pop_head (&core->waiting);
  if (waiting == NULL)
    return;
  core->busy = TRUE;
  waiting->turn (waiting->data);
  g_free (waiting);
}

/**
 * netns_core_wait_for_turn:
 * @core: the service
 * @turn: (scope async): called when no other call plans or runs, maybe at once
 * @data: for @turn
 *
 * A plan is made from what there is, so nothing may change between making and running it.
 */
void
netns_core_wait_for_turn (NetnsCore *core, NetnsTurnFunc turn, gpointer data)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->turn = turn;
  waiting->data = data;
  g_queue_push_tail (&core->waiting, waiting);
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
  if (!g_queue_is_empty (&core->waiting))
    g_idle_add_full (G_PRIORITY_DEFAULT, on_skipped, core, NULL);
}

static void
run_job (gpointer data)
{
  Job *job = data;

  netns_plan_run (job->plan, job->grant, &job->error);
}

static void
settle_job (gpointer data)
{
  Job *job = data;

  job->done (job->error, job->data);
  g_clear_error (&job->error);
  g_free (job);
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
load_networks (NetnsCore *core)
{
  g_autoptr (GPtrArray) files = netns_store_list ("networks");

  for (guint i = 0; i < files->len; i++) {
    const char *file = g_ptr_array_index (files, i);
    g_autoptr (GError) error = NULL;
    NetnsNetwork *network = netns_network_load (file, &error);

    if (network == NULL)
      g_warning ("Leaving out %s: %s", file, error->message);
    else
      g_hash_table_replace (core->networks, network->name, network);
  }
}

static void
load_nats (NetnsCore *core)
{
  g_autoptr (GPtrArray) files = netns_store_list ("nats");

  for (guint i = 0; i < files->len; i++) {
    const char *file = g_ptr_array_index (files, i);
    g_autoptr (GError) error = NULL;
    NetnsNat *nat = netns_nat_load (file, &error);

    if (nat == NULL)
      g_warning ("Leaving out %s: %s", file, error->message);
    else
      g_hash_table_replace (core->nats, GUINT_TO_POINTER (nat->id), nat);
  }
}

/* Whether a network or translation is in a namespace that is gone, maybe with another one in its place. */
static gboolean
is_orphan (NetnsCore *core, const char *namespace_name, guint64 cookie)
{
  const NetnsNamespace *namespace = netns_mirror_get_namespace (core->mirror, namespace_name);

  return namespace == NULL || (cookie != 0 && namespace->cookie != 0 && namespace->cookie != cookie);
}

/* What was in a namespace that is gone. */
static void
forget_orphans (NetnsCore *core)
{
  g_autoptr (GList) networks = g_hash_table_get_values (core->networks);
  g_autoptr (GList) nats = g_hash_table_get_values (core->nats);

  for (GList *item = networks; item != NULL; item = item->next) {
    NetnsNetwork *network = item->data;
    g_autofree char *file = netns_network_get_file (network);

    if (!is_orphan (core, network->namespace_name, network->cookie))
      continue;
    netns_store_write (file, NULL, NULL);
    netns_core_drop_network (core, network->name);
  }
  for (GList *item = nats; item != NULL; item = item->next) {
    NetnsNat *nat = item->data;
    g_autofree char *file = netns_nat_get_file (nat);

    if (!is_orphan (core, nat->namespace_name, nat->cookie))
      continue;
    netns_store_write (file, NULL, NULL);
    netns_core_drop_nat (core, nat->id);
  }
}

/* A settled mirror knows who everybody is: one that only got another name keeps its owner. */
static void
forget_the_dead (gpointer data)
{
  NetnsCore *core = data;

  forget_orphans (core);
  netns_owners_prune (core->owners, core->mirror);
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
  core->networks = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) netns_network_free);
  core->nats = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) netns_nat_free);
  core->observers = g_array_new (FALSE, FALSE, sizeof (ObserverEntry));
  g_queue_init (&core->waiting);
  load_networks (core);
  load_nats (core);
  netns_mirror_observe (mirror, &mirror_observer, core);
  return g_steal_pointer (&core);
}

/**
 * netns_core_start:
 * @core: the service, its mirror settled for the first time
 *
 * Forgets what ended while the service did not run.
 */
void
netns_core_start (NetnsCore *core)
{
  forget_the_dead (core);
}

void
netns_core_free (NetnsCore *core)
{
  if (core->forget_source != NULL)
    g_source_destroy (core->forget_source);
  g_clear_pointer (&core->forget_source, g_source_unref);
  g_queue_clear_full (&core->waiting, g_free);
  g_hash_table_unref (core->networks);
  g_hash_table_unref (core->nats);
  g_array_unref (core->observers);
  netns_owners_free (core->owners);
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

/* Returns: (transfer none) (element-type utf8 NetnsNetwork): by name */
GHashTable *
netns_core_get_networks (NetnsCore *core)
{
  return core->networks;
}

/* Returns: (transfer none) (element-type guint NetnsNat): by id */
GHashTable *
netns_core_get_nats (NetnsCore *core)
{
  return core->nats;
}

/**
 * netns_core_find_namespace:
 * @core: the service
 * @name: a name, empty for the host
 * @error: `NotFound`
 *
 * Returns: (transfer none) (nullable): the namespace, which may be a broken one
 */
NetnsNamespace *
netns_core_find_namespace (NetnsCore *core, const char *name, GError **error)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (core->mirror, name);

  /* `ip netns add` a moment ago, and its news is still under way. */
  if (namespace == NULL && *name != '\0' && *name != '.' && strchr (name, '/') == NULL) {
    netns_mirror_refresh_name (core->mirror, name, NULL);
    namespace = netns_mirror_get_namespace (core->mirror, name);
  }
  if (namespace == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no namespace “%s”", name);
  return namespace;
}

static const NetnsNetwork *
find_network_of (NetnsCore *core, const NetnsLink *link)
{
  GHashTableIter iter;
  NetnsNetwork *network;

  g_hash_table_iter_init (&iter, core->networks);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (strcmp (network->namespace_name, link->namespace->name) == 0
        && strcmp (network->bridge, link->info.name) == 0)
      return network;
  return NULL;
}

/**
 * netns_core_get_link_owner:
 * @core: the service
 * @link: a link
 *
 * Returns: the uid that it belongs to, NETNS_UID_NOBODY for nobody
 */
guint
netns_core_get_link_owner (NetnsCore *core, NetnsLink *link)
{
  const NetnsNetwork *network;
  NetnsLink *peer;

  if (link->namespace->source != NETNS_SOURCE_HOST)
    return netns_owners_get (core->owners, link->namespace);
  peer = netns_mirror_get_peer (core->mirror, link);
  if (peer != NULL)
    return netns_owners_get (core->owners, peer->namespace);
  network = netns_link_is_bridge (link) ? find_network_of (core, link) : NULL;
  return network ? network->owner : NETNS_UID_NOBODY;
}

/* Takes @network; one of that name is replaced. */
void
netns_core_put_network (NetnsCore *core, NetnsNetwork *network)
{
  const NetnsNetwork *old = g_hash_table_lookup (core->networks, network->name);
  guint changes = old != NULL && old->nat != network->nat ? NETNS_NETWORK_NAT : 0;
  gboolean is_new = old == NULL;

  g_hash_table_replace (core->networks, network->name, network);
  if (is_new) {
    NOTIFY (core, network_added, network);
  } else if (changes != 0) {
    NOTIFY (core, network_changed, network, changes);
  }
}

void
netns_core_drop_network (NetnsCore *core, const char *name)
{
  NetnsNetwork *network = g_hash_table_lookup (core->networks, name);

  if (network == NULL)
    return;
  NOTIFY (core, network_removed, network);
  g_hash_table_remove (core->networks, name);
}

/* Takes @nat. */
void
netns_core_put_nat (NetnsCore *core, NetnsNat *nat)
{
  g_hash_table_replace (core->nats, GUINT_TO_POINTER (nat->id), nat);
  NOTIFY (core, nat_added, nat);
}

void
netns_core_drop_nat (NetnsCore *core, guint id)
{
  NetnsNat *nat = g_hash_table_lookup (core->nats, GUINT_TO_POINTER (id));

  if (nat == NULL)
    return;
  NOTIFY (core, nat_removed, nat);
  g_hash_table_remove (core->nats, GUINT_TO_POINTER (id));
}

/* A namespace belongs to somebody else now. */
void
netns_core_touch_owner (NetnsCore *core, NetnsNamespace *namespace)
{
  NOTIFY (core, owner_changed, namespace);
}

/* A namespace was deleted, with the networks and translations inside. */
void
netns_core_forget_namespace (NetnsCore *core, const char *name)
{
  g_autoptr (GList) networks = g_hash_table_get_values (core->networks);
  g_autoptr (GList) nats = g_hash_table_get_values (core->nats);

  for (GList *item = networks; item != NULL; item = item->next)
    if (strcmp (((NetnsNetwork *) item->data)->namespace_name, name) == 0)
      netns_core_drop_network (core, ((NetnsNetwork *) item->data)->name);
  for (GList *item = nats; item != NULL; item = item->next)
    if (strcmp (((NetnsNat *) item->data)->namespace_name, name) == 0)
      netns_core_drop_nat (core, ((NetnsNat *) item->data)->id);
}

/* A namespace has another name: so have the networks and translations inside to find it. */
void
netns_core_rename_namespace (NetnsCore *core, const char *name, const char *new_name)
{
  GHashTableIter iter;
  NetnsNetwork *network;
  NetnsNat *nat;

  g_hash_table_iter_init (&iter, core->networks);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network)) {
    if (strcmp (network->namespace_name, name) != 0)
      continue;
    g_free (network->namespace_name);
    network->namespace_name = g_strdup (new_name);
    NOTIFY (core, network_changed, network, NETNS_NETWORK_BRIDGE | NETNS_NETWORK_LEASES);
  }
  g_hash_table_iter_init (&iter, core->nats);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &nat)) {
    if (strcmp (nat->namespace_name, name) != 0)
      continue;
    g_free (nat->namespace_name);
    nat->namespace_name = g_strdup (new_name);
    NOTIFY (core, nat_changed, nat);
  }
}
