/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contents of rtnetlink messages as plain values: the only place that reads their attributes. */
#pragma once

#include "common/address.h"
#include "common/validate.h"

#include <glib.h>
#include <netlink/msg.h>

/* IFLA_LINK_NETNSID was not there: IFLA_LINK is in the same namespace. */
#define NETNS_LINK_SAME_NAMESPACE G_MININT

/**
 * NetnsLinkInfo:
 * @index: ifindex
 * @name: its name
 * @kind: kind as the kernel says, interned; `loopback`, or empty for a physical link
 * @flags: IFF_*
 * @mtu: bytes
 * @mac: hardware address
 * @has_mac: whether it has a hardware address of six bytes
 * @forwards: whether IPv4 packets that come in by it are forwarded
 * @operstate: IF_OPER_*
 * @master: ifindex of its master, 0 for none
 * @peer_index: ifindex of the veth's other end or of the link that it stands on, 0 for none
 * @new_index: of a link that leaves: its ifindex in the namespace that it goes to, 0 if it ends
 * @new_nsid: and the nsid of that one, as the message's namespace knows it
 * @peer_nsid: nsid of @peer_index's namespace as the message's namespace knows it, or NETNS_LINK_SAME_NAMESPACE
 * @alternative_names: (nullable): further names
 * @description: (nullable): ifalias
 * @bridge: options of a bridge, times in hundredths of a second
 * @tap: the owner of a tap (@is_tap), whose programs may attach to it; G_MAXUINT32 if every user's programs may
 * @port: options of a bridge port; @is_port tells whether it is one
 */
typedef struct {
  guint index;
  char name[NETNS_LINK_NAME_MAX + 1];
  const char *kind;
  guint flags;
  guint mtu;
  guint8 mac[NETNS_MAC_LENGTH];
  gboolean has_mac : 1;
  gboolean is_port : 1;
  gboolean is_tap : 1;
  gboolean forwards : 1;
  guint8 operstate;
  guint master;
  guint peer_index;
  guint new_index;
  int new_nsid;
  int peer_nsid;
  char **alternative_names;
  char *description;
  struct {
    guint32 forward_delay;
    guint32 ageing_time;
    gboolean stp;
    gboolean vlan_filtering;
    gboolean multicast_snooping;
    gboolean ignore_reserved;
  } bridge;
  struct {
    guint32 cost;
    guint8 state;
    gboolean hairpin;
    gboolean isolated;
    gboolean learning;
  } port;
  struct {
    guint32 owner;
  } tap;
} NetnsLinkInfo;

/**
 * NetnsLinkAddress:
 * @address: the link's own; with a peer, the prefix length is that of the peer's subnet
 * @peer: the other end of a point-to-point link, family AF_UNSPEC for none
 * @broadcast: IPv4: the address that means all, family AF_UNSPEC for none
 * @index: ifindex of the link
 * @flags: IFA_F_*
 * @metric: that of the route to its subnet, 0 for the kernel's choice
 * @updated: changes whenever the two that follow are set anew
 * @valid_until: seconds of the monotonic clock, 0 for ever: when the kernel removes it
 * @preferred_until: the same: until when new connections use it
 * @label: IPv4: a name such as `eth0:1`, as a rule that of the link; any bytes
 * @scope: RT_SCOPE_*
 * @protocol: who made it, IFAPROT_*
 * @generation: for who keeps it
 */
typedef struct {
  NetnsAddress address;
  NetnsAddress peer;
  NetnsAddress broadcast;
  guint index;
  guint32 flags;
  guint32 metric;
  guint32 updated;
  guint64 valid_until;
  guint64 preferred_until;
  char label[NETNS_LINK_NAME_MAX + 1];
  guint8 scope;
  guint8 protocol;
  guint generation;
} NetnsLinkAddress;

