/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/connect.h"

#include "common/error.h"
#include "common/options.h"
#include "core/link/address-steps.h"
#include "core/link/link-name.h"
#include "core/link/link-steps.h"
#include "core/link/route-steps.h"
#include "core/network/inquiry.h"
#include "core/network/network-firewall.h"
#include "core/network/network-plan.h"
#include "core/network/pool.h"
#include "core/ruleset/guard.h"
#include "core/service/lookup.h"
#include "core/service/quota.h"
#include "core/service/auth-scope.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTIONS_MAX 1000 /* of one namespace: eth0 to eth999 */

/* Options of a connection. */
typedef struct {
  GArray *addresses;
  char *name;
  gboolean default_route; /* -1 to decide by what there is */
  char *firewall;
} Options;

static const NetnsField fields[] = {
  { "addresses", NETNS_FIELD_ADDRESSES, offsetof (Options, addresses) },
  { "name", NETNS_FIELD_TEXT, offsetof (Options, name) },
  { "default-route", NETNS_FIELD_BOOLEAN, offsetof (Options, default_route) },
  { "firewall", NETNS_FIELD_TEXT, offsetof (Options, firewall) },
  { NULL },
};

NETNS_DEFINE_AUTO_RECORD (Options, fields)

/* Every user may connect to shared networks. */
static void
touch_network (NetnsPlan *plan, guint caller, const NetnsNetwork *network)
{
  g_autofree char *name = netns_network_print (network);

  netns_plan_set_detail (plan, "network", name);
  netns_plan_use_identity (plan, network->base.identity);
  if (network->base.owner != caller && !network->shared)
    netns_core_add_foreign (plan, NULL, network->base.owner);
}

/* The user who created a network in a namespace may connect to it, and share it, as long as the namespace belongs to
 * the same user. */
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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS,
               "Namespace “%s” already has links eth0 to eth%d; specify a name for the new one", namespace->name,
               CONNECTIONS_MAX - 1);
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

/* A member can have an address without having it on its link. */
static gboolean
check_unbound (const NetnsNetwork *network, const GArray *bound, const NetnsAddress *address, GError **error)
{
  g_autofree char *name = netns_network_print (network);
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (netns_addresses_find (bound, netns_address_equal_host, address) == NULL)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE, "Address %s of network “%s” is in use by another member",
                       netns_address_print (address, text), name);
}

static gboolean
choose_addresses (NetnsCore *core, NetnsInquiry *inquiry, const NetnsNetwork *network, const NetnsLink *bridge,
                  const GArray *wishes, GArray *addresses, GError **error)
{
  NetnsMirror *mirror = netns_core_get_mirror (core);
  g_autoptr (GArray) bound = netns_guard_list_addresses (core, bridge);

  netns_inquiry_begin (inquiry, bridge);
  for (guint i = 0; i < wishes->len; i++) {
    NetnsAddress address = g_array_index (wishes, NetnsAddress, i);

    if (!netns_pool_check_address (mirror, network, &address, error) || !check_unbound (network, bound, &address, error)
        || !netns_inquiry_use (inquiry, &address, error))
      return FALSE;
    g_array_append_val (addresses, address);
  }
  netns_inquiry_add_taken (inquiry, bound);
  for (guint i = 0; wishes->len == 0 && i < network->subnets->len; i++) {
    NetnsAddress address;

    if (!netns_pool_find_address (mirror, network, bound, &g_array_index (network->subnets, NetnsAddress, i), &address,
                                  error)
        || !netns_inquiry_use (inquiry, &address, error))
      return FALSE;
    g_array_append_val (addresses, address);
  }
  return TRUE;
}

static void
plan_default_routes (NetnsPlan *plan, const NetnsNamespace *namespace, const NetnsNetwork *network,
                     const GArray *addresses, const Options *options, const char *link)
{
  gboolean done[2] = { FALSE, FALSE };

  for (guint i = 0; i < network->gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (network->gateways, NetnsAddress, i);
    gboolean *family_done = &done[gateway->family == AF_INET6];

    if (*family_done || !netns_addresses_have_family (addresses, gateway->family)
        || (options->default_route >= 0 ? !options->default_route : network->isolated))
      continue;
    netns_plan_route_add (plan, namespace->name,
                          &(NetnsRouteChange) {
                            .route = { .destination.family = gateway->family, .gateway = *gateway },
                            .link = link,
                            .if_cut_off = options->default_route < 0,
                            .unless_left_out = TRUE
    });
    *family_done = TRUE;
  }
}

