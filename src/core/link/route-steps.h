/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that add and remove routes: each is the other's undo. */
#pragma once

#include "core/plan/plan.h"
#include "kernel/route.h"

/**
 * NetnsRouteChange:
 * @route: the route; to remove it, what is 0 or of no family may be anything
 * @link: name of its link if the plan makes that, else empty
 * @if_cut_off: whether to add it only where packets of the gateway's family have no way to the rest of the world
 * @unless_left_out: whether to add it only if the plan has given its link all addresses of the gateway's family
 */
typedef struct {
  NetnsRoute route;
  const char *link;
  gboolean if_cut_off;
  gboolean unless_left_out;
} NetnsRouteChange;

/**
 * NetnsRouteExactly:
 * @ways: (element-type GVariant): a route that is there, as netns_routes_save() makes it of its ways
 *
 * It can be added beside others with the same destination and metric.
 */
typedef struct {
  GPtrArray *ways;
} NetnsRouteExactly;

NETNS_DECLARE_OPERATION (route_add, NetnsRouteChange)
NETNS_DECLARE_OPERATION (route_remove, NetnsRouteChange)
NETNS_DECLARE_OPERATION (route_append, NetnsRouteExactly)
NETNS_DECLARE_OPERATION (route_withdraw, NetnsRouteExactly)
