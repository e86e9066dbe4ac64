/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that look whether routing rules of others lead the packets to a network elsewhere. */
#pragma once

#include "core/plan/plan.h"
#include "kernel/netlink.h"

/**
 * NetnsRoutingCheck:
 * @bridge: the bridge of a network
 * @gateways: (element-type NetnsAddress): its addresses in the subnets, with prefix length
 */
typedef struct {
  const char *bridge;
  GArray *gateways;
} NetnsRoutingCheck;

gboolean netns_routing_find_detour (NetnsNetlink *netlink, const char *bridge, const GArray *gateways, char **detour,
                                    GError **error);

NETNS_DECLARE_OPERATION (routing_check, NetnsRoutingCheck)
