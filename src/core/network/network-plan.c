/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that create, change and delete a network. */
#include "core/network/network-plan.h"

#include "common/error.h"
#include "common/names.h"
#include "common/options.h"
#include "common/validate.h"
#include "core/link/address-steps.h"
#include "core/link/bridge-steps.h"
#include "core/link/link-name.h"
#include "core/link/link-steps.h"
#include "core/namespace/sysctl-steps.h"
#include "core/network/network-firewall.h"
#include "core/network/pool.h"
#include "core/network/range.h"
#include "core/ruleset/desired.h"
#include "core/service/lookup.h"
#include "core/service/quota.h"
#include "core/service/auth-scope.h"

#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>

/* Options of a new network. */
typedef struct {
  GArray *subnets;
  gboolean ipv6;
  gboolean gateway;
  char *range;
  gboolean nat;
  char *uplink;
  guint32 mtu; /* bytes, 0 for that of the uplink */
  char *bridge;
  char *namespace_name;
  gboolean shared;
  char *firewall;
  gboolean isolated;
  gboolean guard; /* -1 for that which fits to @shared */
} Options;

static const NetnsField fields[] = {
  { "subnets", NETNS_FIELD_ADDRESSES, offsetof (Options, subnets) },
  { "ipv6", NETNS_FIELD_BOOLEAN, offsetof (Options, ipv6) },
  { "gateway", NETNS_FIELD_BOOLEAN, offsetof (Options, gateway) },
  { "range", NETNS_FIELD_TEXT, offsetof (Options, range) },
  { "nat", NETNS_FIELD_BOOLEAN, offsetof (Options, nat) },
  { "uplink", NETNS_FIELD_TEXT, offsetof (Options, uplink) },
  { "mtu", NETNS_FIELD_UINT32, offsetof (Options, mtu) },
  { "bridge", NETNS_FIELD_TEXT, offsetof (Options, bridge) },
  { "namespace", NETNS_FIELD_TEXT, offsetof (Options, namespace_name) },
  { "shared", NETNS_FIELD_BOOLEAN, offsetof (Options, shared) },
  { "firewall", NETNS_FIELD_TEXT, offsetof (Options, firewall) },
  { "isolated", NETNS_FIELD_BOOLEAN, offsetof (Options, isolated) },
  { "guard", NETNS_FIELD_BOOLEAN, offsetof (Options, guard) },
  { NULL },
};

NETNS_DEFINE_AUTO_RECORD (Options, fields)

/* Returns: (transfer none) (nullable): the network that @text names: `NAME` of the host, or `NS:NAME`. Errors:
 * `InvalidName`, `NotFound` */
NetnsNetwork *
netns_network_find (NetnsCore *core, const char *text, GError **error)
{
  g_autofree char *place = NULL;
  const char *name = netns_name_split_network (text, &place);
  NetnsNamespace *namespace;
  NetnsNetwork *network;

  /* The host's networks have one name each; an empty one in front may be a variable of a shell that was never set. */
  if (*text == ':' || *name == '\0')
    return netns_refuse_null (error, NETNS_ERROR_INVALID_NAME,
                              "“%s” does not name a network; use NAME in the host namespace, NAMESPACE:NAME in another",
                              text);
  namespace = netns_core_find_namespace (core, place, error);
  if (namespace == NULL)
    return NULL;
  network = netns_core_find_network (core, namespace, name);
  if (network == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no network “%s”%s", text,
                 *place == '\0' ? " in the host namespace; those in others are called NAMESPACE:NAME" : "");
  return network;
}

/* Whose a network is decides as much as where its bridge is. */
static void
touch (NetnsPlan *plan, guint caller, const NetnsNetwork *network)
{
  g_autofree char *name = netns_network_print (network);

  netns_plan_set_detail (plan, "network", name);
  if (network->base.owner != caller)
    netns_core_add_foreign (plan, NULL, network->base.owner);
  if (network->nat)
    netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_NAT);
}

