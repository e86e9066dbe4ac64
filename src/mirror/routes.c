/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/routes.h"

#include "common/cleanup.h"
#include "common/later.h"
#include "kernel/references.h"
#include "kernel/netlink.h"
#include "kernel/route.h"
#include "mirror/namespace.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Of each namespace but the host's: any user can create one, and fill it with as many routes as the kernel allows. */
#define ROUTES_MAX 8192
/* Of all that have no name, and so belong to nobody whose namespaces are counted. */
#define UNNAMED_ROUTES_MAX (32 * ROUTES_MAX)
/* By how many the routes of one of them may grow before they are read, and counted with the others. */
#define UNNAMED_GROWTH_MAX 256

struct _NetnsRouteReader {
  NetnsMirrorState *state;
  NetnsWorker *worker;
  GHashTable *marked;  /* nsid as a set */
  GArray *suspicions; /* Suspicion */
  GSource *turn;      /* reads what is marked, once in a turn of the main loop */
  guint under_way;
};

/* A namespace that may have lost routes by @link, or with @source (family AF_UNSPEC for none), without an event:
 * fib_sync_down_dev() and fib_sync_down_addr() in net/ipv4/fib_semantics.c. Most come with events of their own a moment
 * later, so it is looked at when the turn ends. */
typedef struct {
  int nsid;
  guint link;
  NetnsAddress source;
} Suspicion;

/* The worker's request for one namespace, and its answer. */
typedef struct {
  int nsid;
  char *path; /* NULL for the host */
  guint most; /* about so many routes are read, 0 for all */
  gboolean unnamed;
  NetnsFileId id;
  guint64 cookie;
  GArray *routes;
} Target;

typedef struct {
  NetnsRouteReader *reader;
  GArray *targets;
  NetnsSettledFunc settled;
  gpointer settled_data;
} Job;

static void
clear_target (gpointer data)
{
  Target *target = data;

  g_clear_pointer (&target->path, g_free);
  g_clear_pointer (&target->routes, g_array_unref);
}

static void
read_target (Target *target)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NetnsNetlink) netlink = NULL;
  netns_autofd int fd = target->path ? netns_reference_open (target->path, &target->id, &error) : -1;

  if (error == NULL)
    netlink = netns_netlink_new (fd, &error);
  if (netlink != NULL) {
    target->cookie = netns_netlink_get_cookie (netlink);
    target->routes = netns_rtnl_route_dump (netlink, target->most, &error);
  }
  if (error != NULL)
    g_debug ("%s", error->message);
}

static void
run_job (gpointer data)
{
  Job *job = data;

  for (guint i = 0; i < job->targets->len; i++)
    read_target (&g_array_index (job->targets, Target, i));
}

/* Any order will do that is the same after a reading and after single changes. */
static int
compare_routes (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (NetnsRoute));
}

/* Returns: NETNS_NAMESPACE_* for a route that comes or goes */
guint
netns_route_get_changes (const NetnsRoute *route)
{
  return NETNS_NAMESPACE_ROUTE_DATA | (route->table == RT_TABLE_MAIN ? NETNS_NAMESPACE_ROUTES : 0);
}

/* The next one of the main table from @position on. */
static const NetnsRoute *
next_plain (const GArray *routes, guint *position)
{
  while (routes != NULL && *position < routes->len) {
    const NetnsRoute *route = &g_array_index (routes, NetnsRoute, (*position)++);

    if (route->table == RT_TABLE_MAIN)
      return route;
  }
  return NULL;
}

/* Whether property Routes stays the same, which has less than RouteData. */
static gboolean
same_plain_routes (const GArray *a, const GArray *b)
{
  const NetnsRoute *one, *other;
  guint i = 0, j = 0;

  do {
    one = next_plain (a, &i);
    other = next_plain (b, &j);
    if (one == NULL || other == NULL)
      return one == other;
  } while (netns_address_equal (&one->destination, &other->destination)
           && netns_address_equal_host (&one->gateway, &other->gateway) && one->link == other->link
           && one->metric == other->metric);
  return FALSE;
}

