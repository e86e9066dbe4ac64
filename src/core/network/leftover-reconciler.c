/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/leftover-reconciler.h"

#include "common/names.h"
#include "common/validate.h"
#include "core/foreign/allow-steps.h"
#include "core/foreign/leftover-steps.h"
#include "core/ruleset/desired.h"
#include "core/ruleset/listing.h"

/* Calls wait for a plan: namespaces in one. */
#define NAMESPACES_MAX 32

/* Rules of ours in chains of others, for a network that does not need them. */
typedef struct {
  int nsid;
  char *network;
  GVariant *rules; /* as &netns_query_find_rules finds them by their whole comment */
} Stray;

/* Who makes rules that look like ours makes as many plans run. */
#define STRAYS_MAX 16

struct _NetnsLeftoverReconciler {
  NetnsReconciler base;
  NetnsLeftoversFunc removed;
  gpointer data;
  GQueue order;         /* nsid of namespaces where rules of ours may have come, the host's first */
  GHashTable *suspects; /* the same, as a set */
  GHashTable *chains;   /* nsid of those with chains of others to read, as a set */
  GQueue strays;        /* Stray */
  GPtrArray *readings;  /* Reading, those under way */
  Stray *removing;      /* what the plan removes, else NULL */
  int reading;          /* nsid of the namespace that the plan opens to be read */
};

typedef struct {
  NetnsLeftoverReconciler *leftovers;
  int nsid;
} Reading;

static void
free_stray (gpointer data)
{
  Stray *stray = data;

  g_free (stray->network);
  g_variant_unref (stray->rules);
  g_free (stray);
}

static NetnsNamespace *
find_by_nsid (NetnsLeftoverReconciler *leftovers, int nsid)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (leftovers->base.core));

  for (guint i = 0; i < namespaces->len; i++)
    if (((NetnsNamespace *) g_ptr_array_index (namespaces, i))->nsid == nsid)
      return g_ptr_array_index (namespaces, i);
  return NULL;
}

/* Rules that somebody saved come back where this service is used: in a container there may be another one. */
static void
suspect (NetnsLeftoverReconciler *leftovers, const NetnsNamespace *namespace)
{
  gpointer key = GINT_TO_POINTER (namespace->nsid);

  if (namespace->source != NETNS_SOURCE_HOST && namespace->source != NETNS_SOURCE_NAMED)
    return;
  if (!g_hash_table_add (leftovers->suspects, key))
    return;
  if (namespace->source == NETNS_SOURCE_HOST)
    g_queue_push_head (&leftovers->order, key);
  else
    g_queue_push_tail (&leftovers->order, key);
  netns_reconciler_mark (&leftovers->base);
}

/* Whether a rule in a chain of others is for a network that is. */
static gboolean
is_needed (NetnsLeftoverReconciler *leftovers, const NetnsNamespace *namespace, const char *name)
{
  g_autofree char *key = netns_network_key_for (namespace, name);
  const NetnsNetwork *network
    = g_hash_table_lookup (netns_core_get_definitions (leftovers->base.core, &netns_network_class), key);

  return network != NULL && network->cured;
}

/* ---- the next plan, or NULL */

static NetnsPlan *
plan_removal (NetnsLeftoverReconciler *leftovers)
{
  g_autoptr (GArray) none = netns_addresses_new ();
  Stray *stray;

  while ((stray = g_queue_pop_head (&leftovers->strays)) != NULL) {
    const NetnsNamespace *namespace = find_by_nsid (leftovers, stray->nsid);
    NetnsPlan *plan;

    if (namespace == NULL || is_needed (leftovers, namespace, stray->network)) {
      free_stray (stray);
      continue;
    }
    plan = netns_plan_new ();
    netns_plan_use_namespace (plan, namespace);
    netns_plan_firewall_disallow (plan, namespace->name,
                                  &(NetnsFirewallAllow) {
                                    .network = stray->network,
                                    .bridge = "",
                                    .uplink = "",
                                    .subnets = none,
                                    .known = TRUE,
                                    .rules = stray->rules,
                                  });
    leftovers->removing = stray;
    return plan;
  }
  return NULL;
}

static NetnsPlan *
plan_reading (NetnsLeftoverReconciler *leftovers)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, leftovers->chains);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    const NetnsNamespace *namespace = find_by_nsid (leftovers, GPOINTER_TO_INT (key));
    NetnsPlan *plan;

    g_hash_table_iter_remove (&iter);
    if (namespace == NULL)
      continue;
    plan = netns_plan_new ();
    netns_plan_use_namespace (plan, namespace);
    netns_listing_plan (plan, namespace->name, &netns_query_find_rules,
                        g_variant_new ("(s@a(sss))", NETNS_ALLOW_COMMENT, netns_allow_print_chains ()));
    leftovers->reading = namespace->nsid;
    return plan;
  }
  return NULL;
}