static gboolean
choose_subnets (NetnsCore *core, NetnsNamespace *namespace, const NetnsLink *bridge, const Options *options,
                NetnsNetwork *network, GError **error)
{
  g_autofree char *name = netns_network_print (network);
  NetnsAddress subnet;

  for (guint i = 0; i < options->subnets->len; i++) {
    subnet = g_array_index (options->subnets, NetnsAddress, i);
    if (!netns_pool_check_subnet (core, namespace, network->subnets, bridge, &subnet, error))
      return FALSE;
    g_array_append_val (network->subnets, subnet);
  }
  if (network->subnets->len == 0 && bridge != NULL
      && !netns_pool_take_subnets (core, namespace, bridge, network->subnets, error))
    return FALSE;
  if (network->subnets->len == 0) {
    if (!netns_pool_find_subnet (core, namespace, &subnet, error))
      return FALSE;
    g_array_append_val (network->subnets, subnet);
  }
  if (!options->ipv6 || netns_addresses_have_family (network->subnets, AF_INET6))
    return TRUE;
  if (!netns_pool_find_subnet6 (core, namespace, name, &subnet, error))
    return FALSE;
  g_array_append_val (network->subnets, subnet);
  return TRUE;
}

/* The first address of each subnet, where an existing bridge has no other one. */
static void
choose_gateways (NetnsNetwork *network, const NetnsLink *bridge)
{
  for (guint i = 0; i < network->subnets->len; i++) {
    const NetnsAddress *subnet = &g_array_index (network->subnets, NetnsAddress, i);
    NetnsAddress address = *subnet;
    const NetnsAddress *own = NULL;

    for (guint j = 0; own == NULL && bridge != NULL && bridge->addresses != NULL && j < bridge->addresses->len; j++) {
      const NetnsLinkAddress *each = &g_array_index (bridge->addresses, NetnsLinkAddress, j);

      if (netns_pool_is_lasting (each) && each->address.prefix <= subnet->prefix
          && netns_address_contains (subnet, &each->address))
        own = &each->address;
    }
    netns_address_add (&address, 1);
    address = own ? *own : address;
    g_array_append_val (network->gateways, address);
    if (own != NULL)
      g_array_append_val (network->gateways_kept, address);
  }
}

#define IPV6_MTU_MIN 1280 /* RFC 8200, 5: with less the kernel switches IPv6 off on a link */

/* Returns: bytes, the least MTU that a network with these subnets can have */
guint
netns_network_get_mtu_min (const GArray *subnets)
{
  return netns_addresses_have_family (subnets, AF_INET6) ? IPV6_MTU_MIN : 0;
}

static void
plan_new_bridge (NetnsPlan *plan, const NetnsNetwork *network, const Options *options)
{
  NetnsLinkCreate create = {
    .spec = { .kind = "bridge", .name = network->bridge, .mtu = options->mtu, .enabled = TRUE },
    .uplink = network->uplink,
    .mtu_min = options->ipv6 ? IPV6_MTU_MIN : netns_network_get_mtu_min (options->subnets)
  };

  /* Left to the kernel, the address would be that of a port (br_stp_recalculate_bridge_id() in net/bridge/br_stp_if.c):
   * each connection could take the gateway away from those that know it under another address. */
  netns_link_choose_mac (create.mac);
  netns_plan_link_create (plan, network->base.namespace_name, &create);
}

/* What is done with the ports of a bridge, and with its rules, would be done to two networks at once. One whose bridge is
 * gone has the first that gets its name. */
static gboolean
check_bridge_is_free (NetnsCore *core, const NetnsNetwork *network, const NetnsLink *existing, GError **error)
{
  GHashTableIter iter;
  NetnsNetwork *other;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &other)) {
    g_autofree char *name = netns_network_print (other);

    if (strcmp (other->base.namespace_name, network->base.namespace_name) != 0
        || (strcmp (other->bridge, network->bridge) != 0
            && (existing == NULL || netns_network_find_bridge (netns_core_get_mirror (core), other) != existing)))
      continue;
    return netns_refuse (error, NETNS_ERROR_EXISTS,
                         "Bridge “%s” already belongs to network “%s”; a bridge can have only one network",
                         network->bridge, name);
  }
  return TRUE;
}

