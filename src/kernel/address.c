/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One address, one request. */
#include "kernel/address.h"
#include "common/error.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

static NetnsMessage *
make_message (int type, int flags, guint index, const NetnsAddress *address)
{
  struct ifaddrmsg body = { .ifa_family = address->family, .ifa_prefixlen = address->prefix, .ifa_index = index };
  NetnsMessage *message = netns_request_new (type, flags, &body, sizeof body);

  /* IPv4 wants IFA_LOCAL (rtm_to_ifaddr()), IPv6 takes either (inet6_rtm_newaddr()). */
  netns_request_put (message, IFA_LOCAL, netns_address_size (address), address->bytes);
  netns_request_put (message, IFA_ADDRESS, netns_address_size (address), address->bytes);
  return message;
}

/**
 * netns_rtnl_address_add:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @address: an address with the prefix length of its subnet
 * @detect_duplicates: for IPv6: whether the neighbours are asked first if one of them has it (RFC 4862, 5.4)
 * @error: `Exists` (this link has it), `NotFound` (no such link), `KernelRefused`
 *
 * Makes the route to the subnet too, if the link is up. An IPv6 address answers after a second if its
 * duplicates are looked for, else at once.
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_address_add (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const NetnsAddress *address,
                        gboolean detect_duplicates, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address);
  guint32 flags = IFA_F_NODAD;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (!detect_duplicates)
    netns_request_put (message, IFA_FLAGS, sizeof flags, &flags);
  return netns_netlink_change (grant, netlink, message, error, "Cannot add address %s to link #%u",
                               netns_address_print (address, text), index);
}

/**
 * netns_rtnl_address_remove:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @address: an address with the prefix length of its subnet
 * @error: `NotFound` (the link, or the link does not have it), `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_address_remove (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                           const NetnsAddress *address, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (RTM_DELADDR, 0, index, address);
  g_autoptr (GError) refusal = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print (address, text);
  if (netns_netlink_change (grant, netlink, message, &refusal, "Cannot remove address %s from link #%u", text,
                            index))
    return TRUE;
  /* What EADDRNOTAVAIL means here, other requests mean something else by. */
  if (netns_netlink_get_errno (netlink) == EADDRNOTAVAIL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Link #%u has no address %s", index, text);
  else
    g_propagate_error (error, g_steal_pointer (&refusal));
  return FALSE;
}
