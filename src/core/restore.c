/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/restore.h"

#include "common/names.h"
#include "core/wanted.h"

#include <string.h>

/* Two programs that both insist on their rules must not keep the machine busy: after this many ms it is our turn again. */
#define PAUSE 200

struct _NetnsRestore {
  NetnsCore *core;
  const NetnsGrant *grant;
  NetnsRestoredFunc restored;
  gpointer data;
  GHashTable *suspects; /* nsid -> NetnsRulesChanges */
  GQueue order;         /* nsid: the host's first; who flushes his own on and on must not come before others */
  GHashTable *cured;    /* names of networks that firewalls of others may stand in the way of again, as a set */
  GSource *source;      /* waits for the end of the turn, or of the pause */
  gint64 last;          /* when rules were put back, monotonic */
  gboolean busy;        /* waits for its turn among the calls, or runs */
  NetnsPlan *plan;
  GPtrArray *what;
};

static void schedule (NetnsRestore *restore);

static void
on_done (const GError *error, gpointer data)
{
  NetnsRestore *restore = data;
  g_autoptr (NetnsPlan) plan = g_steal_pointer (&restore->plan);
  g_autoptr (GPtrArray) what = g_steal_pointer (&restore->what);
  GVariant *result = netns_plan_get_result (plan);

  restore->busy = FALSE;
  if (error != NULL)
    g_message ("Cannot put back the rules of %s: %s", (char *) what->pdata[0], error->message);
  else if (result != NULL && g_variant_get_boolean (result))
    restore->restored ((const char *const *) what->pdata, restore->data);
  restore->last = g_get_monotonic_time ();
  schedule (restore);
}

static NetnsNamespace *
find_by_nsid (NetnsRestore *restore, gpointer nsid)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (restore->core));

  for (guint i = 0; i < namespaces->len; i++)
    if (((NetnsNamespace *) g_ptr_array_index (namespaces, i))->nsid == GPOINTER_TO_INT (nsid))
      return g_ptr_array_index (namespaces, i);
  return NULL;
}

/* The first of those that are suspected and want rules; %NULL if there is none. Takes it off the list. */
static NetnsNamespace *
take_suspect (NetnsRestore *restore, guint *changes)
{
  while (!g_queue_is_empty (&restore->order)) {
    gpointer key = g_queue_pop_head (&restore->order);
    NetnsNamespace *namespace = find_by_nsid (restore, key);

    *changes = GPOINTER_TO_UINT (g_hash_table_lookup (restore->suspects, key));
    g_hash_table_remove (restore->suspects, key);
    if (namespace == NULL)
      continue;
    g_clear_pointer (&restore->what, g_ptr_array_unref);
    restore->what = netns_wanted_name_rules (restore->core, namespace->name);
    if (restore->what->len > 0)
      return namespace;
  }
  return NULL;
}

/* A network for which firewalls of others were told to let packets through, and maybe have forgotten it. */
static const NetnsNetwork *
take_cured (NetnsRestore *restore)
{
  GHashTable *networks = netns_core_get_definitions (restore->core, &netns_network_class);
  const NetnsNetwork *network = NULL;
  GHashTableIter iter;
  const char *name;

  g_hash_table_iter_init (&iter, restore->cured);
  while (network == NULL && g_hash_table_iter_next (&iter, (gpointer *) &name, NULL)) {
    network = g_hash_table_lookup (networks, name);
    if (network != NULL && !network->cured)
      network = NULL;
    g_hash_table_iter_remove (&iter);
  }
  return network;
}

static void
run (NetnsRestore *restore)
{
  g_ptr_array_add (restore->what, NULL);
  netns_core_run (restore->core, restore->plan, restore->grant, on_done, restore);
}

static gboolean
run_cure (NetnsRestore *restore)
{
  const NetnsNetwork *network = take_cured (restore);
  NetnsNamespace *namespace
    = network ? netns_mirror_get_namespace (netns_core_get_mirror (restore->core), network->base.namespace_name) : NULL;

  if (namespace == NULL)
    return FALSE;
  g_clear_pointer (&restore->what, g_ptr_array_unref);
  restore->what = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (restore->what, g_strconcat ("network ", network->base.name, NULL));
  restore->plan = netns_plan_new ();
  netns_plan_use_namespace (restore->plan, namespace);
  netns_network_plan_pass (restore->plan, namespace, network, TRUE);
  run (restore);
  return TRUE;
}

/* What is wanted is asked now, when no call is about to change it. */
static void
on_turn (gpointer data)
{
  NetnsRestore *restore = data;
  NetnsNamespace *namespace;
  guint changes;

  namespace = take_suspect (restore, &changes);
  if (namespace == NULL && run_cure (restore))
    return;
  if (namespace == NULL) {
    restore->busy = FALSE;
    netns_core_skip (restore->core);
    return;
  }
  restore->plan = netns_plan_new ();
  netns_plan_use_namespace (restore->plan, namespace);
  netns_wanted_restore_rules (restore->core, restore->plan, namespace->name, (changes & NETNS_RULES_OURS) == 0);
  run (restore);
}

