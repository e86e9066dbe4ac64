/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network.h"

#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"
#include "core/definition.h"

#include <string.h>

#define FOLDER      "networks"
#define GROUP       "Network"
#define NAME        "Name"
#define NAMESPACE   "Namespace"
#define COOKIE      "Cookie"
#define BRIDGE      "Bridge"
#define BRIDGE_MADE "BridgeMade"
#define SUBNETS     "Subnets"
#define GATEWAYS    "Gateways"
#define NAT         "Nat"
#define UPLINK      "Uplink"
#define SHARED      "Shared"
#define OWNER       "Owner"

NetnsNetwork *
netns_network_copy (const NetnsNetwork *network)
{
  NetnsNetwork *copy = g_memdup2 (network, sizeof *network);

  copy->name = g_strdup (network->name);
  copy->namespace_name = g_strdup (network->namespace_name);
  copy->bridge = g_strdup (network->bridge);
  copy->uplink = g_strdup (network->uplink);
  copy->subnets = netns_definition_copy_addresses (network->subnets);
  copy->gateways = netns_definition_copy_addresses (network->gateways);
  return copy;
}

void
netns_network_free (NetnsNetwork *network)
{
  g_free (network->name);
  g_free (network->namespace_name);
  g_free (network->bridge);
  g_free (network->uplink);
  g_clear_pointer (&network->subnets, g_array_unref);
  g_clear_pointer (&network->gateways, g_array_unref);
  g_free (network);
}

/* Returns: (transfer full): the file of a network, below /run/netnsd */
char *
netns_network_get_file (const NetnsNetwork *network)
{
  return g_build_filename (FOLDER, network->name, NULL);
}

/* Returns: (transfer full): what its file says */
char *
netns_network_print (const NetnsNetwork *network)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();

  g_key_file_set_string (key_file, GROUP, NAME, network->name);
  g_key_file_set_string (key_file, GROUP, NAMESPACE, network->namespace_name);
  g_key_file_set_uint64 (key_file, GROUP, COOKIE, network->cookie);
  g_key_file_set_string (key_file, GROUP, BRIDGE, network->bridge);
  g_key_file_set_boolean (key_file, GROUP, BRIDGE_MADE, network->bridge_made);
  netns_definition_set_addresses (key_file, GROUP, SUBNETS, network->subnets);
  netns_definition_set_addresses (key_file, GROUP, GATEWAYS, network->gateways);
  g_key_file_set_boolean (key_file, GROUP, NAT, network->nat);
  g_key_file_set_string (key_file, GROUP, UPLINK, network->uplink);
  g_key_file_set_boolean (key_file, GROUP, SHARED, network->shared);
  g_key_file_set_uint64 (key_file, GROUP, OWNER, network->owner);
  return g_key_file_to_data (key_file, NULL, NULL);
}

/**
 * netns_network_load:
 * @file: name below /run/netnsd
 * @error: why it cannot be used
 *
 * Returns: (transfer full) (nullable): what netns_network_print() wrote
 */
NetnsNetwork *
netns_network_load (const char *file, GError **error)
{
  g_autoptr (GKeyFile) key_file = netns_definition_open (file, error);
  g_autoptr (NetnsNetwork) network = NULL;

  if (key_file == NULL)
    return NULL;
  network = g_new0 (NetnsNetwork, 1);
  network->name = netns_definition_get_string (key_file, GROUP, NAME);
  network->namespace_name = netns_definition_get_string (key_file, GROUP, NAMESPACE);
  network->cookie = g_key_file_get_uint64 (key_file, GROUP, COOKIE, NULL);
  network->bridge = netns_definition_get_string (key_file, GROUP, BRIDGE);
  network->bridge_made = g_key_file_get_boolean (key_file, GROUP, BRIDGE_MADE, NULL);
  network->nat = g_key_file_get_boolean (key_file, GROUP, NAT, NULL);
  network->uplink = netns_definition_get_string (key_file, GROUP, UPLINK);
  network->shared = g_key_file_get_boolean (key_file, GROUP, SHARED, NULL);
  network->owner = (guint) g_key_file_get_uint64 (key_file, GROUP, OWNER, NULL);
  network->subnets = netns_definition_get_addresses (key_file, GROUP, SUBNETS, error);
  if (network->subnets == NULL)
    return NULL;
  network->gateways = netns_definition_get_addresses (key_file, GROUP, GATEWAYS, error);
  if (network->gateways == NULL || !netns_validate_network_name (network->name, error))
    return NULL;
  return g_steal_pointer (&network);
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
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, network->namespace_name);
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
