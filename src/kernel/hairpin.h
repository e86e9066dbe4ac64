/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a port of a bridge gives back what came from it. */
#pragma once

#include "common/grant.h"
#include "kernel/netlink.h"

gboolean netns_rtnl_set_hairpin (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, gboolean hairpin,
                                 GError **error);
