/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/uplink-reconciler.h"

#include "common/validate.h"
#include "core/network/network-plan.h"
#include "core/network/uplink-steps.h"
#include "core/ruleset/desired.h"
#include "core/service/lookup.h"

#include <string.h>
#include <sys/socket.h>

/* A routing daemon may change routes all the time. */
#define PAUSE (G_USEC_PER_SEC / 2)

/* A new bridge has the MTU of the way out as it was then, which may have changed before the first look at it. */
#define MTU_OF_BRIDGE G_MAXUINT

struct _NetnsUplinkReconciler {
  NetnsReconciler base;
  NetnsDriftedFunc drifted;
  gpointer data;
  GHashTable *links;   /* identity of a definition (guint64) -> Uplink that it named */
  GHashTable *mtus;    /* key of a network -> MTU that its way out had last */
  GHashTable *detours; /* key of a network -> what was announced of it */
  GHashTable *tried; /* identity (guint64) of definitions that were to be changed since something happened, as a set */
  GHashTable
    *moved; /* cookie (guint64) of namespaces where the kernel must be asked: routes, rules, links or their MTUs have
                      * changed there since; as a set */
};

/* A link is the same one while it has another name, and another one of the same name is meant when it is gone. */
typedef struct {
  guint index;
  guint64 identity;
} Uplink;

/* ---- names */

/* Returns: (nullable): what @definition names as its only uplink */
static char **
get_uplink (NetnsDefinition *definition)
{
  char **uplink = NULL;

  if (definition->class == &netns_network_class)
    uplink = &((NetnsNetwork *) definition)->uplink;
  else if (definition->class == &netns_nat_class)
    uplink = &((NetnsNat *) definition)->uplink;
  return uplink != NULL && **uplink != '\0' ? uplink : NULL;
}

static const NetnsLink *
find_known (NetnsUplinkReconciler *uplinks, NetnsDefinition *definition, NetnsNamespace *namespace)
{
  const Uplink *known = g_hash_table_lookup (uplinks->links, &definition->identity);
  const NetnsLink *link = known != NULL ? netns_namespace_get_link (namespace, known->index) : NULL;

  return link != NULL && link->identity == known->identity ? link : NULL;
}

/* Returns: (nullable): the uplink of @definition, if it has another name now */
static const NetnsLink *
find_renamed (NetnsUplinkReconciler *uplinks, NetnsDefinition *definition)
{
  char **uplink = get_uplink (definition);
  NetnsMirror *mirror = netns_core_get_mirror (uplinks->base.core);
  NetnsNamespace *namespace = uplink != NULL ? netns_definition_find_namespace (definition, mirror) : NULL;
  const NetnsLink *link = namespace != NULL ? find_known (uplinks, definition, namespace) : NULL;

  if (link != NULL)
    return strcmp (link->info.name, *uplink) != 0 && netns_validate_link_name (link->info.name, NULL) ? link : NULL;
  link = namespace != NULL ? netns_namespace_find_link (namespace, *uplink) : NULL;
  if (link != NULL) {
    Uplink known = { .index = link->info.index, .identity = link->identity };

    g_hash_table_replace (uplinks->links, g_memdup2 (&definition->identity, sizeof definition->identity),
                          g_memdup2 (&known, sizeof known));
  }
  return NULL;
}

/* One at a time: a definition that cannot be changed must not keep the others. */
static NetnsPlan *
plan_name (NetnsUplinkReconciler *uplinks)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (uplinks->base.core, NULL, NULL);

  for (guint i = 0; i < definitions->len; i++) {
    NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    const NetnsLink *link = find_renamed (uplinks, definition);
    g_autoptr (NetnsDefinition) new = NULL;
    NetnsPlan *plan;
    char **uplink;

    if (link == NULL
        || !g_hash_table_add (uplinks->tried, g_memdup2 (&definition->identity, sizeof definition->identity)))
      continue;
    new = netns_definition_copy (definition);
    uplink = get_uplink (new);
    g_free (*uplink);
    *uplink = g_strdup (link->info.name);
    plan = netns_plan_new ();
    netns_plan_use_namespace (plan, link->namespace);
    netns_desired_replace (uplinks->base.core, plan, definition, new);
    return plan;
  }
  return NULL;
}

/* ---- routes */

static guint32
get_expected_mtu (NetnsUplinkReconciler *uplinks, const NetnsNetwork *network, const NetnsLink *bridge)
{
  guint mtu = GPOINTER_TO_UINT (g_hash_table_lookup (uplinks->mtus, network->base.name));

  if (!network->mtu_follows)
    return 0;
  return mtu == MTU_OF_BRIDGE ? bridge->info.mtu : mtu;
}

