/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/uplink-steps.h"

#include "core/foreign/routing-steps.h"
#include "core/link/link-steps.h"
#include "core/plan/run.h"
#include "kernel/link.h"

static gboolean
look (NetnsNetlink *netlink, const NetnsUplinkFollow *follow, NetnsUplinkFound *found, GError **error)
{
  return netns_link_find_uplink_mtu (netlink, follow->uplink, follow->gateways, follow->mtu_min, &found->mtu, error)
         && netns_routing_find_detour (netlink, follow->bridge, follow->gateways, &found->detour, error);
}

/* Who named an MTU since, for the bridge alone, keeps it. */
static gboolean
set_mtu (NetnsRun *run, NetnsNetlink *netlink, const NetnsUplinkFollow *follow, NetnsUplinkFound *found, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  if (!netns_rtnl_link_find (netlink, follow->bridge, &info, error))
    return FALSE;
  if (info.mtu != follow->mtu || info.mtu == found->mtu)
    return TRUE;
  found->bridge = info.index;
  return netns_rtnl_link_set_mtu (netns_run_get_grant (run), netlink, info.index, found->mtu, error);
}

/* One of many in a plan: what is gone here must not take back the others. */
static gboolean
follow_uplink (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsUplinkFollow *follow = step->parameter;
  NetnsUplinkFound *found = step->kept;
  g_autoptr (GError) refusal = NULL;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, &refusal);

  if (netlink == NULL || !look (netlink, follow, found, &refusal)
      || (follow->mtu != 0 && found->mtu != 0 && !set_mtu (run, netlink, follow, found, &refusal)))
    g_debug ("%s", refusal->message);
  return TRUE;
}

static gboolean
undo_follow (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsUplinkFollow *follow = step->parameter;
  const NetnsUplinkFound *found = step->kept;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);

  return netlink != NULL
         && (found->bridge == 0
             || netns_rtnl_link_set_mtu (netns_run_get_grant (run), netlink, found->bridge, follow->mtu, error));
}

static const NetnsField follow_fields[] = {
  { "key", NETNS_FIELD_TEXT, offsetof (NetnsUplinkFollow, key) },
  { "bridge", NETNS_FIELD_TEXT, offsetof (NetnsUplinkFollow, bridge) },
  { "uplink", NETNS_FIELD_TEXT, offsetof (NetnsUplinkFollow, uplink) },
  { "gateways", NETNS_FIELD_ADDRESSES, offsetof (NetnsUplinkFollow, gateways) },
  { "mtu", NETNS_FIELD_UINT32, offsetof (NetnsUplinkFollow, mtu) },
  { "mtu-min", NETNS_FIELD_UINT32, offsetof (NetnsUplinkFollow, mtu_min) },
  { NULL }
};

static const NetnsField found_fields[] = {
  { "mtu", NETNS_FIELD_UINT32, offsetof (NetnsUplinkFound, mtu) },
  { "detour", NETNS_FIELD_MAYBE_TEXT, offsetof (NetnsUplinkFound, detour) },
  { "bridge", NETNS_FIELD_UINT32, offsetof (NetnsUplinkFound, bridge) },
  { NULL }
};

const NetnsOperation netns_operation_uplink_follow = {
  .name = "uplink-follow",
  .execute = follow_uplink,
  .undo = undo_follow,
  .parameter = NETNS_RECORD (NetnsUplinkFollow, follow_fields),
  .kept = NETNS_RECORD (NetnsUplinkFound, found_fields),
};
