/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/guard.h"

#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"
#include "core/ruleset/desired.h"
#include "core/service/lookup.h"

#include <string.h>
#include <sys/socket.h>

/* ---- whose is what */

/* Returns: (transfer none) (nullable): the port by which a link hangs on the bridge of a network, %NULL if it does not */
static NetnsLink *
find_port (NetnsCore *core, NetnsLink *link)
{
  NetnsLink *port = netns_mirror_get_peer (netns_core_get_mirror (core), link);
  NetnsLink *bridge = port ? netns_namespace_get_link (port->namespace, port->info.master) : NULL;

  return bridge != NULL && netns_core_find_network_of (core, bridge) != NULL ? port : NULL;
}

/* Returns: (transfer none) (nullable): what a port may send, %NULL if it is not guarded */
const NetnsBinding *
netns_guard_find_binding (NetnsCore *core, const NetnsLink *port)
{
  g_autofree char *name = netns_binding_name_for (port->namespace, port->info.name);

  return g_hash_table_lookup (netns_core_get_definitions (core, &netns_binding_class), name);
}

/* Returns: (transfer full) (element-type NetnsAddress): those that are bound to ports of a bridge, in use or not */
GArray *
netns_guard_list_addresses (NetnsCore *core, const NetnsLink *bridge)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);
  GArray *addresses = netns_addresses_new ();

  for (guint i = 0; i < ports->len; i++) {
    const NetnsBinding *binding = netns_guard_find_binding (core, g_ptr_array_index (ports, i));

    if (binding != NULL)
      g_array_append_vals (addresses, binding->addresses->data, binding->addresses->len);
  }
  return addresses;
}

/* The one of the networks of a bridge that has the address in a subnet. */
static const NetnsNetwork *
find_network_with (NetnsCore *core, const NetnsLink *bridge, const NetnsAddress *address)
{
  GHashTableIter iter;
  const NetnsNetwork *network;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (netns_network_has_bridge (network, bridge)
        && netns_addresses_find (network->subnets, netns_address_contains, address) != NULL)
      return network;
  return NULL;
}

static gboolean
is_gateway (NetnsCore *core, const NetnsLink *bridge, const NetnsAddress *address)
{
  const NetnsNetwork *network = find_network_with (core, bridge, address);

  return network != NULL && netns_addresses_find (network->gateways, netns_address_equal_host, address) != NULL;
}

/* Also the link-local address that a link does not have yet, because it has just been made. */
static gboolean
has_address (const NetnsLink *link, const NetnsAddress *address)
{
  NetnsAddress link_local;

  netns_binding_get_link_local (link->info.mac, &link_local);
  return netns_link_has_address (link, address) || netns_address_equal_host (&link_local, address);
}

/* Which namespace has @address on its link or could send from it; %NULL for none. */
static char *
find_user_at (NetnsCore *core, NetnsLink *port, const NetnsAddress *address)
{
  const NetnsBinding *binding = netns_guard_find_binding (core, port);
  const NetnsLink *link = netns_mirror_get_peer (netns_core_get_mirror (core), port);

  if ((link == NULL || !has_address (link, address))
      && (binding == NULL || !netns_binding_has_address (binding, address)))
    return NULL;
  if (link == NULL || link->namespace->name == NULL)
    return g_strdup_printf ("port “%s”", port->info.name);
  return *link->namespace->name ? g_strdup_printf ("namespace “%s”", link->namespace->name)
                                : g_strdup ("the host namespace");
}

/**
 * find_user:
 * @core: the service
 * @bridge: the bridge of a network
 * @address: an address of the network, or a link-local one
 * @port: (nullable): the port of the member who wants it, who may have it already
 *
 * No matter who assigned it: an address that was set by hand in a connected namespace is also in use.
 *
 * Returns: (transfer full) (nullable): what has the address, %NULL if it is free
 */
static char *
find_user (NetnsCore *core, const NetnsLink *bridge, const NetnsAddress *address, const NetnsLink *port)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);
  char *user = NULL;

  if (is_gateway (core, bridge, address))
    return g_strdup ("the gateway");
  for (guint i = 0; user == NULL && i < ports->len; i++)
    if (g_ptr_array_index (ports, i) != port)
      user = find_user_at (core, g_ptr_array_index (ports, i), address);
  if (user == NULL && has_address (bridge, address))
    user = g_strdup ("the bridge");
  return user;
}

