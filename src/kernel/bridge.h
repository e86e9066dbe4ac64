/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of bridges and of their ports, and what a bridge has learned. */
#pragma once

#include "kernel/link.h"

/* One option, of a bridge or, from COST on, of a port. Flags are 0 or 1. */
typedef enum {
  NETNS_BRIDGE_STP,
  NETNS_BRIDGE_VLAN_FILTERING,
  NETNS_BRIDGE_FORWARD_DELAY,      /* hundredths of a second */
  NETNS_BRIDGE_AGEING_TIME,        /* hundredths of a second */
  NETNS_BRIDGE_MULTICAST_SNOOPING,
  NETNS_BRIDGE_PORT_COST,
  NETNS_BRIDGE_PORT_HAIRPIN,
  NETNS_BRIDGE_PORT_ISOLATED,
  NETNS_BRIDGE_PORT_LEARNING,
} NetnsBridgeOption;

/**
 * NetnsForwardingEntry:
 * @mac: a hardware address
 * @link: ifindex of the port behind which it is; the bridge itself for its own
 * @vlan: number of its VLAN, 0 for none
 * @stays: whether it is there until somebody removes it, as those of the ports themselves are
 */
typedef struct {
  guint8 mac[NETNS_MAC_LENGTH];
  guint link;
  guint16 vlan;
  gboolean stays;
} NetnsForwardingEntry;

guint32 netns_bridge_option_get (const NetnsLinkInfo *info, NetnsBridgeOption option);
gboolean netns_rtnl_bridge_set (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, NetnsBridgeOption option,
                                guint32 value, GError **error);
GArray *netns_rtnl_bridge_list_entries (NetnsNetlink *netlink, guint index, GError **error);
