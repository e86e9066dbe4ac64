/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/route.h"

#include "common/error.h"
#include "common/options.h"
#include "core/link/route-steps.h"
#include "core/service/auth-scope.h"
#include "core/service/core.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* A request has room for that many ways of a route. */
#define WAYS_MAX 64

const NetnsWord netns_route_types[] = {
  { "unicast",     RTN_UNICAST     },
  { "blackhole",   RTN_BLACKHOLE   },
  { "unreachable", RTN_UNREACHABLE },
  { "prohibit",    RTN_PROHIBIT    },
  { "throw",       RTN_THROW       },
  { NULL,          0               },
};

/* Options of a route, or of those that one must agree with. */
typedef struct {
  char *link;
  guint32 metric;
  NetnsAddress source;
  guint32 table;
  guint32 type; /* RTN_*, 0 if it is not given */
  gboolean onlink;
} Options;

static const NetnsField fields[] = {
  { "link", NETNS_FIELD_TEXT, offsetof (Options, link) },
  { "metric", NETNS_FIELD_UINT32, offsetof (Options, metric) },
  { "source", NETNS_FIELD_HOST, offsetof (Options, source) },
  { "table", NETNS_FIELD_UINT32, offsetof (Options, table) },
  { "type", NETNS_FIELD_UINT32, offsetof (Options, type), netns_route_types },
  { "onlink", NETNS_FIELD_BOOLEAN, offsetof (Options, onlink) },
  { NULL },
};

NETNS_DEFINE_AUTO_RECORD (Options, fields)

/* `default` is of the gateway's family; without a gateway it is IPv4's, as for ip-route(8). */
static gboolean
read_targets (const char *destination, const char *gateway, NetnsRoute *route, GError **error)
{
  if (*gateway != '\0' && !netns_address_parse_host (gateway, &route->gateway, error))
    return FALSE;
  if (strcmp (destination, "default") != 0)
    return netns_address_parse_subnet (destination, &route->destination, error);
  netns_address_set_bytes (&route->destination, route->gateway.family == AF_INET6 ? AF_INET6 : AF_INET, NULL, 0);
  return TRUE;
}

static gboolean
check_families (const NetnsRoute *route, GError **error)
{
  /* IPv4 by way of an IPv6 router (RFC 8950) is the one mixture that makes sense. */
  gboolean gateway_fits = route->gateway.family == AF_UNSPEC || route->gateway.family == route->destination.family
                          || route->destination.family == AF_INET;

  if (gateway_fits && (route->source.family == AF_UNSPEC || route->source.family == route->destination.family))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Destination and %s of a route must be of the same address family",
                       gateway_fits ? "source address" : "gateway");
}

static gboolean
check_new (const NetnsRoute *route, GError **error)
{
  gboolean leads = route->gateway.family != AF_UNSPEC || route->link != 0;

  if (!check_families (route, error))
    return FALSE;
  if (route->onlink && (route->gateway.family == AF_UNSPEC || route->link == 0))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Option “onlink” needs a gateway and a link");
  if (route->type == RTN_UNICAST && !leads)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "A route needs a gateway, a link, or both");
  if (route->type != RTN_UNICAST && (leads || route->source.family != AF_UNSPEC))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "A route of type “%s” leads nowhere: leave out gateway, link and source",
                         netns_word_print (netns_route_types, route->type));
  return TRUE;
}

/* A plan for a route, so far without a step. */
static NetnsPlan *
begin (NetnsCore *core, guint caller, const char *name, const NetnsOptionInfo *table, const char *destination,
       const char *gateway, GVariant *values, NetnsNamespace **namespace, NetnsRoute *route, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_auto (Options) options = { 0 };
  const NetnsLink *link = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (!netns_options_read (table, NULL, values, fields, &options, error)
      || !read_targets (destination, gateway, route, error))
    return NULL;
  *namespace = netns_core_use_namespace (core, plan, caller, name, error);
  if (*namespace == NULL)
    return NULL;
  if (*options.link != '\0')
    link = netns_namespace_find_link (*namespace, options.link);
  if (*options.link != '\0' && link == NULL)
    return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, "There is no link “%s”", options.link);
  if (link != NULL)
    netns_plan_use_identity (plan, link->identity);
  route->link = link ? link->info.index : 0;
  route->metric = options.metric;
  route->source = options.source;
  route->table = options.table != 0 ? options.table : RT_TABLE_MAIN;
  route->type = (guint8) options.type;
  route->onlink = options.onlink;
  netns_plan_set_detail (plan, "subnet", netns_address_print (&route->destination, text));
  return g_steal_pointer (&plan);
}

/* The plan for method Namespace.AddRoute to a subnet or `default`, with an empty gateway for none. Errors: `NotFound`,
 * `InvalidArgument`. */
NetnsPlan *
netns_namespace_add_route (NetnsCore *core, guint caller, const char *name, const char *destination,
                           const char *gateway, GVariant *options, GError **error)
{
  NetnsRouteChange change = { 0 };
  NetnsNamespace *namespace;
  g_autoptr (NetnsPlan) plan = begin (core, caller, name, netns_options_namespace_add_route, destination, gateway,
                                      options, &namespace, &change.route, error);

  if (change.route.type == RTN_UNSPEC)
    change.route.type = RTN_UNICAST;
  if (plan == NULL || !check_new (&change.route, error))
    return NULL;
  netns_plan_route_add (plan, namespace->name, &change);
  return g_steal_pointer (&plan);
}

