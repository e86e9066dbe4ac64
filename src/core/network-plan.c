/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to make, change and delete a network. */
#include "core/network.h"

#include "common/error.h"
#include "common/validate.h"
#include "core/core.h"
#include "core/link-name.h"
#include "core/operations.h"
#include "core/pool.h"
#include "core/wanted.h"

#include <string.h>
#include <sys/socket.h>

/**
 * netns_network_find:
 * @core: the service
 * @name: a name
 * @error: `NotFound`
 *
 * Returns: (transfer none) (nullable): the network of that name
 */
NetnsNetwork *
netns_network_find (NetnsCore *core, const char *name, GError **error)
{
  NetnsNetwork *network = g_hash_table_lookup (netns_core_get_definitions (core, &netns_network_class), name);

  if (network == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no network “%s”", name);
  return network;
}

/* Whose a network is decides as much as where its bridge is. */
static void
touch (NetnsPlan *plan, guint caller, const NetnsNetwork *network)
{
  netns_plan_set_detail (plan, "network", network->base.name);
  if (network->base.owner != caller)
    netns_core_add_foreign (plan, NULL, network->base.owner);
  if (network->nat)
    netns_plan_add_reach (plan, NETNS_REACH_NAT);
}

static gboolean
has_ipv6 (const GArray *subnets)
{
  for (guint i = 0; i < subnets->len; i++)
    if (g_array_index (subnets, NetnsAddress, i).family == AF_INET6)
      return TRUE;
  return FALSE;
}

static gboolean
choose_subnets (NetnsCore *core, NetnsNamespace *namespace, const NetnsNetworkOptions *options, NetnsNetwork *network,
                GError **error)
{
  NetnsAddress subnet;

  for (guint i = 0; i < options->subnets->len; i++) {
    subnet = g_array_index (options->subnets, NetnsAddress, i);
    if (!netns_pool_check_subnet (core, namespace, network->subnets, &subnet, error))
      return FALSE;
    g_array_append_val (network->subnets, subnet);
  }
  if (network->subnets->len == 0) {
    if (!netns_pool_find_subnet (core, namespace, &subnet, error))
      return FALSE;
    g_array_append_val (network->subnets, subnet);
  }
  if (!options->ipv6 || has_ipv6 (network->subnets))
    return TRUE;
  if (!netns_pool_find_subnet6 (core, namespace, network->base.name, &subnet, error))
    return FALSE;
  g_array_append_val (network->subnets, subnet);
  return TRUE;
}

static gboolean
choose_gateways (NetnsNetwork *network, GError **error)
{
  for (guint i = 0; i < network->subnets->len; i++) {
    NetnsAddress address;

    if (!netns_pool_get_gateway (&g_array_index (network->subnets, NetnsAddress, i), &address, error))
      return FALSE;
    g_array_append_val (network->gateways, address);
  }
  return TRUE;
}

/* Left to the kernel, the address would be that of a port (br_stp_recalculate_bridge_id() in net/bridge/br_stp_if.c):
 * each connection could take the gateway away from those that know it under another address. */
static char *
make_mac (void)
{
  guint32 low = g_random_int (), high = g_random_int ();

  return g_strdup_printf ("02:%02x:%02x:%02x:%02x:%02x", high & 0xff, low >> 24, (low >> 16) & 0xff,
                          (low >> 8) & 0xff, low & 0xff);
}

#define IPV6_MTU_MIN 1280 /* RFC 8200, 5: with less the kernel switches IPv6 off on a link */

static guint
choose_mtu (NetnsNamespace *namespace, const NetnsNetworkOptions *options, const char *uplink)
{
  guint mtu = options->mtu ? options->mtu : netns_pool_find_mtu (namespace, uplink);

  if (options->mtu == 0 && mtu != 0 && (options->ipv6 || has_ipv6 (options->subnets)))
    mtu = MAX (mtu, IPV6_MTU_MIN);
  return mtu;
}

/* A bridge of the wanted name is used if the caller named it; the network's own name must be free. */
static gboolean
plan_bridge (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetworkOptions *options, NetnsNetwork *network,
             GError **error)
{
  const char *wish = *options->bridge ? options->bridge : network->base.name;
  NetnsLink *existing = netns_namespace_find_link (namespace, wish);
  g_autofree char *alternative = NULL, *path = NULL, *mac = make_mac ();

  if (existing != NULL && *options->bridge != '\0' && netns_link_is_bridge (existing)
      && netns_validate_link_name (existing->info.name, NULL)) {
    if (options->mtu != 0) {
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                   "Option “mtu” makes no sense with bridge “%s”, which is there already and keeps its own",
                   existing->info.name);
      return FALSE;
    }
    network->bridge = g_strdup (existing->info.name);
    if (namespace->source == NETNS_SOURCE_HOST)
      netns_plan_add_reach (plan, NETNS_REACH_HOST_LINK);
    netns_plan_set_detail (plan, "link", network->bridge);
    return TRUE;
  }
  if (!netns_link_name_choose (namespace, wish, &network->bridge, &alternative, error))
    return FALSE;
  network->bridge_made = TRUE;
  netns_plan_add (plan, &netns_operation_link_create, namespace->name,
                  "{'kind': <'bridge'>, 'name': <%s>, 'mtu': <%u>, 'mac': <%s>, 'enabled': <true>}", network->bridge,
                  choose_mtu (namespace, options, network->uplink), mac);
  /* Else a connected namespace could be the host's router by a router advertisement (as in CVE-2020-13401). */
  path = g_strdup_printf ("net/ipv6/conf/%s/accept_ra", network->bridge);
  netns_plan_add (plan, &netns_operation_sysctl_set, namespace->name,
                  "{'path': <%s>, 'value': <'0'>, 'if-there': <true>}", path);
  if (alternative != NULL)
    netns_plan_add (plan, &netns_operation_alternative_name_add, namespace->name, "{'link': <%s>, 'name': <%s>}",
                    network->bridge, alternative);
  return TRUE;
}

