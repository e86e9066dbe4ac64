/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/drift.h"

#include "common/names.h"

#include <linux/if.h>
#include <string.h>
#include <sys/socket.h>

struct _NetnsDrift {
  NetnsCore *core;
  NetnsDriftedFunc drifted;
  gpointer data;
  GHashTable *said;         /* what differs, and was said -> the value that was found */
  GHashTable *ports;        /* NetnsLink -> name of the network that it is a port of */
  GHashTable *detached;     /* NetnsLink -> name of the network that it was a port of */
  GHashTable *unforwarding; /* (nsid, family) of other namespaces than the host that do not forward */
  GSource *source;
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

/* Says once that @what is not as it should be; when it is again, or otherwise wrong, it can be said again. Takes the
 * values, which may be floating. */
static void
compare (NetnsDrift *drift, NetnsDefinition *definition, const char *what, GVariant *expected, GVariant *found)
{
  g_autoptr (GVariant) wanted = g_variant_ref_sink (expected), seen = g_variant_ref_sink (found);
  g_autofree char *key = key_for (definition, what);
  GVariant *said = g_hash_table_lookup (drift->said, key);

  if (g_variant_equal (wanted, seen)) {
    g_hash_table_remove (drift->said, key);
  } else if (said == NULL || !g_variant_equal (said, seen)) {
    g_hash_table_replace (drift->said, g_steal_pointer (&key), g_variant_ref (seen));
    drift->drifted (definition, pair (what, wanted), pair (what, seen), drift->data);
  }
}

/* ---- what is compared */

static gboolean
forwards (NetnsDrift *drift, const NetnsNamespace *namespace, int family)
{
  gint64 key = (gint64) namespace->nsid * 256 + family;

  if (namespace->source == NETNS_SOURCE_HOST)
    return netns_mirror_get_forwarding (netns_core_get_mirror (drift->core), family);
  return !g_hash_table_contains (drift->unforwarding, &key);
}

static void
compare_forwarding (NetnsDrift *drift, NetnsDefinition *definition, const NetnsNamespace *namespace, int family)
{
  compare (drift, definition, family == AF_INET ? "Forwarding4" : "Forwarding6", g_variant_new_boolean (TRUE),
           g_variant_new_boolean (forwards (drift, namespace, family)));
}

static void
compare_forwarding_of (NetnsDrift *drift, NetnsDefinition *definition, const NetnsNamespace *namespace,
                       const GArray *subnets)
{
  for (guint i = 0; i < subnets->len; i++)
    compare_forwarding (drift, definition, namespace, g_array_index (subnets, NetnsAddress, i).family);
}

/* It is the host that forwards. */
static void
check_forward (NetnsDrift *drift, NetnsForward *forward)
{
  static const int families[] = { AF_INET, AF_INET6 };
  const NetnsNamespace *host = netns_mirror_get_host (netns_core_get_mirror (drift->core));

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (netns_forward_has_family (forward, families[i]))
      compare_forwarding (drift, &forward->base, host, families[i]);
}

static void
compare_gateways (NetnsDrift *drift, NetnsNetwork *network, const NetnsLink *bridge)
{
  g_auto (GVariantBuilder) wanted = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  g_auto (GVariantBuilder) found = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (guint i = 0; i < network->gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (network->gateways, NetnsAddress, i);
    char text[NETNS_ADDRESS_MAX_TEXT];

    g_variant_builder_add (&wanted, "s", netns_address_print (gateway, text));
    if (netns_link_has_address (bridge, gateway))
      g_variant_builder_add (&found, "s", text);
  }
  compare (drift, &network->base, "Gateways", g_variant_builder_end (&wanted), g_variant_builder_end (&found));
}

static void
check_network (NetnsDrift *drift, NetnsNetwork *network, const NetnsNamespace *namespace)
{
  const NetnsLink *bridge = netns_network_find_bridge (netns_core_get_mirror (drift->core), network);

  if (network->nat)
    compare_forwarding_of (drift, &network->base, namespace, network->subnets);
  compare (drift, &network->base, "Bridge", g_variant_new_string (network->bridge),
           g_variant_new_string (bridge ? network->bridge : ""));
  if (bridge == NULL)
    return;
  compare_gateways (drift, network, bridge);
  if (network->bridge_made)
    compare (drift, &network->base, "Enabled", g_variant_new_boolean (TRUE),
             g_variant_new_boolean ((bridge->info.flags & IFF_UP) != 0));
}

/* A link that is a port again, gone, or a port of what is no network any more, has not drifted. */
static void
check_detached (NetnsDrift *drift)
{
  GHashTable *networks = netns_core_get_definitions (drift->core, &netns_network_class);
  GHashTableIter iter;
  NetnsLink *link;
  const char *name;

  g_hash_table_iter_init (&iter, drift->detached);
  while (g_hash_table_iter_next (&iter, (gpointer *) &link, (gpointer *) &name)) {
    NetnsDefinition *definition = g_hash_table_lookup (networks, name);
    gboolean printable = g_utf8_validate (link->info.name, -1, NULL);
    const char *const ports[] = { printable ? link->info.name : "", NULL };

    if (definition != NULL && netns_network_find_bridge (netns_core_get_mirror (drift->core),
                                                         (NetnsNetwork *) definition) != NULL)
      drift->drifted (definition, pair ("Ports", g_variant_new_strv (ports, -1)),
                      pair ("Ports", g_variant_new_strv (NULL, 0)), drift->data);
  }
  g_hash_table_remove_all (drift->detached);
}

/* No call is about to change anything: what differs now is no half of a plan. */
static void
on_turn (gpointer data)
{
  NetnsDrift *drift = data;
  NetnsMirror *mirror = netns_core_get_mirror (drift->core);
  g_autoptr (GPtrArray) definitions = NULL;

  netns_mirror_catch_up (mirror);
  definitions = netns_core_list_definitions (drift->core, NULL);
  for (guint i = 0; i < definitions->len; i++) {
    NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    const NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, definition->namespace_name);

    if (namespace == NULL) /* about to be forgotten */
      continue;
    if (definition->class == &netns_network_class)
      check_network (drift, (NetnsNetwork *) definition, namespace);
    else if (definition->class == &netns_nat_class)
      compare_forwarding_of (drift, definition, namespace, ((NetnsNat *) definition)->sources);
    else if (definition->class == &netns_forward_class)
      check_forward (drift, (NetnsForward *) definition);
  }
  check_detached (drift);
  netns_core_skip (drift->core);
}

