/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links of each namespace, and what hangs on what. */
#include "mirror/private.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <string.h>

void
netns_link_free (NetnsLink *link)
{
  netns_link_info_clear (&link->info);
  g_clear_pointer (&link->addresses, g_array_unref);
  g_free (link);
}

/**
 * netns_link_is_veth:
 * @link: a link
 *
 * Returns: whether it is an end of a veth pair
 */
gboolean
netns_link_is_veth (const NetnsLink *link)
{
  return strcmp (link->info.kind, "veth") == 0;
}

/**
 * netns_link_is_bridge:
 * @link: a link
 *
 * Returns: whether it is a bridge
 */
gboolean
netns_link_is_bridge (const NetnsLink *link)
{
  return strcmp (link->info.kind, "bridge") == 0;
}

static NetnsNamespace *
find_namespace (NetnsMirror *mirror, int nsid)
{
  return g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (nsid));
}

/**
 * netns_namespace_get_link:
 * @namespace: a namespace
 * @index: an ifindex
 *
 * Returns: (transfer none) (nullable): the link
 */
NetnsLink *
netns_namespace_get_link (NetnsNamespace *namespace, guint index)
{
  return g_hash_table_lookup (namespace->links, GUINT_TO_POINTER (index));
}

/**
 * netns_namespace_find_link:
 * @namespace: a namespace
 * @name: name or alternative name
 *
 * Returns: (transfer none) (nullable): the link
 */
NetnsLink *
netns_namespace_find_link (NetnsNamespace *namespace, const char *name)
{
  GHashTableIter iter;
  NetnsLink *link;

  g_hash_table_iter_init (&iter, namespace->links);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &link)) {
    const char *const *others = (const char *const *) link->info.alternative_names;

    if (strcmp (link->info.name, name) == 0 || (others != NULL && g_strv_contains (others, name)))
      return link;
  }
  return NULL;
}

static int
compare_links (gconstpointer a, gconstpointer b)
{
  const NetnsLink *one = *(NetnsLink *const *) a, *other = *(NetnsLink *const *) b;

  return (one->info.index > other->info.index) - (one->info.index < other->info.index);
}

/**
 * netns_namespace_list_links:
 * @namespace: a namespace
 *
 * Returns: (transfer container) (element-type NetnsLink): its links by ifindex
 */
GPtrArray *
netns_namespace_list_links (NetnsNamespace *namespace)
{
  GPtrArray *links = g_ptr_array_sized_new (g_hash_table_size (namespace->links));
  GHashTableIter iter;
  NetnsLink *link;

  g_hash_table_iter_init (&iter, namespace->links);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &link))
    g_ptr_array_add (links, link);
  g_ptr_array_sort (links, compare_links);
  return links;
}

/**
 * netns_link_list_ports:
 * @bridge: a bridge
 *
 * Returns: (transfer container) (element-type NetnsLink): its ports by ifindex
 */
GPtrArray *
netns_link_list_ports (const NetnsLink *bridge)
{
  GPtrArray *ports = g_ptr_array_new ();
  GHashTableIter iter;
  NetnsLink *link;

  g_hash_table_iter_init (&iter, bridge->namespace->links);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &link))
    if (link->info.master == bridge->info.index)
      g_ptr_array_add (ports, link);
  g_ptr_array_sort (ports, compare_links);
  return ports;
}

static gboolean
is_peer_of (const NetnsLink *link, const NetnsLink *other)
{
  return netns_link_is_veth (link) && link->info.peer_nsid == other->namespace->nsid
         && link->info.peer_index == other->info.index;
}

/**
 * netns_mirror_get_peer:
 * @mirror: the mirror
 * @link: a link
 *
 * Both ends must agree: the kernel does not tell one when the other moves to a namespace that is not known here,
 * and its old place may have been taken.
 *
 * Returns: (transfer none) (nullable): the other end of the veth pair
 */
NetnsLink *
netns_mirror_get_peer (NetnsMirror *mirror, const NetnsLink *link)
{
  NetnsNamespace *namespace = netns_link_is_veth (link) ? find_namespace (mirror, link->info.peer_nsid) : NULL;
  NetnsLink *peer = namespace ? netns_namespace_get_link (namespace, link->info.peer_index) : NULL;

  return peer != NULL && is_peer_of (peer, link) ? peer : NULL;
}

/**
 * netns_link_has_address:
 * @link: a link
 * @address: an address; its prefix length does not count
 *
 * Returns: whether the link has it
 */
gboolean
netns_link_has_address (const NetnsLink *link, const NetnsAddress *address)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++)
    if (netns_address_equal_host (&g_array_index (link->addresses, NetnsLinkAddressEntry, i).address, address))
      return TRUE;
  return FALSE;
}

