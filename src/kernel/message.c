/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads rtnetlink messages. Lengths are checked by policies, so that a message that lies about itself is refused and not
 * read past its end. */
#include "kernel/message.h"

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ip.h>
#include <linux/net_namespace.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

static const struct nla_policy link_policy[IFLA_MAX + 1] = {
  [IFLA_IFNAME] = { .type = NLA_STRING },    [IFLA_IFALIAS] = { .type = NLA_STRING },
  [IFLA_MTU] = { .type = NLA_U32 },          [IFLA_OPERSTATE] = { .type = NLA_U8 },
  [IFLA_MASTER] = { .type = NLA_U32 },       [IFLA_LINK] = { .type = NLA_U32 },
  [IFLA_LINKINFO] = { .type = NLA_NESTED },  [IFLA_LINK_NETNSID] = { .type = NLA_U32 },
  [IFLA_PROP_LIST] = { .type = NLA_NESTED }, [IFLA_NEW_NETNSID] = { .type = NLA_U32 },
  [IFLA_NEW_IFINDEX] = { .type = NLA_U32 },
};

static const struct nla_policy link_info_policy[IFLA_INFO_MAX + 1] = {
  [IFLA_INFO_KIND] = { .type = NLA_STRING },
  [IFLA_INFO_DATA] = { .type = NLA_NESTED },
  [IFLA_INFO_SLAVE_KIND] = { .type = NLA_STRING },
  [IFLA_INFO_SLAVE_DATA] = { .type = NLA_NESTED },
};

#define KINDS_MAX 1000

#define PLACE(member) offsetof (NetnsLinkInfo, member)

/* In the order of NetnsBridgeOption. */
const NetnsBridgeOptionRow netns_bridge_options[NETNS_BRIDGE_N_OPTIONS] = {
  { "stp",                TRUE,  PLACE (bridge.stp),                IFLA_BR_STP_STATE,      4 },
  { "vlan-filtering",     TRUE,  PLACE (bridge.vlan_filtering),     IFLA_BR_VLAN_FILTERING, 1 },
  { "forward-delay",      FALSE, PLACE (bridge.forward_delay),      IFLA_BR_FORWARD_DELAY,  4 },
  { "ageing-time",        FALSE, PLACE (bridge.ageing_time),        IFLA_BR_AGEING_TIME,    4 },
  { "multicast-snooping", TRUE,  PLACE (bridge.multicast_snooping), IFLA_BR_MCAST_SNOOPING, 1 },
  { "ignore-reserved",    TRUE,  PLACE (bridge.ignore_reserved),    IFLA_BR_MULTI_BOOLOPT,  8 },
  { "cost",               FALSE, PLACE (port.cost),                 IFLA_BRPORT_COST,       4 },
  { "hairpin",            TRUE,  PLACE (port.hairpin),              IFLA_BRPORT_MODE,       1 },
  { "isolated",           TRUE,  PLACE (port.isolated),             IFLA_BRPORT_ISOLATED,   1 },
  { "learning",           TRUE,  PLACE (port.learning),             IFLA_BRPORT_LEARNING,   1 },
};

static const struct nla_policy port_policy[IFLA_BRPORT_MAX + 1] = {
  [IFLA_BRPORT_STATE] = { .type = NLA_U8 },
};

static const struct nla_policy tun_policy[IFLA_TUN_MAX + 1] = {
  [IFLA_TUN_OWNER] = { .type = NLA_U32 },
  [IFLA_TUN_TYPE] = { .type = NLA_U8 },
};

static const struct nla_policy address_policy[IFA_MAX + 1] = {
  [IFA_FLAGS] = { .type = NLA_U32 },
  [IFA_LABEL] = { .type = NLA_STRING },
  [IFA_RT_PRIORITY] = { .type = NLA_U32 },
  [IFA_PROTO] = { .type = NLA_U8 },
  [IFA_CACHEINFO] = { .minlen = sizeof (struct ifa_cacheinfo) },
};

