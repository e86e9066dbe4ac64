/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links of each namespace, and what hangs on what. */
#include "mirror/end-watch.h"
#include "mirror/links.h"

#include "kernel/address.h"
#include "mirror/namespace.h"
#include "mirror/routes.h"

#include <linux/if.h>
#include <string.h>

/* Of a link that is not the host's: any user can create a namespace, and give a link as many as the kernel takes. With each
 * one that comes or goes, all are looked through. */
#define ADDRESSES_MAX 8192
/* When so many of them have gone, those that were not kept are looked for. */
#define ADDRESSES_ROOM 512

static gboolean
is_peer_of (const NetnsLink *link, const NetnsLink *other)
{
  return netns_link_is_veth (link) && link->info.peer_nsid == other->namespace->nsid
         && link->info.peer_index == other->info.index;
}

/* Returns: (transfer none) (nullable): the other end of a veth pair. Both ends must agree: the kernel does not tell one
 * when the other moves to a namespace that is not known here, and its old place may have been taken. */
NetnsLink *
netns_state_get_peer (NetnsMirrorState *state, const NetnsLink *link)
{
  NetnsNamespace *namespace
    = netns_link_is_veth (link) ? netns_state_find_namespace (state, link->info.peer_nsid) : NULL;
  NetnsLink *peer = namespace ? netns_namespace_get_link (namespace, link->info.peer_index) : NULL;

  return peer != NULL && is_peer_of (peer, link) ? peer : NULL;
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
    { old->forwards != new->forwards, NETNS_LINK_FORWARDS },
    { old->is_tap != new->is_tap || old->tap.owner != new->tap.owner, NETNS_LINK_TAP_OWNER },
  };
  guint changes = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    if (checks[i].differs)
      changes |= checks[i].change;
  return changes;
}

static void
notify_ports (NetnsMirrorState *state, NetnsNamespace *namespace, guint master)
{
  NetnsLink *bridge = master != 0 ? netns_namespace_get_link (namespace, master) : NULL;

  if (bridge != NULL)
    netns_state_notify_link_changed (state, bridge, NETNS_LINK_PORTS);
}

/* The kernel announces a veth end that moved, but not that the other end now has its peer elsewhere. */
static void
tell_peer (NetnsMirrorState *state, NetnsLink *link)
{
  NetnsNamespace *namespace
    = netns_link_is_veth (link) ? netns_state_find_namespace (state, link->info.peer_nsid) : NULL;
  NetnsLink *peer = namespace ? netns_namespace_get_link (namespace, link->info.peer_index) : NULL;

  if (peer == NULL || !netns_link_is_veth (peer))
    return;
  peer->info.peer_nsid = link->namespace->nsid;
  peer->info.peer_index = link->info.index;
  netns_state_notify_link_changed (state, peer, NETNS_LINK_PEER);
}

/* Whether the last event named the same peer, which is known then: the kernel is not to be asked for each event. */
static gboolean
is_same_peer (NetnsLink *link, const NetnsLinkInfo *info)
{
  if (link == NULL || link->info.peer_nsid == NETNS_NSID_NONE)
    return FALSE;
  return link->announced_peer_index != 0 && link->announced_peer_index == info->peer_index
         && link->announced_peer_nsid == info->peer_nsid;
}

/* Makes peer_nsid what the host calls that namespace. @link is what is known of it, if anything is. */
static void
resolve_peer (NetnsMirrorState *state, NetnsNamespace *namespace, NetnsLink *link, NetnsEvent *event)
{
  NetnsLinkInfo *info = &event->link;

  if (strcmp (info->kind, "veth") != 0) {
    info->peer_index = 0;
    info->peer_nsid = NETNS_NSID_NONE;
  } else if (info->peer_nsid == NETNS_LINK_SAME_NAMESPACE) {
    info->peer_nsid = namespace->nsid;
  } else if (event->from_dump || namespace == state->host) {
    return;
  } else if (is_same_peer (link, info)) {
    info->peer_index = link->info.peer_index;
    info->peer_nsid = link->info.peer_nsid;
  } else if (!netns_event_socket_resolve_peer (state->events, namespace->nsid, info->index, &info->peer_index,
                                               &info->peer_nsid)) {
    info->peer_nsid = NETNS_NSID_NONE;
  } else if (info->peer_nsid == NETNS_LINK_SAME_NAMESPACE) {
    info->peer_nsid = namespace->nsid;
  }
}

static NetnsLink *
add_link (NetnsMirrorState *state, NetnsNamespace *namespace, NetnsLinkInfo *info)
{
  NetnsLink *link = g_new0 (NetnsLink, 1);

  link->namespace = namespace;
  link->identity = ++state->links_seen;
  link->generation = namespace->generation;
  link->info = *info;
  memset (info, 0, sizeof *info);
  g_hash_table_insert (namespace->links, GUINT_TO_POINTER (link->info.index), link);
  netns_state_notify_link_added (state, link);
  netns_state_notify_namespace_changed (state, namespace, NETNS_NAMESPACE_LINKS);
  notify_ports (state, namespace, link->info.master);
  tell_peer (state, link);
  return link;
}

