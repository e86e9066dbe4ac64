/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/forward/answers.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* The owner of a namespace makes its routes. Whoever has more of them, or needs more ranges, has no caller told apart. */
#define ROUTES_MAX 256
#define RANGES_MAX 16

/* A route, as far as it matters here. */
typedef struct {
  guint32 table;
  NetnsAddress destination;
  guint32 metric;
  gboolean back; /* by the way that the call came */
} Way;

typedef struct {
  NetnsAddress first;
  NetnsAddress last;
} Range;

/**
 * Sweep:
 * @ways: (element-type Way): in the order of compare_ways()
 * @at: the first address of the table that was not looked at yet
 * @ranges: (element-type Range): those of answers that go elsewhere
 */
typedef struct {
  const GArray *ways;
  NetnsAddress at;
  GArray *ranges;
} Sweep;

/* Of one family. */
static int
compare_hosts (const NetnsAddress *a, const NetnsAddress *b)
{
  return memcmp (a->bytes, b->bytes, sizeof a->bytes);
}

static gboolean
is_gateway (const NetnsWayIn *way, const NetnsAddress *address)
{
  for (guint i = 0; way->gateways != NULL && i < way->gateways->len; i++)
    if (netns_address_equal_host (&g_array_index (way->gateways, NetnsLinkAddress, i).address, address))
      return TRUE;
  return FALSE;
}

/* To the host, or to a neighbour on the network. */
static gboolean
leads_back (const NetnsWayIn *way, const NetnsRoute *route)
{
  if (route->type != RTN_UNICAST || route->link != way->link)
    return FALSE;
  return route->gateway.family == AF_UNSPEC
           ? netns_addresses_find (way->subnets, netns_address_contains, &route->destination) != NULL
           : is_gateway (way, &route->gateway);
}

/* A subnet before those in it, and of the routes to it first the one that is used. */
static int
compare_ways (gconstpointer a, gconstpointer b)
{
  const Way *one = a, *other = b;
  int order = compare_hosts (&one->destination, &other->destination);

  if (one->table != other->table)
    return one->table < other->table ? -1 : 1;
  if (order != 0)
    return order;
  if (one->destination.prefix != other->destination.prefix)
    return one->destination.prefix < other->destination.prefix ? -1 : 1;
  return one->metric == other->metric ? 0 : one->metric < other->metric ? -1 : 1;
}

static void
add_way (GArray *ways, guint32 table, const NetnsAddress *destination, guint32 metric, gboolean back)
{
  const Way way = { .table = table, .destination = *destination, .metric = metric, .back = back };

  g_array_append_val (ways, way);
}

/* What a table does without a route of its own: the last one has no answer, others leave it to the next. */
static void
add_ends (GArray *ways, int family)
{
  const NetnsAddress all = { .family = (guint8) family };
  guint count = ways->len;

  add_way (ways, RT_TABLE_MAIN, &all, G_MAXUINT32, FALSE);
  for (guint i = 0; i < count; i++) {
    guint32 table = g_array_index (ways, Way, i).table;

    if (table != RT_TABLE_MAIN)
      add_way (ways, table, &all, G_MAXUINT32, TRUE);
  }
}

/* Returns: (transfer full) (nullable) (element-type Way): %NULL if they are too many. Nobody calls from an address that
 * is for one link. */
static GArray *
list_ways (const NetnsWayIn *way, int family)
{
  g_autoptr (GArray) ways = g_array_new (FALSE, FALSE, sizeof (Way));

  for (guint i = 0; way->routes != NULL && i < way->routes->len; i++) {
    const NetnsRoute *route = &g_array_index (way->routes, NetnsRoute, i);

    if (route->destination.family != family || netns_address_is_link_local (&route->destination))
      continue;
    if (ways->len == ROUTES_MAX)
      return NULL;
    add_way (ways, route->table, &route->destination, route->metric, leads_back (way, route));
  }
  add_ends (ways, family);
  g_array_sort (ways, compare_ways);
  return g_steal_pointer (&ways);
}

static gboolean
is_same_destination (const Way *a, const Way *b)
{
  return a->table == b->table && netns_address_equal (&a->destination, &b->destination);
}

/* Whether answers to what the way at @i leads to go back, by each of the ways that are as good; the next other one is
 * then @next. */
static gboolean
goes_back (const GArray *ways, guint i, guint *next)
{
  const Way *best = &g_array_index (ways, Way, i);
  gboolean back = TRUE;

  for (*next = i; *next < ways->len; (*next)++) {
    const Way *way = &g_array_index (ways, Way, *next);

    if (!is_same_destination (way, best))
      break;
    back &= way->back || way->metric != best->metric;
  }
  return back;
}

