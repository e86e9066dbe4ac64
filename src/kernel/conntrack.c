/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/conntrack.h"

#include "kernel/message.h"
#include "kernel/netlink.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

typedef struct {
  NetnsFlowFunc chosen;
  gpointer data;
  GArray *entries;
} Search;

static const struct nla_policy policy[CTA_MAX + 1] = {
  [CTA_TUPLE_ORIG] = { .type = NLA_NESTED },
  [CTA_TUPLE_REPLY] = { .type = NLA_NESTED },
  [CTA_ZONE] = { .type = NLA_U16 },
  [CTA_ID] = { .type = NLA_U32 },
};

static const struct nla_policy tuple_policy[CTA_TUPLE_MAX + 1] = {
  [CTA_TUPLE_IP] = { .type = NLA_NESTED },
  [CTA_TUPLE_PROTO] = { .type = NLA_NESTED },
};

static const struct nla_policy protocol_policy[CTA_PROTO_MAX + 1] = {
  [CTA_PROTO_NUM] = { .type = NLA_U8 },
};

static int
message_type (int type)
{
  return (NFNL_SUBSYS_CTNETLINK << 8) | type;
}

static void
read_address (struct nlattr *const ips[], gboolean destination, NetnsAddress *address)
{
  struct nlattr *ipv4 = ips[destination ? CTA_IP_V4_DST : CTA_IP_V4_SRC];
  struct nlattr *ipv6 = ips[destination ? CTA_IP_V6_DST : CTA_IP_V6_SRC];

  if (ipv4 != NULL && nla_len (ipv4) == 4)
    netns_address_set_bytes (address, AF_INET, nla_data (ipv4), 32);
  else if (ipv6 != NULL && nla_len (ipv6) == 16)
    netns_address_set_bytes (address, AF_INET6, nla_data (ipv6), 128);
}

/* One direction: the address and the port of its destination or its source, and the other address. */
static gboolean
read_tuple (struct nlattr *tuple, gboolean destination, NetnsAddress *address, guint16 *port, NetnsAddress *other,
            guint8 *protocol)
{
  struct nlattr *parts[CTA_TUPLE_MAX + 1], *ips[CTA_IP_MAX + 1], *protocols[CTA_PROTO_MAX + 1];
  struct nlattr *number;

  if (tuple == NULL || nla_parse_nested (parts, CTA_TUPLE_MAX, tuple, tuple_policy) < 0 || parts[CTA_TUPLE_IP] == NULL
      || parts[CTA_TUPLE_PROTO] == NULL || nla_parse_nested (ips, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) < 0
      || nla_parse_nested (protocols, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], protocol_policy) < 0
      || protocols[CTA_PROTO_NUM] == NULL)
    return FALSE;
  number = protocols[destination ? CTA_PROTO_DST_PORT : CTA_PROTO_SRC_PORT];
  read_address (ips, destination, address);
  read_address (ips, !destination, other);
  *port = number != NULL && nla_len (number) == 2 ? GUINT16_FROM_BE (nla_get_u16 (number)) : 0;
  *protocol = nla_get_u8 (protocols[CTA_PROTO_NUM]);
  return TRUE;
}

/**
 * netns_conntrack_parse:
 * @header: a whole message
 * @flow: (out caller-allocates): the connection that it tells of
 * @entry: (out caller-allocates): its key in the kernel
 *
 * Returns: whether it tells of one
 */
gboolean
netns_conntrack_parse (const struct nlmsghdr *header, NetnsFlow *flow, NetnsFlowEntry *entry)
{
  struct nlattr *attributes[CTA_MAX + 1], *original;

  memset (flow, 0, sizeof *flow);
  memset (entry, 0, sizeof *entry);
  if (!netns_message_parse (header, sizeof (struct nfgenmsg), attributes, CTA_MAX, policy))
    return FALSE;
  original = attributes[CTA_TUPLE_ORIG];
  if (!read_tuple (original, TRUE, &flow->destination, &flow->port, &flow->caller, &flow->protocol)
      || !read_tuple (attributes[CTA_TUPLE_REPLY], FALSE, &flow->source, &flow->source_port, &flow->answered,
                      &flow->protocol)
      || nla_len (original) > NETNS_FLOW_TUPLE_MAX)
    return FALSE;
  entry->family = ((const struct nfgenmsg *) nlmsg_data (header))->nfgen_family;
  entry->size = (gsize) nla_len (original);
  memcpy (entry->tuple, nla_data (original), entry->size);
  entry->zone = attributes[CTA_ZONE] ? nla_get_u16 (attributes[CTA_ZONE]) : 0;
  entry->id = attributes[CTA_ID] ? nla_get_u32 (attributes[CTA_ID]) : 0;
  return TRUE;
}

static void
take_connection (const struct nlmsghdr *header, gpointer data)
{
  Search *search = data;
  NetnsFlow flow;
  NetnsFlowEntry entry;

  if (netns_conntrack_parse (header, &flow, &entry) && search->chosen (&flow, search->data))
    g_array_append_val (search->entries, entry);
}

/* One that has ended meanwhile, and maybe come again, is not there under this id: ENOENT is as good as done. */
static gboolean
delete_one (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsFlowEntry *entry, GError **error)
{
  const struct nfgenmsg body = { .nfgen_family = entry->family, .version = NFNETLINK_V0 };
  g_autoptr (NetnsMessage) message = netns_request_new (message_type (IPCTNL_MSG_CT_DELETE), 0, &body, sizeof body);

  netns_request_put (message, CTA_TUPLE_ORIG | NLA_F_NESTED, entry->size, entry->tuple);
  if (entry->zone != 0)
    netns_request_put (message, CTA_ZONE, sizeof entry->zone, &entry->zone);
  if (entry->id != 0)
    netns_request_put_u32 (message, CTA_ID, entry->id);
  if (netns_netlink_change (grant, netlink, message, error, "Cannot delete a connection tracking entry"))
    return TRUE;
  if (netns_netlink_get_errno (netlink) != ENOENT)
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

/**
 * netns_conntrack_delete:
 * @grant: who may do it
 * @chosen: (scope call): says of each connection whether to delete it
 * @data: for @chosen
 * @error: `KernelRefused`
 *
 * The next packet of such a connection is looked at as if it were the first. In the calling thread's namespace.
 *
 * Returns: whether all that were chosen are gone
 */
gboolean
netns_conntrack_delete (const NetnsGrant *grant, NetnsFlowFunc chosen, gpointer data, GError **error)
{
  const struct nfgenmsg body = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
  g_autoptr (NetnsMessage) message = netns_request_new (message_type (IPCTNL_MSG_CT_GET), 0, &body, sizeof body);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (NetnsFlowEntry));
  g_autoptr (NetnsNetlink) netlink = netns_netlink_new_for (-1, NETLINK_NETFILTER, error);
  Search search = { chosen, data, entries };

  if (netlink == NULL || !netns_netlink_dump (netlink, message, take_connection, &search, NULL, error))
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    if (!delete_one (grant, netlink, &g_array_index (entries, NetnsFlowEntry, i), error))
      return FALSE;
  return TRUE;
}
