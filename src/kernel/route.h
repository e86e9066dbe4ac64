/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes of one namespace: read all, add one, remove one. */
#pragma once

#include "common/grant.h"
#include "kernel/message.h"
#include "kernel/netlink.h"

GArray *netns_rtnl_route_dump (NetnsNetlink *netlink, guint most, GError **error);
gboolean netns_rtnl_route_add (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *route,
                               GError **error);
gboolean netns_rtnl_route_remove (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *route,
                                  GError **error);
