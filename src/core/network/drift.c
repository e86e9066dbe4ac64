/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/drift.h"

#include "core/link/link-steps.h"
#include "core/ruleset/desired.h"
#include "core/service/lookup.h"
#include "kernel/route.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* Whoever is in a namespace can change what is compared all the time. */
#define PAUSE (G_USEC_PER_SEC / 5)

struct _NetnsDrift {
  NetnsReconciler base;
  NetnsDriftedFunc drifted;
  gpointer data;
  GHashTable *announced;         /* announced differences -> the value that was found */
  GHashTable *ports;        /* NetnsLink -> key of the network that it is a port of */
  GHashTable *detached;     /* NetnsLink -> key of the network that it was a port of */
};

/* ---- saying it */

static char *
key_for (const NetnsDefinition *definition, const char *what)
{
  return g_strdup_printf ("%s %s %s", definition->class->group, definition->name, what);
}

static GVariant *
pair (const char *key, GVariant *value)
{
  return g_variant_new_parsed ("{%s: %v}", key, value);
}

/* Announces once that @what is not as it should be; when it is again, or otherwise wrong, it can be announced again.
 * Takes the values, which may be floating. */
static void
compare (NetnsDrift *drift, NetnsDefinition *definition, const char *what, GVariant *expected, GVariant *found)
{
  g_autoptr (GVariant) desired = g_variant_ref_sink (expected), seen = g_variant_ref_sink (found);
  g_autofree char *key = key_for (definition, what);
  GVariant *announced = g_hash_table_lookup (drift->announced, key);

  if (g_variant_equal (desired, seen)) {
    g_hash_table_remove (drift->announced, key);
  } else if (announced == NULL || !g_variant_equal (announced, seen)) {
    g_hash_table_replace (drift->announced, g_steal_pointer (&key), g_variant_ref (seen));
    drift->drifted (definition, pair (what, desired), pair (what, seen), drift->data);
  }
}

/* ---- what is compared */

static void
check_forwarding (NetnsDrift *drift, NetnsDefinition *definition, const NetnsNamespace *namespace)
{
  static const int families[] = { AF_INET, AF_INET6 };
  NetnsMirror *mirror = netns_core_get_mirror (drift->base.core);
  gboolean in_host = definition->class->in_host || namespace->source == NETNS_SOURCE_HOST;

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (netns_desired_forwards (definition, families[i]))
      compare (drift, definition, families[i] == AF_INET ? "Forwarding4" : "Forwarding6", g_variant_new_boolean (TRUE),
               g_variant_new_boolean (in_host ? netns_mirror_get_forwarding (mirror, families[i])
                                              : !namespace->unforwarding[i]));
}

/* Of two routes to the same address. */
static gboolean
is_better (const NetnsRoute *route, const NetnsRoute *other)
{
  if (other == NULL || route->destination.prefix != other->destination.prefix)
    return other == NULL || route->destination.prefix > other->destination.prefix;
  return route->metric < other->metric;
}

/* The link that leads to the Internet, as far as the main table alone says; a default route can be in pieces. */
static const NetnsLink *
find_uplink (NetnsNamespace *namespace)
{
  const NetnsAddress outside = netns_route_get_outside (AF_INET);
  const NetnsRoute *best = NULL;

  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++) {
    const NetnsRoute *route = &g_array_index (namespace->routes, NetnsRoute, i);

    if (route->table == RT_TABLE_MAIN && netns_address_contains (&route->destination, &outside)
        && is_better (route, best))
      best = route;
  }
  return best != NULL && best->type == RTN_UNICAST ? netns_namespace_get_link (namespace, best->link) : NULL;
}

static void
add_link (GVariantBuilder *desired, GVariantBuilder *found, const NetnsLink *link)
{
  if (link == NULL || !g_utf8_validate (link->info.name, -1, NULL))
    return;
  g_variant_builder_add (desired, "s", link->info.name);
  if (link->info.forwards)
    g_variant_builder_add (found, "s", link->info.name);
}

/* Where nothing is forwarded at all, that is said already. */
static void
check_links (NetnsDrift *drift, NetnsDefinition *definition)
{
  NetnsMirror *mirror = netns_core_get_mirror (drift->base.core);
  NetnsNamespace *namespace = definition->class->in_host
                                ? netns_mirror_get_host (mirror)
                                : netns_mirror_get_namespace (mirror, definition->namespace_name);
  gboolean forwards = namespace->source == NETNS_SOURCE_HOST ? netns_mirror_get_forwarding (mirror, AF_INET)
                                                             : !namespace->unforwarding[0];
  g_auto (GVariantBuilder) desired = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  g_auto (GVariantBuilder) found = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  NetnsForwardingLinks links;

  if (!forwards || !netns_desired_find_links (drift->base.core, definition, &links))
    return;
  if (*links.bridge != '\0')
    add_link (&desired, &found, netns_namespace_find_link (namespace, links.bridge));
  if (links.any_uplink)
    add_link (&desired, &found, find_uplink (namespace));
  else if (*links.uplink != '\0')
    add_link (&desired, &found, netns_namespace_find_link (namespace, links.uplink));
  compare (drift, definition, "ForwardingLinks", g_variant_builder_end (&desired), g_variant_builder_end (&found));
}

