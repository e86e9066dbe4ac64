/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces and links as the mirror has them, and who wants to know of their differences. */
#pragma once

#include "common/dns.h"
#include "kernel/message.h"
#include "kernel/netns.h"

typedef struct _NetnsMirrorState NetnsMirrorState;
typedef struct _NetnsNamespace NetnsNamespace;
typedef struct _NetnsLink NetnsLink;

typedef enum {
  NETNS_SOURCE_HOST,
  NETNS_SOURCE_NAMED,
  NETNS_SOURCE_BROKEN, /* a file in /run/netns that is no mounted network namespace */
  /* Without a name, the strongest hold first: */
  NETNS_SOURCE_PROCESS, /* a process lives in it */
  NETNS_SOURCE_MOUNT, /* it is mounted somewhere */
  NETNS_SOURCE_DESCRIPTOR, /* a process has it open */
} NetnsSource;

/* The changes of a namespace; one bit for each property on the bus. */
typedef enum {
  NETNS_NAMESPACE_NSID = 1 << 0,
  NETNS_NAMESPACE_LINKS = 1 << 2,
  NETNS_NAMESPACE_ROUTES = 1 << 3,
  NETNS_NAMESPACE_DNS_SERVERS = 1 << 4,
  NETNS_NAMESPACE_DNS_SEARCH = 1 << 5,
  NETNS_NAMESPACE_SOURCE = 1 << 6,
  NETNS_NAMESPACE_PATH = 1 << 7,
  NETNS_NAMESPACE_LABEL = 1 << 8,
  NETNS_NAMESPACE_ROUTING_RULES = 1 << 10, /* they are not kept */
  NETNS_NAMESPACE_ROUTE_DATA = 1 << 9, /* of any table, also where NETNS_NAMESPACE_ROUTES stay the same */
} NetnsNamespaceChanges;

/* The changes of a link; one bit for each property on the bus. */
typedef enum {
  NETNS_LINK_NAME = 1 << 0,
  NETNS_LINK_ALTERNATIVE_NAMES = 1 << 1,
  NETNS_LINK_KIND = 1 << 2,
  NETNS_LINK_MTU = 1 << 3,
  NETNS_LINK_MAC = 1 << 4,
  NETNS_LINK_ENABLED = 1 << 5,
  NETNS_LINK_CARRIER = 1 << 6,
  NETNS_LINK_OPERSTATE = 1 << 7,
  NETNS_LINK_ADDRESSES = 1 << 8,
  NETNS_LINK_MASTER = 1 << 9,
  NETNS_LINK_ADDRESS_DATA = 1 << 10,
  NETNS_LINK_DESCRIPTION = 1 << 11,
  NETNS_LINK_PEER = 1 << 12,
  NETNS_LINK_PORTS = 1 << 13,
  NETNS_LINK_BRIDGE_STP = 1 << 14,
  NETNS_LINK_BRIDGE_VLAN_FILTERING = 1 << 15,
  NETNS_LINK_BRIDGE_FORWARD_DELAY = 1 << 16,
  NETNS_LINK_BRIDGE_AGEING_TIME = 1 << 17,
  NETNS_LINK_BRIDGE_MULTICAST_SNOOPING = 1 << 18,
  NETNS_LINK_PORT_STATE = 1 << 19,
  NETNS_LINK_PORT_COST = 1 << 20,
  NETNS_LINK_PORT_HAIRPIN = 1 << 21,
  NETNS_LINK_PORT_ISOLATED = 1 << 22,
  NETNS_LINK_PORT_LEARNING = 1 << 23,
  NETNS_LINK_TAP_OWNER = 1 << 24,
  NETNS_LINK_FORWARDS = 1 << 25,
} NetnsLinkChanges;

/* The changes of the machine as a whole. */
typedef enum {
  NETNS_MIRROR_FORWARDING4 = 1 << 0,
  NETNS_MIRROR_FORWARDING6 = 1 << 1,
  NETNS_MIRROR_RESYNC_COUNT = 1 << 2,
} NetnsMirrorChanges;

/* The changes of a firewall. */
typedef enum {
  NETNS_RULES_OURS = 1 << 0, /* our table, and it was not us */
  NETNS_RULES_OTHERS = 1 << 1, /* another table */
  NETNS_RULES_LOST = 1 << 2, /* news were lost: maybe our table */
  NETNS_RULES_BY_US = 1 << 3, /* it was us */
} NetnsRulesChanges;