/* A bridge of the wanted name is used if the caller named it; the network's own name must be free. */
static gboolean
plan_bridge (NetnsCore *core, NetnsPlan *plan, NetnsNamespace *namespace, const Options *options, NetnsNetwork *network,
             GError **error)
{
  const char *wish = *options->bridge ? options->bridge : netns_network_get_name (network);
  NetnsLink *existing = netns_namespace_find_link (namespace, wish);
  g_autofree char *alternative = NULL, *path = NULL;

  if (existing != NULL && *options->bridge != '\0' && netns_link_is_bridge (existing)
      && netns_validate_link_name (existing->info.name, NULL)) {
    if (options->mtu != 0)
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                           "Option “mtu” is not allowed with the existing bridge “%s”, which keeps its MTU",
                           existing->info.name);
    network->bridge = g_strdup (existing->info.name);
    if (!check_bridge_is_free (core, network, existing, error))
      return FALSE;
    if (namespace->source == NETNS_SOURCE_HOST)
      netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_HOST_LINK);
    netns_plan_set_detail (plan, "link", network->bridge);
    netns_plan_use_identity (plan, existing->identity);
    return TRUE;
  }
  if (!netns_link_name_choose (namespace, wish, &network->bridge, &alternative, error)
      || !check_bridge_is_free (core, network, NULL, error))
    return FALSE;
  network->bridge_made = TRUE;
  network->mtu_follows = options->mtu == 0;
  plan_new_bridge (plan, network, options);
  /* Else a connected namespace could be the host's router by a router advertisement (as in CVE-2020-13401). */
  path = g_strdup_printf ("net/ipv6/conf/%s/accept_ra", network->bridge);
  netns_plan_sysctl_set (plan, namespace->name, &(NetnsSysctlSet) { .path = path, .value = "0", .if_there = TRUE });
  if (alternative != NULL)
    netns_plan_alternative_name_add (plan, namespace->name,
                                     &(NetnsAlternativeName) { .link.name = network->bridge, .name = alternative });
  return TRUE;
}

typedef void (*AddressFunc) (NetnsPlan *plan, const char *namespace_name, const NetnsAddressChange *change);

/* Adds or removes, by @change, those that the bridge has if @has, but for those that it had before. */
static void
plan_gateways (NetnsPlan *plan, AddressFunc change, gboolean has, const NetnsLink *bridge, const NetnsNetwork *network)
{
  for (guint i = 0; i < network->gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (network->gateways, NetnsAddress, i);

    if ((bridge == NULL || netns_link_has_address (bridge, gateway) == has)
        && netns_addresses_find (network->gateways_kept, netns_address_equal, gateway) == NULL)
      change (plan, network->base.namespace_name,
              &(NetnsAddressChange) {
                .link.name = network->bridge,
                .address = { .address = *gateway, .flags = IFA_F_NODAD },
                .ipv6_off = network->bridge_made ? NETNS_IPV6_OFF_SWITCH_ON : NETNS_IPV6_OFF_REFUSE
      });
  }
}

/* For a network that is guarded from now on. Frames to the addresses 01:80:c2:00:00:0X come by no rule, and yet a bridge
 * learns from where they come (br_handle_frame() in net/bridge/br_input.c): a member could have the packets of another
 * one sent to itself. */
void
netns_network_plan_learning (NetnsPlan *plan, const NetnsNetwork *network)
{
  NetnsBridgeSettings settings = { .link.name = network->bridge, .given = 1u << NETNS_BRIDGE_IGNORE_RESERVED };

  settings.values[NETNS_BRIDGE_IGNORE_RESERVED] = TRUE;
  netns_plan_bridge_set (plan, network->base.namespace_name, &settings);
}