static gboolean
same_routes (const GArray *a, const GArray *b)
{
  if (a == NULL || a->len != b->len)
    return a == NULL && b->len == 0;
  return a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (NetnsRoute)) == 0;
}

static guint
count_routes (const NetnsNamespace *namespace)
{
  return namespace->routes != NULL ? namespace->routes->len : 0;
}

/* How many routes more may be kept of namespaces without a name. */
static guint
count_unnamed_left (NetnsMirrorState *state)
{
  guint left = UNNAMED_ROUTES_MAX;
  GHashTableIter iter;
  gpointer namespace;

  g_hash_table_iter_init (&iter, state->by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, &namespace))
    if (netns_namespace_is_unnamed (namespace))
      left -= MIN (left, count_routes (namespace));
  return left;
}

/* @unnamed_left: (inout): how many routes more may be kept of namespaces without a name */
static void
take_target (NetnsMirrorState *state, Target *target, guint *unnamed_left)
{
  NetnsNamespace *namespace = netns_state_find_namespace (state, target->nsid);
  gboolean cut = FALSE;
  guint changes;

  if (namespace == NULL || namespace->id.inode != target->id.inode)
    return;
  namespace->route_readings -= namespace->route_readings > 0;
  namespace->routes_missed = target->routes == NULL;
  if (target->routes == NULL) {
    if (target->unnamed)
      NETNS_HINT (state, unknown); /* another thread may hold it by now */
    return;
  }
  namespace->cookie = target->cookie;
  if (netns_namespace_is_unnamed (namespace)) {
    *unnamed_left += count_routes (namespace);
    cut = target->routes->len > *unnamed_left;
    if (cut)
      g_array_set_size (target->routes, *unnamed_left);
    *unnamed_left -= target->routes->len;
  }
  g_array_sort (target->routes, compare_routes);
  namespace->routes_read = target->routes->len;
  if (same_routes (namespace->routes, target->routes)) {
    if (cut && namespace->routes == NULL) { /* else each search reads them all again (mirror/discovery.c) */
      namespace->routes = g_steal_pointer (&target->routes);
    }
    return;
  }
  changes
    = NETNS_NAMESPACE_ROUTE_DATA | (same_plain_routes (namespace->routes, target->routes) ? 0 : NETNS_NAMESPACE_ROUTES);
  g_clear_pointer (&namespace->routes, g_array_unref);
  namespace->routes = g_steal_pointer (&target->routes);
  netns_state_notify_namespace_changed (state, namespace, changes);
}

static void
finish_job (gpointer data)
{
  Job *job = data;
  guint unnamed_left = count_unnamed_left (job->reader->state);

  /* The kernel lists IPv6 routes that change meanwhile twice or not at all, without saying so (inet6_dump_fib() in
   * net/ipv6/ip6_fib.c): whatever changed up to now makes it read them once more. */
  NETNS_HINT (job->reader->state, catch_up);
  job->reader->under_way--;
  for (guint i = 0; i < job->targets->len; i++)
    take_target (job->reader->state, &g_array_index (job->targets, Target, i), &unnamed_left);
  if (job->settled != NULL)
    job->settled (job->settled_data);
  g_array_unref (job->targets);
  g_free (job);
}

static gboolean
has_suspects (const NetnsNamespace *namespace, const Suspicion *suspicion)
{
  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++) {
    const NetnsRoute *route = &g_array_index (namespace->routes, NetnsRoute, i);

    if (suspicion->source.family == AF_UNSPEC ? route->link == suspicion->link
                                              : netns_address_equal_host (&route->source, &suspicion->source))
      return TRUE;
  }
  return FALSE;
}

