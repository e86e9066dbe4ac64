/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/pool.h"

#include "common/error.h"
#include "common/validate.h"
#include "core/core.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Networks that name no subnet get one of these 256: away from what Docker (172.17-31), libvirt (192.168.122), podman
 * (10.88-89) and home routers take. */
#define POOL_FIRST       "10.213.0.0/24"
#define POOL_SUBNETS     256
#define POOL_SUBNET_SIZE 256
#define POOL_PREFIX6     64

/* A subnet without a second address to give is no network. */
#define PREFIX_MAX4 30
#define PREFIX_MAX6 126

#define BRIDGE_MTU_MAX 65535 /* ETH_MAX_MTU */

/**
 * netns_pool_find_uplink:
 * @namespace: where packets are forwarded
 * @wish: name or alternative name of a link, empty for whichever leads there
 * @name: (out) (transfer full): its name, which is what rules match
 * @error: `InvalidName`, `NotFound`
 *
 * Returns: whether there is such a link
 */
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
  if (link == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link “%s” to be the uplink", wish);
    return FALSE;
  }
  *name = g_strdup (link->info.name);
  return netns_validate_link_name (*name, error);
}

/* The one that packets of a family take to the rest of the world. */
static const NetnsLink *
find_default_link (NetnsNamespace *namespace, int family)
{
  const NetnsRoute *best = NULL;

  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++) {
    const NetnsRoute *route = &g_array_index (namespace->routes, NetnsRoute, i);

    if (route->table == RT_TABLE_MAIN && route->destination.family == family && route->destination.prefix == 0
        && route->link != 0 && (best == NULL || route->metric < best->metric))
      best = route;
  }
  return best ? netns_namespace_get_link (namespace, best->link) : NULL;
}

/**
 * netns_pool_find_mtu:
 * @namespace: where packets are forwarded
 * @uplink: name of the link that they leave by, empty for whichever leads there
 *
 * What is bigger than the uplink takes would be cut to pieces, or answered with messages that firewalls like to drop.
 *
 * Returns: the MTU that a network behind it should have, in bytes; 0 if nothing leads anywhere
 */
guint
netns_pool_find_mtu (NetnsNamespace *namespace, const char *uplink)
{
  const NetnsLink *link = *uplink ? netns_namespace_find_link (namespace, uplink) : NULL;
  const NetnsLink *ways[] = { link ? link : find_default_link (namespace, AF_INET),
                              link ? NULL : find_default_link (namespace, AF_INET6) };
  guint mtu = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    if (ways[i] != NULL && (mtu == 0 || ways[i]->info.mtu < mtu))
      mtu = ways[i]->info.mtu;
  return MIN (mtu, BRIDGE_MTU_MAX);
}

static gboolean
check_route (const NetnsRoute *route, NetnsNamespace *namespace, const NetnsAddress *subnet, GError **error)
{
  const NetnsLink *link;
  char text[NETNS_ADDRESS_MAX_TEXT], route_text[NETNS_ADDRESS_MAX_TEXT];

  if (route->destination.prefix == 0 || !netns_address_overlaps (&route->destination, subnet))
    return TRUE;
  link = netns_namespace_get_link (namespace, route->link);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_SUBNET_CONFLICT,
               "Subnet %s overlaps the route to %s by link “%s” (table %u); choose another one",
               netns_address_print (subnet, text), netns_address_print (&route->destination, route_text),
               link ? link->info.name : "", route->table);
  return FALSE;
}

static gboolean
check_network (const NetnsNetwork *network, const NetnsNamespace *namespace, const NetnsAddress *subnet,
               GError **error)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (strcmp (network->base.namespace_name, namespace->name) != 0)
    return TRUE;
  for (guint i = 0; i < network->subnets->len; i++) {
    if (!netns_address_overlaps (&g_array_index (network->subnets, NetnsAddress, i), subnet))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_SUBNET_CONFLICT, "Subnet %s overlaps that of network “%s”",
                 netns_address_print (subnet, text), network->base.name);
    return FALSE;
  }
  return TRUE;
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
    { "0.0.0.0/8", "this host" }, { "127.0.0.0/8", "loopback" }, { "224.0.0.0/4", "multicast" },
    { "::/127", "this host" },    { "fe80::/10", "link-local" }, { "ff00::/8", "multicast" },
  };
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++) {
    NetnsAddress range;

    if (!netns_address_parse_subnet (ranges[i].range, &range, error))
      return FALSE;
    if (!netns_address_overlaps (&range, subnet))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Subnet %s is of no use for a network: %s is for %s addresses", netns_address_print (subnet, text),
                 ranges[i].range, ranges[i].purpose);
    return FALSE;
  }
  return TRUE;
}

