/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one socket that hears what changes in all watched namespaces, and reads their links and addresses in the same
 * stream, so that the order of reading and hearing is the kernel's own. */
#pragma once

#include "kernel/message.h"
#include "kernel/netns.h"

typedef enum {
  NETNS_EVENT_LINK,
  NETNS_EVENT_LINK_GONE,
  NETNS_EVENT_ADDRESS,
  NETNS_EVENT_ADDRESS_GONE,
  NETNS_EVENT_ROUTES,     /* routes came or went */
  NETNS_EVENT_ROUTING_RULES, /* rules that choose the routing table came or went */
  NETNS_EVENT_FORWARDING, /* forwarding was switched */
  NETNS_EVENT_NSID_GONE,  /* the id of a namespace ended, as a rule because the namespace did */
} NetnsEventType;

typedef enum {
  NETNS_ROUTES_ADDED,
  NETNS_ROUTES_REMOVED,
  NETNS_ROUTES_REPLACED, /* and the earlier state is not announced */
} NetnsRouteChange;

/**
 * NetnsEvent:
 * @type: what happened
 * @nsid: the namespace that it happened in, as the host knows it
 * @from_dump: whether it answers a question of ours; then link.peer_nsid is as the host knows it
 * @link: for LINK; for LINK_GONE only the index counts
 * @address: for ADDRESS and ADDRESS_GONE
 * @gone_nsid: for NSID_GONE, as the namespace @nsid knew it
 * @family: for FORWARDING: AF_INET or AF_INET6
 * @index: for FORWARDING: ifindex of the one link, 0 for the whole namespace, and of IPv4 for all its links
 * @forwarding: for FORWARDING: whether it is on now
 * @routes: (element-type NetnsRoute): for ROUTES: which, of those that are mirrored
 * @change: for ROUTES: what happened to them
 */
typedef struct {
  NetnsEventType type;
  int nsid;
  gboolean from_dump;
  union {
    NetnsLinkInfo link;
    NetnsLinkAddress address;
    int gone_nsid;
    struct {
      int family;
      guint index;
      gboolean forwarding;
    };
    struct {
      GArray *routes;
      NetnsRouteChange change;
    };
  };
} NetnsEvent;

typedef struct _NetnsEventSocket NetnsEventSocket;
typedef void (*NetnsEventFunc) (NetnsEvent *event, gpointer data);

NetnsEventSocket *netns_event_socket_new (int receive_buffer, NetnsEventFunc func, gpointer data, GError **error);
void netns_event_socket_free (NetnsEventSocket *events);
int netns_event_socket_get_fd (const NetnsEventSocket *events);
int netns_event_socket_get_host_nsid (const NetnsEventSocket *events);
gboolean netns_event_socket_drain (NetnsEventSocket *events, GError **error);
gboolean netns_event_socket_take_overrun (NetnsEventSocket *events);
void netns_event_socket_read_link (NetnsEventSocket *events, int nsid, guint index);
gboolean netns_event_socket_read_links (NetnsEventSocket *events, int nsid, gboolean *interrupted, GError **error);
gboolean netns_event_socket_read_addresses (NetnsEventSocket *events, int nsid, gboolean *interrupted, GError **error);
gboolean netns_event_socket_resolve_peer (NetnsEventSocket *events, int nsid, guint index, guint *peer_index,
                                          int *peer_nsid);
gboolean netns_event_socket_read_statistics (NetnsEventSocket *events, int nsid, guint index, GHashTable *counters,
                                             GError **error);
int netns_event_socket_assign_nsid (NetnsEventSocket *events, int namespace_fd, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsEventSocket, netns_event_socket_free)
