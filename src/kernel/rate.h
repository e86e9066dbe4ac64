/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much may leave a link: a token bucket in front of it (tc-tbf(8)). */
#pragma once

#include "common/grant.h"
#include "kernel/netlink.h"

#define NETNS_RATE_MIN G_GUINT64_CONSTANT (8000)
#define NETNS_RATE_MAX G_GUINT64_CONSTANT (1000000000000)

/**
 * NetnsRate:
 * @bits: bits per second, 0 for no limit of ours
 * @other: kind of a queueing discipline that another program added, empty for none
 */
typedef struct {
  guint64 bits;
  char other[16];
} NetnsRate;

gboolean netns_rtnl_rate_get (NetnsNetlink *netlink, guint index, NetnsRate *rate, GError **error);
gboolean netns_rtnl_rate_set (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint mtu, guint64 bits,
                              GError **error);