static gboolean
same_names (char **a, char **b)
{
  if (a == NULL || b == NULL)
    return (a == NULL || *a == NULL) && (b == NULL || *b == NULL);
  return g_strv_equal ((const char *const *) a, (const char *const *) b);
}

static guint
compare_info (const NetnsLinkInfo *old, const NetnsLinkInfo *new)
{
  const struct {
    gboolean differs;
    guint change;
  } checks[] = {
    { strcmp (old->name, new->name) != 0, NETNS_LINK_NAME },
    { !same_names (old->alternative_names, new->alternative_names), NETNS_LINK_ALTERNATIVE_NAMES },
    { old->kind != new->kind, NETNS_LINK_KIND },
    { old->mtu != new->mtu, NETNS_LINK_MTU },
    { old->has_mac != new->has_mac || memcmp (old->mac, new->mac, sizeof old->mac) != 0, NETNS_LINK_MAC },
    { ((old->flags ^ new->flags) & IFF_UP) != 0, NETNS_LINK_ENABLED },
    { ((old->flags ^ new->flags) & IFF_LOWER_UP) != 0, NETNS_LINK_CARRIER },
    { old->operstate != new->operstate, NETNS_LINK_OPERSTATE },
    { old->master != new->master || old->is_port != new->is_port, NETNS_LINK_MASTER },
    { g_strcmp0 (old->description, new->description) != 0, NETNS_LINK_DESCRIPTION },
    { old->peer_index != new->peer_index || old->peer_nsid != new->peer_nsid, NETNS_LINK_PEER },
    { old->bridge.stp != new->bridge.stp, NETNS_LINK_BRIDGE_STP },
    { old->bridge.vlan_filtering != new->bridge.vlan_filtering, NETNS_LINK_BRIDGE_VLAN_FILTERING },
    { old->bridge.forward_delay != new->bridge.forward_delay, NETNS_LINK_BRIDGE_FORWARD_DELAY },
    { old->bridge.ageing_time != new->bridge.ageing_time, NETNS_LINK_BRIDGE_AGEING_TIME },
    { old->bridge.multicast_snooping != new->bridge.multicast_snooping, NETNS_LINK_BRIDGE_MULTICAST_SNOOPING },
    { old->port.state != new->port.state, NETNS_LINK_PORT_STATE },
    { old->port.cost != new->port.cost, NETNS_LINK_PORT_COST },
    { old->port.hairpin != new->port.hairpin, NETNS_LINK_PORT_HAIRPIN },
    { old->port.isolated != new->port.isolated, NETNS_LINK_PORT_ISOLATED },
    { old->port.learning != new->port.learning, NETNS_LINK_PORT_LEARNING },
    { old->is_tap != new->is_tap || old->tap.owner != new->tap.owner, NETNS_LINK_TAP_OWNER },
  };
  guint changes = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    if (checks[i].differs)
      changes |= checks[i].change;
  return changes;
}

static void
notify_ports (NetnsMirror *mirror, NetnsNamespace *namespace, guint master)
{
  NetnsLink *bridge = master != 0 ? netns_namespace_get_link (namespace, master) : NULL;

  if (bridge != NULL)
    netns_mirror_notify_link (mirror, bridge, NETNS_LINK_PORTS);
}

/* The kernel announces a veth end that moved, but not that the other end now has its peer elsewhere. */
static void
tell_peer (NetnsMirror *mirror, NetnsLink *link)
{
  NetnsNamespace *namespace = netns_link_is_veth (link) ? find_namespace (mirror, link->info.peer_nsid) : NULL;
  NetnsLink *peer = namespace ? netns_namespace_get_link (namespace, link->info.peer_index) : NULL;

  if (peer == NULL || !netns_link_is_veth (peer))
    return;
  peer->info.peer_nsid = link->namespace->nsid;
  peer->info.peer_index = link->info.index;
  netns_mirror_notify_link (mirror, peer, NETNS_LINK_PEER);
}

/* Whether the last event named the same peer, which is known then: the kernel is not to be asked for each event. */
static gboolean
is_told_again (NetnsLink *link, const NetnsLinkInfo *info)
{
  if (link == NULL || link->info.peer_nsid == NETNS_NSID_NONE)
    return FALSE;
  return link->told_peer_index != 0 && link->told_peer_index == info->peer_index
         && link->told_peer_nsid == info->peer_nsid;
}

