/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/rate.h"

#include "common/error.h"
#include "core/link/rate-steps.h"
#include "core/service/core.h"
#include "kernel/rate.h"

/* The plan for method Link.SetRateLimit, in bits per second, 0 for no limit. Error: `InvalidArgument`. */
NetnsPlan *
netns_link_set_rate_limit (NetnsCore *core, guint caller, NetnsLink *link, guint64 bits, GError **error)
{
  NetnsPlan *plan;

  if (bits != 0 && (bits < NETNS_RATE_MIN || bits > NETNS_RATE_MAX))
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT,
                              "A rate limit is %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                              " bits per second, or 0 for none, not %" G_GUINT64_FORMAT,
                              NETNS_RATE_MIN, NETNS_RATE_MAX, bits);
  plan = netns_link_plan_new (core, caller, link, error);
  if (plan != NULL)
    netns_plan_rate_set (plan, link->namespace->name, &(NetnsRateSet) { .link.index = link->info.index, .bits = bits });
  return plan;
}

/* The plan for method Link.GetRateLimit. */
NetnsPlan *
netns_link_get_rate_limit (NetnsCore *core, guint caller, NetnsLink *link, GError **error)
{
  NetnsPlan *plan = netns_link_plan_new (core, caller, link, error);

  if (plan != NULL)
    netns_plan_rate_get (plan, link->namespace->name, &(NetnsLinkRef) { .index = link->info.index });
  return plan;
}
