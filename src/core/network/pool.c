/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/pool.h"

#include "common/error.h"
#include "common/validate.h"
#include "kernel/etc.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define TAKEN_MAX        64 /* subnets of a bridge, as many as a caller can name */
#define POOL_SUBNETS     256 /* of each range */
#define POOL_PREFIX4     24
#define POOL_PREFIX6     64
#define POOL_PREFIX6_ALL 48 /* of those of this machine */

/* Networks that name no subnet get one of 256 addresses from these ranges, the first that is free. The first range is
 * away from what Docker (172.17-31), libvirt (192.168.122), podman (10.88-89) and home routers take. */
static const struct {
  const char *range;
  guint32 distance; /* addresses from one subnet to the next */
} pool[] = {
  { "10.213.0.0/16",  256  },
  { "172.16.0.0/12",  4096 },
  { "192.168.0.0/16", 256  },
};

/* A route to a bigger part of the Internet singles nobody out: 0.0.0.0/1 and 128.0.0.0/1, or 2000::/3, are a default
 * route in other words. */
#define DEFAULT_PREFIX_MAX4 7
#define DEFAULT_PREFIX_MAX6 6

/* In this order, how bad it is. */
typedef enum {
  FREE,
  COVERED, /* by a wider route to somewhere, which still leads to the rest of what it leads to */
  TAKEN,
} Use;

/* A subnet without a second address to give is no network. */
#define PREFIX_MAX4 30
#define PREFIX_MAX6 126

/* @wish is a name or alternative name of a link, empty for the link with the route; @name is what rules match. Errors
 * are `InvalidName` and `NotFound`. */
gboolean
netns_pool_find_uplink (NetnsNamespace *namespace, const char *wish, char **name, GError **error)
{
  const NetnsLink *link = *wish != '\0' ? netns_namespace_find_link (namespace, wish) : NULL;

  if (*wish == '\0') {
    *name = g_strdup ("");
    return TRUE;
  }
  if (!netns_validate_link_name (wish, error))
    return FALSE;
  if (link == NULL)
    return netns_refuse (error, NETNS_ERROR_NOT_FOUND, "There is no link “%s” to use as uplink", wish);
  *name = g_strdup (link->info.name);
  return netns_validate_link_name (*name, error);
}

/* Whether the hosts that a route leads to are on its link. Not on those of VPNs: they have nobody to ask for a hardware
 * address, or an address without neighbours. */
static gboolean
is_on_link (const NetnsRoute *route, const NetnsLink *link)
{
  int family = route->destination.family;

  if (link == NULL || route->gateway.family != AF_UNSPEC)
    return FALSE;
  if (route->protocol == RTPROT_KERNEL || route->protocol == RTPROT_RA || route->protocol == RTPROT_DHCP)
    return TRUE;
  if (link->info.flags & (IFF_NOARP | IFF_POINTOPOINT))
    return FALSE;
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (link->addresses, NetnsLinkAddress, i).address;

    if (address->family == family && address->prefix < netns_address_size (address) * 8
        && !netns_address_is_link_local (address))
      return TRUE;
  }
  return FALSE;
}

static Use
judge_route (const NetnsRoute *route, NetnsNamespace *namespace, const NetnsAddress *subnet)
{
  guint default_max = subnet->family == AF_INET ? DEFAULT_PREFIX_MAX4 : DEFAULT_PREFIX_MAX6;

  if (route->destination.prefix <= default_max || !netns_address_overlaps (&route->destination, subnet))
    return FREE;
  if (route->destination.prefix >= subnet->prefix
      || is_on_link (route, netns_namespace_get_link (namespace, route->link)))
    return TAKEN;
  return COVERED;
}