static gboolean
on_scheduled (gpointer data)
{
  NetnsRestore *restore = data;

  g_clear_pointer (&restore->source, g_source_unref);
  restore->busy = TRUE;
  netns_core_wait_for_turn (restore->core, NETNS_UID_NOBODY, on_turn, restore);
  return G_SOURCE_REMOVE;
}

/* At the end of this turn of the main loop, which may bring more news; or when the pause is over. */
static void
schedule (NetnsRestore *restore)
{
  gint64 passed = (g_get_monotonic_time () - restore->last) / G_TIME_SPAN_MILLISECOND;

  if (restore->source != NULL || restore->busy
      || g_hash_table_size (restore->suspects) + g_hash_table_size (restore->cured) == 0)
    return;
  restore->source = passed < PAUSE ? g_timeout_source_new ((guint) (PAUSE - passed)) : g_idle_source_new ();
  g_source_set_priority (restore->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (restore->source, on_scheduled, restore, NULL);
  g_source_attach (restore->source, g_main_context_get_thread_default ());
}

static void
suspect (NetnsRestore *restore, const NetnsNamespace *namespace, guint changes)
{
  gpointer key = GINT_TO_POINTER (namespace->nsid);

  if (!g_hash_table_contains (restore->suspects, key) && namespace->source == NETNS_SOURCE_HOST)
    g_queue_push_head (&restore->order, key);
  else if (!g_hash_table_contains (restore->suspects, key))
    g_queue_push_tail (&restore->order, key);
  changes |= GPOINTER_TO_UINT (g_hash_table_lookup (restore->suspects, key));
  g_hash_table_insert (restore->suspects, key, GUINT_TO_POINTER (changes));
  schedule (restore);
}

static void
suspect_cures (NetnsRestore *restore, const NetnsNamespace *namespace)
{
  GHashTableIter iter;
  const NetnsNetwork *network;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (restore->core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (network->cured && strcmp (network->base.namespace_name, namespace->name) == 0)
      g_hash_table_add (restore->cured, g_strdup (network->base.name));
  schedule (restore);
}

static void
on_rules_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  if (changes & (NETNS_RULES_OURS | NETNS_RULES_LOST))
    suspect (data, namespace, changes & (NETNS_RULES_OURS | NETNS_RULES_LOST));
  if ((changes & NETNS_RULES_OTHERS) && (changes & NETNS_RULES_BY_US) == 0)
    suspect_cures (data, namespace);
}

static const NetnsObserver mirror_observer = { .rules_changed = on_rules_changed };

/**
 * netns_restore_new:
 * @core: the service, settled
 * @grant: that of the service itself; must live as long as this
 * @restored: called when rules were put back
 * @data: for @restored
 *
 * Looks at once whether all is there: somebody may have flushed it while the service did not run.
 *
 * Returns: (transfer full): who looks after our rules
 */
NetnsRestore *
netns_restore_new (NetnsCore *core, const NetnsGrant *grant, NetnsRestoredFunc restored, gpointer data)
{
  NetnsRestore *restore = g_new0 (NetnsRestore, 1);
  NetnsMirror *mirror = netns_core_get_mirror (core);
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (mirror);

  restore->core = core;
  restore->grant = grant;
  restore->restored = restored;
  restore->data = data;
  restore->suspects = g_hash_table_new (NULL, NULL);
  g_queue_init (&restore->order);
  restore->cured = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  restore->last = g_get_monotonic_time () - PAUSE * G_TIME_SPAN_MILLISECOND;
  netns_mirror_observe (mirror, &mirror_observer, restore);
  for (guint i = 0; i < namespaces->len; i++) {
    g_autoptr (GPtrArray) what = netns_wanted_name_rules (core, ((NetnsNamespace *) namespaces->pdata[i])->name);

    if (what->len > 0)
      suspect (restore, namespaces->pdata[i], NETNS_RULES_LOST);
    suspect_cures (restore, namespaces->pdata[i]);
  }
  return restore;
}

/**
 * netns_restore_free:
 * @restore: (transfer full): who looks after our rules; nothing may change any more
 */
void
netns_restore_free (NetnsRestore *restore)
{
  if (restore->source != NULL)
    g_source_destroy (restore->source);
  g_clear_pointer (&restore->source, g_source_unref);
  g_clear_pointer (&restore->plan, netns_plan_free);
  g_clear_pointer (&restore->what, g_ptr_array_unref);
  g_hash_table_unref (restore->suspects);
  g_queue_clear (&restore->order);
  g_hash_table_unref (restore->cured);
  g_free (restore);
}
