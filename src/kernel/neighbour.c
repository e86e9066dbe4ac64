/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Neighbours are read when somebody asks: they change with each packet. */
#include "kernel/neighbour.h"

#include "common/error.h"
#include "kernel/request.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_ATTEMPTS 5

/* Multicast addresses and the like need no discovery (NUD_NOARP), and one that nothing is known of is none. */
static gboolean
is_neighbour (const struct ndmsg *body)
{
  return (body->ndm_family == AF_INET || body->ndm_family == AF_INET6) && (body->ndm_state & ~NUD_NOARP) != 0
         && (body->ndm_flags & NTF_PROXY) == 0;
}

static void
take_neighbour (const struct nlmsghdr *header, gpointer data)
{
  const struct ndmsg *body = nlmsg_data (header);
  struct nlattr *attributes[NDA_MAX + 1];
  NetnsNeighbour neighbour = { 0 };
  guint bits;

  if (header->nlmsg_type != RTM_NEWNEIGH
      || nlmsg_parse ((struct nlmsghdr *) (gpointer) header, sizeof *body, attributes, NDA_MAX, NULL) < 0
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
  g_array_append_val (data, neighbour);
}

/**
 * netns_rtnl_neighbour_list:
 * @netlink: a namespace
 * @error: `Busy` (they change all the time), `KernelRefused`
 *
 * Returns: (transfer full) (nullable) (element-type NetnsNeighbour): its IPv4 and IPv6 neighbours, in the kernel's order
 */
GArray *
netns_rtnl_neighbour_list (NetnsNetlink *netlink, GError **error)
{
  for (guint i = 0; i < MAX_ATTEMPTS; i++) {
    struct ndmsg body = { .ndm_family = AF_UNSPEC };
    g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETNEIGH, 0, &body, sizeof body);
    g_autoptr (GArray) neighbours = g_array_new (FALSE, FALSE, sizeof (NetnsNeighbour));
    gboolean interrupted;

    if (!netns_netlink_dump (netlink, message, take_neighbour, neighbours, &interrupted, error))
      return NULL;
    if (!interrupted)
      return g_steal_pointer (&neighbours);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY,
               "The neighbours changed each of the %d times that they were read; try again", MAX_ATTEMPTS);
  return NULL;
}
