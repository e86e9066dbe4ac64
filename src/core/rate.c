/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rate.h"

#include "common/error.h"
#include "core/core.h"
#include "core/operations.h"
#include "kernel/rate.h"

/**
 * netns_link_set_rate_limit:
 * @core: the service
 * @caller: uid that asks for it
 * @target: a link
 * @bits: bits per second, 0 for no limit
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.SetRateLimit
 */
NetnsPlan *
netns_link_set_rate_limit (NetnsCore *core, guint caller, const NetnsLinkTarget *target, guint64 bits, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_link_use (core, plan, caller, target, error) == NULL)
    return NULL;
  if (bits != 0 && (bits < NETNS_RATE_MIN || bits > NETNS_RATE_MAX)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "A rate limit is %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " bits per second, or 0 for none, not %"
                 G_GUINT64_FORMAT,
                 NETNS_RATE_MIN, NETNS_RATE_MAX, bits);
    return NULL;
  }
  netns_plan_add (plan, &netns_operation_rate_set, target->namespace_name, "{'index': <%u>, 'bits': <%t>}",
                  target->index, bits);
  return g_steal_pointer (&plan);
}

/**
 * netns_link_get_rate_limit:
 * @core: the service
 * @caller: uid that asks
 * @target: a link
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Link.GetRateLimit
 */
NetnsPlan *
netns_link_get_rate_limit (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_link_use (core, plan, caller, target, error) == NULL)
    return NULL;
  netns_plan_add (plan, &netns_operation_rate_get, target->namespace_name, "{'index': <%u>}", target->index);
  return g_steal_pointer (&plan);
}