/* A bridge's own routes to who is on it are no others' subnets. */
static gboolean
check_route (const NetnsRoute *route, NetnsNamespace *namespace, const NetnsLink *bridge, const NetnsAddress *subnet,
             GError **error)
{
  const NetnsLink *link;
  char text[NETNS_ADDRESS_MAX_TEXT], route_text[NETNS_ADDRESS_MAX_TEXT];

  if (judge_route (route, namespace, subnet) != TAKEN
      || (bridge != NULL && route->link == bridge->info.index && route->gateway.family == AF_UNSPEC))
    return TRUE;
  link = netns_namespace_get_link (namespace, route->link);
  return netns_refuse (error, NETNS_ERROR_SUBNET_CONFLICT,
                       "Subnet %s overlaps the route to %s via link “%s” (table %u); choose another one",
                       netns_address_print (subnet, text), netns_address_print (&route->destination, route_text),
                       link ? link->info.name : "", route->table);
}

static gboolean
check_network (const NetnsNetwork *network, const NetnsNamespace *namespace, const NetnsAddress *subnet, GError **error)
{
  g_autofree char *name = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (strcmp (network->base.namespace_name, namespace->name) != 0
      || netns_addresses_find (network->subnets, netns_address_overlaps, subnet) == NULL)
    return TRUE;
  name = netns_network_print (network);
  return netns_refuse (error, NETNS_ERROR_SUBNET_CONFLICT, "Subnet %s overlaps that of network “%s”",
                       netns_address_print (subnet, text), name);
}

/* Ranges in which no host of a network can have its address (RFC 6890, RFC 4291): packets to them do not leave a host, or
 * are no one host's. */
static gboolean
check_purpose (const NetnsAddress *subnet, GError **error)
{
  static const struct {
    const char *range;
    const char *purpose;
  } ranges[] = {
    { "0.0.0.0/8",   "this host"  },
    { "127.0.0.0/8", "loopback"   },
    { "224.0.0.0/4", "multicast"  },
    { "::/127",      "this host"  },
    { "fe80::/10",   "link-local" },
    { "ff00::/8",    "multicast"  },
  };
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++) {
    NetnsAddress range;

    if (!netns_address_parse_subnet (ranges[i].range, &range, error))
      return FALSE;
    if (!netns_address_overlaps (&range, subnet))
      continue;
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "Subnet %s cannot be used for a network: %s is for %s addresses",
                         netns_address_print (subnet, text), ranges[i].range, ranges[i].purpose);
  }
  return TRUE;
}

static guint
get_longest_prefix (const NetnsAddress *subnet)
{
  return subnet->family == AF_INET ? PREFIX_MAX4 : PREFIX_MAX6;
}

/* Whether a network can have @subnet besides @others, its further subnets, if any, on @bridge, if that is there already.
 * Compares with the routes of all tables: a VPN's or policy route's subnet is taken even if `ip route` does not show it. It
 * may be a part of what a route with a gateway leads to. Errors are `SubnetConflict` and `InvalidArgument`. */
gboolean
netns_pool_check_subnet (NetnsCore *core, NetnsNamespace *namespace, const GArray *others, const NetnsLink *bridge,
                         const NetnsAddress *subnet, GError **error)
{
  GHashTableIter iter;
  NetnsNetwork *network;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (subnet->prefix == 0 || subnet->prefix > get_longest_prefix (subnet))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "Subnet %s cannot be used for a network: its prefix length must be between 1 and %u",
                         netns_address_print (subnet, text), get_longest_prefix (subnet));
  if (!check_purpose (subnet, error))
    return FALSE;
  if (others != NULL && netns_addresses_find (others, netns_address_overlaps, subnet) != NULL)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Subnet %s overlaps another one of the same network",
                         netns_address_print (subnet, text));
  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (!check_network (network, namespace, subnet, error))
      return FALSE;
  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++)
    if (!check_route (&g_array_index (namespace->routes, NetnsRoute, i), namespace, bridge, subnet, error))
      return FALSE;
  return TRUE;
}

/* Returns: (transfer container): the routes of a namespace that have to do with @range, which are few even where all the
 * Internet's are known */