static gboolean
on_scheduled (gpointer data)
{
  NetnsDrift *drift = data;

  g_clear_pointer (&drift->source, g_source_unref);
  netns_core_wait_for_turn (drift->core, NETNS_UID_NOBODY, on_turn, drift);
  return G_SOURCE_REMOVE;
}

static void
schedule (NetnsDrift *drift)
{
  if (drift->source != NULL)
    return;
  drift->source = g_idle_source_new ();
  g_source_set_priority (drift->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (drift->source, on_scheduled, drift, NULL);
  g_source_attach (drift->source, g_main_context_get_thread_default ());
}

/* ---- what others do */

/* The network whose bridge is called so. */
static const NetnsNetwork *
find_network (NetnsDrift *drift, const NetnsNamespace *namespace, const char *bridge)
{
  GHashTableIter iter;
  NetnsNetwork *network;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (drift->core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (strcmp (network->base.namespace_name, namespace->name) == 0 && strcmp (network->bridge, bridge) == 0)
      return network;
  return NULL;
}

/* Only what somebody else takes off a bridge has drifted; of our own calls the list is kept up without a word. */
static void
follow_port (NetnsDrift *drift, NetnsLink *link)
{
  const NetnsLink *master = link->info.master ? netns_namespace_get_link (link->namespace, link->info.master) : NULL;
  const NetnsNetwork *network = master ? find_network (drift, link->namespace, master->info.name) : NULL;
  const char *before = g_hash_table_lookup (drift->ports, link);

  if (network != NULL) {
    g_hash_table_replace (drift->ports, link, g_strdup (network->base.name));
    g_hash_table_remove (drift->detached, link);
  } else if (before != NULL) {
    if (!netns_core_is_busy (drift->core)) {
      g_hash_table_replace (drift->detached, link, g_strdup (before));
      schedule (drift);
    }
    g_hash_table_remove (drift->ports, link);
  }
}

static void
on_link_added (NetnsLink *link, gpointer data)
{
  follow_port (data, link);
  if (find_network (data, link->namespace, link->info.name) != NULL)
    schedule (data);
}

static void
on_link_removed (NetnsLink *link, gpointer data)
{
  NetnsDrift *drift = data;

  g_hash_table_remove (drift->ports, link);
  g_hash_table_remove (drift->detached, link);
  if (find_network (drift, link->namespace, link->info.name) != NULL)
    schedule (drift);
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  if (changes & NETNS_LINK_MASTER)
    follow_port (data, link);
  if ((changes & NETNS_LINK_NAME) /* it may have been one */
      || ((changes & (NETNS_LINK_ADDRESSES | NETNS_LINK_ENABLED))
          && find_network (data, link->namespace, link->info.name) != NULL))
    schedule (data);
}

static void
on_machine_changed (guint changes, gpointer data)
{
  if (changes & (NETNS_MIRROR_FORWARDING4 | NETNS_MIRROR_FORWARDING6))
    schedule (data);
}

static void
on_forwarding_changed (NetnsNamespace *namespace, int family, gboolean forwarding, gpointer data)
{
  NetnsDrift *drift = data;
  gint64 key = (gint64) namespace->nsid * 256 + family;

  if (forwarding)
    g_hash_table_remove (drift->unforwarding, &key);
  else
    g_hash_table_add (drift->unforwarding, g_memdup2 (&key, sizeof key));
  schedule (drift);
}

static void
on_namespace_removed (NetnsNamespace *namespace, gpointer data)
{
  static const int families[] = { AF_INET, AF_INET6 };
  NetnsDrift *drift = data;

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++) {
    gint64 key = (gint64) namespace->nsid * 256 + families[i];

    g_hash_table_remove (drift->unforwarding, &key);
  }
}

static const NetnsObserver mirror_observer = {
  .namespace_removed = on_namespace_removed,
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

  g_hash_table_foreach_remove (((NetnsDrift *) data)->said, is_of, prefix);
}

static const NetnsCoreObserver core_observer = { .definition_removed = on_definition_removed };

static void
follow_ports (NetnsDrift *drift)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (drift->core));

  for (guint i = 0; i < namespaces->len; i++) {
    g_autoptr (GPtrArray) links = netns_namespace_list_links (namespaces->pdata[i]);

    for (guint j = 0; j < links->len; j++)
      follow_port (drift, links->pdata[j]);
  }
}

/**
 * netns_drift_new:
 * @core: the service, settled
 * @drifted: called once for each difference
 * @data: for @drifted
 *
 * What others changed while the service did not run is said now; of ports that they took off nothing is known then.
 *
 * Returns: (transfer full): who compares
 */
NetnsDrift *
netns_drift_new (NetnsCore *core, NetnsDriftedFunc drifted, gpointer data)
{
  NetnsDrift *drift = g_new0 (NetnsDrift, 1);

  drift->core = core;
  drift->drifted = drifted;
  drift->data = data;
  drift->said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  drift->ports = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  drift->detached = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  drift->unforwarding = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, drift);
  netns_core_observe (core, &core_observer, drift);
  follow_ports (drift);
  schedule (drift);
  return drift;
}

/**
 * netns_drift_free:
 * @drift: (transfer full): who compares; nothing may change any more
 */
void
netns_drift_free (NetnsDrift *drift)
{
  if (drift->source != NULL)
    g_source_destroy (drift->source);
  g_clear_pointer (&drift->source, g_source_unref);
  g_hash_table_unref (drift->said);
  g_hash_table_unref (drift->ports);
  g_hash_table_unref (drift->detached);
  g_hash_table_unref (drift->unforwarding);
  g_free (drift);
}