/**
 * NetnsObserver:
 * @namespace_added: after it is there, without its links (each is announced by itself)
 * @namespace_removed: before it goes, after its links
 * @namespace_changed: after, with NetnsNamespaceChanges
 * @link_added: after
 * @link_removed: before
 * @link_changed: after, with NetnsLinkChanges
 * @link_moved: before it is removed from the host: to which namespace it goes, and its ifindex there
 * @machine_changed: after, with NetnsMirrorChanges
 * @forwarding_changed: forwarding of another namespace than the host was switched
 * @rules_changed: the firewall of a namespace changed, with NetnsRulesChanges
 *
 * Who wants to know of differences. A namespace that gets another name goes and comes again.
 */
typedef struct {
  void (*namespace_added) (NetnsNamespace *namespace, gpointer data);
  void (*namespace_removed) (NetnsNamespace *namespace, gpointer data);
  void (*namespace_changed) (NetnsNamespace *namespace, guint changes, gpointer data);
  void (*link_added) (NetnsLink *link, gpointer data);
  void (*link_removed) (NetnsLink *link, gpointer data);
  void (*link_changed) (NetnsLink *link, guint changes, gpointer data);
  void (*link_moved) (NetnsLink *link, NetnsNamespace *to, guint index, gpointer data);
  void (*machine_changed) (guint changes, gpointer data);
  void (*forwarding_changed) (NetnsNamespace *namespace, int family, gboolean forwarding, gpointer data);
  void (*rules_changed) (NetnsNamespace *namespace, guint changes, gpointer data);
} NetnsObserver;

typedef void (*NetnsSettledFunc) (gpointer data);

/**
 * NetnsLink:
 * @namespace: where it is
 * @identity: a number that no other one ever has, while an ifindex can be given again
 * @info: what the kernel says of it; peer_nsid is as the host knows it, NETNS_NSID_NONE if there is no peer
 * @addresses: (element-type NetnsLinkAddress) (nullable): its addresses, in the kernel's order; generation as of the link
 * @lacks_addresses: whether it has more than are kept
 * @generation: number of the last complete reading that saw it
 * @announced_peer_index: ifindex of the peer as the last event had it
 * @announced_peer_nsid: id of its namespace as the last event had it, which is that of the event's namespace
 */
struct _NetnsLink {
  NetnsNamespace *namespace;
  guint64 identity;
  NetnsLinkInfo info;
  GArray *addresses;
  gboolean lacks_addresses;
  guint generation;
  guint announced_peer_index;
  int announced_peer_nsid;
};

/**
 * NetnsNamespace:
 * @name: (nullable): primary name, empty for the host, netns_name_for_id() for one that has none in /run/netns; %NULL on
 *        its way in and out
 * @aliases: (element-type utf8): its further names in /run/netns
 * @source: what it is known by
 * @id: device and inode of its file
 * @cookie: the kernel's number that no other namespace ever has; 0 until it was read
 * @nsid: the host's id for it, NETNS_NSID_NONE for a broken one
 * @links: (element-type guint NetnsLink): by ifindex
 * @routes: (element-type NetnsRoute) (nullable): of all tables but `local`, in an order of their own; %NULL while they
 *          were never read
 * @routes_read: how many there were when they were last read
 * @route_readings: how many readings of them are under way
 * @generation: number of the last reading
 * @links_dirty: whether events about it were lost, so that it must be read before it is looked at
 * @path: (nullable): for one without a name: what leads to it
 * @label: (nullable): what holds it, as far as is known
 * @misses: for one without a name: how many searches in a row did not find what holds it
 * @routes_missed: whether they could not be read, for want of a path
 * @unforwarding: of another namespace than the host: whether forwarding of IPv4 and of IPv6 was switched off
 */
struct _NetnsNamespace {
  char *name;
  GPtrArray *aliases;
  NetnsSource source;
  NetnsFileId id;
  guint64 cookie;
  int nsid;
  GHashTable *links;
  GArray *routes;
  guint routes_read;
  guint route_readings;
  guint generation;
  gboolean links_dirty;
  char *path;
  char *label;
  guint misses;
  gboolean routes_missed;
  gboolean unforwarding[2];
};