static const struct nla_policy forwarding_policy[NETCONFA_MAX + 1] = {
  [NETCONFA_IFINDEX] = { .type = NLA_S32 },
  [NETCONFA_FORWARDING] = { .type = NLA_S32 },
};

static const struct nla_policy nsid_policy[NETNSA_MAX + 1] = {
  [NETNSA_NSID] = { .type = NLA_S32 },
};

static const struct nla_policy route_policy[RTA_MAX + 1] = {
  [RTA_OIF] = { .type = NLA_U32 },
  [RTA_PRIORITY] = { .type = NLA_U32 },
  [RTA_TABLE] = { .type = NLA_U32 },
  [RTA_NH_ID] = { .type = NLA_U32 },
};

/* As nlmsg_parse() of libnl, which takes what it only reads without const.
 * Returns: whether the message is complete, and as @policy says; @attributes (@max + 1) are its attributes then */
gboolean
netns_message_parse (const struct nlmsghdr *header, int header_size, struct nlattr **attributes, int max,
                     const struct nla_policy *policy)
{
  return nlmsg_parse ((struct nlmsghdr *) (gpointer) header, header_size, attributes, max, policy) == 0;
}

static guint32
get_u32 (struct nlattr *attribute, guint32 otherwise)
{
  return attribute != NULL ? nla_get_u32 (attribute) : otherwise;
}

static guint8
get_u8 (struct nlattr *attribute, guint8 otherwise)
{
  return attribute != NULL ? nla_get_u8 (attribute) : otherwise;
}

/* Of a port those from COST on, of a bridge the others. */
static void
parse_bridge_options (struct nlattr *data, gboolean of_port, NetnsLinkInfo *info)
{
  struct nlattr *attributes[MAX (IFLA_BR_MAX, IFLA_BRPORT_MAX) + 1];

  if (nla_parse_nested (attributes, of_port ? IFLA_BRPORT_MAX : IFLA_BR_MAX, data, of_port ? port_policy : NULL) < 0)
    return;
  for (guint i = 0; i < NETNS_BRIDGE_N_OPTIONS; i++) {
    const NetnsBridgeOptionRow *row = &netns_bridge_options[i];
    guint32 *value = (guint32 *) (gpointer) ((char *) info + row->place);

    if ((i >= NETNS_BRIDGE_PORT_COST) != of_port || attributes[row->attribute] == NULL
        || (gsize) nla_len (attributes[row->attribute]) < row->size)
      continue;
    *value = row->size == 1 ? nla_get_u8 (attributes[row->attribute]) : nla_get_u32 (attributes[row->attribute]);
    if (row->size == sizeof (struct br_boolopt_multi)) /* others have other bits there */
      *value &= 1u << BR_BOOLOPT_NO_LL_LEARN;
    if (row->is_flag)
      *value = *value != 0;
  }
  if (!of_port)
    return;
  info->is_port = TRUE;
  info->port.state = get_u8 (attributes[IFLA_BRPORT_STATE], 0);
}

static void
parse_tun (struct nlattr *data, NetnsLinkInfo *info)
{
  struct nlattr *options[IFLA_TUN_MAX + 1];

  if (nla_parse_nested (options, IFLA_TUN_MAX, data, tun_policy) < 0)
    return;
  info->is_tap = get_u8 (options[IFLA_TUN_TYPE], 0) == IFF_TAP;
  info->tap.owner = get_u32 (options[IFLA_TUN_OWNER], G_MAXUINT32);
}

/* What is interned is never freed, so not without end. The kernel has some fifty kinds. */
static const char *
intern_kind (const char *kind)
{
  static int count;
  GQuark quark = g_quark_try_string (kind);

  if (quark == 0 && g_atomic_int_add (&count, 1) < KINDS_MAX)
    quark = g_quark_from_string (kind);
  return quark != 0 ? g_quark_to_string (quark) : "";
}

