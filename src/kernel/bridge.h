/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of bridges and of their ports, and what a bridge has learned. */
#pragma once

#include "kernel/link.h"

/**
 * NetnsForwardingEntry:
 * @mac: a hardware address
 * @bridge: ifindex of the bridge
 * @link: ifindex of the port behind which it is; the bridge itself for its own
 * @vlan: number of its VLAN, 0 for none
 * @stays: whether it stays until it is removed explicitly, as those of the ports do
 */
typedef struct {
  guint8 mac[NETNS_MAC_LENGTH];
  guint bridge;
  guint link;
  guint16 vlan;
  gboolean stays;
} NetnsForwardingEntry;

guint32 netns_bridge_option_get (const NetnsLinkInfo *info, NetnsBridgeOption option);
gboolean netns_rtnl_bridge_set (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, NetnsBridgeOption option,
                                guint32 value, GError **error);
void netns_bridge_take_entry (const struct nlmsghdr *header, gpointer entries);
GArray *netns_rtnl_bridge_list_entries (NetnsNetlink *netlink, guint index, GError **error);