static GPtrArray *
pick_routes (const NetnsNamespace *namespace, const NetnsAddress *range)
{
  GPtrArray *routes = g_ptr_array_new ();

  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++) {
    NetnsRoute *route = &g_array_index (namespace->routes, NetnsRoute, i);

    if (netns_address_overlaps (&route->destination, range))
      g_ptr_array_add (routes, route);
  }
  return routes;
}

static Use
judge (NetnsCore *core, NetnsNamespace *namespace, GPtrArray *routes, const NetnsAddress *subnet)
{
  GHashTableIter iter;
  NetnsNetwork *network;
  Use use = FREE;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (!check_network (network, namespace, subnet, NULL))
      return TAKEN;
  for (guint i = 0; i < routes->len && use != TAKEN; i++)
    use = MAX (use, judge_route (g_ptr_array_index (routes, i), namespace, subnet));
  return use;
}

/* Finds a free subnet of 256 addresses, or else one that only a wider route covers; the error is `SubnetConflict` when
 * there is none. */
gboolean
netns_pool_find_subnet (NetnsCore *core, NetnsNamespace *namespace, NetnsAddress *subnet, GError **error)
{
  NetnsAddress covered = { 0 };

  for (gsize row = 0; row < G_N_ELEMENTS (pool); row++) {
    g_autoptr (GPtrArray) routes = NULL;

    netns_address_parse (pool[row].range, subnet, NULL);
    routes = pick_routes (namespace, subnet);
    subnet->prefix = POOL_PREFIX4;
    for (guint i = 0; i < POOL_SUBNETS; i++, netns_address_add (subnet, pool[row].distance)) {
      Use use = judge (core, namespace, routes, subnet);

      if (use == FREE)
        return TRUE;
      if (use == COVERED && covered.family == AF_UNSPEC)
        covered = *subnet;
    }
  }
  *subnet = covered;
  return covered.family != AF_UNSPEC
         || netns_refuse (error, NETNS_ERROR_SUBNET_CONFLICT,
                          "All subnets for networks in 10.213.0.0/16, 172.16.0.0/12 and 192.168.0.0/16 are in use; "
                          "specify a free one");
}

/* 40 bits that are very likely unique to this machine (RFC 4193, 3.2.2). The machine ID itself must not be exposed
 * (machine-id(5)), so it is hashed; a machine without one has random bits. */
static void
fill_global_id (guint8 bytes[5])
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *id = NULL;
  guint8 digest[32];
  gsize size = sizeof digest;

  id = netns_etc_read ("/etc/machine-id");
  if (id == NULL || *g_strstrip (id) == '\0') {
    g_free (id);
    id = g_uuid_string_random ();
  }
  g_checksum_update (checksum, (const guchar *) "org.example.NetNS1 ", -1);
  g_checksum_update (checksum, (const guchar *) id, -1);
  g_checksum_get_digest (checksum, digest, &size);
  memcpy (bytes, digest, 5);
}

/* Finds a free unique local subnet, always the same for what a network alone is called, @name, as long as it is free, or
 * else one that only a wider route covers; the error is `SubnetConflict` when there is none. */
gboolean
netns_pool_find_subnet6 (NetnsCore *core, NetnsNamespace *namespace, const char *name, NetnsAddress *subnet,
                         GError **error)
{
  guint8 bytes[16] = { 0xfd };
  guint first = g_str_hash (name);
  NetnsAddress covered = { 0 };
  g_autoptr (GPtrArray) routes = NULL;

  fill_global_id (bytes + 1);
  netns_address_set_bytes (subnet, AF_INET6, bytes, POOL_PREFIX6_ALL);
  routes = pick_routes (namespace, subnet);
  for (guint i = 0; i < POOL_SUBNETS; i++) {
    Use use;

    bytes[6] = (guint8) ((first + i) >> 8);
    bytes[7] = (guint8) (first + i);
    netns_address_set_bytes (subnet, AF_INET6, bytes, POOL_PREFIX6);
    use = judge (core, namespace, routes, subnet);
    if (use == FREE)
      return TRUE;
    if (use == COVERED && covered.family == AF_UNSPEC)
      covered = *subnet;
  }
  *subnet = covered;
  return covered.family != AF_UNSPEC
         || netns_refuse (error, NETNS_ERROR_SUBNET_CONFLICT,
                          "%u IPv6 subnets of this machine are in use; specify a free one", POOL_SUBNETS);
}

