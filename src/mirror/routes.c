/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes. The kernel lists them only to a socket inside their namespace, and takes some away without a word; so an
 * event only marks a namespace, and the worker reads its whole table. */
#include "mirror/private.h"

#include "common/names.h"
#include "kernel/netlink.h"
#include "kernel/route.h"

#include <glib/gstdio.h>
#include <string.h>

struct _NetnsRouteReader {
  NetnsMirror *mirror;
  NetnsWorker *worker;
  GHashTable *marked; /* nsid as a set */
  GSource *turn;      /* reads what is marked, once in a turn of the main loop */
  guint under_way;
};

/* What the worker needs to know of one namespace, and its answer. */
typedef struct {
  int nsid;
  char *path; /* NULL for the host */
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
  int fd = netns_nsfs_open (target->path, error);
  NetnsFileId id;

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
    target->routes = netns_rtnl_route_dump (netlink, &error);
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

static gboolean
same_routes (const GArray *a, const GArray *b)
{
  if (a == NULL || a->len != b->len)
    return FALSE;
  return a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (NetnsRoute)) == 0;
}

static void
take_target (NetnsMirror *mirror, Target *target)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (target->nsid));

  if (namespace == NULL || target->routes == NULL || namespace->id.inode != target->id.inode)
    return;
  namespace->cookie = target->cookie;
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
    target.id = namespace->id;
    if (namespace != reader->mirror->host)
      target.path = netns_namespace_get_path (namespace);
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
  push_job (data, NULL, NULL);
  return G_SOURCE_REMOVE;
}

NetnsRouteReader *
netns_route_reader_new (NetnsMirror *mirror, NetnsWorker *worker)
{
  NetnsRouteReader *reader = g_new0 (NetnsRouteReader, 1);

  reader->mirror = mirror;
  reader->worker = worker;
  reader->marked = g_hash_table_new (g_direct_hash, g_direct_equal);
  return reader;
}

void
netns_route_reader_free (NetnsRouteReader *reader)
{
  if (reader->turn != NULL)
    g_source_destroy (reader->turn);
  g_clear_pointer (&reader->turn, g_source_unref);
  g_hash_table_unref (reader->marked);
  g_free (reader);
}

/* Something touched the routes of a namespace. */
void
netns_route_reader_mark (NetnsRouteReader *reader, NetnsNamespace *namespace)
{
  g_hash_table_add (reader->marked, GINT_TO_POINTER (namespace->nsid));
  if (reader->turn != NULL)
    return;
  reader->turn = g_idle_source_new ();
  g_source_set_priority (reader->turn, G_PRIORITY_DEFAULT);
  g_source_set_callback (reader->turn, on_turn, reader, NULL);
  g_source_attach (reader->turn, g_main_context_get_thread_default ());
}

/* The worker takes jobs in order: when a job pushed now is done, so are all that were under way. */
void
netns_route_reader_settle (NetnsRouteReader *reader, NetnsSettledFunc settled, gpointer data)
{
  if (g_hash_table_size (reader->marked) == 0 && reader->under_way == 0)
    settled (data);
  else
    push_job (reader, settled, data);
}