/**
 * netns_pool_check_subnet:
 * @core: the service
 * @namespace: where the network shall be
 * @others: (element-type NetnsAddress): further subnets of the same network
 * @subnet: a subnet
 * @error: `SubnetConflict`, `InvalidArgument`
 *
 * Compares with the routes of all tables: a VPN's or policy route's subnet is taken even if `ip route` does not show it.
 *
 * Returns: whether a network can have it
 */
gboolean
netns_pool_check_subnet (NetnsCore *core, NetnsNamespace *namespace, const GArray *others, const NetnsAddress *subnet,
                         GError **error)
{
  GHashTableIter iter;
  NetnsNetwork *network;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (subnet->prefix == 0 || subnet->prefix > (subnet->family == AF_INET ? PREFIX_MAX4 : PREFIX_MAX6)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Subnet %s is of no use for a network: its prefix length must be from 1 to %d",
                 netns_address_print (subnet, text), subnet->family == AF_INET ? PREFIX_MAX4 : PREFIX_MAX6);
    return FALSE;
  }
  if (!check_purpose (subnet, error))
    return FALSE;
  for (guint i = 0; i < others->len; i++) {
    if (!netns_address_overlaps (&g_array_index (others, NetnsAddress, i), subnet))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Subnet %s overlaps another one of the same network",
                 netns_address_print (subnet, text));
    return FALSE;
  }
  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (!check_network (network, namespace, subnet, error))
      return FALSE;
  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++)
    if (!check_route (&g_array_index (namespace->routes, NetnsRoute, i), namespace, subnet, error))
      return FALSE;
  return TRUE;
}

/**
 * netns_pool_find_subnet:
 * @core: the service
 * @namespace: where the network shall be
 * @subnet: (out caller-allocates): a free subnet of 256 addresses
 * @error: `SubnetConflict` when none is free
 *
 * Returns: whether there is one
 */
gboolean
netns_pool_find_subnet (NetnsCore *core, NetnsNamespace *namespace, NetnsAddress *subnet, GError **error)
{
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));

  netns_address_parse (POOL_FIRST, subnet, NULL);
  for (guint i = 0; i < POOL_SUBNETS; i++) {
    if (netns_pool_check_subnet (core, namespace, none, subnet, NULL))
      return TRUE;
    netns_address_add (subnet, POOL_SUBNET_SIZE);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_SUBNET_CONFLICT,
               "All %u subnets from " POOL_FIRST " on are taken, name one that is free", POOL_SUBNETS);
  return FALSE;
}

/* 40 bits that are this machine's and hardly anybody else's (RFC 4193, 3.2.2). The machine's id itself is not for others to
 * see (machine-id(5)), so it is hashed; a machine without one has random bits. */
static void
fill_global_id (guint8 bytes[5])
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *id = NULL;
  guint8 digest[32];
  gsize size = sizeof digest;

  if (!g_file_get_contents ("/etc/machine-id", &id, NULL, NULL) || *g_strstrip (id) == '\0') {
    g_free (id);
    id = g_uuid_string_random ();
  }
  g_checksum_update (checksum, (const guchar *) "org.example.NetNS1 ", -1);
  g_checksum_update (checksum, (const guchar *) id, -1);
  g_checksum_get_digest (checksum, digest, &size);
  memcpy (bytes, digest, 5);
}

/**
 * netns_pool_find_subnet6:
 * @core: the service
 * @namespace: where the network shall be
 * @name: name of the network
 * @subnet: (out caller-allocates): a free unique local subnet, always the same for a name as long as it is free
 * @error: `SubnetConflict` when none is free
 *
 * Returns: whether there is one
 */
gboolean
netns_pool_find_subnet6 (NetnsCore *core, NetnsNamespace *namespace, const char *name, NetnsAddress *subnet,
                         GError **error)
{
  g_autoptr (GArray) none = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
  guint8 bytes[16] = { 0xfd };
  guint first = g_str_hash (name);

  fill_global_id (bytes + 1);
  for (guint i = 0; i < POOL_SUBNETS; i++) {
    bytes[6] = (guint8) ((first + i) >> 8);
    bytes[7] = (guint8) (first + i);
    netns_address_set_bytes (subnet, AF_INET6, bytes, POOL_PREFIX6);
    if (netns_pool_check_subnet (core, namespace, none, subnet, NULL))
      return TRUE;
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_SUBNET_CONFLICT, "%u IPv6 subnets of this machine are taken, name one that is free",
               POOL_SUBNETS);
  return FALSE;
}

/**
 * netns_pool_get_gateway:
 * @subnet: a subnet that netns_pool_check_subnet() passed
 * @gateway: (out caller-allocates): its first address, with prefix length
 * @error: not set at present
 *
 * Returns: whether it has one
 */