/* Makes peer_nsid what the host calls that namespace. @link is what is known of it, if anything is. */
static void
resolve_peer (NetnsMirror *mirror, NetnsNamespace *namespace, NetnsLink *link, NetnsEvent *event)
{
  NetnsLinkInfo *info = &event->link;

  if (strcmp (info->kind, "veth") != 0) {
    info->peer_index = 0;
    info->peer_nsid = NETNS_NSID_NONE;
  } else if (info->peer_nsid == NETNS_LINK_SAME_NAMESPACE) {
    info->peer_nsid = namespace->nsid;
  } else if (event->from_dump || namespace == mirror->host) {
    return;
  } else if (is_told_again (link, info)) {
    info->peer_index = link->info.peer_index;
    info->peer_nsid = link->info.peer_nsid;
  } else if (!netns_event_socket_resolve_peer (mirror->events, namespace->nsid, info->index, &info->peer_index,
                                               &info->peer_nsid)) {
    info->peer_nsid = NETNS_NSID_NONE;
  } else if (info->peer_nsid == NETNS_LINK_SAME_NAMESPACE) {
    info->peer_nsid = namespace->nsid;
  }
}

static NetnsLink *
add_link (NetnsMirror *mirror, NetnsNamespace *namespace, NetnsLinkInfo *info)
{
  NetnsLink *link = g_new0 (NetnsLink, 1);

  link->namespace = namespace;
  link->generation = namespace->generation;
  link->info = *info;
  memset (info, 0, sizeof *info);
  g_hash_table_insert (namespace->links, GUINT_TO_POINTER (link->info.index), link);
  netns_mirror_notify_link_added (mirror, link);
  netns_mirror_notify_namespace (mirror, namespace, NETNS_NAMESPACE_LINKS);
  notify_ports (mirror, namespace, link->info.master);
  tell_peer (mirror, link);
  return link;
}

/* A route names its link. */
static gboolean
has_route (const NetnsLink *link)
{
  const GArray *routes = link->namespace->routes;

  for (guint i = 0; routes != NULL && i < routes->len; i++)
    if (g_array_index (routes, NetnsRoute, i).link == link->info.index)
      return TRUE;
  return FALSE;
}

static void
change_link (NetnsMirror *mirror, NetnsLink *link, NetnsLinkInfo *info)
{
  guint changes = compare_info (&link->info, info);
  guint old_master = link->info.master;
  NetnsLink *old_peer = netns_mirror_get_peer (mirror, link);
  gboolean was_port = link->info.is_port;

  link->generation = link->namespace->generation;
  netns_link_info_clear (&link->info);
  link->info = *info;
  memset (info, 0, sizeof *info);
  if (changes == 0)
    return;
  /* From one place that is not known here to another one. */
  if (old_peer == NULL && netns_mirror_get_peer (mirror, link) == NULL)
    netns_mirror_notify_link (mirror, link, changes & ~(guint) NETNS_LINK_PEER);
  else
    netns_mirror_notify_link (mirror, link, changes);
  if (changes & NETNS_LINK_MASTER) {
    notify_ports (mirror, link->namespace, old_master);
    notify_ports (mirror, link->namespace, link->info.master);
  }
  if (old_peer != NULL && (changes & NETNS_LINK_PEER)) /* no longer its peer */
    netns_mirror_notify_link (mirror, old_peer, NETNS_LINK_PEER);
  if (changes & NETNS_LINK_PEER)
    tell_peer (mirror, link);
  /* Routes go without an event when their link goes down or changes its VRF (fib_disable_ip() in
   * net/ipv4/fib_frontend.c); those that come are announced. */
  if ((changes & NETNS_LINK_ENABLED) || ((changes & NETNS_LINK_MASTER) && !was_port && !link->info.is_port))
    netns_route_reader_check_link (mirror->routes, link->namespace, link->info.index);
  if ((changes & NETNS_LINK_NAME) && has_route (link))
    netns_mirror_notify_namespace (mirror, link->namespace, NETNS_NAMESPACE_ROUTES);
}

void
netns_mirror_take_link (NetnsMirror *mirror, NetnsEvent *event)
{
  NetnsNamespace *namespace = find_namespace (mirror, event->nsid);
  NetnsLink *link;
  guint told_peer_index = event->link.peer_index;
  int told_peer_nsid = event->link.peer_nsid;

  if (namespace == NULL) {
    netns_discovery_hint (mirror->discovery);
    return;
  }
  link = netns_namespace_get_link (namespace, event->link.index);
  resolve_peer (mirror, namespace, link, event);
  if (link == NULL)
    link = add_link (mirror, namespace, &event->link);
  else
    change_link (mirror, link, &event->link);
  if (event->from_dump)
    return;
  link->told_peer_index = told_peer_index;
  link->told_peer_nsid = told_peer_nsid;
}

