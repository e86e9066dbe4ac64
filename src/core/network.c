/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network.h"

#include "common/validate.h"

#define GROUP       "Network"
#define BRIDGE      "Bridge"
#define BRIDGE_MADE "BridgeMade"
#define SUBNETS     "Subnets"
#define GATEWAYS    "Gateways"
#define NAT         "Nat"
#define UPLINK      "Uplink"
#define CURED       "Cured"
#define SHARED      "Shared"
#define ISOLATED    "Isolated"

static void
copy_network (NetnsDefinition *definition)
{
  NetnsNetwork *copy = (NetnsNetwork *) definition;

  copy->bridge = g_strdup (copy->bridge);
  copy->uplink = g_strdup (copy->uplink);
  copy->subnets = netns_definition_copy_addresses (copy->subnets);
  copy->gateways = netns_definition_copy_addresses (copy->gateways);
}

static void
clear_network (NetnsDefinition *definition)
{
  NetnsNetwork *network = (NetnsNetwork *) definition;

  g_free (network->bridge);
  g_free (network->uplink);
  g_clear_pointer (&network->subnets, g_array_unref);
  g_clear_pointer (&network->gateways, g_array_unref);
}

static void
print_network (const NetnsDefinition *definition, GKeyFile *key_file)
{
  const NetnsNetwork *network = (const NetnsNetwork *) definition;

  g_key_file_set_string (key_file, GROUP, BRIDGE, network->bridge);
  g_key_file_set_boolean (key_file, GROUP, BRIDGE_MADE, network->bridge_made);
  netns_definition_set_addresses (key_file, GROUP, SUBNETS, network->subnets);
  netns_definition_set_addresses (key_file, GROUP, GATEWAYS, network->gateways);
  g_key_file_set_boolean (key_file, GROUP, NAT, network->nat);
  g_key_file_set_string (key_file, GROUP, UPLINK, network->uplink);
  g_key_file_set_boolean (key_file, GROUP, SHARED, network->shared);
  g_key_file_set_boolean (key_file, GROUP, CURED, network->cured);
  g_key_file_set_boolean (key_file, GROUP, ISOLATED, network->isolated);
}

static gboolean
parse_network (NetnsDefinition *definition, GKeyFile *key_file, GError **error)
{
  NetnsNetwork *network = (NetnsNetwork *) definition;

  network->bridge = netns_definition_get_string (key_file, GROUP, BRIDGE);
  network->bridge_made = g_key_file_get_boolean (key_file, GROUP, BRIDGE_MADE, NULL);
  network->nat = g_key_file_get_boolean (key_file, GROUP, NAT, NULL);
  network->uplink = netns_definition_get_string (key_file, GROUP, UPLINK);
  network->shared = g_key_file_get_boolean (key_file, GROUP, SHARED, NULL);
  network->cured = g_key_file_get_boolean (key_file, GROUP, CURED, NULL);
  network->isolated = g_key_file_get_boolean (key_file, GROUP, ISOLATED, NULL);
  network->subnets = netns_definition_get_addresses (key_file, GROUP, SUBNETS, error);
  if (network->subnets == NULL)
    return FALSE;
  network->gateways = netns_definition_get_addresses (key_file, GROUP, GATEWAYS, error);
  return network->gateways != NULL && netns_validate_network_name (network->base.name, error);
}

static guint
compare_networks (const NetnsDefinition *definition, const NetnsDefinition *other)
{
  return ((const NetnsNetwork *) definition)->nat != ((const NetnsNetwork *) other)->nat ? NETNS_NETWORK_NAT : 0;
}

const NetnsDefinitionClass netns_network_class = {
  .folder = "networks",
  .group = GROUP,
  .size = sizeof (NetnsNetwork),
  .copy = copy_network,
  .clear = clear_network,
  .print = print_network,
  .parse = parse_network,
  .compare = compare_networks,
  .renamed = NETNS_NETWORK_BRIDGE | NETNS_NETWORK_LEASES,
};

/* Returns: whether it is more than a bridge */
gboolean
netns_network_has_rules (const NetnsNetwork *network)
{
  return network->nat || network->isolated;
}

/**
 * netns_network_find_bridge:
 * @mirror: the mirror
 * @network: a network
 *
 * Returns: (transfer none) (nullable): its bridge, %NULL if somebody deleted it
 */
NetnsLink *
netns_network_find_bridge (NetnsMirror *mirror, const NetnsNetwork *network)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, network->base.namespace_name);
  NetnsLink *link = namespace ? netns_namespace_find_link (namespace, network->bridge) : NULL;

  return link != NULL && netns_link_is_bridge (link) ? link : NULL;
}

/**
 * netns_network_list_members:
 * @mirror: the mirror
 * @network: a network
 *
 * Returns: (transfer container) (element-type NetnsLink): links in namespaces whose veth pair ends at the bridge
 */
GPtrArray *
netns_network_list_members (NetnsMirror *mirror, const NetnsNetwork *network)
{
  NetnsLink *bridge = netns_network_find_bridge (mirror, network);
  g_autoptr (GPtrArray) ports = bridge ? netns_link_list_ports (bridge) : g_ptr_array_new ();
  GPtrArray *members = g_ptr_array_new ();

  for (guint i = 0; i < ports->len; i++) {
    NetnsLink *peer = netns_mirror_get_peer (mirror, g_ptr_array_index (ports, i));

    if (peer != NULL)
      g_ptr_array_add (members, peer);
  }
  return members;
}

static gboolean
is_in_network (const NetnsNetwork *network, const NetnsAddress *address)
{
  for (guint i = 0; i < network->subnets->len; i++)
    if (netns_address_contains (&g_array_index (network->subnets, NetnsAddress, i), address))
      return TRUE;
  return FALSE;
}

/**
 * netns_network_list_leases:
 * @mirror: the mirror
 * @network: a network
 *
 * Whoever gave them: an address that somebody set by hand inside a connected namespace is as much in use.
 *
 * Returns: (transfer full) (element-type NetnsLease): addresses of the network in use
 */
GArray *
netns_network_list_leases (NetnsMirror *mirror, const NetnsNetwork *network)
{
  g_autoptr (GPtrArray) members = netns_network_list_members (mirror, network);
  GArray *leases = g_array_new (FALSE, FALSE, sizeof (NetnsLease));

  for (guint i = 0; i < members->len; i++) {
    NetnsLink *link = g_ptr_array_index (members, i);

    for (guint j = 0; link->addresses != NULL && j < link->addresses->len; j++) {
      NetnsLease lease = { g_array_index (link->addresses, NetnsLinkAddressEntry, j).address, link };

      if (is_in_network (network, &lease.address))
        g_array_append_val (leases, lease);
    }
  }
  return leases;
}