/**
 * NetnsRoute:
 * @destination: the subnet; prefix length 0 for the default route
 * @type: RTN_*
 * @tos: IPv4: the type of service of its packets, 0 for all
 * @table: number of the routing table
 * @metric: priority, lower wins
 * @nexthop_id: number of the nexthop object that says where it leads, 0 for none
 * @source: preferred source address, family AF_UNSPEC for none
 * @protocol: RTPROT_*
 * @scope: IPv4: RT_SCOPE_*
 * @n_ways: of a multipath route: how many ways it has, 0 for any other
 * @way: which of them this is
 * @link: ifindex, 0 for none
 * @gateway: the next router, family AF_UNSPEC for none
 * @onlink: whether the gateway is taken to be on the link, whatever its address
 * @weight: of a multipath route: that of this way, less one
 *
 * Or one of the ways of a multipath route. Without gaps and in this order: compared byte by byte, the ways of a route
 * follow each other.
 */
typedef struct {
  NetnsAddress destination;
  guint8 type;
  guint8 tos;
  guint32 table;
  guint32 metric;
  guint32 nexthop_id;
  NetnsAddress source;
  guint8 protocol;
  guint8 scope;
  guint16 n_ways;
  guint16 way;
  guint32 link;
  NetnsAddress gateway;
  guint8 onlink;
  guint8 weight;
} NetnsRoute;

G_STATIC_ASSERT (sizeof (NetnsRoute) == 3 * sizeof (NetnsAddress) + 4 * sizeof (guint32) + 2 * sizeof (guint16) + 6);

/* One option, of a bridge or, from COST on, of a port. Flags are 0 or 1. */
typedef enum {
  NETNS_BRIDGE_STP,
  NETNS_BRIDGE_VLAN_FILTERING,
  NETNS_BRIDGE_FORWARD_DELAY,      /* hundredths of a second */
  NETNS_BRIDGE_AGEING_TIME,        /* hundredths of a second */
  NETNS_BRIDGE_MULTICAST_SNOOPING,
  NETNS_BRIDGE_IGNORE_RESERVED, /* does not learn from frames to the reserved addresses, which no bridge forwards */
  NETNS_BRIDGE_PORT_COST,
  NETNS_BRIDGE_PORT_HAIRPIN,
  NETNS_BRIDGE_PORT_ISOLATED,
  NETNS_BRIDGE_PORT_LEARNING,
} NetnsBridgeOption;

#define NETNS_BRIDGE_N_OPTIONS (NETNS_BRIDGE_PORT_LEARNING + 1)

/**
 * NetnsBridgeOptionRow:
 * @key: what it is called on the bus
 * @is_flag: whether it is on or off
 * @place: where it is in NetnsLinkInfo, four bytes
 * @attribute: the kernel's attribute
 * @size: bytes of that
 */
typedef struct {
  const char *key;
  gboolean is_flag;
  gsize place;
  int attribute;
  gsize size;
} NetnsBridgeOptionRow;

extern const NetnsBridgeOptionRow netns_bridge_options[NETNS_BRIDGE_N_OPTIONS];

gboolean netns_message_parse (const struct nlmsghdr *header, int header_size, struct nlattr **attributes, int max,
                              const struct nla_policy *policy);
gboolean netns_message_parse_link (const struct nlmsghdr *header, NetnsLinkInfo *info);
void netns_link_info_clear (NetnsLinkInfo *info);
gboolean netns_message_parse_address (const struct nlmsghdr *header, NetnsLinkAddress *address);
guint netns_message_parse_route (const struct nlmsghdr *header, GArray *routes);
gboolean netns_message_parse_statistics (const struct nlmsghdr *header, GHashTable *counters);
gboolean netns_message_parse_forwarding (const struct nlmsghdr *header, int *family, guint *index,
                                         gboolean *forwarding);
gboolean netns_message_parse_nsid (const struct nlmsghdr *header, int *nsid);
char *netns_message_extended_ack (const struct nlmsghdr *header);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsLinkInfo, netns_link_info_clear)