static void
compare_gateways (NetnsDrift *drift, NetnsNetwork *network, const NetnsLink *bridge)
{
  g_auto (GVariantBuilder) desired = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  g_auto (GVariantBuilder) found = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (guint i = 0; i < network->gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (network->gateways, NetnsAddress, i);
    char text[NETNS_ADDRESS_MAX_TEXT];

    g_variant_builder_add (&desired, "s", netns_address_print (gateway, text));
    if (netns_link_has_address (bridge, gateway))
      g_variant_builder_add (&found, "s", text);
  }
  compare (drift, &network->base, "Gateways", g_variant_builder_end (&desired), g_variant_builder_end (&found));
}

static void
check_network (NetnsDrift *drift, NetnsNetwork *network)
{
  const NetnsLink *bridge = netns_network_find_bridge (netns_core_get_mirror (drift->base.core), network);

  compare (drift, &network->base, "Bridge", g_variant_new_string (network->bridge),
           g_variant_new_string (bridge ? network->bridge : ""));
  if (bridge == NULL)
    return;
  compare_gateways (drift, network, bridge);
  if (network->bridge_made)
    compare (drift, &network->base, "Enabled", g_variant_new_boolean (TRUE),
             g_variant_new_boolean ((bridge->info.flags & IFF_UP) != 0));
}

/* Of a link that is being deleted the kernel says first that it is no port any longer (del_nbp() in net/bridge/br_if.c),
 * and some milliseconds later that it is gone; it answers a question only when that is over. */
static void
ask_for (NetnsDrift *drift, GList *links)
{
  NetnsMirror *mirror = netns_core_get_mirror (drift->base.core);

  for (GList *rest = links; rest != NULL; rest = rest->next) {
    const NetnsLink *link = rest->data;

    if (g_hash_table_contains (drift->detached, link)) /* not found to be gone with one before */
      netns_mirror_refresh_link (mirror, link->namespace->name, link->info.index, "");
  }
  netns_mirror_catch_up (mirror);
}

static void
announce_port (NetnsDrift *drift, NetnsDefinition *definition, const NetnsLink *link)
{
  gboolean printable = g_utf8_validate (link->info.name, -1, NULL);
  const char *const ports[] = { printable ? link->info.name : "", NULL };

  if (netns_network_find_bridge (netns_core_get_mirror (drift->base.core), (NetnsNetwork *) definition) != NULL)
    drift->drifted (definition, pair ("Ports", g_variant_new_strv (ports, -1)),
                    pair ("Ports", g_variant_new_strv (NULL, 0)), drift->data);
}

/* A link has not drifted if it is a port again, gone, or was a port of a deleted network. Those that came while these were
 * asked for have a turn of their own. */
static void
check_detached (NetnsDrift *drift)
{
  GHashTable *networks = netns_core_get_definitions (drift->base.core, &netns_network_class);
  g_autoptr (GList) links = g_hash_table_get_keys (drift->detached);

  ask_for (drift, links);
  for (GList *rest = links; rest != NULL; rest = rest->next) {
    g_autofree char *key = NULL;
    NetnsDefinition *definition;

    if (!g_hash_table_steal_extended (drift->detached, rest->data, NULL, (gpointer *) &key))
      continue;
    definition = g_hash_table_lookup (networks, key);
    if (definition != NULL)
      announce_port (drift, definition, rest->data);
  }
}

/* No call is about to change anything: what differs now is no half of a plan. */
static NetnsPlan *
compare_all (NetnsReconciler *reconciler)
{
  NetnsDrift *drift = (NetnsDrift *) reconciler;
  NetnsMirror *mirror = netns_core_get_mirror (reconciler->core);
  g_autoptr (GPtrArray) definitions = NULL;

  netns_mirror_catch_up (mirror);
  definitions = netns_core_list_definitions (drift->base.core, NULL, NULL);
  for (guint i = 0; i < definitions->len; i++) {
    NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    const NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, definition->namespace_name);

    if (namespace == NULL) /* about to be forgotten */
      continue;
    check_forwarding (drift, definition, namespace);
    check_links (drift, definition);
    if (definition->class == &netns_network_class)
      check_network (drift, (NetnsNetwork *) definition);
  }
  check_detached (drift);
  return NULL;
}

static const NetnsReconcilerClass class = { .pause = PAUSE, .plan = compare_all };

/* ---- what others do */

static gboolean
sets_master (const NetnsStep *step, gconstpointer data)
{
  const NetnsLink *link = data;

  return step->operation == &netns_operation_link_set_master
         && g_strcmp0 (step->namespace_name, link->namespace->name) == 0
         && netns_link_ref_look_up (step->parameter, link->namespace) == link;
}