/* Answers to what was not looked at yet, up to and including @last. */
static void
take (Sweep *sweep, const NetnsAddress *last, gboolean back)
{
  const Range range = { sweep->at, *last };

  if (!back)
    g_array_append_val (sweep->ranges, range);
  sweep->at = *last;
  netns_address_add (&sweep->at, 1);
}

static void
step_back (NetnsAddress *address)
{
  for (gsize i = netns_address_size (address); i > 0; i--)
    if (address->bytes[i - 1]-- != 0)
      break;
}

/* A subnet and those in it, which are at most as many deep as an address has bits.
 * Returns: the next way */
static guint
sweep_subnet (Sweep *sweep, guint i)
{
  const Way *way = &g_array_index (sweep->ways, Way, i);
  NetnsAddress end;
  guint next;
  gboolean back = goes_back (sweep->ways, i, &next), whole = FALSE;

  netns_address_get_end (&way->destination, &end);
  while (next < sweep->ways->len) {
    const Way *inner = &g_array_index (sweep->ways, Way, next);
    NetnsAddress before = inner->destination;

    if (inner->table != way->table || !netns_address_contains (&way->destination, &inner->destination))
      break;
    if (!netns_address_equal_host (&sweep->at, &inner->destination)) {
      step_back (&before);
      take (sweep, &before, back);
    }
    next = sweep_subnet (sweep, next);
    netns_address_get_end (&inner->destination, &before);
    whole = netns_address_equal_host (&before, &end);
  }
  if (!whole)
    take (sweep, &end, back);
  return next;
}

static int
compare_ranges (gconstpointer a, gconstpointer b)
{
  return compare_hosts (&((const Range *) a)->first, &((const Range *) b)->first);
}

/* Sorts @ranges and puts together those that meet. */
static void
join (GArray *ranges)
{
  guint count = 0;

  g_array_sort (ranges, compare_ranges);
  for (guint i = 0; i < ranges->len; i++) {
    const Range range = g_array_index (ranges, Range, i);
    Range *former = count > 0 ? &g_array_index (ranges, Range, count - 1) : NULL;
    NetnsAddress before = range.first;

    step_back (&before);
    if (former == NULL
        || (compare_hosts (&former->last, &range.first) < 0 && compare_hosts (&former->last, &before) != 0))
      g_array_index (ranges, Range, count++) = range;
    else if (compare_hosts (&former->last, &range.last) < 0)
      former->last = range.last;
  }
  g_array_set_size (ranges, count);
}

/* Returns: whether the default route of the main table goes back by the way that calls come */
gboolean
netns_answers_have_default (const NetnsWayIn *way, int family)
{
  g_autoptr (GArray) ways = list_ways (way, family);
  guint next;

  for (guint i = 0; ways != NULL && i < ways->len; i = next) {
    const Way *first = &g_array_index (ways, Way, i);
    gboolean back = goes_back (ways, i, &next);

    if (first->table == RT_TABLE_MAIN && first->destination.prefix == 0)
      return back;
  }
  return FALSE;
}

/**
 * netns_answers_find_away:
 * @way: how calls get into a namespace
 * @family: AF_INET or AF_INET6
 * @away: (element-type NetnsAddress): gets the callers whom the namespace does not answer by that way: ranges that do not
 *        overlap, each as its first and its last address
 *
 * Rules that choose a routing table are not known. So a table besides the main one counts if it leads elsewhere: who is
 * told to use another address than the caller's is answered in any case.
 */
void
netns_answers_find_away (const NetnsWayIn *way, int family, GArray *away)
{
  g_autoptr (GArray) ways = list_ways (way, family), ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  Sweep sweep = { .ways = ways, .ranges = ranges };
  Range all = { .first.family = (guint8) family };
  guint i = 0;

  while (ways != NULL && i < ways->len) {
    netns_address_set_bytes (&sweep.at, family, all.first.bytes, 0);
    i = sweep_subnet (&sweep, i);
  }
  join (ranges);
  if (ways == NULL || ranges->len > RANGES_MAX) {
    netns_address_get_end (&all.first, &all.last);
    g_array_set_size (ranges, 0);
    g_array_append_val (ranges, all);
  }
  for (i = 0; i < ranges->len; i++) {
    Range *range = &g_array_index (ranges, Range, i);

    range->first.prefix = range->last.prefix = (guint8) (8 * netns_address_size (&range->first));
    g_array_append_val (away, range->first);
    g_array_append_val (away, range->last);
  }
}
