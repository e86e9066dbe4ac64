/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/forward/forward-reconciler.h"

#include "core/forward/forward-plan.h"
#include "core/forward/forward-steps.h"
#include "core/forward/locate.h"
#include "kernel/relay.h"

#include <string.h>

/* Whoever is in the namespace that a forward leads to can change its routes all the time. */
#define PAUSE (G_USEC_PER_SEC / 5)

struct _NetnsForwardReconciler {
  NetnsReconciler base;
  NetnsRelay *relay;
  gboolean retry; /* what failed, once rules were changed */
  gboolean retried;
};

static void
serve (NetnsForwardReconciler *forwards, const NetnsForward *forward)
{
  g_autoptr (GArray) listeners = netns_holds_steal_listeners (forward->base.name);
  NetnsAddress target = netns_forward_choose_relay_target (forward);

  if (listeners != NULL && listeners->len > 0)
    netns_relay_serve (forwards->relay, forward->base.name, forward->protocol, listeners);
  netns_relay_aim (forwards->relay, forward->base.name, &target, forward->target_port);
}

/* Forwards whose namespace is gone are deleted, and those that lead elsewhere are replaced. */
static NetnsPlan *
plan_moves (NetnsReconciler *reconciler)
{
  NetnsCore *core = reconciler->core;
  g_autoptr (GPtrArray) before = g_ptr_array_new (), after = g_ptr_array_new_with_free_func (netns_definition_free);
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (GPtrArray) forwards = netns_core_list_definitions (core, &netns_forward_class, NULL);

  for (guint i = 0; i < forwards->len; i++) {
    NetnsForward *forward = g_ptr_array_index (forwards, i);
    g_autoptr (NetnsForward) moved = NULL;

    if (netns_definition_find_namespace (&forward->base, netns_core_get_mirror (core)) == NULL) {
      g_ptr_array_add (before, forward);
      continue;
    }
    if (!netns_holds_has (forward->base.name)) /* after a start of the service */
      netns_forward_plan_hold (plan, forward, TRUE);
    moved = netns_definition_copy (forward);
    netns_forward_locate (core, moved);
    if (netns_forward_has_same_way (forward, moved) && netns_forward_has_same_answers (forward, moved))
      continue;
    g_ptr_array_add (before, forward);
    g_ptr_array_add (after, g_steal_pointer (&moved));
  }
  netns_forward_plan_move (core, plan, before, after);
  return netns_plan_get_steps (plan)->len > 0 ? g_steal_pointer (&plan) : NULL;
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  NetnsForwardReconciler *forwards = (NetnsForwardReconciler *) reconciler;
  g_autoptr (GPtrArray) list = netns_core_list_definitions (reconciler->core, &netns_forward_class, NULL);

  forwards->retry = error != NULL && !forwards->retried;
  forwards->retried &= error != NULL;
  if (error != NULL)
    g_message ("Cannot update port forwards after a namespace changed: %s", error->message);
  for (guint i = 0; i < list->len; i++)
    serve (forwards, g_ptr_array_index (list, i));
}

static const NetnsReconcilerClass class = { .pause = PAUSE, .settle = TRUE, .plan = plan_moves, .done = on_done };

static void
note (NetnsForwardReconciler *forwards)
{
  if (g_hash_table_size (netns_core_get_definitions (forwards->base.core, &netns_forward_class)) == 0)
    return;
  netns_reconciler_mark (&forwards->base);
}

static void
on_link (NetnsLink *link, gpointer data)
{
  note (data);
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  if (changes & (NETNS_LINK_ADDRESSES | NETNS_LINK_MASTER | NETNS_LINK_PEER | NETNS_LINK_NAME))
    note (data);
}

/* By which way answers go is a matter of the namespace that a forward leads to, and of no other one. */
static void
on_namespace_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  NetnsForwardReconciler *forwards = data;
  g_autoptr (GPtrArray) list = NULL;

  if ((changes & (NETNS_NAMESPACE_ROUTES | NETNS_NAMESPACE_ROUTE_DATA)) == 0)
    return;
  list = netns_core_list_definitions (forwards->base.core, &netns_forward_class, namespace->name);
  if (list->len > 0)
    netns_reconciler_mark (&forwards->base);
}

static void
on_namespace_removed (NetnsNamespace *namespace, gpointer data)
{
  note (data);
}

/* What failed because somebody had taken away rules, or an earlier version of the service had made them without what this
 * one needs, can be done once they are restored. Once: what fails for another reason must not keep the machine busy. */
static void
on_rules_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  NetnsForwardReconciler *forwards = data;

  if (!forwards->retry || namespace->source != NETNS_SOURCE_HOST || (changes & NETNS_RULES_BY_US) == 0)
    return;
  forwards->retry = FALSE;
  forwards->retried = TRUE;
  note (forwards);
}

static const NetnsObserver mirror_observer = {
  .link_added = on_link,
  .link_removed = on_link,
  .link_changed = on_link_changed,
  .namespace_changed = on_namespace_changed,
  .namespace_removed = on_namespace_removed,
  .rules_changed = on_rules_changed,
};

/* A network that comes may be on a bridge that is there already. */
static void
on_definition_added (NetnsDefinition *definition, gpointer data)
{
  if (definition->class == &netns_forward_class)
    serve (data, (NetnsForward *) definition);
  else
    note (data);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  NetnsForwardReconciler *forwards = data;

  if (definition->class != &netns_forward_class) {
    note (forwards);
    return;
  }
  netns_relay_stop (forwards->relay, definition->name);
  netns_holds_release (definition->name);
}

static void
on_definition_changed (NetnsDefinition *definition, guint changes, gpointer data)
{
  if (definition->class == &netns_forward_class)
    serve (data, (NetnsForward *) definition);
  if (definition->class == &netns_forward_class && (changes & NETNS_FORWARD_TARGET) != 0)
    note (data);
}

static const NetnsCoreObserver core_observer = {
  .definition_added = on_definition_added,
  .definition_removed = on_definition_removed,
  .definition_changed = on_definition_changed,
};

/* Holds the ports of the forwards that there are. @grant must live as long as this. */
NetnsForwardReconciler *
netns_forward_reconciler_new (NetnsCore *core, const NetnsGrant *grant)
{
  NetnsForwardReconciler *forwards = g_new0 (NetnsForwardReconciler, 1);

  netns_reconciler_init (&forwards->base, &class, core, grant);
  forwards->relay = netns_relay_new ();
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, forwards);
  netns_core_observe (core, &core_observer, forwards);
  netns_core_set_forward_reconciler (core, netns_reconciler_hold_call, &forwards->base);
  netns_reconciler_mark (&forwards->base);
  return forwards;
}

/* Nothing must change afterwards. Connections that go by ::1 end; all others are the kernel's. */
void
netns_forward_reconciler_free (NetnsForwardReconciler *forwards)
{
  netns_reconciler_clear (&forwards->base);
  netns_relay_free (forwards->relay);
  g_free (forwards);
}

/* Adds what the service itself carried to the target of the forward called @name. */
void
netns_forward_reconciler_count (NetnsForwardReconciler *forwards, const char *name, guint64 *packets, guint64 *bytes)
{
  netns_relay_count (forwards->relay, name, packets, bytes);
}