/* The bridge of a network that a link is, or hangs on; @port is the one by which it does. */
static NetnsLink *
find_bridge (NetnsCore *core, NetnsLink *link, NetnsLink **port)
{
  *port = find_port (core, link);
  if (*port != NULL)
    return netns_namespace_get_link ((*port)->namespace, (*port)->info.master);
  return netns_link_is_bridge (link) && netns_core_find_network_of (core, link) != NULL ? link : NULL;
}

/**
 * netns_guard_check_address:
 * @core: the service
 * @link: any link
 * @address: an address that it is to get
 * @error: `AddressInUse`
 *
 * Returns: whether nobody else has it in the network that the link is in, if it is in one
 */
gboolean
netns_guard_check_address (NetnsCore *core, NetnsLink *link, const NetnsAddress *address, GError **error)
{
  NetnsLink *port, *bridge = find_bridge (core, link, &port);
  const NetnsNetwork *network = bridge ? find_network_with (core, bridge, address) : NULL;
  g_autofree char *user = NULL, *name = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (network == NULL && bridge != NULL && netns_address_is_link_local (address))
    network = netns_core_find_network_of (core, bridge);
  if (network == NULL || (port == NULL && is_gateway (core, bridge, address)))
    return TRUE;
  user = find_user (core, bridge, address, port);
  if (user == NULL)
    return TRUE;
  name = netns_network_print (network);
  return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE, "Address %s of network “%s” is in use by %s",
                       netns_address_print_host (address, text), name, user);
}

static gboolean
has_mac (const NetnsLink *link, const guint8 mac[NETNS_MAC_LENGTH])
{
  return link != NULL && link->info.has_mac && memcmp (link->info.mac, mac, NETNS_MAC_LENGTH) == 0;
}

/**
 * netns_guard_check_mac:
 * @core: the service
 * @link: any link
 * @mac: the hardware address that it is to get
 * @error: `AddressInUse`
 *
 * Returns: whether nobody else has it in the network that the link is in, if it is in one
 */
gboolean
netns_guard_check_mac (NetnsCore *core, NetnsLink *link, const guint8 mac[NETNS_MAC_LENGTH], GError **error)
{
  NetnsMirror *mirror = netns_core_get_mirror (core);
  NetnsLink *port, *bridge = find_bridge (core, link, &port);
  g_autoptr (GPtrArray) ports = bridge ? netns_link_list_ports (bridge) : g_ptr_array_new ();
  gboolean in_use = bridge != NULL && bridge != link && has_mac (bridge, mac);
  g_autofree char *text = netns_print_mac (mac), *name = NULL;

  for (guint i = 0; !in_use && i < ports->len; i++) {
    NetnsLink *other = g_ptr_array_index (ports, i);
    const NetnsBinding *binding = netns_guard_find_binding (core, other);

    if (other != port)
      in_use = has_mac (other, mac) || has_mac (netns_mirror_get_peer (mirror, other), mac)
               || (binding != NULL && memcmp (binding->mac, mac, NETNS_MAC_LENGTH) == 0);
  }
  if (!in_use)
    return TRUE;
  name = netns_network_print (netns_core_find_network_of (core, bridge));
  return netns_refuse (error, NETNS_ERROR_ADDRESS_IN_USE, "Another member of network “%s” has the MAC address %s", name,
                       text);
}

/* ---- bindings */

/* Between two, or the network and a member. A bridge's own namespace is not a member, even if a veth pair leads back. */
static gboolean
is_member (const NetnsLink *port, const NetnsLink *link)
{
  return link != NULL && link->namespace != port->namespace && netns_validate_link_name (port->info.name, NULL);
}