static void
plan_gateways (NetnsPlan *plan, const NetnsOperation *operation, NetnsLink *bridge, const NetnsNetwork *network)
{
  for (guint i = 0; i < network->gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (network->gateways, NetnsAddress, i);
    char text[NETNS_ADDRESS_MAX_TEXT];

    if (bridge != NULL && netns_link_has_address (bridge, gateway) == (operation == &netns_operation_address_add))
      continue;
    netns_plan_add (plan, operation, network->base.namespace_name,
                    "{'link': <%s>, 'address': <%s>, 'unchecked': <true>}", network->bridge,
                    netns_address_print (gateway, text));
  }
}

static NetnsNetwork *
describe (NetnsNamespace *namespace, guint caller, const char *name, const NetnsNetworkOptions *options)
{
  NetnsNetwork *network
    = netns_definition_new (&netns_network_class, name, namespace->name, namespace->cookie, caller);

  network->subnets = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
  network->gateways = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
  network->nat = options->nat;
  network->shared = options->shared;
  network->isolated = options->isolated;
  return network;
}

static gboolean
check_options (NetnsCore *core, const char *name, const NetnsNetworkOptions *options, GError **error)
{
  if (!netns_validate_network_name (name, error)
      || (*options->bridge != '\0' && !netns_validate_link_name (options->bridge, error))
      || (options->mtu != 0 && !netns_validate_mtu (options->mtu, error))
      || !netns_network_parse_firewall (options->firewall, options->nat, error))
    return FALSE;
  if (options->isolated && (options->nat || *options->uplink != '\0')) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "An isolated network has no way out: leave out either “isolated” or “nat” and “uplink”");
    return FALSE;
  }
  if (g_hash_table_contains (netns_core_get_definitions (core, &netns_network_class), name)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "Network “%s” exists already", name);
    return FALSE;
  }
  return TRUE;
}

static void
set_subnet_detail (NetnsPlan *plan, const NetnsNetwork *network)
{
  g_autoptr (GString) subnets = g_string_new (NULL);
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; i < network->subnets->len; i++)
    g_string_append_printf (subnets, "%s%s", i ? " " : "",
                            netns_address_print (&g_array_index (network->subnets, NetnsAddress, i), text));
  netns_plan_set_detail (plan, "subnet", subnets->str);
}

/**
 * netns_network_create:
 * @core: the service
 * @caller: uid that asks for it
 * @name: its name
 * @options: what it shall be
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `Exists`, `SubnetConflict`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateNetwork
 */
