/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/route-steps.h"

#include "core/plan/run.h"
#include "kernel/link.h"

#include <errno.h>

/* Returns: (nullable): the connection to change it by, and @route complete */
static NetnsNetlink *
complete (NetnsRun *run, const NetnsStep *step, NetnsRoute *route, GError **error)
{
  const NetnsRouteChange *parameter = step->parameter;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_auto (NetnsLinkInfo) info = { 0 };

  *route = parameter->route;
  if (netlink == NULL || *parameter->link == '\0')
    return netlink;
  if (!netns_rtnl_link_find (netlink, parameter->link, &info, error))
    return NULL;
  route->link = info.index;
  return netlink;
}

typedef struct {
  gboolean skipped;
} Before;

static const NetnsField before_fields[] = {
  { "skipped", NETNS_FIELD_BOOLEAN, offsetof (Before, skipped) },
  { NULL }
};

/* A route that refuses packets is intended. */
static gboolean
is_needless (NetnsRun *run, NetnsNetlink *netlink, const NetnsRouteChange *change, gboolean *needless, GError **error)
{
  int family = change->route.gateway.family;
  guint uplink;

  *needless = change->unless_left_out && netns_addresses_have_family (netns_run_get_left_out (run), family);
  if (*needless || !change->if_cut_off)
    return TRUE;
  if (!netns_rtnl_route_find_uplink (netlink, family, NULL, &uplink, error))
    return FALSE;
  *needless = uplink != 0 || netns_netlink_get_errno (netlink) != ENETUNREACH;
  return TRUE;
}

static gboolean
add_route (NetnsRun *run, NetnsStep *step, GError **error)
{
  Before *before = step->kept;
  NetnsRoute route;
  NetnsNetlink *netlink = complete (run, step, &route, error);

  if (netlink == NULL || !is_needless (run, netlink, step->parameter, &before->skipped, error))
    return FALSE;
  return before->skipped || netns_rtnl_route_add (netns_run_get_grant (run), netlink, &route, 1, FALSE, error);
}

static gboolean
remove_route (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Before *before = step->kept;
  NetnsRoute route;
  NetnsNetlink *netlink = complete (run, step, &route, error);

  return netlink != NULL
         && (before->skipped || netns_rtnl_route_remove (netns_run_get_grant (run), netlink, &route, 1, error));
}

static const NetnsField change_fields[] = {
  NETNS_ROUTE_FIELDS (NetnsRouteChange, route),
  { "link-name", NETNS_FIELD_TEXT, offsetof (NetnsRouteChange, link) },
  { "if-cut-off", NETNS_FIELD_BOOLEAN, offsetof (NetnsRouteChange, if_cut_off) },
  { "unless-left-out", NETNS_FIELD_BOOLEAN, offsetof (NetnsRouteChange, unless_left_out) },
  { NULL }
};

const NetnsOperation netns_operation_route_add = {
  .name = "route-add",
  .execute = add_route,
  .undo = remove_route,
  .parameter = NETNS_RECORD (NetnsRouteChange, change_fields),
  .kept = NETNS_RECORD (Before, before_fields),
};
const NetnsOperation netns_operation_route_remove = {
  .name = "route-remove",
  .execute = remove_route,
  .undo = add_route,
  .parameter = NETNS_RECORD (NetnsRouteChange, change_fields),
  .kept = NETNS_RECORD (Before, before_fields),
};

static gboolean
append_route (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autoptr (GArray) ways = netns_routes_load (((const NetnsRouteExactly *) step->parameter)->ways);
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);

  return netlink != NULL
         && netns_rtnl_route_add (netns_run_get_grant (run), netlink, &g_array_index (ways, NetnsRoute, 0), ways->len,
                                  TRUE, error);
}

static gboolean
withdraw_route (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autoptr (GArray) ways = netns_routes_load (((const NetnsRouteExactly *) step->parameter)->ways);
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);

  return netlink != NULL
         && netns_rtnl_route_remove (netns_run_get_grant (run), netlink, &g_array_index (ways, NetnsRoute, 0),
                                     ways->len, error);
}

static const NetnsField exactly_fields[] = {
  { "ways", NETNS_FIELD_DICTS, offsetof (NetnsRouteExactly, ways) },
  { NULL }
};

const NetnsOperation netns_operation_route_append = {
  .name = "route-append",
  .execute = append_route,
  .undo = withdraw_route,
  .parameter = NETNS_RECORD (NetnsRouteExactly, exactly_fields),
};
const NetnsOperation netns_operation_route_withdraw = {
  .name = "route-withdraw",
  .execute = withdraw_route,
  .undo = append_route,
  .parameter = NETNS_RECORD (NetnsRouteExactly, exactly_fields),
};
