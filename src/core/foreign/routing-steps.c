/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/foreign/routing-steps.h"

#include "common/error.h"
#include "core/plan/run.h"
#include "kernel/link.h"
#include "kernel/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* @table: one that packets to @subnet are sent by, 0 if they are refused */
static char *
describe (NetnsNetlink *netlink, const NetnsAddress *subnet, const NetnsWay *way, GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  g_autofree char *where = NULL, *why = NULL, *name = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];
  guint priority = 0;

  netns_address_print (subnet, text);
  if (way->link == 0)
    where = g_strdup ("are refused");
  else if (netns_rtnl_link_get (netlink, way->link, &info, error)) {
    name = g_utf8_make_valid (info.name, -1); /* its owner gives a link any name */
    where = g_strdup_printf ("leave by link “%s”", name);
  }
  if (where == NULL
      || (way->table != 0 && !netns_rtnl_rule_find (netlink, subnet->family, way->table, &priority, error)))
    return NULL;
  if (way->table == RT_TABLE_MAIN || priority == 0)
    why = g_strdup_printf ("see “ip%s rule”", subnet->family == AF_INET6 ? " -6" : "");
  else
    why = g_strdup_printf (
      "routing rule %u looks into table %u first; add one before it with “ip%s rule add to %s priority %u "
      "lookup main”",
      priority, way->table, subnet->family == AF_INET6 ? " -6" : "", text, priority - 1);
  return g_strdup_printf ("packets to %s %s: %s", text, where, why);
}

/* Whether packets to a host behind @gateway go there, those that are passed on and those of the gateway itself. @way:
 * (out): if not, where they go */
static gboolean
is_reached (NetnsNetlink *netlink, guint bridge, const NetnsAddress *gateway, gboolean *reached, NetnsWay *way,
            GError **error)
{
  NetnsAddress host;

  netns_address_get_subnet (gateway, &host);
  netns_address_add (&host, 1);
  if (netns_address_equal_host (&host, gateway))
    netns_address_add (&host, 1);
  for (int from_gateway = FALSE; from_gateway <= TRUE; from_gateway++) {
    int error_number;

    if (!netns_rtnl_route_find_way (netlink, &host, from_gateway ? gateway : NULL, way, error))
      return FALSE;
    error_number = netns_netlink_get_errno (netlink);
    /* 0: it is an address of this namespace. Without a route, an address is missing, which is said otherwise. */
    *reached
      = way->link == bridge || (way->link == 0 && (error_number == 0 || error_number == ENETUNREACH || from_gateway));
    if (!*reached)
      return TRUE;
  }
  return TRUE;
}

/* @detour: (out) (nullable): where the packets to some subnet go instead, and which rule is the reason; %NULL if all is
 * well. Errors are `NotFound` (no such bridge) and `KernelRefused`. */
gboolean
netns_routing_find_detour (NetnsNetlink *netlink, const char *bridge, const GArray *gateways, char **detour,
                           GError **error)
{
  g_auto (NetnsLinkInfo) info = { 0 };

  *detour = NULL;
  if (!netns_rtnl_link_find (netlink, bridge, &info, error))
    return FALSE;
  for (guint i = 0; i < gateways->len; i++) {
    const NetnsAddress *gateway = &g_array_index (gateways, NetnsAddress, i);
    NetnsAddress subnet;
    NetnsWay way;
    gboolean reached;

    netns_address_get_subnet (gateway, &subnet);
    if (!is_reached (netlink, info.index, gateway, &reached, &way, error))
      return FALSE;
    if (reached)
      continue;
    *detour = describe (netlink, &subnet, &way, error);
    return *detour != NULL;
  }
  return TRUE;
}

static gboolean
check_routing (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsRoutingCheck *check = step->parameter;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autofree char *detour = NULL;

  if (netlink == NULL || !netns_routing_find_detour (netlink, check->bridge, check->gateways, &detour, error))
    return FALSE;
  return detour == NULL
         || netns_refuse (error, NETNS_ERROR_ROUTED_ELSEWHERE, "Bridge “%s” is not reached: %s", check->bridge, detour);
}

static const NetnsField fields[] = {
  { "bridge", NETNS_FIELD_TEXT, offsetof (NetnsRoutingCheck, bridge) },
  { "gateways", NETNS_FIELD_ADDRESSES, offsetof (NetnsRoutingCheck, gateways) },
  { NULL }
};

const NetnsOperation netns_operation_routing_check = {
  .name = "routing-check",
  .execute = check_routing,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsRoutingCheck, fields),
};
