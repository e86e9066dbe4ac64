/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/connect.h"

#include "common/error.h"
#include "core/core.h"
#include "core/link-name.h"
#include "core/operations.h"
#include "core/pool.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 1000 /* of one namespace: eth0 to eth999 */

/* Networks that are shared are everybody's to connect to. */
static void
touch_network (NetnsPlan *plan, guint caller, const NetnsNetwork *network)
{
  netns_plan_set_detail (plan, "network", network->base.name);
  if (network->base.owner != caller && !network->shared)
    netns_core_add_foreign (plan, NULL, network->base.owner);
}

/* Who made a network in a namespace may plug into it, and share it, as long as the namespace is hers. */
static void
touch_outside (NetnsCore *core, NetnsPlan *plan, guint caller, const NetnsNetwork *network,
               const NetnsNamespace *outside)
{
  guint owner = netns_owners_get (netns_core_get_owners (core), outside);

  netns_plan_use_namespace (plan, outside);
  if (outside->source != NETNS_SOURCE_HOST && owner != network->base.owner && owner != caller)
    netns_core_add_foreign (plan, outside->name, owner);
}

static NetnsLink *
find_member (NetnsMirror *mirror, const NetnsNetwork *network, const NetnsNamespace *namespace)
{
  g_autoptr (GPtrArray) members = netns_network_list_members (mirror, network);

  for (guint i = 0; i < members->len; i++) {
    NetnsLink *link = g_ptr_array_index (members, i);

    if (link->namespace == namespace)
      return link;
  }
  return NULL;
}

static char *
choose_name_inside (NetnsNamespace *namespace, GError **error)
{
  for (guint i = 0; i < CONNECTIONS_MAX; i++) {
    g_autofree char *name = g_strdup_printf ("eth%u", i);

    if (netns_namespace_find_link (namespace, name) == NULL)
      return g_steal_pointer (&name);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "Namespace “%s” has eth0 to eth%d already, name the link",
               namespace->name, CONNECTIONS_MAX - 1);
  return NULL;
}

/* veth-webserver-h; the second connection of the same namespace is veth-webserver-h2. */
static gboolean
choose_host_end (NetnsNamespace *outside, const char *namespace_name, char **name, char **alternative, GError **error)
{
  for (guint i = 1; i <= CONNECTIONS_MAX; i++) {
    g_autofree char *wish = i == 1 ? g_strdup_printf ("veth-%.110s-h", namespace_name)
                                   : g_strdup_printf ("veth-%.110s-h%u", namespace_name, i);
    g_autoptr (GError) name_error = NULL;

    g_strdelimit (wish, ":", '_'); /* the kernel's names of links have none */
    if (netns_link_name_choose (outside, wish, name, alternative, &name_error))
      return TRUE;
    if (!g_error_matches (name_error, NETNS_ERROR, NETNS_ERROR_EXISTS) || i == CONNECTIONS_MAX) {
      g_propagate_error (error, g_steal_pointer (&name_error));
      return FALSE;
    }
  }
  g_assert_not_reached ();
}

static gboolean
choose_addresses (NetnsMirror *mirror, const NetnsNetwork *network, const GArray *wishes, GArray *addresses,
                  GError **error)
{
  for (guint i = 0; i < wishes->len; i++) {
    NetnsAddress address = g_array_index (wishes, NetnsAddress, i);

    if (!netns_pool_check_address (mirror, network, &address, error))
      return FALSE;
    g_array_append_val (addresses, address);
  }
  for (guint i = 0; wishes->len == 0 && i < network->subnets->len; i++) {
    NetnsAddress address;

    if (!netns_pool_find_address (mirror, network, &g_array_index (network->subnets, NetnsAddress, i), &address,
                                  error))
      return FALSE;
    g_array_append_val (addresses, address);
  }
  return TRUE;
}

static gboolean
has_default_route (const NetnsNamespace *namespace, int family)
{
  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++) {
    const NetnsRoute *route = &g_array_index (namespace->routes, NetnsRoute, i);

    if (route->table == RT_TABLE_MAIN && route->destination.family == family && route->destination.prefix == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_family (const GArray *addresses, int family)
{
  for (guint i = 0; i < addresses->len; i++)
    if (g_array_index (addresses, NetnsAddress, i).family == family)
      return TRUE;
  return FALSE;
}

static void
plan_default_routes (NetnsPlan *plan, const NetnsNamespace *namespace, const NetnsNetwork *network,
                     const GArray *addresses, const NetnsConnectOptions *options, const char *link)
{
  gboolean done[2] = { FALSE, FALSE };

  for (guint i = 0; i < network->gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (network->gateways, NetnsAddress, i);
    gboolean *family_done = &done[gateway->family == AF_INET6];
    char text[NETNS_ADDRESS_MAX_TEXT];

    if (*family_done || !has_family (addresses, gateway->family)
        || (options->default_route_given ? !options->default_route
                                         : network->isolated || has_default_route (namespace, gateway->family)))
      continue;
    netns_plan_add (plan, &netns_operation_route_add, namespace->name,
                    "{'destination': <%s>, 'gateway': <%s>, 'link': <%s>}",
                    gateway->family == AF_INET ? "0.0.0.0/0" : "::/0", netns_address_print_host (gateway, text), link);
    *family_done = TRUE;
  }
}

static void
plan_pair (NetnsPlan *plan, const NetnsNetwork *network, const NetnsLink *bridge, const char *name,
           const char *alternative, const NetnsNamespace *namespace, const char *name_inside)
{
  netns_plan_add (plan, &netns_operation_link_create, network->base.namespace_name,
                  "{'kind': <'veth'>, 'name': <%s>, 'mtu': <%u>, 'master-index': <%u>, 'enabled': <true>,"
                  " 'peer-name': <%s>, 'peer-namespace': <%s>}",
                  name, bridge->info.mtu, bridge->info.index, name_inside, namespace->name);
  if (alternative != NULL)
    netns_plan_add (plan, &netns_operation_alternative_name_add, network->base.namespace_name,
                    "{'link': <%s>, 'name': <%s>}", name, alternative);
}

static void
plan_inside (NetnsPlan *plan, const NetnsNamespace *namespace, const char *name, const char *alternative,
             const GArray *addresses)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (alternative != NULL)
    netns_plan_add (plan, &netns_operation_alternative_name_add, namespace->name, "{'link': <%s>, 'name': <%s>}", name,
                    alternative);
  for (guint i = 0; i < addresses->len; i++)
    netns_plan_add (plan, &netns_operation_address_add, namespace->name,
                    "{'link': <%s>, 'address': <%s>, 'unchecked': <true>}", name,
                    netns_address_print (&g_array_index (addresses, NetnsAddress, i), text));
  netns_plan_add (plan, &netns_operation_link_set_enabled, namespace->name, "{'link': <%s>, 'value': <true>}", name);
}

static gboolean
refuse_host (const NetnsNamespace *namespace, GError **error)
{
  if (namespace->source != NETNS_SOURCE_HOST)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "The host namespace cannot be connected to a network, use CreateVeth");
  return FALSE;
}