static void
parse_kind (struct nlattr *link_info, NetnsLinkInfo *info)
{
  struct nlattr *parts[IFLA_INFO_MAX + 1];

  if (link_info == NULL || nla_parse_nested (parts, IFLA_INFO_MAX, link_info, link_info_policy) < 0)
    return;
  if (parts[IFLA_INFO_KIND] != NULL)
    info->kind = intern_kind (nla_get_string (parts[IFLA_INFO_KIND]));
  if (parts[IFLA_INFO_DATA] != NULL && strcmp (info->kind, "bridge") == 0)
    parse_bridge_options (parts[IFLA_INFO_DATA], FALSE, info);
  if (parts[IFLA_INFO_DATA] != NULL && strcmp (info->kind, "tun") == 0)
    parse_tun (parts[IFLA_INFO_DATA], info);
  if (parts[IFLA_INFO_SLAVE_KIND] != NULL && parts[IFLA_INFO_SLAVE_DATA] != NULL
      && strcmp (nla_get_string (parts[IFLA_INFO_SLAVE_KIND]), "bridge") == 0)
    parse_bridge_options (parts[IFLA_INFO_SLAVE_DATA], TRUE, info);
}

static char **
parse_alternative_names (struct nlattr *list)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  struct nlattr *property;
  gboolean any = FALSE;
  int rest;

  if (list == NULL)
    return NULL;
  nla_for_each_nested (property, list, rest)
  {
    g_autofree char *name = NULL;

    if (nla_type (property) != IFLA_ALT_IFNAME)
      continue;
    name = g_strndup (nla_data (property), (gsize) nla_len (property));
    g_strv_builder_add (names, name);
    any = TRUE;
  }
  return any ? g_strv_builder_end (names) : NULL;
}

/* Settings of IPv4 are an array without the first number of the enumeration (inet_fill_link_af() in net/ipv4/devinet.c). */
static gboolean
parse_forwards (struct nlattr *families)
{
  struct nlattr *ipv4 = families ? nla_find (nla_data (families), nla_len (families), AF_INET) : NULL;
  struct nlattr *settings = ipv4 ? nla_find (nla_data (ipv4), nla_len (ipv4), IFLA_INET_CONF) : NULL;
  guint32 value = 0;

  if (settings != NULL && nla_len (settings) >= (int) (IPV4_DEVCONF_FORWARDING * sizeof value))
    memcpy (&value, (const guint32 *) nla_data (settings) + IPV4_DEVCONF_FORWARDING - 1, sizeof value);
  return value != 0;
}

/**
 * netns_message_parse_link:
 * @header: a whole message
 * @info: (out caller-allocates): what it says; to be freed with netns_link_info_clear() in any case
 *
 * Reads RTM_NEWLINK and RTM_DELLINK. Messages of a family of its own (AF_BRIDGE when a port changes, AF_INET6
 * when its settings do) and those of wireless extensions have the type RTM_NEWLINK too, but tell a part only:
 * they are refused, lest they overwrite a complete record (br_info_notify() in net/bridge/br_netlink.c,
 * inet6_ifinfo_notify() in net/ipv6/addrconf.c, rtnetlink_ifinfo_prep() in net/wireless/wext-core.c).
 *
 * Names are the kernel's bytes, which need not be UTF-8.
 *
 * Returns: whether it is a complete record of a link
 */
