/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes to the addresses of links. */
#pragma once

#include "common/address.h"
#include "common/grant.h"
#include "kernel/netlink.h"

gboolean netns_rtnl_address_add (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                 const NetnsAddress *address, gboolean detect_duplicates, GError **error);
gboolean netns_rtnl_address_remove (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                    const NetnsAddress *address, GError **error);
