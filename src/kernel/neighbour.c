/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Neighbours are read on demand, because they change with each packet. */
#include "kernel/neighbour.h"

#include "common/error.h"
#include "kernel/message.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

/* Root of a namespace can add permanent ones without end (neigh_alloc() in net/core/neighbour.c), and all plans wait while
 * they are read. */
#define MOST 32769

/* Multicast addresses and the like need no discovery (NUD_NOARP), and one that nothing is known of is none. */
static gboolean
is_neighbour (const struct ndmsg *body)
{
  return (body->ndm_family == AF_INET || body->ndm_family == AF_INET6) && (body->ndm_state & ~NUD_NOARP) != 0
         && (body->ndm_flags & NTF_PROXY) == 0;
}

/* Appends what a message tells of to @neighbours (element-type NetnsNeighbour), if it is about one. */
void
netns_neighbour_take (const struct nlmsghdr *header, gpointer neighbours)
{
  const struct ndmsg *body = nlmsg_data (header);
  struct nlattr *attributes[NDA_MAX + 1];
  NetnsNeighbour neighbour = { 0 };
  guint bits;

  if (header->nlmsg_type != RTM_NEWNEIGH || !netns_message_parse (header, sizeof *body, attributes, NDA_MAX, NULL)
      || !is_neighbour (body) || attributes[NDA_DST] == NULL)
    return;
  bits = body->ndm_family == AF_INET ? 32 : 128;
  if ((guint) nla_len (attributes[NDA_DST]) * 8 != bits)
    return;
  netns_address_set_bytes (&neighbour.address, body->ndm_family, nla_data (attributes[NDA_DST]), bits);
  neighbour.link = (guint) body->ndm_ifindex;
  neighbour.state = body->ndm_state;
  if (attributes[NDA_LLADDR] != NULL && nla_len (attributes[NDA_LLADDR]) == NETNS_MAC_LENGTH) {
    memcpy (neighbour.mac, nla_data (attributes[NDA_LLADDR]), NETNS_MAC_LENGTH);
    neighbour.has_mac = TRUE;
  }
  g_array_append_val (neighbours, neighbour);
}

/* Returns: (transfer full) (nullable) (element-type NetnsNeighbour): the IPv4 and IPv6 neighbours of a namespace, in
 * the kernel's order; @error: `Busy` (they change all the time), `TooLarge`, `KernelRefused` */
GArray *
netns_rtnl_neighbour_list (NetnsNetlink *netlink, GError **error)
{
  struct ndmsg body = { .ndm_family = AF_UNSPEC };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETNEIGH, 0, &body, sizeof body);

  g_autoptr (GArray) neighbours = netns_netlink_list (netlink, message, MOST, sizeof (NetnsNeighbour),
                                                      netns_neighbour_take, "The neighbours", error);

  if (neighbours == NULL || netns_netlink_get_errno (netlink) != EMSGSIZE)
    return g_steal_pointer (&neighbours);
  return netns_refuse_null (error, NETNS_ERROR_TOO_LARGE, "The namespace has more than %d neighbours", MOST - 1);
}
