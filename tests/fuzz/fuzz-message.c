/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of rtnetlink. Whoever has a namespace chooses the names, addresses and counts in them. */
#include "kernel/bridge.h"
#include "kernel/conntrack.h"
#include "kernel/message.h"
#include "kernel/neighbour.h"

#include "fuzz.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netconf.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

/* The kernel's messages are as long as their header says, and a buffer holds them whole. */
static struct nlmsghdr *
make_message (const guint8 *data, gsize size, guint16 type)
{
  struct nlmsghdr *header = g_malloc0 (NLMSG_HDRLEN + size);

  header->nlmsg_len = (guint32) (NLMSG_HDRLEN + size);
  header->nlmsg_type = type;
  if (size > 0)
    memcpy (NLMSG_DATA (header), data, size);
  return header;
}

static void
parse_link (const struct nlmsghdr *header)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (netns_message_parse_link (header, &info))
    g_assert_nonnull (memchr (info.name, '\0', sizeof info.name));
}

static void
parse_address (const struct nlmsghdr *header)
{
  NetnsLinkAddress address;

  if (netns_message_parse_address (header, &address))
    g_assert_cmpint (address.address.prefix, <=, 128);
}

static void
parse_route (const struct nlmsghdr *header)
{
  g_autoptr (GArray) routes = g_array_new (FALSE, TRUE, sizeof (NetnsRoute));
  guint count = netns_message_parse_route (header, routes);

  g_assert_cmpuint (count, <=, routes->len);
}

static void
parse_nsid (const struct nlmsghdr *header)
{
  int nsid;

  netns_message_parse_nsid (header, &nsid);
}

static void
parse_error (const struct nlmsghdr *header)
{
  g_autofree char *text = netns_message_extended_ack (header);

  g_assert_true (text == NULL || strlen (text) < header->nlmsg_len);
}

static void
parse_forwarding (const struct nlmsghdr *header)
{
  gboolean forwarding;
  guint index;
  int family;

  netns_message_parse_forwarding (header, &family, &index, &forwarding);
}

static void
parse_statistics (const struct nlmsghdr *header)
{
  g_autoptr (GHashTable) counters = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  netns_message_parse_statistics (header, counters);
}

static void
parse_neighbour (const struct nlmsghdr *header)
{
  g_autoptr (GArray) neighbours = g_array_new (FALSE, FALSE, sizeof (NetnsNeighbour));

  netns_neighbour_take (header, neighbours);
  g_assert_cmpuint (neighbours->len, <=, 1);
}

static void
parse_forwarding_entry (const struct nlmsghdr *header)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (NetnsForwardingEntry));

  netns_bridge_take_entry (header, entries);
  g_assert_cmpuint (entries->len, <=, 1);
}

static void
parse_connection (const struct nlmsghdr *header)
{
  NetnsFlow flow;
  NetnsFlowEntry entry;

  if (netns_conntrack_parse (header, &flow, &entry))
    g_assert_cmpuint (entry.size, <=, sizeof entry.tuple);
}

static const struct {
  guint16 type;
  void (*parse) (const struct nlmsghdr *header);
} parsers[] = {
  { RTM_NEWLINK,                parse_link             },
  { RTM_NEWADDR,                parse_address          },
  { RTM_NEWROUTE,               parse_route            },
  { RTM_NEWNSID,                parse_nsid             },
  { NLMSG_ERROR,                parse_error            },
  { RTM_NEWNETCONF,             parse_forwarding       },
  { RTM_NEWLINK,                parse_statistics       },
  { RTM_NEWNEIGH,               parse_neighbour        },
  { RTM_NEWNEIGH,               parse_forwarding_entry },
  { NFNL_SUBSYS_CTNETLINK << 8, parse_connection       },
};

