/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that add and remove addresses and routes: each is the other's undo. */
#include "core/operations.h"

#include "core/step.h"
#include "kernel/address.h"
#include "kernel/link.h"
#include "kernel/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

typedef gboolean (*RouteFunc) (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *route,
                               GError **error);

static gboolean
add_address (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  NetnsAddress address;
  guint index = netns_step_find_link (step, run, &netlink, error);

  return index != 0 && netns_address_parse (netns_step_get_string (step, "address"), &address, error)
         && netns_rtnl_address_add (netns_run_get_grant (run), netlink, index, &address,
                                    !netns_step_get_boolean (step, "unchecked"), error);
}

static gboolean
remove_address (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink;
  NetnsAddress address;
  guint index = netns_step_find_link (step, run, &netlink, error);

  return index != 0 && netns_address_parse (netns_step_get_string (step, "address"), &address, error)
         && netns_rtnl_address_remove (netns_run_get_grant (run), netlink, index, &address, error);
}

/* IPv6 addresses go by themselves when their link goes down (addrconf_ifdown() in net/ipv6/addrconf.c), which the undo
 * of a later step may have done. */
static gboolean
take_address_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);

  return netlink != NULL
         && (remove_address (run, step, error) || netns_netlink_get_errno (netlink) == EADDRNOTAVAIL);
}

const NetnsOperation netns_operation_address_add = { "address-add", add_address, take_address_back };
const NetnsOperation netns_operation_address_remove = { "address-remove", remove_address, add_address };

static gboolean
parse_route (NetnsStep *step, NetnsNetlink *netlink, NetnsRoute *route, GError **error)
{
  const char *gateway = netns_step_get_string (step, "gateway"), *source = netns_step_get_string (step, "source");
  const char *link = netns_step_get_string (step, "link");
  g_auto (NetnsLinkInfo) info = { 0 };

  memset (route, 0, sizeof *route);
  if (!netns_address_parse_subnet (netns_step_get_string (step, "destination"), &route->destination, error)
      || (*gateway != '\0' && !netns_address_parse_host (gateway, &route->gateway, error))
      || (*source != '\0' && !netns_address_parse_host (source, &route->source, error))
      || (*link != '\0' && !netns_rtnl_link_find (netlink, link, &info, error)))
    return FALSE;
  route->link = info.index;
  route->metric = netns_step_get_uint32 (step, "metric");
  route->table = netns_step_has (step, "table") ? netns_step_get_uint32 (step, "table") : RT_TABLE_MAIN;
  route->type = RTN_UNICAST;
  return TRUE;
}

static gboolean
change_route (NetnsRun *run, NetnsStep *step, RouteFunc change, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  NetnsRoute route;

  return netlink != NULL && parse_route (step, netlink, &route, error)
         && change (netns_run_get_grant (run), netlink, &route, error);
}

static gboolean
add_route (NetnsRun *run, NetnsStep *step, GError **error)
{
  return change_route (run, step, netns_rtnl_route_add, error);
}

static gboolean
remove_route (NetnsRun *run, NetnsStep *step, GError **error)
{
  return change_route (run, step, netns_rtnl_route_remove, error);
}

const NetnsOperation netns_operation_route_add = { "route-add", add_route, remove_route };
const NetnsOperation netns_operation_route_remove = { "route-remove", remove_route, add_route };