gboolean
netns_message_parse_link (const struct nlmsghdr *header, NetnsLinkInfo *info)
{
  struct nlattr *attributes[IFLA_MAX + 1];
  const struct ifinfomsg *message = NLMSG_DATA (header);

  memset (info, 0, sizeof *info);
  info->kind = "";
  info->peer_nsid = NETNS_LINK_SAME_NAMESPACE;
  if ((header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK)
      || !netns_message_parse (header, sizeof *message, attributes, IFLA_MAX, link_policy)
      || message->ifi_family != AF_UNSPEC || attributes[IFLA_IFNAME] == NULL)
    return FALSE;
  info->index = (guint) message->ifi_index;
  info->flags = message->ifi_flags;
  g_strlcpy (info->name, nla_get_string (attributes[IFLA_IFNAME]), sizeof info->name);
  if (info->flags & IFF_LOOPBACK)
    info->kind = "loopback";
  info->mtu = get_u32 (attributes[IFLA_MTU], 0);
  info->operstate = get_u8 (attributes[IFLA_OPERSTATE], 0);
  info->master = get_u32 (attributes[IFLA_MASTER], 0);
  info->new_index = get_u32 (attributes[IFLA_NEW_IFINDEX], 0);
  info->new_nsid = (int) get_u32 (attributes[IFLA_NEW_NETNSID], 0);
  info->peer_index = get_u32 (attributes[IFLA_LINK], 0);
  if (attributes[IFLA_LINK_NETNSID] != NULL)
    info->peer_nsid = (int) nla_get_u32 (attributes[IFLA_LINK_NETNSID]);
  if (attributes[IFLA_ADDRESS] != NULL && nla_len (attributes[IFLA_ADDRESS]) == NETNS_MAC_LENGTH) {
    memcpy (info->mac, nla_data (attributes[IFLA_ADDRESS]), NETNS_MAC_LENGTH);
    info->has_mac = TRUE;
  }
  info->forwards = parse_forwards (attributes[IFLA_AF_SPEC]);
  parse_kind (attributes[IFLA_LINKINFO], info);
  info->alternative_names = parse_alternative_names (attributes[IFLA_PROP_LIST]);
  if (attributes[IFLA_IFALIAS] != NULL)
    info->description = g_strdup (nla_get_string (attributes[IFLA_IFALIAS]));
  return TRUE;
}

/* Frees what @info holds, as netns_message_parse_link() filled it in. */
void
netns_link_info_clear (NetnsLinkInfo *info)
{
  g_clear_pointer (&info->alternative_names, g_strfreev);
  g_clear_pointer (&info->description, g_free);
}

static guint
family_bits (int family)
{
  return family == AF_INET ? 32 : 128;
}

/* Whether the attribute is there and holds an address of this family; @prefix is the caller's business. */
static gboolean
parse_host (struct nlattr *attribute, int family, guint prefix, NetnsAddress *address)
{
  gsize size = family == AF_INET ? 4 : 16;

  if (attribute == NULL || (gsize) nla_len (attribute) < size)
    return FALSE;
  netns_address_set_bytes (address, family, nla_data (attribute), prefix);
  return TRUE;
}

static gboolean
is_ip (int family, guint prefix)
{
  return (family == AF_INET && prefix <= 32) || (family == AF_INET6 && prefix <= 128);
}

static guint64
end_of (guint32 seconds)
{
  return seconds == G_MAXUINT32 ? 0 : (guint64) (g_get_monotonic_time () / G_USEC_PER_SEC) + seconds;
}

static void
parse_lifetimes (struct nlattr *attribute, NetnsLinkAddress *address)
{
  struct ifa_cacheinfo lifetimes;

  if (attribute == NULL)
    return;
  memcpy (&lifetimes, nla_data (attribute), sizeof lifetimes);
  address->updated = lifetimes.tstamp;
  address->valid_until = end_of (lifetimes.ifa_valid);
  address->preferred_until = end_of (lifetimes.ifa_prefered);
}

/* Reads RTM_NEWADDR and RTM_DELADDR. With a point-to-point address IFA_LOCAL is the link's own and IFA_ADDRESS the
 * other end's; otherwise both are the same, or only IFA_ADDRESS is there (inet6_fill_ifaddr()).
 * Returns: whether it is about an IPv4 or IPv6 address */