/* Whether @wanted, which leaves open what is 0 or of no family, can mean @route. */
static gboolean
may_mean (const NetnsRoute *wanted, const NetnsRoute *route)
{
  return netns_address_equal (&wanted->destination, &route->destination) && wanted->table == route->table
         && (wanted->gateway.family == AF_UNSPEC || netns_address_equal_host (&wanted->gateway, &route->gateway))
         && (wanted->source.family == AF_UNSPEC || netns_address_equal_host (&wanted->source, &route->source))
         && (wanted->link == 0 || wanted->link == route->link)
         && (wanted->metric == 0 || wanted->metric == route->metric)
         && (wanted->type == RTN_UNSPEC || wanted->type == route->type) && (!wanted->onlink || route->onlink);
}

/* What leads to the same subnet by another router or link is another route. */
static void
use_route (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsRoute *route)
{
  const NetnsLink *link = netns_namespace_get_link (namespace, route->link);
  guint64 gateway[sizeof route->gateway.bytes / sizeof (guint64)];

  memcpy (gateway, route->gateway.bytes, sizeof gateway);
  for (gsize i = 0; i < G_N_ELEMENTS (gateway); i++)
    netns_plan_use_identity (plan, gateway[i]);
  netns_plan_use_identity (plan, link ? link->identity : 0);
  netns_plan_use_identity (plan, route->metric);
  netns_plan_use_identity (plan, route->type);
}

/* A route of a namespace: its ways, and how many of them are meant; @way is the last of these. */
typedef struct {
  const NetnsRoute *ways;
  guint n_ways;
  guint n_meant;
  guint way;
} Found;

/* The route that the kernel prefers of those that can be meant; all that can are noted in @plan. */
static Found
find_meant (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsRoute *wanted)
{
  const GArray *routes = namespace->routes;
  Found best = { 0 };

  for (guint first = 0, n_ways; routes != NULL && first < routes->len; first += n_ways) {
    const NetnsRoute *ways = &g_array_index (routes, NetnsRoute, first);
    Found found = { .ways = ways, .n_ways = n_ways = netns_routes_count_ways (routes, first) };

    for (guint i = 0; i < n_ways; i++) {
      if (!may_mean (wanted, &ways[i]))
        continue;
      use_route (plan, namespace, &ways[i]);
      found.n_meant++;
      found.way = i;
    }
    if (found.n_meant > 0 && (best.ways == NULL || ways->metric < best.ways->metric))
      best = found;
  }
  return best;
}

static void
plan_exactly (NetnsPlan *plan, const char *namespace_name, const NetnsRoute *ways, guint n_ways,
              void (*step) (NetnsPlan *plan, const char *namespace_name, const NetnsRouteExactly *parameter))
{
  g_autoptr (GPtrArray) saved = netns_routes_save (ways, n_ways);

  step (plan, namespace_name, &(NetnsRouteExactly) { .ways = saved });
}

/* One way of several: of IPv6 each is a route of its own to the kernel; an IPv4 route is replaced by one without it,
 * which is added first, so that there is always one. */
static void
plan_without_way (NetnsPlan *plan, const char *namespace_name, const Found *found)
{
  g_autoptr (GArray) rest = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));

  if (found->ways->destination.family == AF_INET6) {
    plan_exactly (plan, namespace_name, &found->ways[found->way], 1, netns_plan_route_withdraw);
    return;
  }
  g_array_append_vals (rest, found->ways, found->n_ways);
  g_array_remove_index (rest, found->way);
  plan_exactly (plan, namespace_name, &g_array_index (rest, NetnsRoute, 0), rest->len, netns_plan_route_append);
  plan_exactly (plan, namespace_name, found->ways, found->n_ways, netns_plan_route_withdraw);
}

/* What this mirror does not know is left to the kernel, and what has too many ways for a request. */
static void
plan_unknown (NetnsPlan *plan, const char *namespace_name, const NetnsRoute *wanted, const Found *found)
{
  NetnsRouteChange change = { .route = *wanted };

  if (found->ways != NULL) {
    change.route.metric = found->ways->metric;
    change.route.type = found->ways->type;
    change.route.tos = found->ways->tos;
    change.route.gateway = (NetnsAddress) { 0 };
    change.route.link = 0;
  }
  netns_plan_route_remove (plan, namespace_name, &change);
}

/* The plan for method Namespace.RemoveRoute, with the same arguments and errors. */
NetnsPlan *
netns_namespace_remove_route (NetnsCore *core, guint caller, const char *name, const char *destination,
                              const char *gateway, GVariant *options, GError **error)
{
  NetnsNamespace *namespace;
  NetnsRoute wanted = { 0 };
  g_autoptr (NetnsPlan) plan = begin (core, caller, name, netns_options_namespace_remove_route, destination, gateway,
                                      options, &namespace, &wanted, error);
  Found found;

  if (plan == NULL)
    return NULL;
  found = find_meant (plan, namespace, &wanted);
  if (found.n_meant < found.n_ways && (found.n_meant > 1 || found.ways->nexthop_id != 0 || found.n_ways > WAYS_MAX))
    return netns_refuse_null (
      error, NETNS_ERROR_INVALID_ARGUMENT,
      "The route to %s has %u ways, which cannot be removed by this description; name none of them "
      "to remove the route",
      destination, found.n_ways);
  if (found.ways == NULL || found.n_ways > WAYS_MAX)
    plan_unknown (plan, namespace->name, &wanted, &found);
  else if (found.n_meant == found.n_ways)
    plan_exactly (plan, namespace->name, found.ways, found.n_ways, netns_plan_route_withdraw);
  else
    plan_without_way (plan, namespace->name, &found);
  return g_steal_pointer (&plan);
}
