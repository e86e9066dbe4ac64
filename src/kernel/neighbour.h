/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The neighbours of a namespace on its links: ARP and IPv6 neighbour discovery. */
#pragma once

#include "common/address.h"
#include "common/validate.h"
#include "kernel/netlink.h"

/**
 * NetnsNeighbour:
 * @address: its address
 * @link: ifindex of the link that it is behind
 * @mac: its hardware address
 * @has_mac: whether that is known
 * @state: NUD_*
 */
typedef struct {
  NetnsAddress address;
  guint link;
  guint8 mac[NETNS_MAC_LENGTH];
  gboolean has_mac;
  guint16 state;
} NetnsNeighbour;

void netns_neighbour_take (const struct nlmsghdr *header, gpointer neighbours);
GArray *netns_rtnl_neighbour_list (NetnsNetlink *netlink, GError **error);