static void
remove_link (NetnsMirror *mirror, NetnsLink *link)
{
  NetnsNamespace *namespace = link->namespace;
  NetnsLink *peer = netns_mirror_get_peer (mirror, link);
  guint master = link->info.master, index = link->info.index;

  netns_mirror_notify_link_removed (mirror, link);
  g_hash_table_steal (namespace->links, GUINT_TO_POINTER (link->info.index));
  netns_mirror_bury (mirror, link, (GDestroyNotify) netns_link_free);
  netns_mirror_notify_namespace (mirror, namespace, NETNS_NAMESPACE_LINKS);
  notify_ports (mirror, namespace, master);
  if (peer != NULL)
    netns_mirror_notify_link (mirror, peer, NETNS_LINK_PEER);
  netns_route_reader_check_link (mirror->routes, namespace, index);
}

void
netns_mirror_take_link_gone (NetnsMirror *mirror, const NetnsEvent *event)
{
  NetnsNamespace *namespace = find_namespace (mirror, event->nsid);
  NetnsLink *link = namespace ? netns_namespace_get_link (namespace, event->link.index) : NULL;
  NetnsNamespace *to;

  if (link == NULL)
    return;
  to = event->link.new_index != 0 ? find_namespace (mirror, event->link.new_nsid) : NULL;
  if (to != NULL && namespace == mirror->host)
    netns_mirror_notify_link_moved (mirror, link, to, event->link.new_index);
  remove_link (mirror, link);
}

static void
put_address (NetnsMirror *mirror, NetnsLink *link, const NetnsLinkAddress *address)
{
  NetnsLinkAddressEntry new = { address->address, address->flags, link->namespace->generation };

  if (link->addresses == NULL)
    link->addresses = g_array_new (FALSE, FALSE, sizeof (NetnsLinkAddressEntry));
  for (guint i = 0; i < link->addresses->len; i++) {
    NetnsLinkAddressEntry *entry = &g_array_index (link->addresses, NetnsLinkAddressEntry, i);

    if (!netns_address_equal (&entry->address, &new.address))
      continue;
    if (entry->flags != new.flags)
      netns_mirror_notify_link (mirror, link, NETNS_LINK_ADDRESSES);
    *entry = new;
    return;
  }
  g_array_append_val (link->addresses, new);
  netns_mirror_notify_link (mirror, link, NETNS_LINK_ADDRESSES);
}

static void
remove_address (NetnsMirror *mirror, NetnsLink *link, const NetnsAddress *address)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    if (!netns_address_equal (&g_array_index (link->addresses, NetnsLinkAddressEntry, i).address, address))
      continue;
    g_array_remove_index (link->addresses, i);
    netns_mirror_notify_link (mirror, link, NETNS_LINK_ADDRESSES);
    return;
  }
}

static gboolean
has_ipv4 (const NetnsLink *link)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++)
    if (g_array_index (link->addresses, NetnsLinkAddressEntry, i).address.family == AF_INET)
      return TRUE;
  return FALSE;
}

void
netns_mirror_take_address (NetnsMirror *mirror, const NetnsEvent *event)
{
  NetnsNamespace *namespace = find_namespace (mirror, event->nsid);
  NetnsLink *link = namespace ? netns_namespace_get_link (namespace, event->address.index) : NULL;

  if (link == NULL)
    return;
  if (event->type == NETNS_EVENT_ADDRESS) {
    put_address (mirror, link, &event->address);
    return;
  }
  remove_address (mirror, link, &event->address.address);
  netns_route_reader_check_source (mirror->routes, namespace, &event->address.address);
  /* With its last address a link loses all IPv4 routes (fib_inetaddr_event() in net/ipv4/fib_frontend.c). */
  if (event->address.address.family == AF_INET && !has_ipv4 (link))
    netns_route_reader_check_link (mirror->routes, namespace, link->info.index);
}

static void
prune_addresses (NetnsMirror *mirror, NetnsLink *link)
{
  gboolean changed = FALSE;

  for (guint i = link->addresses ? link->addresses->len : 0; i > 0; i--) {
    if (g_array_index (link->addresses, NetnsLinkAddressEntry, i - 1).generation == link->namespace->generation)
      continue;
    g_array_remove_index (link->addresses, i - 1);
    changed = TRUE;
  }
  if (changed)
    netns_mirror_notify_link (mirror, link, NETNS_LINK_ADDRESSES);
}

/* After a complete reading: what it did not show is gone. */
void
netns_mirror_prune_links (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);

    if (link->generation == namespace->generation)
      prune_addresses (mirror, link);
    else
      remove_link (mirror, link);
  }
}

/* A namespace got its first name or lost its last one: so did all its links. */
void
netns_mirror_announce_links (NetnsMirror *mirror, NetnsNamespace *namespace, gboolean added)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);
    NetnsLink *peer = netns_mirror_get_peer (mirror, link);

    if (added)
      netns_mirror_notify_link_added (mirror, link);
    else
      netns_mirror_notify_link_removed (mirror, link);
    if (peer != NULL && peer->namespace != namespace)
      netns_mirror_notify_link (mirror, peer, NETNS_LINK_PEER);
  }
}