static NetnsPlan *
plan_look (NetnsUplinkReconciler *uplinks)
{
  g_autoptr (GPtrArray) networks = netns_core_list_definitions (uplinks->base.core, &netns_network_class, NULL);
  NetnsMirror *mirror = netns_core_get_mirror (uplinks->base.core);
  NetnsPlan *plan = NULL;

  for (guint i = 0; i < networks->len; i++) {
    const NetnsNetwork *network = g_ptr_array_index (networks, i);
    const NetnsLink *bridge = netns_network_find_bridge (mirror, network);

    if (bridge == NULL || !g_hash_table_contains (uplinks->moved, &bridge->namespace->cookie))
      continue;
    if (plan == NULL)
      plan = netns_plan_new ();
    netns_plan_use_namespace (plan, bridge->namespace);
    netns_plan_uplink_follow (plan, network->base.namespace_name,
                              &(NetnsUplinkFollow) {
                                .key = network->base.name,
                                .bridge = network->bridge,
                                .uplink = network->uplink,
                                .gateways = network->gateways,
                                .mtu = get_expected_mtu (uplinks, network, bridge),
                                .mtu_min = netns_network_get_mtu_min (network->subnets),
                              });
  }
  return plan;
}

static GVariant *
pair (const char *text)
{
  return g_variant_new_parsed ("{'Detour': <%s>}", text);
}

/* Says it once, until it is over or otherwise. */
static void
tell_detour (NetnsUplinkReconciler *uplinks, NetnsDefinition *network, const char *detour)
{
  const char *before = g_hash_table_lookup (uplinks->detours, network->name);

  if (g_strcmp0 (before, detour) == 0)
    return;
  if (detour == NULL) {
    g_hash_table_remove (uplinks->detours, network->name);
    return;
  }
  g_hash_table_replace (uplinks->detours, g_strdup (network->name), g_strdup (detour));
  uplinks->drifted (network, pair (""), pair (detour), uplinks->data);
}

static void
take_found (NetnsUplinkReconciler *uplinks, const NetnsStep *step)
{
  const NetnsUplinkFollow *follow = step->parameter;
  const NetnsUplinkFound *found = step->kept;
  GHashTable *networks = netns_core_get_definitions (uplinks->base.core, &netns_network_class);
  NetnsDefinition *network = g_hash_table_lookup (networks, follow->key);

  if (network == NULL)
    return;
  if (found->mtu != 0)
    g_hash_table_replace (uplinks->mtus, g_strdup (follow->key), GUINT_TO_POINTER (found->mtu));
  tell_detour (uplinks, network, found->detour);
}

/* ---- its turn */

static NetnsPlan *
plan_next (NetnsReconciler *reconciler)
{
  NetnsUplinkReconciler *uplinks = (NetnsUplinkReconciler *) reconciler;
  NetnsPlan *plan;

  netns_mirror_catch_up (netns_core_get_mirror (reconciler->core));
  plan = plan_name (uplinks);
  if (plan != NULL) {
    reconciler->marked = TRUE;
    return plan;
  }
  plan = plan_look (uplinks);
  g_hash_table_remove_all (uplinks->moved);
  return plan;
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  GPtrArray *steps = netns_plan_get_steps (plan);

  if (error != NULL) {
    g_message ("Cannot follow the uplinks of networks: %s", error->message);
    return;
  }
  for (guint i = 0; i < steps->len; i++) {
    const NetnsStep *step = g_ptr_array_index (steps, i);

    if (step->operation == &netns_operation_uplink_follow)
      take_found ((NetnsUplinkReconciler *) reconciler, step);
  }
}

static const NetnsReconcilerClass class = { .pause = PAUSE, .settle = TRUE, .plan = plan_next, .done = on_done };

/* ---- what happens */

static gboolean
has_definitions (NetnsUplinkReconciler *uplinks, const NetnsNamespace *namespace)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (uplinks->base.core, NULL, namespace->name);

  return definitions->len > 0;
}

static void
move (NetnsUplinkReconciler *uplinks, const NetnsNamespace *namespace)
{
  g_hash_table_add (uplinks->moved, g_memdup2 (&namespace->cookie, sizeof namespace->cookie));
  netns_reconciler_mark (&uplinks->base);
}

