/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/guard-reconciler.h"

#include "core/network/network-plan.h"
#include "core/ruleset/desired.h"
#include "core/ruleset/guard.h"
#include "core/service/lookup.h"

#include <string.h>

struct _NetnsGuardReconciler {
  NetnsReconciler base;
  GHashTable *refused; /* names of namespaces whose kernel refused, until something happens again, as a set */
  char *place; /* where the plan runs */
};

/* ---- what differs */

static gboolean
is_guarded (NetnsCore *core, const NetnsLink *bridge)
{
  GHashTableIter iter;
  const NetnsNetwork *network;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (network->guarded && netns_network_has_bridge (network, bridge))
      return TRUE;
  return FALSE;
}

/* Whether its port is still there, and at the bridge of a guarded network. */
static gboolean
has_port (NetnsCore *core, const NetnsBinding *binding, NetnsNamespace *namespace)
{
  const NetnsLink *port = netns_namespace_find_link (namespace, binding->port);
  const NetnsLink *bridge = port ? netns_namespace_get_link (namespace, port->info.master) : NULL;

  return bridge != NULL && strcmp (port->info.name, binding->port) == 0 && is_guarded (core, bridge);
}

static void
compare_network (NetnsCore *core, const NetnsNetwork *network, GPtrArray *old, GPtrArray *new)
{
  NetnsNetwork *guarded;

  if (network->guarded) {
    netns_guard_collect_members (core, network, TRUE, new);
  } else if (!network->guard_given && netns_guard_has_owners (core, network, NULL)) {
    guarded = netns_definition_copy (network);
    guarded->guarded = TRUE;
    g_ptr_array_add (old, (gpointer) network);
    g_ptr_array_add (new, guarded);
    netns_guard_collect_members (core, network, FALSE, new);
  }
}

/* Definitions of one namespace that have to change, and what takes their place. */
static void
compare (NetnsCore *core, NetnsNamespace *namespace, GPtrArray *old, GPtrArray *new)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL, namespace->name);

  for (guint i = 0; i < definitions->len; i++) {
    NetnsDefinition *definition = g_ptr_array_index (definitions, i);

    if (definition->class == &netns_binding_class && !has_port (core, (NetnsBinding *) definition, namespace))
      g_ptr_array_add (old, definition);
    else if (definition->class == &netns_network_class)
      compare_network (core, (NetnsNetwork *) definition, old, new);
  }
}

/* ---- its turn */

static NetnsPlan *
plan_changes (NetnsGuardReconciler *guard, const NetnsNamespace *namespace, GPtrArray *old, GPtrArray *new)
{
  NetnsPlan *plan = netns_plan_new ();

  netns_plan_use_namespace (plan, namespace);
  for (guint i = 0; i < new->len; i++)
    if (((NetnsDefinition *) g_ptr_array_index (new, i))->class == &netns_network_class)
      netns_network_plan_learning (plan, g_ptr_array_index (new, i));
  netns_desired_replace_all (guard->base.core, plan, old, new);
  return plan;
}

/* One namespace at a time: the kernel may refuse in one, and others must not depend on it. */
static NetnsPlan *
plan_next (NetnsReconciler *reconciler)
{
  NetnsGuardReconciler *guard = (NetnsGuardReconciler *) reconciler;
  NetnsMirror *mirror = netns_core_get_mirror (reconciler->core);
  g_autoptr (GPtrArray) namespaces = NULL;

  netns_mirror_catch_up (mirror);
  namespaces = netns_mirror_list_namespaces (mirror);
  for (guint i = 0; i < namespaces->len; i++) {
    NetnsNamespace *namespace = g_ptr_array_index (namespaces, i);
    g_autoptr (GPtrArray) old = g_ptr_array_new (), new = g_ptr_array_new_with_free_func (netns_definition_free);

    if (namespace->name == NULL || g_hash_table_contains (guard->refused, namespace->name))
      continue;
    compare (reconciler->core, namespace, old, new);
    if (old->len + new->len == 0)
      continue;
    g_free (guard->place);
    guard->place = g_strdup (namespace->name);
    reconciler->marked = TRUE; /* there may be more */
    return plan_changes (guard, namespace, old, new);
  }
  return NULL;
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  NetnsGuardReconciler *guard = (NetnsGuardReconciler *) reconciler;

  if (error == NULL)
    return;
  g_message ("Cannot guard the networks in %s: %s", *guard->place ? guard->place : "the host namespace",
             error->message);
  g_hash_table_add (guard->refused, g_steal_pointer (&guard->place));
}

static const NetnsReconcilerClass class = { .settle = TRUE, .plan = plan_next, .done = on_done };

/* ---- what happens */

static void
note (NetnsGuardReconciler *guard)
{
  g_hash_table_remove_all (guard->refused);
  netns_reconciler_mark (&guard->base);
}

/* Any port of the bridge of a network, and what was one. */
static void
note_port (NetnsGuardReconciler *guard, NetnsLink *link)
{
  const NetnsLink *bridge = netns_namespace_get_link (link->namespace, link->info.master);

  if (netns_guard_find_binding (guard->base.core, link) != NULL
      || (bridge != NULL && netns_core_find_network_of (guard->base.core, bridge) != NULL))
    note (guard);
}

static void
on_link (NetnsLink *link, gpointer data)
{
  note_port (data, link);
}

/* A port that got another name is no longer found by its old one. */
static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  if (changes & (NETNS_LINK_MASTER | NETNS_LINK_PEER | NETNS_LINK_NAME))
    note_port (data, link);
}

static const NetnsObserver mirror_observer = {
  .link_added = on_link,
  .link_removed = on_link,
  .link_changed = on_link_changed,
};

static void
on_definition (NetnsDefinition *definition, gpointer data)
{
  if (definition->class == &netns_network_class)
    note (data);
}

static void
on_owner_changed (NetnsNamespace *namespace, gpointer data)
{
  note (data);
}

static const NetnsCoreObserver core_observer = {
  .definition_added = on_definition,
  .definition_removed = on_definition,
  .owner_changed = on_owner_changed,
};

/* @core: settled */
NetnsGuardReconciler *
netns_guard_reconciler_new (NetnsCore *core, const NetnsGrant *grant)
{
  NetnsGuardReconciler *guard = g_new0 (NetnsGuardReconciler, 1);

  netns_reconciler_init (&guard->base, &class, core, grant);
  guard->refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, guard);
  netns_core_observe (core, &core_observer, guard);
  note (guard);
  return guard;
}

/* Nothing must change afterwards. */
void
netns_guard_reconciler_free (NetnsGuardReconciler *guard)
{
  netns_reconciler_clear (&guard->base);
  g_hash_table_unref (guard->refused);
  g_free (guard->place);
  g_free (guard);
}
