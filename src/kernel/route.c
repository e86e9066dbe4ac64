/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads and changes the routes of one namespace. */
#include "kernel/route.h"
#include "common/error.h"
#include "kernel/link.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

static void
take_route (const struct nlmsghdr *header, gpointer data)
{
  netns_message_parse_route (header, data);
}

/* Returns: (transfer full) (nullable) (element-type NetnsRoute): the IPv4 and IPv6 routes of all tables but the local
 * one, in the kernel's order; @most: how many about, 0 for all; with it, this should be the last that is asked of
 * @netlink.
 * @error: `Busy` (the routes change all the time), `KernelRefused` */
GArray *
netns_rtnl_route_dump (NetnsNetlink *netlink, guint most, GError **error)
{
  struct rtmsg body = { .rtm_family = AF_UNSPEC };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETROUTE, 0, &body, sizeof body);

  return netns_netlink_list (netlink, message, most, sizeof (NetnsRoute), take_route, "The routes", error);
}

/**
 * netns_route_get_outside:
 * @family: AF_INET or AF_INET6
 *
 * Its route is that of most packets. It is the address of a root name server (A), because better-known addresses have
 * their own routes in many places: those for documentation (192.0.2.1, RFC 5737) are dropped by routers, and 1.1.1.1 and
 * 8.8.8.8 are used in labs, by captive portals, and for name servers behind a VPN. Nothing is sent there.
 *
 * Returns: an address of the Internet
 */
NetnsAddress
netns_route_get_outside (int family)
{
  NetnsAddress outside = { 0 };

  netns_address_parse_host (family == AF_INET ? "198.41.0.4" : "2001:503:ba3e::2:30", &outside, NULL);
  return outside;
}

/* Whoever owns a namespace makes as many as they like; the kernel lists those first that it tries first. */
#define RULES_MAX 1024

typedef struct {
  guint table;
  guint priority;
} Rule;

static void
take_way (const struct nlmsghdr *header, gpointer data)
{
  const struct rtmsg *body = NLMSG_DATA (header);
  struct nlattr *link = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof *body, RTA_OIF);
  struct nlattr *table = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof *body, RTA_TABLE);
  NetnsWay *way = data;

  if (header->nlmsg_type != RTM_NEWROUTE || body->rtm_type != RTN_UNICAST || link == NULL)
    return;
  way->link = nla_get_u32 (link);
  way->table = table != NULL ? nla_get_u32 (table) : body->rtm_table;
}

/**
 * netns_rtnl_route_find_way:
 * @netlink: a namespace
 * @to: an address
 * @from: (nullable): an address of the namespace that they come from, %NULL for any
 * @way: (out): by which link packets leave for it, 0 for none, and which table says so
 * @error: `KernelRefused`
 *
 * Asks the kernel for the route, so that rules, tables, metrics and the state of links count as they do for a packet that
 * is sent now. Where there is none, netns_netlink_get_errno() is ENETUNREACH, and another value for a route that refuses
 * packets.
 *
 * Returns: whether the kernel gave an answer
 */
gboolean
netns_rtnl_route_find_way (NetnsNetlink *netlink, const NetnsAddress *to, const NetnsAddress *from, NetnsWay *way,
                           GError **error)
{
  /* Of no route, of the types unreachable, prohibit and blackhole (fib_props in net/ipv4/fib_semantics.c), of a kernel
   * without IPv6, and for a source that is no address of this namespace. */
  static const int answers[] = { ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EOPNOTSUPP, EAFNOSUPPORT };
  gsize size = netns_address_size (to);
  struct rtmsg body = { .rtm_family = to->family, .rtm_dst_len = (guint8) (size * 8), .rtm_flags = RTM_F_LOOKUP_TABLE };
  g_autoptr (NetnsMessage) message = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  *way = (NetnsWay) { 0 };
  if (from != NULL)
    body.rtm_src_len = body.rtm_dst_len;
  message = netns_request_new (RTM_GETROUTE, 0, &body, sizeof body);
  netns_request_put (message, RTA_DST, size, to->bytes);
  if (from != NULL)
    netns_request_put (message, RTA_SRC, size, from->bytes);
  if (netns_netlink_get (netlink, message, take_way, way, error, "Cannot find the route to %s",
                         netns_address_print_host (to, text)))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    if (netns_netlink_get_errno (netlink) == answers[i]) {
      g_clear_error (error);
      return TRUE;
    }
  return FALSE;
}

/* @index: (out): ifindex of the link by which packets leave to the rest of the world, 0 for none; else as
 * netns_rtnl_route_find_way() */
gboolean
netns_rtnl_route_find_uplink (NetnsNetlink *netlink, int family, const NetnsAddress *from, guint *index, GError **error)
{
  const NetnsAddress outside = netns_route_get_outside (family);
  NetnsWay way;
  gboolean answered = netns_rtnl_route_find_way (netlink, &outside, from, &way, error);

  *index = way.link;
  return answered;
}