/* A route names its link. */
static guint
find_changes_of_routes (const NetnsLink *link)
{
  const GArray *routes = link->namespace->routes;
  guint changes = 0;

  for (guint i = 0; routes != NULL && i < routes->len; i++)
    if (g_array_index (routes, NetnsRoute, i).link == link->info.index)
      changes |= netns_route_get_changes (&g_array_index (routes, NetnsRoute, i));
  return changes;
}

static void
change_link (NetnsMirrorState *state, NetnsLink *link, NetnsLinkInfo *info)
{
  guint changes = compare_info (&link->info, info);
  guint old_master = link->info.master;
  NetnsLink *old_peer = netns_state_get_peer (state, link);
  gboolean was_port = link->info.is_port;

  link->generation = link->namespace->generation;
  netns_link_info_clear (&link->info);
  link->info = *info;
  memset (info, 0, sizeof *info);
  if (changes == 0)
    return;
  /* From one place that is not known here to another one. */
  if (old_peer == NULL && netns_state_get_peer (state, link) == NULL)
    netns_state_notify_link_changed (state, link, changes & ~(guint) NETNS_LINK_PEER);
  else
    netns_state_notify_link_changed (state, link, changes);
  if (changes & NETNS_LINK_MASTER) {
    notify_ports (state, link->namespace, old_master);
    notify_ports (state, link->namespace, link->info.master);
  }
  if (old_peer != NULL && (changes & NETNS_LINK_PEER)) /* no longer its peer */
    netns_state_notify_link_changed (state, old_peer, NETNS_LINK_PEER);
  if (changes & NETNS_LINK_PEER)
    tell_peer (state, link);
  /* Routes go without an event when their link goes down or changes its VRF (fib_disable_ip() in
   * net/ipv4/fib_frontend.c); those that come are announced. */
  if ((changes & NETNS_LINK_ENABLED) || ((changes & NETNS_LINK_MASTER) && !was_port && !link->info.is_port))
    netns_route_reader_check_link (state->routes, link->namespace, link->info.index);
  if (changes & NETNS_LINK_NAME)
    netns_state_notify_namespace_changed (state, link->namespace, find_changes_of_routes (link));
}

void
netns_state_take_link (NetnsMirrorState *state, NetnsEvent *event)
{
  NetnsNamespace *namespace = netns_state_find_namespace (state, event->nsid);
  NetnsLink *link;
  guint announced_peer_index = event->link.peer_index;
  int announced_peer_nsid = event->link.peer_nsid;

  if (namespace == NULL) {
    NETNS_HINT (state, unknown);
    return;
  }
  link = netns_namespace_get_link (namespace, event->link.index);
  resolve_peer (state, namespace, link, event);
  if (link == NULL)
    link = add_link (state, namespace, &event->link);
  else
    change_link (state, link, &event->link);
  if (event->from_dump)
    return;
  link->announced_peer_index = announced_peer_index;
  link->announced_peer_nsid = announced_peer_nsid;
}

static void
remove_link (NetnsMirrorState *state, NetnsLink *link)
{
  NetnsNamespace *namespace = link->namespace;
  NetnsLink *peer = netns_state_get_peer (state, link);
  guint master = link->info.master, index = link->info.index;

  netns_end_watches_note_link (state, link);
  netns_state_notify_link_removed (state, link);
  g_hash_table_steal (namespace->links, GUINT_TO_POINTER (link->info.index));
  netns_state_free_later (state, state->dead_links, link);
  netns_state_notify_namespace_changed (state, namespace, NETNS_NAMESPACE_LINKS);
  notify_ports (state, namespace, master);
  if (peer != NULL)
    netns_state_notify_link_changed (state, peer, NETNS_LINK_PEER);
  netns_route_reader_check_link (state->routes, namespace, index);
}

void
netns_state_take_link_gone (NetnsMirrorState *state, const NetnsEvent *event)
{
  NetnsNamespace *namespace = netns_state_find_namespace (state, event->nsid);
  NetnsLink *link = namespace ? netns_namespace_get_link (namespace, event->link.index) : NULL;
  NetnsNamespace *to;

  if (link == NULL)
    return;
  to = event->link.new_index != 0 ? netns_state_find_namespace (state, event->link.new_nsid) : NULL;
  if (to != NULL && namespace == state->host)
    netns_state_notify_link_moved (state, link, to, event->link.new_index);
  remove_link (state, link);
}

#define ADDRESS_CHANGES (NETNS_LINK_ADDRESSES | NETNS_LINK_ADDRESS_DATA)

