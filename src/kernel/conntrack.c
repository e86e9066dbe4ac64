/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/conntrack.h"

#include "common/error.h"
#include "kernel/netlink.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

#define TUPLE_MAX 512 /* addresses, ports and a zone, each with a header of 4 bytes */

/* What names one connection to the kernel. */
typedef struct {
  guint8 family;
  gsize size;
  char tuple[TUPLE_MAX];
  guint16 zone; /* network byte order */
  guint32 id;   /* network byte order */
} Victim;

typedef struct {
  NetnsFlowFunc chosen;
  gpointer data;
  GArray *victims;
} Search;

static int
message_type (int type)
{
  return (NFNL_SUBSYS_CTNETLINK << 8) | type;
}

static void
read_address (struct nlattr **attributes, int attribute4, int attribute6, NetnsAddress *address)
{
  if (attributes[attribute4] != NULL && nla_len (attributes[attribute4]) == 4)
    netns_address_set_bytes (address, AF_INET, nla_data (attributes[attribute4]), 32);
  else if (attributes[attribute6] != NULL && nla_len (attributes[attribute6]) == 16)
    netns_address_set_bytes (address, AF_INET6, nla_data (attributes[attribute6]), 128);
}

static guint16
read_port (struct nlattr *attribute)
{
  return attribute != NULL && nla_len (attribute) == 2 ? GUINT16_FROM_BE (nla_get_u16 (attribute)) : 0;
}

/* One direction: the addresses by @attribute4 and @attribute6, the port by @port_attribute. */
static gboolean
read_tuple (struct nlattr *tuple, int attribute4, int attribute6, int port_attribute, NetnsAddress *address, guint16 *port,
            guint8 *protocol)
{
  struct nlattr *parts[CTA_TUPLE_MAX + 1], *ips[CTA_IP_MAX + 1], *protocols[CTA_PROTO_MAX + 1];

  if (tuple == NULL || nla_parse_nested (parts, CTA_TUPLE_MAX, tuple, NULL) < 0 || parts[CTA_TUPLE_IP] == NULL
      || parts[CTA_TUPLE_PROTO] == NULL || nla_parse_nested (ips, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) < 0
      || nla_parse_nested (protocols, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], NULL) < 0
      || protocols[CTA_PROTO_NUM] == NULL)
    return FALSE;
  read_address (ips, attribute4, attribute6, address);
  *port = read_port (protocols[port_attribute]);
  *protocol = nla_get_u8 (protocols[CTA_PROTO_NUM]);
  return TRUE;
}

static void
take_connection (const struct nlmsghdr *header, gpointer data)
{
  Search *search = data;
  struct nlattr *attributes[CTA_MAX + 1], *original;
  NetnsFlow flow = { 0 };
  Victim victim = { 0 };

  if (nlmsg_parse ((struct nlmsghdr *) (gpointer) header, sizeof (struct nfgenmsg), attributes, CTA_MAX, NULL) < 0)
    return;
  original = attributes[CTA_TUPLE_ORIG];
  if (!read_tuple (original, CTA_IP_V4_DST, CTA_IP_V6_DST, CTA_PROTO_DST_PORT, &flow.destination, &flow.port,
                   &flow.protocol)
      || !read_tuple (attributes[CTA_TUPLE_REPLY], CTA_IP_V4_SRC, CTA_IP_V6_SRC, CTA_PROTO_SRC_PORT, &flow.source,
                      &flow.source_port, &flow.protocol)
      || nla_len (original) > TUPLE_MAX || !search->chosen (&flow, search->data))
    return;
  victim.family = ((const struct nfgenmsg *) nlmsg_data (header))->nfgen_family;
  victim.size = (gsize) nla_len (original);
  memcpy (victim.tuple, nla_data (original), victim.size);
  victim.zone = attributes[CTA_ZONE] ? nla_get_u16 (attributes[CTA_ZONE]) : 0;
  victim.id = attributes[CTA_ID] ? nla_get_u32 (attributes[CTA_ID]) : 0;
  g_array_append_val (search->victims, victim);
}

/* One that has ended meanwhile, and maybe come again, is not there under this id: ENOENT is as good as done. */
static gboolean
delete_one (const NetnsGrant *grant, NetnsNetlink *netlink, const Victim *victim, GError **error)
{
  const struct nfgenmsg body = { .nfgen_family = victim->family, .version = NFNETLINK_V0 };
  g_autoptr (NetnsMessage) message = netns_request_new (message_type (IPCTNL_MSG_CT_DELETE), 0, &body, sizeof body);
  g_autoptr (GError) refusal = NULL;

  netns_request_put (message, CTA_TUPLE_ORIG | NLA_F_NESTED, victim->size, victim->tuple);
  if (victim->zone != 0)
    netns_request_put (message, CTA_ZONE, sizeof victim->zone, &victim->zone);
  if (victim->id != 0)
    netns_request_put_u32 (message, CTA_ID, victim->id);
  if (netns_netlink_change (grant, netlink, message, &refusal, "Cannot forget a connection")
      || netns_netlink_get_errno (netlink) == ENOENT)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}

/**
 * netns_conntrack_delete:
 * @grant: who may do it
 * @chosen: (scope call): says of each connection whether it shall be forgotten
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
  g_autoptr (GArray) victims = g_array_new (FALSE, FALSE, sizeof (Victim));
  g_autoptr (NetnsNetlink) netlink = netns_netlink_new_for (-1, NETLINK_NETFILTER, error);
  Search search = { chosen, data, victims };
  gboolean interrupted;

  if (netlink == NULL || !netns_netlink_dump (netlink, message, take_connection, &search, &interrupted, error))
    return FALSE;
  for (guint i = 0; i < victims->len; i++)
    if (!delete_one (grant, netlink, &g_array_index (victims, Victim, i), error))
      return FALSE;
  return TRUE;
}