/* If routes that should be gone are still there, an event was missed: read the table. */
static void
check_suspicions (NetnsRouteReader *reader)
{
  for (guint i = 0; i < reader->suspicions->len; i++) {
    const Suspicion *suspicion = &g_array_index (reader->suspicions, Suspicion, i);
    gpointer nsid = GINT_TO_POINTER (suspicion->nsid);
    const NetnsNamespace *namespace = g_hash_table_lookup (reader->state->by_nsid, nsid);

    /* A reading that is under way may bring them. */
    if (namespace != NULL && (namespace->route_readings > 0 || has_suspects (namespace, suspicion)))
      g_hash_table_add (reader->marked, nsid);
  }
  g_array_set_size (reader->suspicions, 0);
}

static GArray *
collect_targets (NetnsRouteReader *reader)
{
  GArray *targets = g_array_new (FALSE, TRUE, sizeof (Target));
  GHashTableIter iter;
  gpointer nsid;

  g_array_set_clear_func (targets, clear_target);
  g_hash_table_iter_init (&iter, reader->marked);
  while (g_hash_table_iter_next (&iter, &nsid, NULL)) {
    NetnsNamespace *namespace = g_hash_table_lookup (reader->state->by_nsid, nsid);
    Target target = { .nsid = GPOINTER_TO_INT (nsid) };

    if (namespace == NULL || namespace->name == NULL)
      continue;
    namespace->route_readings++;
    target.id = namespace->id;
    if (namespace != reader->state->host) {
      target.path = netns_namespace_get_path (namespace);
      target.most = ROUTES_MAX;
    }
    target.unnamed = netns_namespace_is_unnamed (namespace);
    g_array_append_val (targets, target);
  }
  g_hash_table_remove_all (reader->marked);
  return targets;
}

static void
push_job (NetnsRouteReader *reader, NetnsSettledFunc settled, gpointer data)
{
  Job *job = g_new0 (Job, 1);

  netns_later_clear (&reader->turn);
  job->reader = reader;
  job->targets = collect_targets (reader);
  job->settled = settled;
  job->settled_data = data;
  reader->under_way++;
  netns_worker_push (reader->worker, run_job, finish_job, job);
}

static void
on_turn (gpointer data)
{
  NetnsRouteReader *reader = data;

  check_suspicions (reader);
  if (g_hash_table_size (reader->marked) > 0)
    push_job (reader, NULL, NULL);
}

static void
wait_for_turn (NetnsRouteReader *reader)
{
  netns_later_end_of_turn (&reader->turn, on_turn, reader);
}

static void
suspect (NetnsRouteReader *reader, const Suspicion *suspicion)
{
  g_array_append_vals (reader->suspicions, suspicion, 1);
  wait_for_turn (reader);
}

NetnsRouteReader *
netns_route_reader_new (NetnsMirrorState *state, NetnsWorker *worker)
{
  NetnsRouteReader *reader = g_new0 (NetnsRouteReader, 1);

  reader->state = state;
  reader->worker = worker;
  reader->marked = g_hash_table_new (g_direct_hash, g_direct_equal);
  reader->suspicions = g_array_new (FALSE, FALSE, sizeof (Suspicion));
  return reader;
}

void
netns_route_reader_free (NetnsRouteReader *reader)
{
  netns_later_clear (&reader->turn);
  g_hash_table_unref (reader->marked);
  g_array_unref (reader->suspicions);
  g_free (reader);
}

/* Something touched the routes of a namespace. */
void
netns_route_reader_mark (NetnsRouteReader *reader, NetnsNamespace *namespace)
{
  g_hash_table_add (reader->marked, GINT_TO_POINTER (namespace->nsid));
  wait_for_turn (reader);
}

/* Reads at once, by a connection that is there already. */
void
netns_route_reader_read (NetnsRouteReader *reader, NetnsNamespace *namespace, NetnsNetlink *connection)
{
  guint unnamed_left = 0; /* it has a name */
  g_autoptr (GError) error = NULL;
  Target target = {
    .nsid = namespace->nsid,
    .id = namespace->id,
    .cookie = netns_netlink_get_cookie (connection),
    .routes = netns_rtnl_route_dump (connection, ROUTES_MAX, &error),
  };

  if (error != NULL) { /* it stays marked */
    g_debug ("%s", error->message);
    return;
  }
  g_hash_table_remove (reader->marked, GINT_TO_POINTER (namespace->nsid));
  namespace->route_readings++;
  NETNS_HINT (reader->state, catch_up); /* as in finish_job() */
  take_target (reader->state, &target, &unnamed_left);
  clear_target (&target);
}

