/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes. The kernel lists them only to a socket inside their namespace, and takes some away without a word; so an
 * event only marks a namespace, and the worker reads its whole table. */
#include "mirror/private.h"

#include "common/names.h"
#include "kernel/holders.h"
#include "kernel/netlink.h"
#include "kernel/route.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

/* Of each namespace but the host's: any user can make one, and fill it with routes as long as the kernel lets him. */
#define ROUTES_MAX 8192

struct _NetnsRouteReader {
  NetnsMirror *mirror;
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

/* What the worker needs to know of one namespace, and its answer. */
typedef struct {
  int nsid;
  char *path; /* NULL for the host */
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

static int
open_target (const Target *target, GError **error)
{
  NetnsFileId id;
  int fd;

  if (target->unnamed)
    return netns_holder_open (target->path, &target->id, error);
  fd = netns_nsfs_open (target->path, error);
  if (fd < 0)
    return -1;
  if (netns_nsfs_identify (fd, &id, error) && id.inode == target->id.inode && id.device == target->id.device)
    return fd;
  g_close (fd, NULL); /* the name means another namespace by now; the names will tell */
  return -1;
}

static void
read_target (Target *target)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NetnsNetlink) netlink = NULL;
  int fd = -1;

  if (target->path != NULL) {
    fd = open_target (target, &error);
    if (fd < 0)
      return;
  }
  netlink = netns_netlink_new (fd, &error);
  if (netlink != NULL) {
    target->cookie = netns_netlink_get_cookie (netlink);
    target->routes = netns_rtnl_route_dump (netlink, target->path ? ROUTES_MAX : 0, &error);
  }
  if (error != NULL)
    g_debug ("%s", error->message);
  if (fd >= 0)
    g_close (fd, NULL);
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

static gboolean
same_routes (const GArray *a, const GArray *b)
{
  if (a == NULL || a->len != b->len)
    return a == NULL && b->len == 0;
  return a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (NetnsRoute)) == 0;
}

static void
take_target (NetnsMirror *mirror, Target *target)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (target->nsid));

  if (namespace == NULL || namespace->id.inode != target->id.inode)
    return;
  if (namespace->route_readings > 0)
    namespace->route_readings--;
  namespace->routes_missed = target->routes == NULL;
  if (target->routes == NULL) {
    if (target->unnamed)
      netns_discovery_hint (mirror->discovery); /* somebody else may hold it by now */
    return;
  }
  namespace->cookie = target->cookie;
  g_array_sort (target->routes, compare_routes);
  if (same_routes (namespace->routes, target->routes))
    return;
  g_clear_pointer (&namespace->routes, g_array_unref);
  namespace->routes = g_steal_pointer (&target->routes);
  netns_mirror_notify_namespace (mirror, namespace, NETNS_NAMESPACE_ROUTES);
}

static void
finish_job (gpointer data)
{
  Job *job = data;

  job->reader->under_way--;
  for (guint i = 0; i < job->targets->len; i++)
    take_target (job->reader->mirror, &g_array_index (job->targets, Target, i));
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

/* What is still there of the routes that should have gone was not announced: read the table. */
static void
check_suspicions (NetnsRouteReader *reader)
{
  for (guint i = 0; i < reader->suspicions->len; i++) {
    const Suspicion *suspicion = &g_array_index (reader->suspicions, Suspicion, i);
    gpointer nsid = GINT_TO_POINTER (suspicion->nsid);
    const NetnsNamespace *namespace = g_hash_table_lookup (reader->mirror->by_nsid, nsid);

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
    NetnsNamespace *namespace = g_hash_table_lookup (reader->mirror->by_nsid, nsid);
    Target target = { .nsid = GPOINTER_TO_INT (nsid) };

    if (namespace == NULL || namespace->name == NULL)
      continue;
    namespace->route_readings++;
    target.id = namespace->id;
    if (namespace != reader->mirror->host)
      target.path = netns_namespace_get_path (namespace);
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

  if (reader->turn != NULL)
    g_source_destroy (reader->turn);
  g_clear_pointer (&reader->turn, g_source_unref);
  job->reader = reader;
  job->targets = collect_targets (reader);
  job->settled = settled;
  job->settled_data = data;
  reader->under_way++;
  netns_worker_push (reader->worker, run_job, finish_job, job);
}

static gboolean
on_turn (gpointer data)
{
  NetnsRouteReader *reader = data;

  g_clear_pointer (&reader->turn, g_source_unref);
  check_suspicions (reader);
  if (g_hash_table_size (reader->marked) > 0)
    push_job (reader, NULL, NULL);
  return G_SOURCE_REMOVE;
}

static void
wait_for_turn (NetnsRouteReader *reader)
{
  if (reader->turn != NULL)
    return;
  reader->turn = g_idle_source_new ();
  g_source_set_priority (reader->turn, G_PRIORITY_DEFAULT);
  g_source_set_callback (reader->turn, on_turn, reader, NULL);
  g_source_attach (reader->turn, g_main_context_get_thread_default ());
}

static void
suspect (NetnsRouteReader *reader, const Suspicion *suspicion)
{
  g_array_append_vals (reader->suspicions, suspicion, 1);
  wait_for_turn (reader);
}

NetnsRouteReader *
netns_route_reader_new (NetnsMirror *mirror, NetnsWorker *worker)
{
  NetnsRouteReader *reader = g_new0 (NetnsRouteReader, 1);

  reader->mirror = mirror;
  reader->worker = worker;
  reader->marked = g_hash_table_new (g_direct_hash, g_direct_equal);
  reader->suspicions = g_array_new (FALSE, FALSE, sizeof (Suspicion));
  return reader;
}

void
netns_route_reader_free (NetnsRouteReader *reader)
{
  if (reader->turn != NULL)
    g_source_destroy (reader->turn);
  g_clear_pointer (&reader->turn, g_source_unref);
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
  take_target (reader->mirror, &target);
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

/* Whether an event fits to what is known, so that nothing was missed. */
static gboolean
is_clear (const NetnsRouteReader *reader, const NetnsNamespace *namespace, const NetnsEvent *event)
{
  guint position;

  if (event->change == NETNS_ROUTES_REPLACED || namespace->routes == NULL || namespace->route_readings > 0
      || g_hash_table_contains (reader->marked, GINT_TO_POINTER (namespace->nsid))
      || (namespace != reader->mirror->host && namespace->routes->len + event->routes->len > ROUTES_MAX))
    return FALSE;
  for (guint i = 0; i < event->routes->len; i++)
    if (find_route (namespace->routes, &g_array_index (event->routes, NetnsRoute, i), &position)
        != (event->change == NETNS_ROUTES_REMOVED))
      return FALSE;
  return TRUE;
}

/* What an event says can be taken over when it is clear what the table looks like afterwards; reading the table of a
 * host with 2,000 links takes some milliseconds. */
void
netns_route_reader_take (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsEvent *event)
{
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
  }
  netns_mirror_notify_namespace (reader->mirror, namespace, NETNS_NAMESPACE_ROUTES);
}

/* A link went down or away: routes by it may go without an event. */
void
netns_route_reader_check_link (NetnsRouteReader *reader, NetnsNamespace *namespace, guint index)
{
  suspect (reader, &(Suspicion){ .nsid = namespace->nsid, .link = index });
}

/* An address went: routes that prefer it as source may go without an event. */
void
netns_route_reader_check_source (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsAddress *source)
{
  suspect (reader, &(Suspicion){ .nsid = namespace->nsid, .source = *source });
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