static NetnsNetwork *
describe (NetnsNamespace *namespace, guint caller, const char *name, const Options *options)
{
  g_autofree char *key = netns_network_key_for (namespace, name);
  NetnsNetwork *network = netns_definition_new (&netns_network_class, key, namespace->name, namespace->cookie, caller);

  network->subnets = netns_addresses_new ();
  network->gateways = netns_addresses_new ();
  network->gateways_kept = netns_addresses_new ();
  network->ranges = netns_addresses_new ();
  network->nat = options->nat;
  network->shared = options->shared;
  network->isolated = options->isolated;
  network->guard_given = options->guard >= 0;
  network->guarded = network->guard_given ? options->guard : options->shared;
  return network;
}

static gboolean
check_options (NetnsCore *core, const NetnsNamespace *namespace, const char *name, const Options *options,
               GError **error)
{
  g_autofree char *shown = netns_name_for_network (namespace->name, name);

  if (strchr (name, ':') != NULL)
    return netns_refuse (error, NETNS_ERROR_INVALID_NAME,
                         "“%s” cannot be the name of a network; option “namespace” says in which namespace it is",
                         name);
  if (!netns_validate_network_name (name, error)
      || (*options->bridge != '\0' && !netns_validate_link_name (options->bridge, error))
      || !netns_network_check_firewall (options->firewall, options->nat, error))
    return FALSE;
  if (options->isolated && (options->nat || *options->uplink != '\0'))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "An isolated network has no uplink: leave out either “isolated” or “nat” and “uplink”");
  if (netns_core_find_network (core, namespace, name) != NULL)
    return netns_refuse (error, NETNS_ERROR_EXISTS, "Network “%s” already exists", shown);
  return TRUE;
}

/* The plan for method Manager.CreateNetwork, with a{sv} @values; @key is then what the network is kept by. Errors are
 * `InvalidName`, `InvalidArgument`, `NotFound`, `Exists` and `SubnetConflict`. */
NetnsPlan *
netns_network_create (NetnsCore *core, guint caller, const char *name, GVariant *values, char **key, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (NetnsNetwork) network = NULL;
  g_auto (Options) options = { .guard = -1 };
  NetnsNamespace *namespace = NULL;
  const NetnsLink *bridge = NULL;

  if (netns_options_read (netns_options_manager_create_network, NULL, values, fields, &options, error)) {
    namespace = netns_core_use_namespace (core, plan, caller, options.namespace_name, error);
  }
  if (namespace == NULL || !netns_core_check_named (namespace, error)
      || !check_options (core, namespace, name, &options, error)
      || !netns_core_check_definitions (core, caller, &netns_network_class, error)
      || !netns_core_check_quota (core, caller, 0, 1, error))
    return NULL;
  network = describe (namespace, caller, name, &options);
  touch (plan, caller, network);
  if (!netns_pool_find_uplink (namespace, options.uplink, &network->uplink, error)
      || !plan_bridge (core, plan, namespace, &options, network, error))
    return NULL;
  bridge = network->bridge_made ? NULL : netns_network_find_bridge (netns_core_get_mirror (core), network);
  if (!choose_subnets (core, namespace, bridge, &options, network, error))
    return NULL;
  if (options.gateway)
    choose_gateways (network, bridge);
  if (!netns_range_parse_list (options.range, network, error))
    return NULL;
  netns_pool_set_detail (plan, network->subnets);
  plan_gateways (plan, netns_plan_address_add, FALSE, bridge, network);
  if (network->guarded)
    netns_network_plan_learning (plan, network);
  network->cured = strcmp (options.firewall, "cure") == 0;
  if (*options.firewall != '\0') {
    netns_network_plan_routing_check (plan, namespace, network);
    netns_network_plan_allow (plan, namespace, network, network->cured);
  }
  netns_desired_replace (core, plan, NULL, &network->base);
  if (*options.firewall != '\0')
    netns_network_plan_check_forwarding (core, plan, namespace, network);
  if (network->cured)
    netns_network_plan_insert (plan, namespace, network);
  *key = g_strdup (network->base.name);
  return g_steal_pointer (&plan);
}