/* Returns: whether an address can be a network's: what a router gives for a time ends with another prefix, and one with a
 * peer has no subnet */
gboolean
netns_pool_is_lasting (const NetnsLinkAddress *address)
{
  return address->peer.family == AF_UNSPEC && !netns_address_is_link_local (&address->address)
         && (address->address.family == AF_INET || address->valid_until == 0);
}

/* Appends to @subnets those that an existing bridge has. Errors are `SubnetConflict` and `InvalidArgument`. */
gboolean
netns_pool_take_subnets (NetnsCore *core, NetnsNamespace *namespace, const NetnsLink *bridge, GArray *subnets,
                         GError **error)
{
  for (guint i = 0; bridge->addresses != NULL && i < bridge->addresses->len; i++) {
    const NetnsLinkAddress *address = &g_array_index (bridge->addresses, NetnsLinkAddress, i);
    NetnsAddress subnet;

    netns_address_get_subnet (&address->address, &subnet);
    if (!netns_pool_is_lasting (address) || subnet.prefix > get_longest_prefix (&subnet)
        || netns_addresses_find (subnets, netns_address_overlaps, &subnet) != NULL)
      continue;
    if (subnets->len >= TAKEN_MAX)
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                           "Bridge “%s” has addresses of more than %d subnets; specify those of the network",
                           bridge->info.name, TAKEN_MAX);
    if (!netns_pool_check_subnet (core, namespace, subnets, bridge, &subnet, error))
      return FALSE;
    g_array_append_val (subnets, subnet);
  }
  return TRUE;
}

/* Notes in @plan which subnets it is about. */
void
netns_pool_set_detail (NetnsPlan *plan, const GArray *subnets)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; i < subnets->len; i++)
    netns_plan_add_detail (plan, "subnet", netns_address_print (&g_array_index (subnets, NetnsAddress, i), text),
                           i == 0);
}

static guint
hash_host (gconstpointer key)
{
  const NetnsAddress *address = key;
  guint hash = address->family;

  for (gsize i = 0; i < netns_address_size (address); i++)
    hash = hash * 31 + address->bytes[i];
  return hash;
}

static gboolean
equal_host (gconstpointer a, gconstpointer b)
{
  return netns_address_equal_host (a, b);
}

/* Each address in use, with the link that has it: in a namespace, or the bridge; %NULL for the gateway. */
static GHashTable *
collect_used (NetnsMirror *mirror, const NetnsNetwork *network, const GArray *leases)
{
  GHashTable *used = g_hash_table_new (hash_host, equal_host);
  NetnsLink *bridge = netns_network_find_bridge (mirror, network);

  for (guint i = 0; bridge != NULL && bridge->addresses != NULL && i < bridge->addresses->len; i++)
    g_hash_table_insert (used, &g_array_index (bridge->addresses, NetnsLinkAddress, i).address, bridge);
  for (guint i = leases->len; i > 0; i--) {
    NetnsLease *lease = &g_array_index (leases, NetnsLease, i - 1);

    g_hash_table_insert (used, &lease->address, lease->link);
  }
  for (guint i = 0; i < network->gateways->len; i++)
    g_hash_table_insert (used, &g_array_index (network->gateways, NetnsAddress, i), NULL);
  return used;
}

/* Whether @address, which is in @subnet, can be that of a host: neither the first one, to which every router listens (RFC
 * 4291, 2.6.1; RFC 1812, 4.2.3.1), nor that for broadcasts. */