gboolean
netns_message_parse_address (const struct nlmsghdr *header, NetnsLinkAddress *address)
{
  struct nlattr *attributes[IFA_MAX + 1];
  const struct ifaddrmsg *message = NLMSG_DATA (header);
  int family;

  memset (address, 0, sizeof *address);
  if ((header->nlmsg_type != RTM_NEWADDR && header->nlmsg_type != RTM_DELADDR)
      || !netns_message_parse (header, sizeof *message, attributes, IFA_MAX, address_policy)
      || !is_ip (message->ifa_family, message->ifa_prefixlen))
    return FALSE;
  family = message->ifa_family;
  address->index = message->ifa_index;
  address->flags = get_u32 (attributes[IFA_FLAGS], message->ifa_flags);
  address->metric = get_u32 (attributes[IFA_RT_PRIORITY], 0);
  address->scope = message->ifa_scope;
  address->protocol = get_u8 (attributes[IFA_PROTO], IFAPROT_UNSPEC);
  if (attributes[IFA_LABEL] != NULL)
    g_strlcpy (address->label, nla_get_string (attributes[IFA_LABEL]), sizeof address->label);
  parse_lifetimes (attributes[IFA_CACHEINFO], address);
  (void) parse_host (attributes[IFA_BROADCAST], family, family_bits (family), &address->broadcast);
  if (!parse_host (attributes[IFA_LOCAL], family, message->ifa_prefixlen, &address->address))
    return parse_host (attributes[IFA_ADDRESS], family, message->ifa_prefixlen, &address->address);
  if (parse_host (attributes[IFA_ADDRESS], family, family_bits (family), &address->peer)
      && netns_address_equal_host (&address->peer, &address->address))
    address->peer = (NetnsAddress) { 0 };
  return TRUE;
}

/* The next router: of the route's family (RTA_GATEWAY), or an IPv6 one of an IPv4 route (RTA_VIA, RFC 5549). */
static void
parse_gateway (struct nlattr **attributes, int family, NetnsAddress *gateway)
{
  const struct rtvia *via;
  gsize size;

  memset (gateway, 0, sizeof *gateway);
  if (parse_host (attributes[RTA_GATEWAY], family, family_bits (family), gateway) || attributes[RTA_VIA] == NULL
      || (gsize) nla_len (attributes[RTA_VIA]) < sizeof *via)
    return;
  via = nla_data (attributes[RTA_VIA]);
  size = (gsize) nla_len (attributes[RTA_VIA]) - sizeof *via;
  if (is_ip (via->rtvia_family, 0) && size >= family_bits (via->rtvia_family) / 8)
    netns_address_set_bytes (gateway, via->rtvia_family, via->rtvia_addr, family_bits (via->rtvia_family));
}

/* One entry for each way that the packets can take. */
static guint
append_nexthops (struct nlattr *multipath, int family, const NetnsRoute *route, GArray *routes)
{
  struct nlattr *attributes[RTA_MAX + 1];
  const struct rtnexthop *hop = nla_data (multipath);
  int rest = nla_len (multipath);
  guint16 count = 0;

  while (rest >= (int) sizeof *hop && RTNH_OK (hop, rest)) {
    NetnsRoute way = *route;

    way.way = count;
    way.link = (guint) hop->rtnh_ifindex;
    way.onlink = (hop->rtnh_flags & RTNH_F_ONLINK) != 0;
    way.weight = hop->rtnh_hops;
    if (nla_parse (attributes, RTA_MAX, (struct nlattr *) RTNH_DATA (hop), hop->rtnh_len - (int) sizeof *hop,
                   route_policy)
        == 0)
      parse_gateway (attributes, family, &way.gateway);
    g_array_append_val (routes, way);
    count++;
    rest -= (int) RTNH_ALIGN (hop->rtnh_len);
    hop = RTNH_NEXT (hop);
  }
  for (guint i = routes->len - count; i < routes->len; i++)
    g_array_index (routes, NetnsRoute, i).n_ways = count;
  return count;
}

static gboolean
is_route_to_show (const struct rtmsg *message, guint32 table)
{
  switch (message->rtm_type) {
  case RTN_UNICAST:
  case RTN_BLACKHOLE:
  case RTN_UNREACHABLE:
  case RTN_PROHIBIT:
  case RTN_THROW:
    return table != RT_TABLE_LOCAL && !(message->rtm_flags & RTM_F_CLONED)
           && is_ip (message->rtm_family, message->rtm_dst_len);
  default:
    return FALSE;
  }
}