static void
take_rule (const struct nlmsghdr *header, gpointer data)
{
  const struct fib_rule_hdr *body = NLMSG_DATA (header);
  struct nlattr *table = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof *body, FRA_TABLE);
  struct nlattr *priority = nlmsg_find_attr ((struct nlmsghdr *) header, sizeof *body, FRA_PRIORITY);
  Rule rule = { table ? nla_get_u32 (table) : body->table, priority ? nla_get_u32 (priority) : 0 };

  if (header->nlmsg_type == RTM_NEWRULE && body->action == FR_ACT_TO_TBL)
    g_array_append_val (data, rule);
}

/* @priority: (out): that of the first routing rule that looks into @table, 0 for none, or none among the first
 * RULES_MAX. Errors are `Busy` and `KernelRefused`. */
gboolean
netns_rtnl_rule_find (NetnsNetlink *netlink, int family, guint table, guint *priority, GError **error)
{
  struct fib_rule_hdr body = { .family = (guint8) family };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETRULE, 0, &body, sizeof body);
  g_autoptr (NetnsNetlink) beside = netns_netlink_new_beside (netlink, error);
  g_autoptr (GArray) rules
    = beside ? netns_netlink_list (beside, message, RULES_MAX, sizeof (Rule), take_rule, "The routing rules", error)
             : NULL;

  *priority = 0;
  for (guint i = 0; rules != NULL && i < rules->len; i++) {
    const Rule *rule = &g_array_index (rules, Rule, i);

    if (rule->table == table && (*priority == 0 || rule->priority < *priority))
      *priority = rule->priority;
  }
  return rules != NULL;
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

/* The ways of a multipath route; libnl has nothing for these structures. */
static void
put_ways (NetnsMessage *message, const NetnsRoute *ways, guint n_ways)
{
  struct nlattr *multipath = netns_request_open_nest (message, RTA_MULTIPATH);

  for (guint i = 0; i < n_ways; i++) {
    struct rtnexthop hop = { .rtnh_flags = ways[i].onlink ? RTNH_F_ONLINK : 0,
                             .rtnh_hops = ways[i].weight,
                             .rtnh_ifindex = (int) ways[i].link };
    guint start = nlmsg_hdr (message)->nlmsg_len;

    netns_request_append (message, &hop, sizeof hop);
    if (ways[i].gateway.family != AF_UNSPEC)
      put_gateway (message, &ways[i]);
    hop.rtnh_len = (guint16) (nlmsg_hdr (message)->nlmsg_len - start);
    memcpy ((char *) nlmsg_hdr (message) + start, &hop, sizeof hop);
  }
  nla_nest_end (message, multipath);
}

/* Where it leads: a nexthop object says all of it. */
static void
put_target (NetnsMessage *message, const NetnsRoute *ways, guint n_ways)
{
  if (ways->nexthop_id != 0) {
    netns_request_put_u32 (message, RTA_NH_ID, ways->nexthop_id);
  } else if (n_ways > 1) {
    put_ways (message, ways, n_ways);
  } else {
    if (ways->gateway.family != AF_UNSPEC)
      put_gateway (message, ways);
    if (ways->link != 0)
      netns_request_put_u32 (message, RTA_OIF, ways->link);
  }
}

static NetnsMessage *
make_message (int type, int flags, const NetnsRoute *ways, guint n_ways)
{
  struct rtmsg body = { .rtm_family = ways->destination.family,
                        .rtm_dst_len = ways->destination.prefix,
                        .rtm_tos = ways->tos,
                        .rtm_table = ways->table < 256 ? (guint8) ways->table : RT_TABLE_COMPAT,
                        .rtm_type = ways->type,
                        .rtm_protocol = ways->protocol,
                        .rtm_scope = ways->scope,
                        .rtm_flags = ways->onlink && n_ways == 1 ? RTNH_F_ONLINK : 0 };
  NetnsMessage *message = netns_request_new (type, flags, &body, sizeof body);

  netns_request_put_u32 (message, RTA_TABLE, ways->table);
  if (ways->destination.prefix > 0)
    netns_request_put (message, RTA_DST, netns_address_size (&ways->destination), ways->destination.bytes);
  if (ways->source.family != AF_UNSPEC)
    netns_request_put (message, RTA_PREFSRC, netns_address_size (&ways->source), ways->source.bytes);
  if (ways->metric != 0)
    netns_request_put_u32 (message, RTA_PRIORITY, ways->metric);
  put_target (message, ways, n_ways);
  return message;
}

/* The kernel's words about IPv6 that is off do not say how to switch it on. */
static gboolean
refuse (NetnsNetlink *netlink, const NetnsRoute *route, GError *refusal, GError **error)
{
  gboolean ipv6_off = route->destination.family == AF_INET6 && netns_netlink_get_errno (netlink) == EACCES;
  g_auto (NetnsLinkInfo) info = { 0 };

  if (ipv6_off && route->link != 0 && netns_rtnl_link_get (netlink, route->link, &info, NULL))
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED,
                 "%s: IPv6 is off on link “%s”; set net.ipv6.conf.%s.disable_ipv6 to 0", refusal->message, info.name,
                 info.name);
  else
    g_propagate_error (error, g_error_copy (refusal));
  return FALSE;
}