gboolean
netns_pool_is_for_hosts (const NetnsAddress *subnet, const NetnsAddress *address)
{
  NetnsAddress last;

  netns_address_get_last (subnet, &last);
  return !netns_address_equal_host (subnet, address) && memcmp (address->bytes, last.bytes, sizeof last.bytes) <= 0;
}

/* Whether a namespace can have @address, which gets the prefix length of its subnet if it has none. Errors are
 * `AddressInUse` and `InvalidArgument`. */
gboolean
netns_pool_check_address (NetnsMirror *mirror, const NetnsNetwork *network, NetnsAddress *address, GError **error)
{
  g_autoptr (GArray) leases = netns_network_list_leases (mirror, network);
  g_autoptr (GHashTable) used = collect_used (mirror, network, leases);
  const NetnsAddress *subnet = netns_addresses_find (network->subnets, netns_address_contains, address);
  const NetnsLink *bridge = netns_network_find_bridge (mirror, network), *found;
  g_autofree char *user = NULL, *name = netns_network_print (network);
  char text[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print (address, text);
  if (subnet == NULL || !netns_pool_is_for_hosts (subnet, address))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "%s is not a host address in network “%s”", text, name);
  if (address->prefix == (address->family == AF_INET ? 32 : 128))
    address->prefix = subnet->prefix;
  if (!g_hash_table_lookup_extended (used, address, NULL, (gpointer *) &found))
    return TRUE;
  if (found != NULL && found != bridge)
    user = g_strdup_printf ("namespace “%s”", found->namespace->name);
  return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE, "Address %s of network “%s” is in use by %s", text, name,
                       user    ? user
                       : found ? "the bridge"
                               : "the gateway");
}

/* @first and @last, with the prefix length of @subnet, are then the ends of what @network gives of that subnet. */
static void
find_range (const NetnsNetwork *network, const NetnsAddress *subnet, NetnsAddress *first, NetnsAddress *last)
{
  *first = *subnet;
  netns_address_add (first, 1);
  netns_address_get_last (subnet, last);
  for (guint i = 0; network->ranges != NULL && i + 1 < network->ranges->len; i += 2) {
    if (!netns_address_contains (subnet, &g_array_index (network->ranges, NetnsAddress, i)))
      continue;
    *first = g_array_index (network->ranges, NetnsAddress, i);
    *last = g_array_index (network->ranges, NetnsAddress, i + 1);
    first->prefix = last->prefix = subnet->prefix;
  }
}

/* Finds the lowest free address that @network gives of @subnet, one of its own, with prefix length, which is none of those that are @bound
 * to members; the error is `AddressInUse` when there is none. */
gboolean
netns_pool_find_address (NetnsMirror *mirror, const NetnsNetwork *network, const GArray *bound,
                         const NetnsAddress *subnet, NetnsAddress *address, GError **error)
{
  g_autoptr (GArray) leases = netns_network_list_leases (mirror, network);
  g_autoptr (GHashTable) used = collect_used (mirror, network, leases);
  char text[NETNS_ADDRESS_MAX_TEXT], first_text[NETNS_ADDRESS_MAX_TEXT], last_text[NETNS_ADDRESS_MAX_TEXT];
  NetnsAddress first, last;

  find_range (network, subnet, &first, &last);
  for (guint i = 0; i < bound->len; i++)
    g_hash_table_insert (used, &g_array_index (bound, NetnsAddress, i), NULL);
  for (*address = first;
       netns_address_contains (subnet, address) && memcmp (address->bytes, last.bytes, sizeof last.bytes) <= 0;
       netns_address_add (address, 1))
    if (!g_hash_table_contains (used, address))
      return TRUE;
  return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE, "All addresses of %s from %s to %s are in use",
                       netns_address_print (subnet, text), netns_address_print_host (&first, first_text),
                       netns_address_print_host (&last, last_text));
}