/* What is wanted is known now, when no call is about to change it. */
static NetnsPlan *
plan_suspects (NetnsLeftoverReconciler *leftovers)
{
  NetnsPlan *plan = NULL;

  for (guint count = 0; count < NAMESPACES_MAX && !g_queue_is_empty (&leftovers->order); count++) {
    gpointer key = g_queue_pop_head (&leftovers->order);
    const NetnsNamespace *namespace = find_by_nsid (leftovers, GPOINTER_TO_INT (key));
    NetnsLeftovers parameter;

    g_hash_table_remove (leftovers->suspects, key);
    if (namespace == NULL)
      continue;
    netns_desired_miss_tables (leftovers->base.core, namespace->name, &parameter.inet, &parameter.bridge);
    if (plan == NULL)
      plan = netns_plan_new ();
    netns_plan_use_namespace (plan, namespace);
    netns_plan_leftovers (plan, namespace->name, &parameter);
  }
  return plan;
}

static NetnsPlan *
plan_next (NetnsReconciler *reconciler)
{
  NetnsLeftoverReconciler *leftovers = (NetnsLeftoverReconciler *) reconciler;
  NetnsPlan *plan = plan_removal (leftovers);

  if (plan == NULL)
    plan = plan_reading (leftovers);
  if (plan == NULL)
    plan = plan_suspects (leftovers);
  if (!g_queue_is_empty (&leftovers->order) || !g_queue_is_empty (&leftovers->strays)
      || g_hash_table_size (leftovers->chains) > 0)
    netns_reconciler_mark (reconciler);
  return plan;
}

/* ---- what became of it */

static void
announce (NetnsLeftoverReconciler *leftovers, const NetnsNamespace *namespace, const char *const *what)
{
  if (namespace != NULL && *what != NULL)
    leftovers->removed (namespace, what, leftovers->data);
}

static void
on_removed (NetnsLeftoverReconciler *leftovers, NetnsPlan *plan, const GError *error)
{
  Stray *stray = g_steal_pointer (&leftovers->removing);
  const NetnsNamespace *namespace = find_by_nsid (leftovers, stray->nsid);
  g_autofree char *text = g_strconcat ("rules " NETNS_ALLOW_COMMENT, stray->network, NULL);

  if (error != NULL) {
    g_message ("Cannot remove %s: %s", text, error->message);
  } else if (netns_firewall_has_removed (plan)) {
    announce (leftovers, namespace, (const char *const[]) { text, NULL });
    if (namespace != NULL && g_queue_is_empty (&leftovers->strays))
      suspect (leftovers, namespace); /* there may be more than STRAYS_MAX */
  }
  free_stray (stray);
}

/* Those of one network, whose name is what stands behind the common part of their comments. */
static void
add_stray (NetnsLeftoverReconciler *leftovers, int nsid, const char *network, GVariant *rules)
{
  g_auto (GVariantBuilder) own = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sssst)"));
  const char *name, *family, *table, *chain;
  Stray *stray = g_new (Stray, 1);
  guint64 handle;
  GVariantIter iter;

  g_variant_iter_init (&iter, rules);
  while (g_variant_iter_next (&iter, "(&s&s&s&st)", &name, &family, &table, &chain, &handle))
    if (g_str_equal (name, network))
      g_variant_builder_add (&own, "(sssst)", "", family, table, chain, handle);
  *stray = (Stray) { nsid, g_strdup (network), g_variant_ref_sink (g_variant_builder_end (&own)) };
  g_queue_push_tail (&leftovers->strays, stray);
  netns_reconciler_mark (&leftovers->base);
}

static void
on_read (GVariant *answer, const GError *error, gpointer data)
{
  const Reading *reading = data;
  int nsid = reading->nsid;
  NetnsLeftoverReconciler *leftovers = reading->leftovers;
  const NetnsNamespace *namespace = find_by_nsid (leftovers, nsid);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GVariant) rules = answer ? g_variant_get_child_value (answer, 0) : NULL;
  GVariantIter iter;
  const char *name;

  g_ptr_array_remove_fast (leftovers->readings, data);
  if (answer == NULL)
    g_info ("Cannot look for leftover rules: %s", error->message);
  if (answer == NULL || namespace == NULL)
    return;
  g_variant_iter_init (&iter, rules);
  while (leftovers->strays.length < STRAYS_MAX
         && g_variant_iter_next (&iter, "(&s&s&s&st)", &name, NULL, NULL, NULL, NULL))
    if (g_hash_table_add (names, (gpointer) name) && netns_validate_network_name (name, NULL)
        && !is_needed (leftovers, namespace, name))
      add_stray (leftovers, nsid, name, rules);
}

static void
read_chains (NetnsLeftoverReconciler *leftovers, NetnsPlan *plan, GVariant *parameter)
{
  Reading *reading = g_new (Reading, 1);

  *reading = (Reading) { leftovers, leftovers->reading };
  g_ptr_array_add (leftovers->readings, reading);
  netns_listing_read (leftovers->base.core, 0, netns_plan_steal_descriptor (plan), &netns_query_find_rules, parameter,
                      on_read, reading);
}