static void
note (NetnsUplinkReconciler *uplinks, const NetnsNamespace *namespace)
{
  if (!has_definitions (uplinks, namespace))
    return;
  g_hash_table_remove_all (uplinks->tried);
  move (uplinks, namespace);
}

static void
on_namespace_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  if (changes & (NETNS_NAMESPACE_ROUTE_DATA | NETNS_NAMESPACE_ROUTING_RULES))
    note (data, namespace);
}

static void
on_link_added (NetnsLink *link, gpointer data)
{
  NetnsUplinkReconciler *uplinks = data;
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (uplinks->base.core, NULL, link->namespace->name);

  for (guint i = 0; i < definitions->len; i++) {
    char **uplink = get_uplink (g_ptr_array_index (definitions, i));

    if (uplink != NULL && strcmp (*uplink, link->info.name) == 0) {
      move (uplinks, link->namespace);
      return;
    }
  }
}

/* Somebody gave a new bridge another MTU before the first look at it. */
static void
forget_new (NetnsUplinkReconciler *uplinks, NetnsLink *link)
{
  const NetnsNetwork *network = netns_core_find_network_of (uplinks->base.core, link);

  if (network != NULL && GPOINTER_TO_UINT (g_hash_table_lookup (uplinks->mtus, network->base.name)) == MTU_OF_BRIDGE)
    g_hash_table_remove (uplinks->mtus, network->base.name);
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  if (changes & NETNS_LINK_MTU)
    forget_new (data, link);
  if (changes & (NETNS_LINK_NAME | NETNS_LINK_MTU))
    note (data, link->namespace);
}

static const NetnsObserver mirror_observer = {
  .namespace_changed = on_namespace_changed,
  .link_added = on_link_added,
  .link_changed = on_link_changed,
};

static void
on_definition_added (NetnsDefinition *definition, gpointer data)
{
  NetnsUplinkReconciler *uplinks = data;
  const NetnsNamespace *namespace;

  if (definition->class == &netns_network_class)
    g_hash_table_replace (uplinks->mtus, g_strdup (definition->name), GUINT_TO_POINTER (MTU_OF_BRIDGE));
  else if (get_uplink (definition) == NULL)
    return;
  find_renamed (uplinks, definition); /* before it gets another name */
  namespace = netns_definition_find_namespace (definition, netns_core_get_mirror (uplinks->base.core));
  if (namespace != NULL)
    move (uplinks, namespace);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  NetnsUplinkReconciler *uplinks = data;

  g_hash_table_remove (uplinks->links, &definition->identity);
  if (definition->class != &netns_network_class)
    return;
  g_hash_table_remove (uplinks->mtus, definition->name);
  g_hash_table_remove (uplinks->detours, definition->name);
}

static const NetnsCoreObserver core_observer = {
  .definition_added = on_definition_added,
  .definition_removed = on_definition_removed,
};

static void
look_at_all (NetnsUplinkReconciler *uplinks)
{
  NetnsMirror *mirror = netns_core_get_mirror (uplinks->base.core);
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (uplinks->base.core, NULL, NULL);

  netns_reconciler_mark (&uplinks->base);
  for (guint i = 0; i < definitions->len; i++) {
    const NetnsNamespace *namespace = netns_definition_find_namespace (definitions->pdata[i], mirror);

    if (namespace != NULL)
      move (uplinks, namespace);
  }
}

/* @core: settled */
NetnsUplinkReconciler *
netns_uplink_reconciler_new (NetnsCore *core, const NetnsGrant *grant, NetnsDriftedFunc drifted, gpointer data)
{
  NetnsUplinkReconciler *uplinks = g_new0 (NetnsUplinkReconciler, 1);

  netns_reconciler_init (&uplinks->base, &class, core, grant);
  uplinks->drifted = drifted;
  uplinks->data = data;
  uplinks->links = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  uplinks->mtus = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  uplinks->detours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  uplinks->tried = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  uplinks->moved = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, uplinks);
  netns_core_observe (core, &core_observer, uplinks);
  look_at_all (uplinks);
  return uplinks;
}

/* Nothing must change afterwards. */
void
netns_uplink_reconciler_free (NetnsUplinkReconciler *uplinks)
{
  netns_reconciler_clear (&uplinks->base);
  g_hash_table_unref (uplinks->links);
  g_hash_table_unref (uplinks->mtus);
  g_hash_table_unref (uplinks->detours);
  g_hash_table_unref (uplinks->tried);
  g_hash_table_unref (uplinks->moved);
  g_free (uplinks);
}