static guint
compare_addresses (const NetnsLinkAddress *before, const NetnsLinkAddress *now)
{
  if (before->flags != now->flags)
    return ADDRESS_CHANGES;
  if (before->metric == now->metric && before->updated == now->updated && before->scope == now->scope
      && before->protocol == now->protocol && strcmp (before->label, now->label) == 0
      && netns_address_equal_host (&before->peer, &now->peer)
      && netns_address_equal_host (&before->broadcast, &now->broadcast))
    return 0;
  return NETNS_LINK_ADDRESS_DATA;
}

static gboolean
is_full (const NetnsLink *link)
{
  return link->addresses != NULL && link->addresses->len >= ADDRESSES_MAX
         && link->namespace->source != NETNS_SOURCE_HOST;
}

static void
note_room (NetnsMirrorState *state, NetnsLink *link)
{
  if (!link->lacks_addresses || link->addresses->len + ADDRESSES_ROOM > ADDRESSES_MAX)
    return;
  link->lacks_addresses = FALSE;
  link->namespace->links_dirty = TRUE;
  NETNS_HINT (state, dirty);
}

/* @known: (nullable): the one that is kept */
static void
take_address (NetnsMirrorState *state, NetnsLink *link, NetnsLinkAddress *known, const NetnsLinkAddress *address)
{
  guint changes = known ? compare_addresses (known, address) : ADDRESS_CHANGES;

  if (link->addresses == NULL)
    link->addresses = g_array_new (FALSE, FALSE, sizeof (NetnsLinkAddress));
  if (known == NULL) {
    g_array_append_vals (link->addresses, address, 1);
    known = &g_array_index (link->addresses, NetnsLinkAddress, link->addresses->len - 1);
  } else if (changes != 0) { /* else its end stays as well, which is not the same to the second when it is read again */
    *known = *address;
  }
  known->generation = link->namespace->generation;
  netns_state_notify_link_changed (state, link, changes);
}

static void
put_address (NetnsMirrorState *state, NetnsLink *link, const NetnsLinkAddress *address)
{
  NetnsLinkAddress *known = netns_link_addresses_find (link->addresses, address, NULL);

  if (known == NULL && is_full (link))
    link->lacks_addresses = TRUE;
  else
    take_address (state, link, known, address);
}

static void
remove_address (NetnsMirrorState *state, NetnsLink *link, const NetnsLinkAddress *address)
{
  guint position;

  if (netns_link_addresses_find (link->addresses, address, &position) == NULL)
    return;
  g_array_remove_index (link->addresses, position);
  netns_state_notify_link_changed (state, link, ADDRESS_CHANGES);
  note_room (state, link);
}

static gboolean
has_ipv4 (const NetnsLink *link)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++)
    if (g_array_index (link->addresses, NetnsLinkAddress, i).address.family == AF_INET)
      return TRUE;
  return FALSE;
}

void
netns_state_take_address (NetnsMirrorState *state, const NetnsEvent *event)
{
  NetnsNamespace *namespace = netns_state_find_namespace (state, event->nsid);
  NetnsLink *link = namespace ? netns_namespace_get_link (namespace, event->address.index) : NULL;

  if (link == NULL)
    return;
  if (event->type == NETNS_EVENT_ADDRESS) {
    put_address (state, link, &event->address);
    return;
  }
  remove_address (state, link, &event->address);
  netns_route_reader_check_source (state->routes, namespace, &event->address.address);
  /* With its last address a link loses all IPv4 routes (fib_inetaddr_event() in net/ipv4/fib_frontend.c). */
  if (event->address.address.family == AF_INET && !has_ipv4 (link))
    netns_route_reader_check_link (state->routes, namespace, link->info.index);
}

static void
prune_addresses (NetnsMirrorState *state, NetnsLink *link)
{
  gboolean changed = FALSE;

  for (guint i = link->addresses ? link->addresses->len : 0; i > 0; i--) {
    if (g_array_index (link->addresses, NetnsLinkAddress, i - 1).generation == link->namespace->generation)
      continue;
    g_array_remove_index (link->addresses, i - 1);
    changed = TRUE;
  }
  if (!changed)
    return;
  netns_state_notify_link_changed (state, link, ADDRESS_CHANGES);
  note_room (state, link);
}

/* After a complete reading: what it did not show is gone. */
void
netns_state_prune_links (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);

    if (link->generation == namespace->generation)
      prune_addresses (state, link);
    else
      remove_link (state, link);
  }
}

/* A namespace got its first name or lost its last one: so did all its links. */
void
netns_state_announce_links (NetnsMirrorState *state, NetnsNamespace *namespace, gboolean added)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);
    NetnsLink *peer = netns_state_get_peer (state, link);

    if (added)
      netns_state_notify_link_added (state, link);
    else
      netns_state_notify_link_removed (state, link);
    if (peer != NULL && peer->namespace != namespace)
      netns_state_notify_link_changed (state, peer, NETNS_LINK_PEER);
  }
}
