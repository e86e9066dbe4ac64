/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that limit how much leaves a link, and tell how much may. */
#include "core/operations.h"

#include "common/error.h"
#include "core/step.h"
#include "kernel/link.h"
#include "kernel/rate.h"

/* What others put there could not be brought back. */
static gboolean
refuse_other (const NetnsLinkInfo *info, const NetnsRate *rate, GError **error)
{
  if (*rate->other == '\0')
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY,
               "Link “%s” has a queueing discipline “%s” that this service did not make; take it away first: tc qdisc del"
               " dev %s root",
               info->name, rate->other, info->name);
  return FALSE;
}

static gboolean
set_limit (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  NetnsNetlink *netlink;
  NetnsRate before;
  guint64 bits = 0;
  guint index = netns_step_find_link (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_link_get (netlink, index, &info, error)
      || !netns_rtnl_rate_get (netlink, index, &before, error) || !refuse_other (&info, &before, error))
    return FALSE;
  g_variant_lookup (step->parameters, "bits", "t", &bits);
  netns_step_remember (step, g_variant_new ("(utt)", index, before.bits, bits));
  return (bits == 0 && before.bits == 0)
         || netns_rtnl_rate_set (netns_run_get_grant (run), netlink, index, info.mtu, bits, error);
}

static gboolean
restore_limit (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_auto (NetnsLinkInfo) info = { 0 };
  guint64 before, after;
  guint index;

  if (netlink == NULL)
    return FALSE;
  g_variant_get (step->undo, "(utt)", &index, &before, &after);
  return before == after
         || (netns_rtnl_link_get (netlink, index, &info, error)
             && netns_rtnl_rate_set (netns_run_get_grant (run), netlink, index, info.mtu, before, error));
}

const NetnsOperation netns_operation_rate_set = { "rate-set", set_limit, restore_limit };

static gboolean
get_limit (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  NetnsRate rate;
  guint index = netns_step_find_link (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_rate_get (netlink, index, &rate, error))
    return FALSE;
  netns_run_set_result (run, g_variant_new_uint64 (rate.bits));
  return TRUE;
}

static gboolean
undo_nothing (NetnsRun *run, NetnsStep *step, GError **error)
{
  return TRUE;
}

const NetnsOperation netns_operation_rate_get = { "rate-get", get_limit, undo_nothing };
