/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/rate-steps.h"

#include "common/error.h"
#include "core/plan/run.h"
#include "kernel/link.h"
#include "kernel/rate.h"

/* A queueing discipline of another program could not be restored. */
static gboolean
refuse_other (const NetnsLinkInfo *info, const NetnsRate *rate, GError **error)
{
  if (*rate->other == '\0')
    return TRUE;
  return netns_refuse (
    error, NETNS_ERROR_BUSY,
    "Link “%s” has a queueing discipline “%s” that netnsd did not create; remove it first: tc qdisc del dev %s root",
    info->name, rate->other, info->name);
}

typedef struct {
  guint index;
  guint64 bits;
} Before;

static gboolean
set_limit (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsRateSet *set = step->parameter;
  Before *before = step->kept;
  g_auto (NetnsLinkInfo) info = { 0 };
  NetnsNetlink *netlink;
  NetnsRate rate;

  before->index = netns_link_ref_find (step, run, &netlink, error);
  if (before->index == 0 || !netns_rtnl_link_get (netlink, before->index, &info, error)
      || !netns_rtnl_rate_get (netlink, before->index, &rate, error) || !refuse_other (&info, &rate, error))
    return FALSE;
  before->bits = rate.bits;
  return (set->bits == 0 && before->bits == 0)
         || netns_rtnl_rate_set (netns_run_get_grant (run), netlink, before->index, info.mtu, set->bits, error);
}

static gboolean
restore_limit (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsRateSet *set = step->parameter;
  const Before *before = step->kept;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_auto (NetnsLinkInfo) info = { 0 };

  if (netlink == NULL)
    return FALSE;
  return before->bits == set->bits
         || (netns_rtnl_link_get (netlink, before->index, &info, error)
             && netns_rtnl_rate_set (netns_run_get_grant (run), netlink, before->index, info.mtu, before->bits, error));
}

/* The kernel keeps whole bytes. */
static NetnsNews
tell_limit (const NetnsStep *step)
{
  const NetnsRateSet *set = step->parameter;
  const Before *before = step->kept;

  return (NetnsNews) { .rate_limit_of = before->bits / 8 != set->bits / 8 ? before->index : 0 };
}

static const NetnsField set_fields[] = {
  NETNS_LINK_REF_FIELDS, { "bits", NETNS_FIELD_UINT64, offsetof (NetnsRateSet, bits) },
   { NULL }
};

static const NetnsField before_fields[] = {
  { "index", NETNS_FIELD_UINT32, offsetof (Before, index) },
  { "bits", NETNS_FIELD_UINT64, offsetof (Before, bits) },
  { NULL }
};

const NetnsOperation netns_operation_rate_set = {
  .name = "rate-set",
  .execute = set_limit,
  .undo = restore_limit,
  .tell = tell_limit,
  .parameter = NETNS_RECORD (NetnsRateSet, set_fields),
  .kept = NETNS_RECORD (Before, before_fields),
};

static gboolean
get_limit (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  NetnsRate rate;
  guint index = netns_link_ref_find (step, run, &netlink, error);

  if (index == 0 || !netns_rtnl_rate_get (netlink, index, &rate, error))
    return FALSE;
  netns_run_set_result (run, g_variant_new_uint64 (rate.bits));
  return TRUE;
}

const NetnsOperation netns_operation_rate_get = {
  .name = "rate-get",
  .execute = get_limit,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsLinkRef, netns_link_ref_fields),
};
