/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rtnetlink messages say, as plain values: the only place that reads their attributes. */
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
 * @operstate: IF_OPER_*
 * @master: ifindex of its master, 0 for none
 * @peer_index: ifindex of the veth's other end or of the link that it stands on, 0 for none
 * @new_index: of a link that leaves: its ifindex in the namespace that it goes to, 0 if it ends
 * @new_nsid: and the nsid of that one, as the message's namespace knows it
 * @peer_nsid: nsid of @peer_index's namespace as the message's namespace knows it, or NETNS_LINK_SAME_NAMESPACE
 * @alternative_names: (nullable): further names
 * @description: (nullable): ifalias
 * @bridge: options of a bridge, times in hundredths of a second
 * @tap: what a tap has; @is_tap tells whether it is one: whose programs may attach to it, G_MAXUINT32 for everybody's
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
    gboolean stp : 1;
    gboolean vlan_filtering : 1;
    gboolean multicast_snooping : 1;
  } bridge;
  struct {
    guint32 cost;
    guint8 state;
    gboolean hairpin : 1;
    gboolean isolated : 1;
    gboolean learning : 1;
  } port;
  struct {
    guint32 owner;
  } tap;
} NetnsLinkInfo;

/**
 * NetnsLinkAddress:
 * @address: address with prefix length
 * @index: ifindex of the link
 * @flags: IFA_F_*
 */
typedef struct {
  NetnsAddress address;
  guint index;
  guint32 flags;
} NetnsLinkAddress;

/**
 * NetnsRoute:
 * @destination: the subnet; prefix length 0 for the default route
 * @gateway: the next router, family AF_UNSPEC for none
 * @source: preferred source address, family AF_UNSPEC for none
 * @link: ifindex, 0 for none
 * @metric: priority, lower wins
 * @table: number of the routing table
 * @type: RTN_*
 * @protocol: RTPROT_*
 */
typedef struct {
  NetnsAddress destination;
  NetnsAddress gateway;
  NetnsAddress source;
  guint link;
  guint32 metric;
  guint32 table;
  guint8 type;
  guint8 protocol;
} NetnsRoute;

gboolean netns_message_parse_link (const struct nlmsghdr *header, NetnsLinkInfo *info);
void netns_link_info_clear (NetnsLinkInfo *info);
gboolean netns_message_parse_address (const struct nlmsghdr *header, NetnsLinkAddress *address);
guint netns_message_parse_route (const struct nlmsghdr *header, GArray *routes);
gboolean netns_message_parse_statistics (const struct nlmsghdr *header, GHashTable *counters);
gboolean netns_message_parse_forwarding (const struct nlmsghdr *header, int *family, gboolean *forwarding);
gboolean netns_message_parse_nsid (const struct nlmsghdr *header, int *nsid);
char *netns_message_extended_ack (const struct nlmsghdr *header);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsLinkInfo, netns_link_info_clear)