/* Only ports that other programs detach have drifted; a call that does, or that is undone, updates the list silently. */
static void
note_port (NetnsDrift *drift, NetnsLink *link)
{
  const NetnsLink *master = link->info.master ? netns_namespace_get_link (link->namespace, link->info.master) : NULL;
  const NetnsNetwork *network = master ? netns_core_find_network_of (drift->base.core, master) : NULL;
  const char *before = g_hash_table_lookup (drift->ports, link);

  if (network != NULL) {
    g_hash_table_replace (drift->ports, link, g_strdup (network->base.name));
    g_hash_table_remove (drift->detached, link);
  } else if (before != NULL) {
    if (!netns_core_runs_step (drift->base.core, sets_master, link)) {
      g_hash_table_replace (drift->detached, link, g_strdup (before));
      netns_reconciler_mark (&drift->base);
    }
    g_hash_table_remove (drift->ports, link);
  }
}

static void
on_link_added (NetnsLink *link, gpointer data)
{
  NetnsDrift *drift = data;

  note_port (drift, link);
  if (netns_core_find_network_of (drift->base.core, link) != NULL)
    netns_reconciler_mark (&drift->base);
}

static void
on_link_removed (NetnsLink *link, gpointer data)
{
  NetnsDrift *drift = data;

  g_hash_table_remove (drift->ports, link);
  g_hash_table_remove (drift->detached, link);
  if (netns_core_find_network_of (drift->base.core, link) != NULL)
    netns_reconciler_mark (&drift->base);
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  NetnsDrift *drift = data;

  if (changes & NETNS_LINK_MASTER)
    note_port (drift, link);
  if ((changes & (NETNS_LINK_NAME | NETNS_LINK_FORWARDS)) /* it may have been one, or be an uplink */
      || ((changes & (NETNS_LINK_ADDRESSES | NETNS_LINK_ENABLED))
          && netns_core_find_network_of (drift->base.core, link) != NULL))
    netns_reconciler_mark (&drift->base);
}

static void
on_machine_changed (guint changes, gpointer data)
{
  if (changes & (NETNS_MIRROR_FORWARDING4 | NETNS_MIRROR_FORWARDING6))
    netns_reconciler_mark (data);
}

static void
on_forwarding_changed (NetnsNamespace *namespace, int family, gboolean forwarding, gpointer data)
{
  netns_reconciler_mark (data);
}

/* Another link may be the uplink, of what has its rules there: what is in the host, or of this namespace. */
static void
on_namespace_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  NetnsDrift *drift = data;
  g_autoptr (GPtrArray) definitions = NULL;

  if ((changes & NETNS_NAMESPACE_ROUTE_DATA) == 0)
    return;
  definitions = netns_core_list_definitions (drift->base.core, NULL, namespace->name);
  if (namespace->source == NETNS_SOURCE_HOST || definitions->len > 0)
    netns_reconciler_mark (&drift->base);
}

static const NetnsObserver mirror_observer = {
  .namespace_changed = on_namespace_changed,
  .link_added = on_link_added,
  .link_removed = on_link_removed,
  .link_changed = on_link_changed,
  .machine_changed = on_machine_changed,
  .forwarding_changed = on_forwarding_changed,
};

static gboolean
is_of (gpointer key, gpointer value, gpointer prefix)
{
  return g_str_has_prefix (key, prefix);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  g_autofree char *prefix = key_for (definition, "");

  g_hash_table_foreach_remove (((NetnsDrift *) data)->announced, is_of, prefix);
}

static const NetnsCoreObserver core_observer = { .definition_removed = on_definition_removed };

static void
note_ports (NetnsDrift *drift)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (drift->base.core));

  for (guint i = 0; i < namespaces->len; i++) {
    g_autoptr (GPtrArray) links = netns_namespace_list_links (namespaces->pdata[i]);

    for (guint j = 0; j < links->len; j++)
      note_port (drift, links->pdata[j]);
  }
}

/* Calls @drifted once for each difference. What others changed while the service did not run is announced now; of ports
 * that they took off nothing is known then. */
NetnsDrift *
netns_drift_new (NetnsCore *core, NetnsDriftedFunc drifted, gpointer data)
{
  NetnsDrift *drift = g_new0 (NetnsDrift, 1);

  netns_reconciler_init (&drift->base, &class, core, NULL);
  drift->drifted = drifted;
  drift->data = data;
  drift->announced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  drift->ports = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  drift->detached = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, drift);
  netns_core_observe (core, &core_observer, drift);
  note_ports (drift);
  netns_reconciler_mark (&drift->base);
  return drift;
}

/* Nothing must change afterwards. */
void
netns_drift_free (NetnsDrift *drift)
{
  netns_reconciler_clear (&drift->base);
  g_hash_table_unref (drift->announced);
  g_hash_table_unref (drift->ports);
  g_hash_table_unref (drift->detached);
  g_free (drift);
}