static void
take_found (NetnsLeftoverReconciler *leftovers, const NetnsStep *step)
{
  const NetnsLeftoversFound *found = step->kept;
  const NetnsNamespace *namespace
    = netns_mirror_get_namespace (netns_core_get_mirror (leftovers->base.core), step->namespace_name);
  const char *what[3];
  guint count = 0;

  if (found->removed_inet)
    what[count++] = "table inet " NETNS_TABLE;
  if (found->removed_bridge)
    what[count++] = "table bridge " NETNS_TABLE;
  what[count] = NULL;
  announce (leftovers, namespace, what);
  if (found->has_chain && namespace != NULL) {
    g_hash_table_add (leftovers->chains, GINT_TO_POINTER (namespace->nsid));
    netns_reconciler_mark (&leftovers->base);
  }
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  NetnsLeftoverReconciler *leftovers = (NetnsLeftoverReconciler *) reconciler;
  GPtrArray *steps = netns_plan_get_steps (plan);
  GVariant *parameter;

  if (leftovers->removing != NULL)
    on_removed (leftovers, plan, error);
  else if (netns_plan_get_query (plan, &parameter) == NULL)
    for (guint i = 0; i < steps->len; i++)
      take_found (leftovers, g_ptr_array_index (steps, i));
  else if (error == NULL)
    read_chains (leftovers, plan, parameter);
}

/* As with rules that are restored: somebody who insists on his must not keep the machine busy. */
static const NetnsReconcilerClass class = { .pause = 200 * G_TIME_SPAN_MILLISECOND,
                                            .plan = plan_next,
                                            .done = on_done };

static void
on_rules_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  if ((changes & (NETNS_RULES_OURS | NETNS_RULES_LOST))
      || ((changes & NETNS_RULES_OTHERS) && (changes & NETNS_RULES_BY_US) == 0))
    suspect (data, namespace);
}

/* Where its rules were was read before it went. */
static void
suspect_place (NetnsLeftoverReconciler *leftovers, const NetnsDefinition *definition)
{
  const NetnsNamespace *namespace
    = netns_mirror_get_namespace (netns_core_get_mirror (leftovers->base.core), definition->namespace_name);

  if (namespace != NULL)
    suspect (leftovers, namespace);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  if (definition->class == &netns_network_class && ((const NetnsNetwork *) definition)->cured)
    suspect_place (data, definition);
}

static void
on_definition_changed (NetnsDefinition *definition, guint changes, gpointer data)
{
  if (definition->class == &netns_network_class && (changes & NETNS_NETWORK_NAT) != 0
      && !((const NetnsNetwork *) definition)->nat)
    suspect_place (data, definition);
}

static const NetnsObserver mirror_observer = { .rules_changed = on_rules_changed };
static const NetnsCoreObserver core_observer
  = { .definition_removed = on_definition_removed, .definition_changed = on_definition_changed };

/* Looks everywhere at once: rules may have been loaded while the service did not run. @grant must live as long as this. */
NetnsLeftoverReconciler *
netns_leftover_reconciler_new (NetnsCore *core, const NetnsGrant *grant, NetnsLeftoversFunc removed, gpointer data)
{
  NetnsLeftoverReconciler *leftovers = g_new0 (NetnsLeftoverReconciler, 1);
  NetnsMirror *mirror = netns_core_get_mirror (core);
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (mirror);

  netns_reconciler_init (&leftovers->base, &class, core, grant);
  leftovers->removed = removed;
  leftovers->data = data;
  g_queue_init (&leftovers->order);
  g_queue_init (&leftovers->strays);
  leftovers->suspects = g_hash_table_new (NULL, NULL);
  leftovers->chains = g_hash_table_new (NULL, NULL);
  leftovers->readings = g_ptr_array_new_with_free_func (g_free);
  netns_mirror_observe (mirror, &mirror_observer, leftovers);
  netns_core_observe (core, &core_observer, leftovers);
  for (guint i = 0; i < namespaces->len; i++)
    if (((NetnsNamespace *) namespaces->pdata[i])->source != NETNS_SOURCE_BROKEN)
      suspect (leftovers, namespaces->pdata[i]);
  return leftovers;
}

/* Nothing must change afterwards. */
void
netns_leftover_reconciler_free (NetnsLeftoverReconciler *leftovers)
{
  netns_reconciler_clear (&leftovers->base);
  g_clear_pointer (&leftovers->removing, free_stray);
  g_queue_clear_full (&leftovers->strays, free_stray);
  g_queue_clear (&leftovers->order);
  g_hash_table_unref (leftovers->suspects);
  g_hash_table_unref (leftovers->chains);
  g_ptr_array_unref (leftovers->readings);
  g_free (leftovers);
}