static gboolean
check_unused (NetnsCore *core, const NetnsNetwork *network, GError **error)
{
  g_autoptr (GPtrArray) members = netns_network_list_members (netns_core_get_mirror (core), network);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *shown = netns_network_print (network);

  for (guint i = 0; i < members->len; i++) {
    const NetnsNamespace *namespace = ((NetnsLink *) g_ptr_array_index (members, i))->namespace;

    /* A veth pair that leads back is no connection; its other end is a port, of which check_ports() speaks. */
    if (strcmp (namespace->name, network->base.namespace_name) != 0)
      g_string_append_printf (names, "%s%s", names->len ? ", " : "",
                              *namespace->name ? namespace->name : "the host namespace");
  }
  if (names->len == 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_BUSY, "Network “%s” is in use, disconnect first: %s", shown, names->str);
}

/* Other links than those of connected namespaces would lose their bridge. */
static gboolean
check_ports (const NetnsNetwork *network, const NetnsLink *bridge, GError **error)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);
  g_autofree char *shown = netns_network_print (network);

  if (ports->len == 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_BUSY, "Bridge “%s” of network “%s” still has port “%s”, detach it first",
                       network->bridge, shown, ((NetnsLink *) g_ptr_array_index (ports, 0))->info.name);
}

/* The plan for method Network.Delete. Its error is `Busy`. */
NetnsPlan *
netns_network_delete (NetnsCore *core, guint caller, const NetnsNetwork *network, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsLink *bridge = netns_network_find_bridge (netns_core_get_mirror (core), network);
  NetnsNamespace *namespace;

  touch (plan, caller, network);
  netns_plan_use_identity (plan, network->base.identity);
  namespace = netns_core_use_namespace (core, plan, caller, network->base.namespace_name, error);
  if (namespace == NULL || !check_unused (core, network, error)
      || (bridge != NULL && network->bridge_made && !check_ports (network, bridge, error)))
    return NULL;
  if (bridge != NULL)
    netns_plan_use_identity (plan, bridge->identity);
  netns_network_plan_disallow (plan, namespace, network);
  netns_desired_replace (core, plan, &network->base, NULL);
  if (bridge != NULL && network->bridge_made)
    netns_plan_link_delete (plan, network->base.namespace_name, &(NetnsLinkRef) { .index = bridge->info.index });
  else if (bridge != NULL)
    plan_gateways (plan, netns_plan_address_remove, TRUE, bridge, network);
  return g_steal_pointer (&plan);
}

/* The plan for method Network.SetNat. Its error is `InvalidArgument`. */
NetnsPlan *
netns_network_set_nat (NetnsCore *core, guint caller, const NetnsNetwork *network, gboolean nat, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (NetnsNetwork) changed = netns_definition_copy (network);
  g_autofree char *shown = netns_network_print (network);
  NetnsNamespace *namespace;

  touch (plan, caller, network);
  netns_plan_use_identity (plan, network->base.identity);
  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_NAT);
  namespace = netns_core_use_namespace (core, plan, caller, network->base.namespace_name, error);
  if (namespace == NULL)
    return NULL;
  if (network->isolated && nat) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Network “%s” is isolated and cannot have NAT",
                 shown);
    return NULL;
  }
  if (network->nat == nat)
    return g_steal_pointer (&plan);
  netns_network_plan_disallow (plan, namespace, network);
  changed->cured = FALSE; /* packets that are not forwarded need no rules */
  changed->nat = nat;
  netns_desired_replace (core, plan, &network->base, &changed->base);
  return g_steal_pointer (&plan);
}