static void
plan_pair (NetnsPlan *plan, const NetnsNetwork *network, const NetnsLink *bridge, const char *name,
           const char *alternative, const NetnsNamespace *namespace, const char *name_inside,
           const guint8 mac_inside[NETNS_MAC_LENGTH])
{
  NetnsLinkCreate create = {
    .spec = { .kind = "veth",
             .name = name,
             .mtu = bridge->info.mtu,
             .master = bridge->info.index,
             .enabled = TRUE,
             .peer_name = name_inside },
    .peer_namespace = namespace->name,
  };

  memcpy (create.peer_mac, mac_inside, NETNS_MAC_LENGTH);
  netns_plan_link_create (plan, network->base.namespace_name, &create);
  if (alternative != NULL)
    netns_plan_alternative_name_add (plan, network->base.namespace_name,
                                     &(NetnsAlternativeName) { .link.name = name, .name = alternative });
}

static void
plan_inside (NetnsPlan *plan, const NetnsNamespace *namespace, const char *name, const char *alternative,
             const GArray *addresses, gboolean asked_for)
{
  /* Who switched IPv6 off in a namespace did that for a reason, such as a VPN that has none: a network does not undo it
   * unless IPv6 is all there is. */
  NetnsIpv6Off ipv6_off = asked_for || !netns_addresses_have_family (addresses, AF_INET) ? NETNS_IPV6_OFF_SWITCH_ON
                                                                                         : NETNS_IPV6_OFF_LEAVE_OUT;

  if (alternative != NULL)
    netns_plan_alternative_name_add (plan, namespace->name,
                                     &(NetnsAlternativeName) { .link.name = name, .name = alternative });
  for (guint i = 0; i < addresses->len; i++)
    netns_plan_address_add (
      plan, namespace->name,
      &(NetnsAddressChange) {
        .link.name = name,
        .address = { .address = g_array_index (addresses, NetnsAddress, i), .flags = IFA_F_NODAD },
        .ipv6_off = ipv6_off
    });
  netns_plan_link_set_enabled (plan, namespace->name, &(NetnsLinkSetting) { .link.name = name, .enabled = TRUE });
}

/* A network with members of one owner gets its guard with the second one. @mac stays all 0, for the kernel's choice, if
 * there is none. */
static void
plan_guard (NetnsCore *core, NetnsPlan *plan, const NetnsNetwork *network, const NetnsNamespace *namespace,
            const char *port, const GArray *addresses, guint8 mac[NETNS_MAC_LENGTH])
{
  guint owner = netns_owners_get (netns_core_get_owners (core), namespace);

  if (!network->guarded && (network->guard_given || !netns_guard_has_owners (core, network, namespace)))
    return;
  if (!network->guarded)
    netns_network_plan_learning (plan, network);
  netns_link_choose_mac (mac);
  netns_guard_plan_connect (core, plan, network, port, mac, addresses, owner);
}

static gboolean
refuse_host (const NetnsNamespace *namespace, GError **error)
{
  if (namespace->source != NETNS_SOURCE_HOST)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "The host namespace cannot be connected to a network; use CreateVeth");
}

static gboolean
check_connectable (NetnsMirror *mirror, const NetnsNamespace *namespace, const NetnsNetwork *network, GError **error)
{
  g_autofree char *name = netns_network_print (network);

  if (strcmp (namespace->name, network->base.namespace_name) == 0)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "The bridge of network “%s” is in this namespace itself", name);
  else if (find_member (mirror, network, namespace) != NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "Namespace “%s” is already connected to network “%s”",
                 namespace->name, name);
  else if (netns_network_find_bridge (mirror, network) == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND,
                 "The bridge “%s” of network “%s” is gone; delete the network and create it again", network->bridge,
                 name);
  else
    return TRUE;
  return FALSE;
}