/* Reads RTM_NEWROUTE and RTM_DELROUTE, and appends to @routes (element-type NetnsRoute). A multipath route gives one
 * entry for each next hop. Routes that the kernel adds itself for each address (the local table, broadcast, multicast)
 * and cached entries are skipped.
 * Returns: how many entries were appended */
guint
netns_message_parse_route (const struct nlmsghdr *header, GArray *routes)
{
  struct nlattr *attributes[RTA_MAX + 1];
  const struct rtmsg *message = NLMSG_DATA (header);
  NetnsRoute route = { 0 };

  if ((header->nlmsg_type != RTM_NEWROUTE && header->nlmsg_type != RTM_DELROUTE)
      || !netns_message_parse (header, sizeof *message, attributes, RTA_MAX, route_policy))
    return 0;
  route.table = get_u32 (attributes[RTA_TABLE], message->rtm_table);
  if (!is_route_to_show (message, route.table))
    return 0;
  route.type = message->rtm_type;
  route.tos = message->rtm_tos;
  route.protocol = message->rtm_protocol;
  route.scope = message->rtm_scope;
  route.nexthop_id = get_u32 (attributes[RTA_NH_ID], 0);
  route.metric = get_u32 (attributes[RTA_PRIORITY], 0);
  if (!parse_host (attributes[RTA_DST], message->rtm_family, message->rtm_dst_len, &route.destination))
    netns_address_set_bytes (&route.destination, message->rtm_family, NULL, message->rtm_dst_len);
  (void) parse_host (attributes[RTA_PREFSRC], message->rtm_family, family_bits (message->rtm_family), &route.source);
  if (attributes[RTA_MULTIPATH] != NULL)
    return append_nexthops (attributes[RTA_MULTIPATH], message->rtm_family, &route, routes);
  route.link = get_u32 (attributes[RTA_OIF], 0);
  route.onlink = (message->rtm_flags & RTNH_F_ONLINK) != 0;
  parse_gateway (attributes, message->rtm_family, &route.gateway);
  g_array_append_val (routes, route);
  return 1;
}

/* Reads the counters of an RTM_NEWLINK, packets, bytes or events since the link was made, into @counters (element-type
 * utf8 guint64): keys are static, values come from g_new(), so the table is made with `g_hash_table_new_full
 * (g_str_hash, g_str_equal, NULL, g_free)`.
 * Returns: whether there were any */
gboolean
netns_message_parse_statistics (const struct nlmsghdr *header, GHashTable *counters)
{
  static const struct {
    const char *name;
    gsize offset;
  } fields[] = {
    { "rx-packets", offsetof (struct rtnl_link_stats64, rx_packets) },
    { "tx-packets", offsetof (struct rtnl_link_stats64, tx_packets) },
    { "rx-bytes",   offsetof (struct rtnl_link_stats64, rx_bytes)   },
    { "tx-bytes",   offsetof (struct rtnl_link_stats64, tx_bytes)   },
    { "rx-errors",  offsetof (struct rtnl_link_stats64, rx_errors)  },
    { "tx-errors",  offsetof (struct rtnl_link_stats64, tx_errors)  },
    { "rx-dropped", offsetof (struct rtnl_link_stats64, rx_dropped) },
    { "tx-dropped", offsetof (struct rtnl_link_stats64, tx_dropped) },
    { "multicast",  offsetof (struct rtnl_link_stats64, multicast)  },
    { "collisions", offsetof (struct rtnl_link_stats64, collisions) },
  };
  struct nlattr *attributes[IFLA_MAX + 1];
  struct nlattr *statistics;

  if (header->nlmsg_type != RTM_NEWLINK
      || !netns_message_parse (header, sizeof (struct ifinfomsg), attributes, IFLA_MAX, link_policy)
      || (statistics = attributes[IFLA_STATS64]) == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
    guint64 *value = g_new0 (guint64, 1);

    /* Copied byte by byte: attributes are aligned to four bytes only. */
    if (fields[i].offset + sizeof *value <= (gsize) nla_len (statistics))
      memcpy (value, (const char *) nla_data (statistics) + fields[i].offset, sizeof *value);
    g_hash_table_replace (counters, (gpointer) fields[i].name, value);
  }
  return TRUE;
}

