/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel looks like now: every network namespace in /run/netns and the host, and while somebody looks also those
 * that have no name there, with their links, addresses and routes, followed live. Read-only, and without a thought of its own: what is not here is not in the kernel.
 *
 * The main thread owns it. Links and addresses come through the event socket; routes need a socket inside the
 * namespace, so the worker reads them whenever something touched them. */
#pragma once

#include "common/dns.h"
#include "kernel/message.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "kernel/worker.h"

typedef struct _NetnsMirror NetnsMirror;
typedef struct _NetnsNamespace NetnsNamespace;
typedef struct _NetnsLink NetnsLink;

typedef enum {
  NETNS_SOURCE_HOST,
  NETNS_SOURCE_NAMED,
  NETNS_SOURCE_BROKEN, /* a file in /run/netns that is no mounted network namespace */
  /* Without a name, the strongest hold first: */
  NETNS_SOURCE_PROCESS,    /* a process lives in it */
  NETNS_SOURCE_MOUNT,      /* it is mounted somewhere */
  NETNS_SOURCE_DESCRIPTOR, /* a process has it open */
} NetnsSource;

/* What can change of a namespace; one bit for each property on the bus. */
typedef enum {
  NETNS_NAMESPACE_NSID = 1 << 0,
  NETNS_NAMESPACE_OWNER = 1 << 1,
  NETNS_NAMESPACE_LINKS = 1 << 2,
  NETNS_NAMESPACE_ROUTES = 1 << 3,
  NETNS_NAMESPACE_DNS_SERVERS = 1 << 4,
  NETNS_NAMESPACE_DNS_SEARCH = 1 << 5,
  NETNS_NAMESPACE_SOURCE = 1 << 6,
  NETNS_NAMESPACE_PATH = 1 << 7,
  NETNS_NAMESPACE_LABEL = 1 << 8,
} NetnsNamespaceChanges;

/* What can change of a link; one bit for each property on the bus. */
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
  NETNS_LINK_OWNER = 1 << 10,
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
} NetnsLinkChanges;

/* What can change of the machine as a whole. */
typedef enum {
  NETNS_MIRROR_FORWARDING4 = 1 << 0,
  NETNS_MIRROR_FORWARDING6 = 1 << 1,
  NETNS_MIRROR_RESYNC_COUNT = 1 << 2,
} NetnsMirrorChanges;