/* Returns: whether the members of a network, with one that joins if not %NULL, belong to more than one owner */
gboolean
netns_guard_has_owners (NetnsCore *core, const NetnsNetwork *network, const NetnsNamespace *joining)
{
  NetnsMirror *mirror = netns_core_get_mirror (core);
  const NetnsNamespace *outside = netns_mirror_get_namespace (mirror, network->base.namespace_name);
  g_autoptr (GPtrArray) members = netns_network_list_members (mirror, network);
  const NetnsNamespace *first = joining;

  for (guint i = 0; i < members->len; i++) {
    const NetnsNamespace *namespace = ((NetnsLink *) g_ptr_array_index (members, i))->namespace;

    if (namespace == outside)
      continue;
    if (first == NULL)
      first = namespace;
    if (netns_owners_get (netns_core_get_owners (core), namespace)
        != netns_owners_get (netns_core_get_owners (core), first))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_bound (GPtrArray *definitions, const NetnsAddress *address)
{
  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);

    if (definition->class == &netns_binding_class
        && netns_binding_has_address ((const NetnsBinding *) definition, address))
      return TRUE;
  }
  return FALSE;
}

/* Whether an address that a link has already can be bound to its port: nobody else's, but for others who have it only on
 * their links and are not bound yet. */
static gboolean
can_be_bound (NetnsCore *core, const NetnsLink *bridge, const NetnsLink *port, const NetnsAddress *address,
              GPtrArray *new)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);

  if ((find_network_with (core, bridge, address) == NULL && !netns_address_is_link_local (address))
      || is_gateway (core, bridge, address) || has_address (bridge, address) || is_bound (new, address))
    return FALSE;
  for (guint i = 0; i < ports->len; i++) {
    const NetnsLink *other = g_ptr_array_index (ports, i);
    const NetnsBinding *binding = other != port ? netns_guard_find_binding (core, other) : NULL;

    if (binding != NULL && netns_binding_has_address (binding, address))
      return FALSE;
  }
  return TRUE;
}

/* What a member that was there before the guard has now. */
static NetnsBinding *
bind_member (NetnsCore *core, const NetnsLink *bridge, const NetnsLink *port, const NetnsLink *link, GPtrArray *new)
{
  NetnsBinding *binding = netns_binding_new (port->namespace, port->info.name, link->info.mac,
                                             netns_owners_get (netns_core_get_owners (core), link->namespace));

  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (link->addresses, NetnsLinkAddress, i).address;

    if (!netns_binding_has_address (binding, address) && can_be_bound (core, bridge, port, address, new))
      g_array_append_val (binding->addresses, *address);
  }
  return binding;
}

static gboolean
belongs_to_user (NetnsCore *core, const NetnsNamespace *namespace)
{
  guint owner = netns_owners_get (netns_core_get_owners (core), namespace);

  return owner != 0 && owner != NETNS_UID_NOBODY;
}

/**
 * netns_guard_collect_members:
 * @core: the service
 * @network: a network
 * @only_users: whether to leave out those that belong to root or nobody: who attached them may well change them
 * @new: (element-type NetnsDefinition): the bindings of all members that have none are added, for the caller to free
 */
void
netns_guard_collect_members (NetnsCore *core, const NetnsNetwork *network, gboolean only_users, GPtrArray *new)
{
  NetnsMirror *mirror = netns_core_get_mirror (core);
  const NetnsLink *bridge = netns_network_find_bridge (mirror, network);
  g_autoptr (GPtrArray) ports = bridge ? netns_link_list_ports (bridge) : g_ptr_array_new ();

  for (guint i = 0; i < ports->len; i++) {
    NetnsLink *port = g_ptr_array_index (ports, i);
    const NetnsLink *link = netns_mirror_get_peer (mirror, port);

    if (is_member (port, link) && netns_guard_find_binding (core, port) == NULL
        && (!only_users || belongs_to_user (core, link->namespace)))
      g_ptr_array_add (new, bind_member (core, bridge, port, link, new));
  }
}

/* ---- plans */

/**
 * netns_guard_plan_connect:
 * @core: the service
 * @plan: the plan that connects a member, before the step that makes its link
 * @network: a network, which gets its guard now if it has none
 * @port: what the port will be called
 * @mac: hardware address of the member
 * @addresses: (element-type NetnsAddress): its addresses
 * @owner: who connects it
 */