/* @index: (out): ifindex of the link that it is about, 0 for all of the namespace
 *
 * Returns: whether it is an RTM_NEWNETCONF that tells whether packets of a @family, AF_INET or AF_INET6, are forwarded:
 * @forwarding. Of single links only IPv4: IPv6 is forwarded by the namespace's setting alone (ip6_forward() in
 * net/ipv6/ip6_output.c), and IPv4 by that of the link that a packet comes in by (ip_route_input_slow() in
 * net/ipv4/route.c) */
gboolean
netns_message_parse_forwarding (const struct nlmsghdr *header, int *family, guint *index, gboolean *forwarding)
{
  const struct netconfmsg *body = nlmsg_data (header);
  struct nlattr *attributes[NETCONFA_MAX + 1];
  int number;

  if (!netns_message_parse (header, sizeof *body, attributes, NETCONFA_MAX, forwarding_policy)
      || attributes[NETCONFA_IFINDEX] == NULL || attributes[NETCONFA_FORWARDING] == NULL)
    return FALSE;
  *family = body->ncm_family;
  number = nla_get_s32 (attributes[NETCONFA_IFINDEX]);
  if (number != NETCONFA_IFINDEX_ALL && (number <= 0 || *family != AF_INET))
    return FALSE;
  *index = number == NETCONFA_IFINDEX_ALL ? 0 : (guint) number;
  *forwarding = nla_get_s32 (attributes[NETCONFA_FORWARDING]) != 0;
  return TRUE;
}

/* Returns: whether it is an RTM_NEWNSID or RTM_DELNSID, and tells an id, @nsid */
gboolean
netns_message_parse_nsid (const struct nlmsghdr *header, int *nsid)
{
  struct nlattr *attributes[NETNSA_MAX + 1];

  if (!netns_message_parse (header, sizeof (struct rtgenmsg), attributes, NETNSA_MAX, nsid_policy)
      || attributes[NETNSA_NSID] == NULL)
    return FALSE;
  *nsid = nla_get_s32 (attributes[NETNSA_NSID]);
  return TRUE;
}

/* For sockets with NETLINK_EXT_ACK.
 * Returns: (transfer full) (nullable): what the kernel says of a request in an NLMSG_ERROR or NLMSG_DONE beside the
 * errno */
char *
netns_message_extended_ack (const struct nlmsghdr *header)
{
  const struct nlmsgerr *message = NLMSG_DATA (header);
  const char *payload = NLMSG_DATA (header);
  gsize size;
  gsize offset = sizeof (int); /* NLMSG_DONE has only the errno */
  struct nlattr *text;

  if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || header->nlmsg_len < NLMSG_HDRLEN)
    return NULL;
  size = header->nlmsg_len - NLMSG_HDRLEN;
  if (header->nlmsg_type == NLMSG_ERROR) {
    offset = sizeof *message;
    if (size < offset)
      return NULL;
    /* The request comes back behind its header, unless the socket has NETLINK_CAP_ACK. */
    if (!(header->nlmsg_flags & NLM_F_CAPPED) && message->msg.nlmsg_len > NLMSG_HDRLEN)
      offset += NLMSG_ALIGN (message->msg.nlmsg_len) - NLMSG_HDRLEN;
  } else if (header->nlmsg_type != NLMSG_DONE) {
    return NULL;
  }
  if (offset > size)
    return NULL;
  text
    = nla_find ((const struct nlattr *) (gconstpointer) (payload + offset), (int) (size - offset), NLMSGERR_ATTR_MSG);
  return text != NULL && nla_len (text) > 0 ? g_strndup (nla_data (text), (gsize) nla_len (text)) : NULL;
}
