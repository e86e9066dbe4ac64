/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The step that looks how the packets of a network travel now, and gives its bridge the MTU of the way out. */
#pragma once

#include "core/plan/plan.h"

/**
 * NetnsUplinkFollow:
 * @key: what the network is kept by
 * @bridge: its bridge
 * @uplink: the only link by which its packets leave, empty for that of the route
 * @gateways: (element-type NetnsAddress): addresses of the bridge, with prefix length
 * @mtu: bytes: what the way out had last. The bridge gets what it has now if it has this; 0 only to look
 * @mtu_min: bytes, the least that it gets
 */
typedef struct {
  const char *key;
  const char *bridge;
  const char *uplink;
  GArray *gateways;
  guint32 mtu;
  guint32 mtu_min;
} NetnsUplinkFollow;

/**
 * NetnsUplinkFound:
 * @mtu: bytes: what the way out has, 0 where there is none
 * @detour: (nullable): where packets to the network go instead of to the bridge
 * @bridge: ifindex of the bridge if it got another MTU, else 0
 */
typedef struct {
  guint32 mtu;
  char *detour;
  guint32 bridge;
} NetnsUplinkFound;

NETNS_DECLARE_OPERATION (uplink_follow, NetnsUplinkFollow)
