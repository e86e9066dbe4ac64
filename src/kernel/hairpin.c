/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/hairpin.h"

#include "kernel/request.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

/**
 * netns_rtnl_set_hairpin:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: its ifindex
 * @hairpin: whether it gives back what came from it
 * @error: `NotFound`, `NotSupported` (no port of a bridge), `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_set_hairpin (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, gboolean hairpin, GError **error)
{
  struct ifinfomsg body = { .ifi_family = AF_BRIDGE, .ifi_index = (int) index };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_SETLINK, 0, &body, sizeof body);
  struct nlattr *options = netns_request_open_nest (message, IFLA_PROTINFO | NLA_F_NESTED);
  guint8 mode = hairpin ? 1 : 0;

  netns_request_put (message, IFLA_BRPORT_MODE, sizeof mode, &mode);
  nla_nest_end (message, options);
  return netns_netlink_change (grant, netlink, message, error, "Cannot set hairpin mode of port #%u", index);
}