NetnsPlan *
netns_network_create (NetnsCore *core, guint caller, const char *name, const NetnsNetworkOptions *options,
                      GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, options->namespace_name, error);
  g_autoptr (NetnsNetwork) network = NULL;

  if (namespace == NULL || !netns_core_check_named (namespace, error) || !check_options (core, name, options, error)
      || !netns_core_check_quota (core, caller, 0, 1, error))
    return NULL;
  network = describe (namespace, caller, name, options);
  touch (plan, caller, network);
  if (!netns_pool_find_uplink (namespace, options->uplink, &network->uplink, error)
      || !plan_bridge (plan, namespace, options, network, error)
      || !choose_subnets (core, namespace, options, network, error)
      || (options->gateway && !choose_gateways (network, error)))
    return NULL;
  set_subnet_detail (plan, network);
  plan_gateways (plan, &netns_operation_address_add, netns_network_find_bridge (netns_core_get_mirror (core), network),
                 network);
  network->cured = strcmp (options->firewall, "cure") == 0;
  if (*options->firewall != '\0')
    netns_network_plan_pass (plan, namespace, network, network->cured);
  netns_wanted_replace (core, plan, NULL, &network->base);
  return g_steal_pointer (&plan);
}

static gboolean
check_unused (NetnsCore *core, const NetnsNetwork *network, GError **error)
{
  g_autoptr (GPtrArray) members = netns_network_list_members (netns_core_get_mirror (core), network);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < members->len; i++) {
    const NetnsNamespace *namespace = ((NetnsLink *) g_ptr_array_index (members, i))->namespace;

    /* A cable that leads back is no connection; its other end is a port, of which check_ports() speaks. */
    if (strcmp (namespace->name, network->base.namespace_name) != 0)
      g_string_append_printf (names, "%s%s", names->len ? ", " : "",
                              *namespace->name ? namespace->name : "the host namespace");
  }
  if (names->len == 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "Network “%s” is in use, disconnect first: %s", network->base.name,
               names->str);
  return FALSE;
}

/* Other links than those of connected namespaces would lose their bridge. */
static gboolean
check_ports (const NetnsNetwork *network, const NetnsLink *bridge, GError **error)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);

  if (ports->len == 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "Bridge “%s” of network “%s” still has port “%s”, detach it first",
               network->bridge, network->base.name, ((NetnsLink *) g_ptr_array_index (ports, 0))->info.name);
  return FALSE;
}

/**
 * netns_network_delete:
 * @core: the service
 * @caller: uid that asks for it
 * @network: a network
 * @error: `Busy`
 *
 * Returns: (transfer full) (nullable): the plan for method Network.Delete
 */
NetnsPlan *
netns_network_delete (NetnsCore *core, guint caller, const NetnsNetwork *network, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *bridge = netns_network_find_bridge (netns_core_get_mirror (core), network);
  NetnsNamespace *namespace;

  touch (plan, caller, network);
  namespace = netns_core_use_namespace (core, plan, caller, network->base.namespace_name, error);
  if (namespace == NULL || !check_unused (core, network, error)
      || (bridge != NULL && network->bridge_made && !check_ports (network, bridge, error)))
    return NULL;
  netns_network_plan_unpass (plan, namespace, network);
  netns_wanted_replace (core, plan, &network->base, NULL);
  if (bridge != NULL && network->bridge_made)
    netns_plan_add (plan, &netns_operation_link_delete, network->base.namespace_name, "{'index': <%u>}",
                    bridge->info.index);
  else if (bridge != NULL)
    plan_gateways (plan, &netns_operation_address_remove, bridge, network);
  return g_steal_pointer (&plan);
}

/**
 * netns_network_set_nat:
 * @core: the service
 * @caller: uid that asks for it
 * @network: a network
 * @nat: whether to masquerade
 * @error: `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Network.SetNat
 */
NetnsPlan *
netns_network_set_nat (NetnsCore *core, guint caller, const NetnsNetwork *network, gboolean nat, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (NetnsNetwork) changed = netns_definition_copy (network);
  NetnsNamespace *namespace;

  touch (plan, caller, network);
  netns_plan_add_reach (plan, NETNS_REACH_NAT);
  namespace = netns_core_use_namespace (core, plan, caller, network->base.namespace_name, error);
  if (namespace == NULL)
    return NULL;
  if (network->isolated && nat) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Network “%s” is isolated, so there is no NAT for it",
                 network->base.name);
    return NULL;
  }
  if (network->nat == nat)
    return g_steal_pointer (&plan);
  netns_network_plan_unpass (plan, namespace, network);
  changed->cured = FALSE; /* what is not forwarded needs no door */
  changed->nat = nat;
  netns_wanted_replace (core, plan, &network->base, &changed->base);
  return g_steal_pointer (&plan);
}
