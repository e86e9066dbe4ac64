/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/network.h"

#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"

#include <string.h>

static const NetnsField fields[] = {
  { "Bridge", NETNS_FIELD_TEXT, offsetof (NetnsNetwork, bridge) },
  { "BridgeMade", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, bridge_made) },
  { "Subnets", NETNS_FIELD_ADDRESSES, offsetof (NetnsNetwork, subnets) },
  { "Gateways", NETNS_FIELD_ADDRESSES, offsetof (NetnsNetwork, gateways) },
  { "GatewaysKept", NETNS_FIELD_ADDRESSES, offsetof (NetnsNetwork, gateways_kept) },
  { "Ranges", NETNS_FIELD_ADDRESSES, offsetof (NetnsNetwork, ranges) },
  { "Nat", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, nat), .change = NETNS_NETWORK_NAT },
  { "Uplink", NETNS_FIELD_TEXT, offsetof (NetnsNetwork, uplink), .change = NETNS_NETWORK_UPLINK },
  { "MtuFollows", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, mtu_follows) },
  { "Shared", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, shared) },
  { "Cured", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, cured) },
  { "Isolated", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, isolated) },
  { "Guarded", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, guarded), .change = NETNS_NETWORK_GUARD },
  { "GuardGiven", NETNS_FIELD_BOOLEAN, offsetof (NetnsNetwork, guard_given) },
  { NULL }
};

/* In front of the names of networks that are not in the host. */
static char *
print_prefix (guint64 cookie)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":", cookie);
}

/* Returns: (transfer full): what a network of that name in @namespace is kept by: the cookie of a namespace stays when
 * that gets another name, and is never that of another one. The networks of the host are kept by their names */
char *
netns_network_key_for (const NetnsNamespace *namespace, const char *name)
{
  g_autofree char *prefix = print_prefix (namespace->cookie);

  return g_strconcat (namespace->source == NETNS_SOURCE_HOST ? "" : prefix, name, NULL);
}

/* Returns: (transfer none): what no other network of its namespace is called */
const char *
netns_network_get_name (const NetnsNetwork *network)
{
  const char *colon = strchr (network->base.name, ':');

  return colon ? colon + 1 : network->base.name;
}

/* Returns: (transfer full): what no other network is called */
char *
netns_network_print (const NetnsNetwork *network)
{
  return netns_name_for_network (network->base.namespace_name, netns_network_get_name (network));
}

/* Earlier versions of the service knew each network by its name alone. */
static void
update_network (NetnsDefinition *definition)
{
  g_autofree char *prefix = print_prefix (definition->cookie), *name = definition->name;

  definition->name
    = g_strconcat (*definition->namespace_name == '\0' || g_str_has_prefix (name, prefix) ? "" : prefix, name, NULL);
}

/* Earlier versions of the service did not write these. */
static void
complete (NetnsNetwork *network)
{
  if (network->gateways_kept == NULL)
    network->gateways_kept = netns_addresses_new ();
  if (network->ranges == NULL)
    network->ranges = netns_addresses_new ();
}

static gboolean
check_network (NetnsDefinition *definition, GError **error)
{
  const char *name = netns_network_get_name ((const NetnsNetwork *) definition);
  g_autofree char *prefix = print_prefix (definition->cookie);
  gboolean is_below = name != definition->name, in_host = *definition->namespace_name == '\0';

  complete ((NetnsNetwork *) definition);
  if (!netns_validate_network_name (name, error))
    return FALSE;
  if ((in_host && !is_below)
      || (!in_host && definition->cookie != 0 && (!is_below || g_str_has_prefix (definition->name, prefix))))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is not a network of its namespace", definition->name);
}

const NetnsDefinitionClass netns_network_class = {
  .folder = "networks",
  .group = "Network",
  .size = sizeof (NetnsNetwork),
  .fields = fields,
  .check = check_network,
  .update = update_network,
  .below = TRUE,
};

/* Returns: whether it is more than a bridge */
gboolean
netns_network_has_rules (const NetnsNetwork *network)
{
  return network->nat || network->isolated;
}

/* Returns: whether @link is where its bridge is, and has its name. A namespace has none while it gets another one. */
gboolean
netns_network_has_bridge (const NetnsNetwork *network, const NetnsLink *link)
{
  return g_strcmp0 (network->base.namespace_name, link->namespace->name) == 0
         && strcmp (network->bridge, link->info.name) == 0;
}

/* Returns: (transfer none) (nullable): its bridge, %NULL if it was deleted */
NetnsLink *
netns_network_find_bridge (NetnsMirror *mirror, const NetnsNetwork *network)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, network->base.namespace_name);
  NetnsLink *link = namespace ? netns_namespace_find_link (namespace, network->bridge) : NULL;

  return link != NULL && netns_link_is_bridge (link) ? link : NULL;
}

/* Returns: (transfer container) (element-type NetnsLink): links in namespaces whose veth pair ends at the bridge */
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

/* Returns: (transfer full) (element-type NetnsLease): addresses of the network in use, no matter who assigned them: one
 * that was set by hand in a connected namespace is in use, too */
GArray *
netns_network_list_leases (NetnsMirror *mirror, const NetnsNetwork *network)
{
  g_autoptr (GPtrArray) members = netns_network_list_members (mirror, network);
  GArray *leases = g_array_new (FALSE, FALSE, sizeof (NetnsLease));

  for (guint i = 0; i < members->len; i++) {
    NetnsLink *link = g_ptr_array_index (members, i);

    for (guint j = 0; link->addresses != NULL && j < link->addresses->len; j++) {
      NetnsLease lease = { g_array_index (link->addresses, NetnsLinkAddress, j).address, link };

      if (netns_addresses_find (network->subnets, netns_address_contains, &lease.address) != NULL)
        g_array_append_val (leases, lease);
    }
  }
  return leases;
}