/* The plan for method Manager.Connect, with a{sv} @values and what the call has asked for so far; @link_name is then the
 * name of the link inside. Errors are
 * `InvalidName`, `InvalidArgument`, `NotFound`, `Exists` and `AddressInUse`. */
NetnsPlan *
netns_network_connect (NetnsCore *core, guint caller, const char *namespace_name, const char *network_name,
                       GVariant *values, NetnsInquiry *inquiry, char **link_name, GError **error)
{
  NetnsMirror *mirror = netns_core_get_mirror (core);
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_auto (Options) options = { .default_route = -1 };
  NetnsNetwork *network = NULL;
  NetnsNamespace *namespace, *outside;
  NetnsLink *bridge;
  guint8 mac[NETNS_MAC_LENGTH] = { 0 };
  g_autoptr (GArray) addresses = netns_addresses_new ();
  g_autofree char *wish = NULL, *inside = NULL, *inside_alternative = NULL, *name = NULL, *alternative = NULL;

  if (netns_options_read (netns_options_manager_connect, NULL, values, fields, &options, error))
    network = netns_network_find (core, network_name, error);
  namespace = network ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL;
  if (namespace == NULL || !refuse_host (namespace, error) || !check_connectable (mirror, namespace, network, error)
      || !netns_network_check_firewall (options.firewall, network->nat, error))
    return NULL;
  touch_network (plan, caller, network);
  outside = netns_core_find_namespace (core, network->base.namespace_name, error);
  if (outside == NULL)
    return NULL;
  touch_outside (core, plan, caller, network, outside);
  if (!netns_core_check_quota (core, caller, 0, 2, error))
    return NULL;
  bridge = netns_network_find_bridge (mirror, network);
  netns_plan_use_identity (plan, bridge->identity);
  wish = *options.name ? g_strdup (options.name) : choose_name_inside (namespace, error);
  if (wish == NULL || !netns_link_name_choose (namespace, wish, &inside, &inside_alternative, error)
      || !choose_host_end (outside, namespace->name, &name, &alternative, error)
      || !choose_addresses (core, inquiry, network, bridge, options.addresses, addresses, error))
    return NULL;
  if (*options.firewall != '\0') {
    netns_network_plan_routing_check (plan, outside, network);
    netns_network_plan_allow (plan, outside, network, FALSE);
    netns_network_plan_check_forwarding (core, plan, outside, network);
  }
  plan_guard (core, plan, network, namespace, name, addresses, mac);
  plan_pair (plan, network, bridge, name, alternative, namespace, inside, mac);
  plan_inside (plan, namespace, inside, inside_alternative, addresses, options.addresses->len > 0);
  plan_default_routes (plan, namespace, network, addresses, &options, inside);
  *link_name = g_steal_pointer (&inside);
  return g_steal_pointer (&plan);
}

/* Nothing passes the port from now on. */
static void
plan_unguard (NetnsCore *core, NetnsPlan *plan, const NetnsLink *port)
{
  if (netns_guard_find_binding (core, port) == NULL)
    return;
  netns_plan_link_set_enabled (plan, port->namespace->name, &(NetnsLinkSetting) { .link.index = port->info.index });
  netns_guard_plan_disconnect (core, plan, port);
}

/* The plan for method Manager.Disconnect. Errors are `NotFound` and `InvalidArgument`. */
NetnsPlan *
netns_network_disconnect (NetnsCore *core, guint caller, const char *namespace_name, const char *network_name,
                          GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNetwork *network = netns_network_find (core, network_name, error);
  NetnsNamespace *namespace = network ? netns_core_use_namespace (core, plan, caller, namespace_name, error) : NULL;
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
  netns_plan_use_identity (plan, link->identity);
  plan_unguard (core, plan, netns_mirror_get_peer (netns_core_get_mirror (core), link));
  netns_plan_link_delete (plan, namespace->name, &(NetnsLinkRef) { .index = link->info.index });
  return g_steal_pointer (&plan);
}
