/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes are read when somebody asks: a router's table is too big to be kept. */
#include "kernel/route.h"
#include "common/error.h"
#include "kernel/request.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* While others change routes without pause, each dump may be interrupted (NLM_F_DUMP_INTR). */
#define MAX_ATTEMPTS 5

static void
take_route (const struct nlmsghdr *header, gpointer data)
{
  netns_message_parse_route (header, data);
}

/**
 * netns_rtnl_route_dump:
 * @netlink: a namespace; with @most, this should be the last that is asked of it
 * @most: how many about, 0 for all
 * @error: `Busy` (the routes change all the time), `KernelRefused`
 *
 * Returns: (transfer full) (nullable) (element-type NetnsRoute): the IPv4 and IPv6 routes of all tables but the local
 *   one, in the kernel's order
 */
GArray *
netns_rtnl_route_dump (NetnsNetlink *netlink, guint most, GError **error)
{
  for (guint i = 0; i < MAX_ATTEMPTS; i++) {
    struct rtmsg body = { .rtm_family = AF_UNSPEC };
    g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETROUTE, 0, &body, sizeof body);
    g_autoptr (GArray) routes = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));
    gboolean interrupted;

    if (!netns_netlink_dump_first (netlink, message, most, take_route, routes, &interrupted, error))
      return NULL;
    if (!interrupted)
      return g_steal_pointer (&routes);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY,
               "The routes changed each of the %d times that they were read; try again", MAX_ATTEMPTS);
  return NULL;
}

static void
put_gateway (NetnsMessage *message, const NetnsRoute *route)
{
  gsize size = netns_address_size (&route->gateway);
  guint8 via[sizeof (struct rtvia) + sizeof route->gateway.bytes];

  if (route->gateway.family == route->destination.family) {
    netns_request_put (message, RTA_GATEWAY, size, route->gateway.bytes);
    return;
  }
  /* RFC 8950: an IPv4 route by way of an IPv6 router. */
  ((struct rtvia *) (gpointer) via)->rtvia_family = route->gateway.family;
  memcpy (via + sizeof (struct rtvia), route->gateway.bytes, size);
  netns_request_put (message, RTA_VIA, sizeof (struct rtvia) + size, via);
}

static NetnsMessage *
make_message (int type, int flags, const NetnsRoute *route)
{
  struct rtmsg body = { .rtm_family = route->destination.family,
                        .rtm_dst_len = route->destination.prefix,
                        .rtm_table = route->table < 256 ? (guint8) route->table : RT_TABLE_COMPAT,
                        .rtm_type = route->type,
                        .rtm_protocol = route->protocol,
                        .rtm_scope = RT_SCOPE_UNIVERSE };
  NetnsMessage *message;

  /* What ip route does (iproute_modify()): nothing is between here and a destination without gateway; a removal
   * matches any scope. */
  if (type == RTM_DELROUTE)
    body.rtm_scope = RT_SCOPE_NOWHERE;
  else if (route->gateway.family == AF_UNSPEC && route->type == RTN_UNICAST)
    body.rtm_scope = RT_SCOPE_LINK;
  message = netns_request_new (type, flags, &body, sizeof body);
  netns_request_put_u32 (message, RTA_TABLE, route->table);
  if (route->destination.prefix > 0)
    netns_request_put (message, RTA_DST, netns_address_size (&route->destination), route->destination.bytes);
  if (route->gateway.family != AF_UNSPEC)
    put_gateway (message, route);
  if (route->source.family != AF_UNSPEC)
    netns_request_put (message, RTA_PREFSRC, netns_address_size (&route->source), route->source.bytes);
  if (route->link != 0)
    netns_request_put_u32 (message, RTA_OIF, route->link);
  if (route->metric != 0)
    netns_request_put_u32 (message, RTA_PRIORITY, route->metric);
  return message;
}

static gboolean
change (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *route, int type, int flags,
        GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (type, flags, route);
  char destination[NETNS_ADDRESS_MAX_TEXT];
  char gateway[NETNS_ADDRESS_MAX_TEXT] = "";
  gboolean via = route->gateway.family != AF_UNSPEC;

  if (via)
    netns_address_print_host (&route->gateway, gateway);
  return netns_netlink_change (
      grant, netlink, message, error, "Cannot %s the route to %s%s%s", type == RTM_NEWROUTE ? "add" : "remove",
      netns_address_print (&route->destination, destination), via ? " via " : "", gateway);
}

/**
 * netns_rtnl_route_add:
 * @grant: who may do it
 * @netlink: a namespace
 * @route: the route; @table 0 is the main table, @type 0 unicast, @protocol 0 “static”, @metric 0 the kernel's
 *   choice (IPv6: 1024)
 * @error: `Exists` (same destination and metric), `NotFound` (no such link), `KernelRefused` (such as a gateway that
 *   no link reaches)
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_route_add (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *route, GError **error)
{
  NetnsRoute complete = *route;

  if (complete.table == RT_TABLE_UNSPEC)
    complete.table = RT_TABLE_MAIN;
  if (complete.type == RTN_UNSPEC)
    complete.type = RTN_UNICAST;
  if (complete.protocol == RTPROT_UNSPEC)
    complete.protocol = RTPROT_STATIC;
  return change (grant, netlink, &complete, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, error);
}

/**
 * netns_rtnl_route_remove:
 * @grant: who may do it
 * @netlink: a namespace
 * @route: the route; what is 0 or of no family may be anything, @table 0 is the main table
 * @error: `NotFound`, `KernelRefused`
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_route_remove (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *route, GError **error)
{
  NetnsRoute complete = *route;

  if (complete.table == RT_TABLE_UNSPEC)
    complete.table = RT_TABLE_MAIN;
  return change (grant, netlink, &complete, RTM_DELROUTE, 0, error);
}