gboolean
netns_pool_get_gateway (const NetnsAddress *subnet, NetnsAddress *gateway, GError **error)
{
  *gateway = *subnet;
  netns_address_add (gateway, 1);
  return TRUE;
}

/* Returns what has the address, NULL if it is free. */
static char *
find_user (const NetnsNetwork *network, const GArray *leases, const NetnsLink *bridge, const NetnsAddress *address)
{
  for (guint i = 0; i < network->gateways->len; i++)
    if (netns_address_equal_host (&g_array_index (network->gateways, NetnsAddress, i), address))
      return g_strdup ("the gateway");
  for (guint i = 0; i < leases->len; i++) {
    const NetnsLease *lease = &g_array_index (leases, NetnsLease, i);

    if (netns_address_equal_host (&lease->address, address))
      return g_strdup_printf ("namespace “%s”", lease->link->namespace->name);
  }
  return bridge != NULL && netns_link_has_address (bridge, address) ? g_strdup ("the bridge") : NULL;
}

static const NetnsAddress *
find_subnet_of (const NetnsNetwork *network, const NetnsAddress *address)
{
  for (guint i = 0; i < network->subnets->len; i++) {
    const NetnsAddress *subnet = &g_array_index (network->subnets, NetnsAddress, i);

    if (netns_address_contains (subnet, address))
      return subnet;
  }
  return NULL;
}

static gboolean
is_for_hosts (const NetnsAddress *subnet, const NetnsAddress *address)
{
  NetnsAddress last;

  netns_address_get_last (subnet, &last);
  return !netns_address_equal_host (subnet, address)
         && memcmp (address->bytes, last.bytes, sizeof last.bytes) <= 0;
}

/**
 * netns_pool_check_address:
 * @mirror: the mirror
 * @network: a network
 * @address: (inout): an address that somebody asks for; without a prefix length it gets the subnet's
 * @error: `AddressInUse`, `InvalidArgument`
 *
 * Returns: whether a namespace can have it
 */
gboolean
netns_pool_check_address (NetnsMirror *mirror, const NetnsNetwork *network, NetnsAddress *address, GError **error)
{
  g_autoptr (GArray) leases = netns_network_list_leases (mirror, network);
  const NetnsAddress *subnet = find_subnet_of (network, address);
  g_autofree char *user = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print (address, text);
  if (subnet == NULL || !is_for_hosts (subnet, address)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "%s is no address for a host in network “%s”", text,
                 network->base.name);
    return FALSE;
  }
  if (address->prefix == (address->family == AF_INET ? 32 : 128))
    address->prefix = subnet->prefix;
  user = find_user (network, leases, netns_network_find_bridge (mirror, network), address);
  if (user == NULL)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_ADDRESS_IN_USE, "Address %s of network “%s” is in use by %s", text,
               network->base.name, user);
  return FALSE;
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

static GHashTable *
collect_used (const NetnsNetwork *network, GArray *leases, const NetnsLink *bridge)
{
  GHashTable *used = g_hash_table_new (hash_host, equal_host);

  for (guint i = 0; i < network->gateways->len; i++)
    g_hash_table_add (used, &g_array_index (network->gateways, NetnsAddress, i));
  for (guint i = 0; i < leases->len; i++)
    g_hash_table_add (used, &g_array_index (leases, NetnsLease, i).address);
  for (guint i = 0; bridge != NULL && bridge->addresses != NULL && i < bridge->addresses->len; i++)
    g_hash_table_add (used, &g_array_index (bridge->addresses, NetnsLinkAddressEntry, i).address);
  return used;
}

/**
 * netns_pool_find_address:
 * @mirror: the mirror
 * @network: a network
 * @subnet: one of its subnets
 * @address: (out caller-allocates): the lowest free address of it, with prefix length
 * @error: `AddressInUse` when all are taken
 *
 * Returns: whether there is one
 */
gboolean
netns_pool_find_address (NetnsMirror *mirror, const NetnsNetwork *network, const NetnsAddress *subnet,
                         NetnsAddress *address, GError **error)
{
  g_autoptr (GArray) leases = netns_network_list_leases (mirror, network);
  g_autoptr (GHashTable) used = collect_used (network, leases, netns_network_find_bridge (mirror, network));
  char text[NETNS_ADDRESS_MAX_TEXT];

  *address = *subnet;
  for (netns_address_add (address, 1); netns_address_contains (subnet, address) && is_for_hosts (subnet, address);
       netns_address_add (address, 1))
    if (!g_hash_table_contains (used, address))
      return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_ADDRESS_IN_USE, "All addresses of %s are in use",
               netns_address_print (subnet, text));
  return FALSE;
}