/* The first byte says which parser, the others are the message behind its header. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree struct nlmsghdr *header = NULL;
  gsize number;

  if (size == 0)
    return 0;
  number = data[0] % G_N_ELEMENTS (parsers);
  header = make_message (data + 1, size - 1, parsers[number].type);
  parsers[number].parse (header);
  return 0;
}

static void
put_tuple (struct nl_msg *message, int direction)
{
  struct nlattr *tuple = nla_nest_start (message, direction), *part = nla_nest_start (message, CTA_TUPLE_IP);

  nla_put_u32 (message, CTA_IP_V4_SRC, 0x0a000001);
  nla_put_u32 (message, CTA_IP_V4_DST, 0x0a000002);
  nla_nest_end (message, part);
  part = nla_nest_start (message, CTA_TUPLE_PROTO);
  nla_put_u8 (message, CTA_PROTO_NUM, 6);
  nla_put_u16 (message, CTA_PROTO_SRC_PORT, 1);
  nla_put_u16 (message, CTA_PROTO_DST_PORT, 2);
  nla_nest_end (message, part);
  nla_nest_end (message, tuple);
}

/* A message of each kind with every attribute that its parser reads. */
static struct nl_msg *
make_seed (guint number)
{
  struct ifinfomsg link = { .ifi_index = 3, .ifi_flags = 1 };
  struct ifaddrmsg address = { .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 3 };
  struct rtmsg route = { .rtm_family = AF_INET, .rtm_dst_len = 8, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST };
  struct rtgenmsg nsid = { .rtgen_family = AF_UNSPEC };
  struct nlmsgerr refusal = { .error = -EINVAL };
  struct netconfmsg forwarding = { .ncm_family = AF_INET };
  struct rtnl_link_stats64 statistics = { .rx_packets = 1 };
  struct ndmsg neighbour = { .ndm_ifindex = 3, .ndm_state = NUD_REACHABLE };
  struct nfgenmsg flow = { .nfgen_family = AF_INET };
  struct nl_msg *message = nlmsg_alloc ();
  const guint8 mac[6] = { 2, 0, 0, 0, 0, 1 };
  struct rtnexthop hop = { .rtnh_len = sizeof hop, .rtnh_ifindex = 3 };
  struct nlattr *outer, *inner;

  switch (number) {
  case 0:
    nlmsg_append (message, &link, sizeof link, NLMSG_ALIGNTO);
    nla_put_string (message, IFLA_IFNAME, "eth0");
    nla_put_u32 (message, IFLA_MTU, 1500);
    nla_put (message, IFLA_ADDRESS, sizeof mac, mac);
    nla_put_u8 (message, IFLA_OPERSTATE, 6);
    nla_put_u32 (message, IFLA_MASTER, 2);
    nla_put_u32 (message, IFLA_LINK, 7);
    nla_put_s32 (message, IFLA_LINK_NETNSID, 4);
    nla_put_s32 (message, IFLA_NEW_NETNSID, 5);
    nla_put_u32 (message, IFLA_NEW_IFINDEX, 9);
    nla_put_string (message, IFLA_IFALIAS, "a description");
    outer = nla_nest_start (message, IFLA_PROP_LIST);
    nla_put_string (message, IFLA_ALT_IFNAME, "another-name-of-it");
    nla_nest_end (message, outer);
    outer = nla_nest_start (message, IFLA_LINKINFO);
    nla_put_string (message, IFLA_INFO_KIND, "bridge");
    inner = nla_nest_start (message, IFLA_INFO_DATA);
    nla_put_u32 (message, IFLA_BR_FORWARD_DELAY, 1500);
    nla_put_u32 (message, IFLA_BR_AGEING_TIME, 30000);
    nla_put_u32 (message, IFLA_BR_STP_STATE, 1);
    nla_put_u8 (message, IFLA_BR_VLAN_FILTERING, 1);
    nla_put_u8 (message, IFLA_BR_MCAST_SNOOPING, 1);
    nla_nest_end (message, inner);
    nla_put_string (message, IFLA_INFO_SLAVE_KIND, "bridge");
    inner = nla_nest_start (message, IFLA_INFO_SLAVE_DATA);
    nla_put_u32 (message, IFLA_BRPORT_COST, 2);
    nla_put_u8 (message, IFLA_BRPORT_STATE, 3);
    nla_put_u8 (message, IFLA_BRPORT_ISOLATED, 1);
    nla_nest_end (message, inner);
    nla_nest_end (message, outer);
    break;
  case 1:
    nlmsg_append (message, &address, sizeof address, NLMSG_ALIGNTO);
    nla_put_u32 (message, IFA_ADDRESS, 0x0a000001);
    nla_put_u32 (message, IFA_LOCAL, 0x0a000001);
    nla_put_u32 (message, IFA_FLAGS, IFA_F_PERMANENT);
    break;
  case 2:
    nlmsg_append (message, &route, sizeof route, NLMSG_ALIGNTO);
    nla_put_u32 (message, RTA_DST, 0x0000000a);
    nla_put_u32 (message, RTA_GATEWAY, 0x0100000a);
    nla_put_u32 (message, RTA_PREFSRC, 0x0200000a);
    nla_put_u32 (message, RTA_OIF, 3);
    nla_put_u32 (message, RTA_PRIORITY, 100);
    nla_put_u32 (message, RTA_TABLE, 254);
    nla_put (message, RTA_MULTIPATH, sizeof hop, &hop);
    break;
  case 3:
    nlmsg_append (message, &nsid, sizeof nsid, NLMSG_ALIGNTO);
    nla_put_s32 (message, NETNSA_NSID, 5);
    break;
  case 4:
    nlmsg_append (message, &refusal, sizeof refusal, NLMSG_ALIGNTO);
    nla_put_string (message, NLMSGERR_ATTR_MSG, "The kernel's own words");
    break;
  case 5:
    nlmsg_append (message, &forwarding, sizeof forwarding, NLMSG_ALIGNTO);
    nla_put_s32 (message, NETCONFA_IFINDEX, NETCONFA_IFINDEX_ALL);
    nla_put_s32 (message, NETCONFA_FORWARDING, 1);
    break;
  case 6:
    nlmsg_append (message, &link, sizeof link, NLMSG_ALIGNTO);
    nla_put (message, IFLA_STATS64, sizeof statistics, &statistics);
    break;
  case 7:
  case 8:
    neighbour.ndm_family = number == 7 ? AF_INET : AF_BRIDGE;
    nlmsg_append (message, &neighbour, sizeof neighbour, NLMSG_ALIGNTO);
    nla_put_u32 (message, NDA_DST, 0x0a000001);
    nla_put (message, NDA_LLADDR, sizeof mac, mac);
    nla_put_u32 (message, NDA_MASTER, 2);
    nla_put_u16 (message, NDA_VLAN, 7);
    break;
  default:
    nlmsg_append (message, &flow, sizeof flow, NLMSG_ALIGNTO);
    put_tuple (message, CTA_TUPLE_ORIG);
    put_tuple (message, CTA_TUPLE_REPLY);
    nla_put_u16 (message, CTA_ZONE, 1);
    nla_put_u32 (message, CTA_ID, 2);
  }
  return message;
}

const guint8 *
netns_fuzz_get_seed (guint number, gsize *size)
{
  static guint8 seed[4096];
  struct nl_msg *message;

  if (number >= G_N_ELEMENTS (parsers))
    return NULL;
  message = make_seed (number);
  *size = 1 + (gsize) nlmsg_datalen (nlmsg_hdr (message));
  seed[0] = (guint8) number;
  memcpy (seed + 1, nlmsg_data (nlmsg_hdr (message)), *size - 1);
  nlmsg_free (message);
  return seed;
}