void
netns_guard_plan_connect (NetnsCore *core, NetnsPlan *plan, const NetnsNetwork *network, const char *port,
                          const guint8 mac[NETNS_MAC_LENGTH], const GArray *addresses, guint owner)
{
  const NetnsNamespace *outside
    = netns_mirror_get_namespace (netns_core_get_mirror (core), network->base.namespace_name);
  g_autoptr (GPtrArray) old = g_ptr_array_new (), new = g_ptr_array_new_with_free_func (netns_definition_free);
  NetnsBinding *binding = netns_binding_new (outside, port, mac, owner);
  gpointer stale = g_hash_table_lookup (netns_core_get_definitions (core, &netns_binding_class), binding->base.name);

  if (stale != NULL) /* of a port that has just gone */
    g_ptr_array_add (old, stale);
  if (!network->guarded) {
    NetnsNetwork *guarded = netns_definition_copy (network);

    guarded->guarded = TRUE;
    g_ptr_array_add (old, (gpointer) network);
    g_ptr_array_add (new, guarded);
    netns_guard_collect_members (core, network, FALSE, new);
  }
  g_array_append_vals (binding->addresses, addresses->data, addresses->len);
  g_ptr_array_add (new, binding);
  netns_desired_replace_all (core, plan, old, new);
}

/* @plan: one that takes @port away afterwards. It is down before it is unguarded. */
void
netns_guard_plan_disconnect (NetnsCore *core, NetnsPlan *plan, const NetnsLink *port)
{
  const NetnsBinding *binding = netns_guard_find_binding (core, port);

  if (binding != NULL)
    netns_desired_replace (core, plan, &binding->base, NULL);
}

static NetnsBinding *
copy_binding_of (NetnsCore *core, NetnsLink *link, const NetnsBinding **binding)
{
  const NetnsLink *port = find_port (core, link);

  *binding = port ? netns_guard_find_binding (core, port) : NULL;
  return *binding ? netns_definition_copy (*binding) : NULL;
}

/**
 * netns_guard_plan_address:
 * @core: the service
 * @plan: the plan that adds an address to a link, or removes it
 * @link: any link
 * @address: an address that netns_guard_check_address() passed
 * @add: whether to add it
 *
 * What a member of a guarded network gets by the service it may use. Addresses of no subnet of the network stay unusable.
 */
void
netns_guard_plan_address (NetnsCore *core, NetnsPlan *plan, NetnsLink *link, const NetnsAddress *address, gboolean add)
{
  const NetnsBinding *old;
  g_autoptr (NetnsBinding) new = copy_binding_of (core, link, &old);
  NetnsLink *port, *bridge = find_bridge (core, link, &port);

  if (new == NULL || (find_network_with (core, bridge, address) == NULL && !netns_address_is_link_local (address))
      || (add && netns_binding_has_address (old, address)))
    return;
  if (add)
    g_array_append_val (new->addresses, *address);
  for (guint i = add ? 0 : new->addresses->len; i > 0; i--)
    if (netns_address_equal_host (&g_array_index (new->addresses, NetnsAddress, i - 1), address))
      g_array_remove_index (new->addresses, i - 1);
  netns_desired_replace (core, plan, &old->base, &new->base);
}

/**
 * netns_guard_plan_mac:
 * @core: the service
 * @plan: the plan that gives a link another hardware address
 * @link: any link
 * @mac: a hardware address that netns_guard_check_mac() passed
 *
 * A link that is up keeps the link-local address that it has from its old one.
 */
void
netns_guard_plan_mac (NetnsCore *core, NetnsPlan *plan, NetnsLink *link, const guint8 mac[NETNS_MAC_LENGTH])
{
  const NetnsBinding *old;
  g_autoptr (NetnsBinding) new = copy_binding_of (core, link, &old);
  NetnsAddress before, after;

  if (new == NULL)
    return;
  memcpy (new->mac, mac, NETNS_MAC_LENGTH);
  netns_binding_get_link_local (old->mac, &before);
  netns_binding_get_link_local (mac, &after);
  if (netns_link_has_address (link, &before) && !netns_binding_has_address (new, &before))
    g_array_append_val (new->addresses, before);
  netns_desired_replace (core, plan, &old->base, &new->base);
}