static gboolean
change (const NetnsGrant *grant, NetnsNetlink *netlink, NetnsMessage *message, const char *what,
        const NetnsRoute *route, GError **error)
{
  char destination[NETNS_ADDRESS_MAX_TEXT], gateway[NETNS_ADDRESS_MAX_TEXT] = "";
  gboolean via = route->gateway.family != AF_UNSPEC;
  g_autoptr (GError) refusal = NULL;

  if (via)
    netns_address_print_host (&route->gateway, gateway);
  return netns_netlink_change (grant, netlink, message, &refusal, "Cannot %s the route to %s%s%s", what,
                               netns_address_print (&route->destination, destination), via ? " via " : "", gateway)
         || refuse (netlink, route, refusal, error);
}

/**
 * netns_rtnl_route_add, netns_rtnl_route_remove:
 * @grant: who may do it
 * @netlink: a namespace
 * @ways: (array length=n_ways): the ways of a route, in all other members the same; @table 0 is the main table. To add:
 *   @type 0 unicast, @protocol 0 “static”, @metric 0 the kernel's choice (IPv6: 1024); to remove: what is 0 or of no
 *   family may be anything
 * @n_ways: how many, more than one for a multipath route
 * @append: whether it may have the same destination and metric as another one, or be one more way of that (IPv6)
 * @error: `Exists` (same destination and metric), `NotFound` (no such link, or no such route), `NotSupported` (IPv6 is
 *   off), `KernelRefused` (such as a gateway that no link reaches)
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_route_add (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *ways, guint n_ways,
                      gboolean append, GError **error)
{
  g_autofree NetnsRoute *complete = g_memdup2 (ways, n_ways * sizeof *ways);
  g_autoptr (NetnsMessage) message = NULL;

  if (complete->table == RT_TABLE_UNSPEC)
    complete->table = RT_TABLE_MAIN;
  if (complete->type == RTN_UNSPEC)
    complete->type = RTN_UNICAST;
  if (complete->protocol == RTPROT_UNSPEC)
    complete->protocol = RTPROT_STATIC;
  /* The same as ip route (iproute_modify()): scope link for a destination without gateway. */
  if (complete->type == RTN_UNICAST && complete->scope == RT_SCOPE_UNIVERSE && n_ways == 1 && complete->nexthop_id == 0
      && complete->gateway.family == AF_UNSPEC)
    complete->scope = RT_SCOPE_LINK;
  message = make_message (RTM_NEWROUTE, NLM_F_CREATE | (append ? NLM_F_APPEND : NLM_F_EXCL), complete, n_ways);
  return change (grant, netlink, message, "add", complete, error);
}

gboolean
netns_rtnl_route_remove (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsRoute *ways, guint n_ways,
                         GError **error)
{
  g_autofree NetnsRoute *complete = g_memdup2 (ways, n_ways * sizeof *ways);
  g_autoptr (NetnsMessage) message = NULL;

  if (complete->table == RT_TABLE_UNSPEC)
    complete->table = RT_TABLE_MAIN;
  complete->scope = RT_SCOPE_NOWHERE; /* any */
  message = make_message (RTM_DELROUTE, 0, complete, n_ways);
  return change (grant, netlink, message, "remove", complete, error);
}

/* A record of its own. */
typedef struct {
  NetnsRoute whole;
} Whole;

static const NetnsField route_fields[] = { NETNS_ROUTE_FIELDS (Whole, whole), { NULL } };

/**
 * netns_routes_save, netns_routes_load:
 * @routes: (array length=n_routes): some routes
 * @n_routes: how many
 * @saved: (element-type GVariant): what was made of them
 *
 * Returns: (transfer full): them as dictionaries, for a parameter of a step or a state file; or them again
 */
GPtrArray *
netns_routes_save (const NetnsRoute *routes, guint n_routes)
{
  GPtrArray *saved = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);

  for (guint i = 0; i < n_routes; i++)
    g_ptr_array_add (saved, g_variant_ref_sink (netns_fields_to_variant (route_fields, &routes[i])));
  return saved;
}

GArray *
netns_routes_load (const GPtrArray *saved)
{
  GArray *routes = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));

  for (guint i = 0; i < saved->len; i++) {
    NetnsRoute route = { 0 };

    if (netns_fields_from_variant (route_fields, &route, g_ptr_array_index (saved, i), NULL)
        && route.destination.family != AF_UNSPEC)
      g_array_append_val (routes, route);
  }
  return routes;
}

/* Returns: how many of @routes from @first on are the ways of one route: 1 where it is no multipath route */
guint
netns_routes_count_ways (const GArray *routes, guint first)
{
  const NetnsRoute *route = &g_array_index (routes, NetnsRoute, first);

  return route->n_ways > 0 ? MIN (route->n_ways, routes->len - first) : 1;
}