/* A cure belongs to the network, and needs the right to have NAT. */
static gboolean
check_firewall (const NetnsNetwork *network, const char *word, GError **error)
{
  if (!netns_network_parse_firewall (word, network->nat, error))
    return FALSE;
  if (strcmp (word, "cure") != 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "A cure is for the whole network, ask CreateNetwork for it; here, say check");
  return FALSE;
}

static gboolean
check_connectable (NetnsMirror *mirror, const NetnsNamespace *namespace, const NetnsNetwork *network, GError **error)
{
  if (strcmp (namespace->name, network->base.namespace_name) == 0)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "The bridge of network “%s” is in that very namespace, there is nothing to connect", network->base.name);
  else if (find_member (mirror, network, namespace) != NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "Namespace “%s” is connected to network “%s” already",
                 namespace->name, network->base.name);
  else if (netns_network_find_bridge (mirror, network) == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND,
                 "The bridge “%s” of network “%s” is gone; delete the network and create it again", network->bridge,
                 network->base.name);
  else
    return TRUE;
  return FALSE;
}

/**
 * netns_network_connect:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: a namespace
 * @network_name: a network
 * @options: how
 * @link_name: (out) (transfer full): name of the link inside
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `Exists`, `AddressInUse`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.Connect
 */
NetnsPlan *
netns_network_connect (NetnsCore *core, guint caller, const char *namespace_name, const char *network_name,
                       const NetnsConnectOptions *options, char **link_name, GError **error)
{
  NetnsMirror *mirror = netns_core_get_mirror (core);
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNetwork *network = netns_network_find (core, network_name, error);
  NetnsNamespace *namespace
    = network ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL, *outside;
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
  g_autofree char *wish = NULL, *inside = NULL, *inside_alternative = NULL, *name = NULL, *alternative = NULL;

  if (namespace == NULL || !refuse_host (namespace, error) || !check_connectable (mirror, namespace, network, error)
      || !check_firewall (network, options->firewall, error))
    return NULL;
  touch_network (plan, caller, network);
  outside = netns_core_find_namespace (core, network->base.namespace_name, error);
  if (outside == NULL)
    return NULL;
  touch_outside (core, plan, caller, network, outside);
  if (!netns_core_check_quota (core, caller, 0, 2, error))
    return NULL;
  wish = *options->name ? g_strdup (options->name) : choose_name_inside (namespace, error);
  if (wish == NULL || !netns_link_name_choose (namespace, wish, &inside, &inside_alternative, error)
      || !choose_host_end (outside, namespace->name, &name, &alternative, error)
      || !choose_addresses (mirror, network, options->addresses, addresses, error))
    return NULL;
  if (*options->firewall != '\0')
    netns_network_plan_pass (plan, outside, network, FALSE);
  plan_pair (plan, network, netns_network_find_bridge (mirror, network), name, alternative, namespace, inside);
  plan_inside (plan, namespace, inside, inside_alternative, addresses);
  plan_default_routes (plan, namespace, network, addresses, options, inside);
  *link_name = g_steal_pointer (&inside);
  return g_steal_pointer (&plan);
}

/**
 * netns_network_disconnect:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: a namespace
 * @network_name: a network
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.Disconnect
 */
NetnsPlan *
netns_network_disconnect (NetnsCore *core, guint caller, const char *namespace_name, const char *network_name,
                          GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNetwork *network = netns_network_find (core, network_name, error);
  NetnsNamespace *namespace
    = network ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL;
  NetnsLink *link;

  if (namespace == NULL || !refuse_host (namespace, error))
    return NULL;
  touch_network (plan, caller, network);
  link = find_member (netns_core_get_mirror (core), network, namespace);
  if (link == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Namespace “%s” is not connected to network “%s”",
                 namespace_name, network_name);
    return NULL;
  }
  netns_plan_add (plan, &netns_operation_link_delete, namespace->name, "{'index': <%u>}", link->info.index);
  return g_steal_pointer (&plan);
}