/* Where @route is among those that are known, or where it would be. */
static gboolean
find_route (const GArray *routes, const NetnsRoute *route, guint *position)
{
  guint first = 0, end = routes->len;

  while (first < end) {
    guint middle = first + (end - first) / 2;
    int order = compare_routes (&g_array_index (routes, NetnsRoute, middle), route);

    if (order == 0) {
      *position = middle;
      return TRUE;
    }
    if (order < 0)
      first = middle + 1;
    else
      end = middle;
  }
  *position = first;
  return FALSE;
}

static guint
get_most (const NetnsRouteReader *reader, const NetnsNamespace *namespace)
{
  if (namespace == reader->state->host)
    return G_MAXUINT;
  return netns_namespace_is_unnamed (namespace) ? MIN (ROUTES_MAX, namespace->routes_read + UNNAMED_GROWTH_MAX)
                                                : ROUTES_MAX;
}

/* Whether an event fits to what is known, so that nothing was missed. */
static gboolean
is_clear (const NetnsRouteReader *reader, const NetnsNamespace *namespace, const NetnsEvent *event)
{
  guint position;

  if (event->change == NETNS_ROUTES_REPLACED || namespace->routes == NULL || namespace->route_readings > 0
      || g_hash_table_contains (reader->marked, GINT_TO_POINTER (namespace->nsid))
      || namespace->routes->len + event->routes->len > get_most (reader, namespace))
    return FALSE;
  /* To add a way to an IPv6 route is told as a route with all ways (rt6_fill_node() in net/ipv6/route.c). */
  for (guint i = 0; i < event->routes->len; i++)
    if (g_array_index (event->routes, NetnsRoute, i).n_ways > 0)
      return FALSE;
  for (guint i = 0; i < event->routes->len; i++)
    if (find_route (namespace->routes, &g_array_index (event->routes, NetnsRoute, i), &position)
        != (event->change == NETNS_ROUTES_REMOVED))
      return FALSE;
  return TRUE;
}

/* An event can be applied when the resulting table is certain; reading the table of a host with 2,000 links takes some
 * milliseconds. */
void
netns_route_reader_take (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsEvent *event)
{
  guint changes = 0;

  if (!is_clear (reader, namespace, event)) {
    netns_route_reader_mark (reader, namespace);
    return;
  }
  for (guint i = 0; i < event->routes->len; i++) {
    const NetnsRoute *route = &g_array_index (event->routes, NetnsRoute, i);
    guint position;

    if (find_route (namespace->routes, route, &position))
      g_array_remove_index (namespace->routes, position);
    else
      g_array_insert_vals (namespace->routes, position, route, 1);
    changes |= netns_route_get_changes (route);
  }
  netns_state_notify_namespace_changed (reader->state, namespace, changes);
}

/* A link went down or away: routes by it may go without an event. */
void
netns_route_reader_check_link (NetnsRouteReader *reader, NetnsNamespace *namespace, guint index)
{
  suspect (reader, &(Suspicion) { .nsid = namespace->nsid, .link = index });
}

/* An address went: routes that prefer it as source may go without an event. */
void
netns_route_reader_check_source (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsAddress *source)
{
  suspect (reader, &(Suspicion) { .nsid = namespace->nsid, .source = *source });
}

/* The worker takes jobs in order: when a job pushed now is done, so are all that were under way. */
void
netns_route_reader_settle (NetnsRouteReader *reader, NetnsSettledFunc settled, gpointer data)
{
  check_suspicions (reader);
  if (g_hash_table_size (reader->marked) == 0 && reader->under_way == 0)
    settled (data);
  else
    push_job (reader, settled, data);
}