/* What somebody changed of a firewall. */
typedef enum {
  NETNS_RULES_OURS = 1 << 0,   /* our table, and it was not us */
  NETNS_RULES_OTHERS = 1 << 1, /* another table */
  NETNS_RULES_LOST = 1 << 2,   /* news were lost: maybe our table */
  NETNS_RULES_BY_US = 1 << 3,  /* it was us */
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
 * @rules_changed: somebody changed the firewall of a namespace, with NetnsRulesChanges
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

typedef struct _NetnsEndWatch NetnsEndWatch;

typedef void (*NetnsSettledFunc) (gpointer data);
typedef void (*NetnsEndFunc) (gboolean ended, gpointer data);

/**
 * NetnsLinkAddressEntry:
 * @address: an address of a link, with prefix length
 * @flags: IFA_F_*
 * @generation: number of the last complete reading that saw it
 */
typedef struct {
  NetnsAddress address;
  guint32 flags;
  guint generation;
} NetnsLinkAddressEntry;

/**
 * NetnsLink:
 * @namespace: where it is
 * @info: what the kernel says of it; peer_nsid is as the host knows it, NETNS_NSID_NONE if there is no peer
 * @addresses: (element-type NetnsLinkAddressEntry) (nullable): its addresses, in the kernel's order
 * @generation: number of the last complete reading that saw it
 * @told_peer_index: ifindex of the peer as the last event had it
 * @told_peer_nsid: id of its namespace as the last event had it, which is that of the event's namespace
 * @published: the observer's: which interfaces of it the bus has heard of
 * @published_owner: the observer's: and which owner
 */
struct _NetnsLink {
  NetnsNamespace *namespace;
  NetnsLinkInfo info;
  GArray *addresses;
  guint generation;
  guint told_peer_index;
  int told_peer_nsid;
  guint published;
  guint published_owner;
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
 * @route_readings: how many readings of them are under way
 * @generation: number of the last reading
 * @links_dirty: whether events about it were lost, so that it must be read before it is looked at
 * @path: (nullable): for one without a name: what leads to it
 * @label: (nullable): what holds it, as far as anybody looked
 * @misses: for one without a name: how many searches in a row did not find what holds it
 * @routes_missed: whether they could not be read, for want of a path
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
  guint route_readings;
  guint generation;
  gboolean links_dirty;
  char *path;
  char *label;
  guint misses;
  gboolean routes_missed;
};

NetnsMirror *netns_mirror_new (NetnsWorker *worker, int receive_buffer, GError **error);
void netns_mirror_free (NetnsMirror *mirror);
void netns_mirror_observe (NetnsMirror *mirror, const NetnsObserver *observer, gpointer data);
void netns_mirror_catch_up (NetnsMirror *mirror);
void netns_mirror_settle (NetnsMirror *mirror, NetnsSettledFunc settled, gpointer data);
void netns_mirror_resync (NetnsMirror *mirror);

NetnsNamespace *netns_mirror_get_host (NetnsMirror *mirror);
NetnsNamespace *netns_mirror_get_namespace (NetnsMirror *mirror, const char *name);
GPtrArray *netns_mirror_list_namespaces (NetnsMirror *mirror);
gboolean netns_mirror_get_forwarding (NetnsMirror *mirror, int family);
guint64 netns_mirror_get_resync_count (NetnsMirror *mirror);

void netns_mirror_watch (NetnsMirror *mirror, gboolean watched);
void netns_mirror_look (NetnsMirror *mirror, NetnsSettledFunc looked, gpointer data);

guint64 netns_mirror_get_generation (NetnsMirror *mirror);
void netns_mirror_hold_events (NetnsMirror *mirror);
void netns_mirror_release_events (NetnsMirror *mirror);
void netns_mirror_hold_name (NetnsMirror *mirror, const char *name);
void netns_mirror_release_name (NetnsMirror *mirror, const char *name);
void netns_mirror_refresh_name (NetnsMirror *mirror, const char *name, NetnsNetlink *connection);
void netns_mirror_refresh_addresses (NetnsMirror *mirror, const char *namespace_name);
void netns_mirror_refresh_link (NetnsMirror *mirror, const char *namespace_name, guint index, const char *name);

NetnsEndWatch *netns_mirror_watch_end (NetnsMirror *mirror, const NetnsNamespace *namespace);
void netns_end_watch_wait (NetnsEndWatch *watch, guint timeout, NetnsEndFunc func, gpointer data);
void netns_end_watch_free (NetnsEndWatch *watch);
const NetnsDns *netns_mirror_get_dns (NetnsMirror *mirror, const char *name);
char *netns_namespace_get_path (const NetnsNamespace *namespace);
gboolean netns_namespace_is_unnamed (const NetnsNamespace *namespace);
NetnsLink *netns_namespace_get_link (NetnsNamespace *namespace, guint index);
NetnsLink *netns_namespace_find_link (NetnsNamespace *namespace, const char *name);
GPtrArray *netns_namespace_list_links (NetnsNamespace *namespace);
NetnsLink *netns_mirror_get_peer (NetnsMirror *mirror, const NetnsLink *link);
GPtrArray *netns_link_list_ports (const NetnsLink *bridge);
gboolean netns_link_is_bridge (const NetnsLink *link);
gboolean netns_link_is_veth (const NetnsLink *link);
gboolean netns_mirror_read_statistics (NetnsMirror *mirror, const NetnsLink *link, GHashTable *counters, GError **error);
gboolean netns_link_has_address (const NetnsLink *link, const NetnsAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsMirror, netns_mirror_free)
