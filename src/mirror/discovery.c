/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces without a name in /run/netns: those that processes live in, that are mounted elsewhere, or that somebody has
 * open. The kernel tells of none of them, so they are searched for; but only while somebody looks, and for a tenth of the
 * time at most, or a third while one after the other comes and asks.
 *
 * Where the kernel tells of processes that begin, these are looked at as they come, and what lives in a namespace that is
 * not known makes a search come sooner.
 *
 * Nothing is kept open in them: one that nobody else holds ends, and the id that it has in the host tells so. */
#include "mirror/private.h"

#include "common/names.h"
#include "kernel/process-events.h"
#include "kernel/process.h"
#include "mirror/sweep.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>

/* How often is searched while somebody looks: what comes shall be seen within a second. */
#define INTERVAL      (500 * G_TIME_SPAN_MILLISECOND)
/* The same while the kernel tells of processes: only one that leaves for another namespace, and stays the program that it
 * is, makes no news. */
#define NEWS_INTERVAL (900 * G_TIME_SPAN_MILLISECOND)
/* How long news of processes are gathered, of which there can be thousands in a second. */
#define NEWS_PAUSE    100 /* ms */
/* How much longer the pause after a search is than the search itself: before one by itself, and before one that somebody
 * waits for. And how much longer than the reading of what was new. */
#define SEARCH_FACTOR 10
#define WAIT_FACTOR   2
#define READ_FACTOR   2
/* After the last one has gone, what is known stays for whoever comes next: scripts look by one program after another. */
#define LINGER        5 /* s */
/* One that a process hands to another one can be missed by one search. */
#define MISSES_MAX    2

typedef struct {
  NetnsSettledFunc looked;
  gpointer data;
} Waiter;

/* One search on its way through a thread of GTask's. */
typedef struct {
  NetnsDiscovery *discovery; /* NULL when the service ends */
  NetnsSweep *sweep;
  NetnsFileId host;
} Search;

struct _NetnsDiscovery {
  NetnsMirror *mirror;
  gboolean watched;
  gboolean hinted;   /* whether something happened in a namespace that is not known */
  Search *search;    /* that runs */
  GArray *waiting;   /* Waiter, for the next search */
  GArray *served;    /* Waiter, for the one that runs */
  NetnsProcessEvents *news; /* NULL where the kernel has none, and while nobody looks */
  GSource *news_source;
  GSource *timer;
  GSource *linger;
  GHashTable *refused; /* inodes of namespaces that cannot be watched, as far as that was said */
  gint64 ended;      /* when the last search was over, 0 if nothing is known */
  gint64 read_cost;  /* of the search that runs, in this thread */
  gint64 pause;      /* after the last one, before the next one by itself */
  gint64 wait;       /* before the next one that somebody waits for */
};

static void
schedule (NetnsDiscovery *discovery);

static void
run_in_thread (Search *search);

static void
free_search (Search *search)
{
  netns_sweep_free (search->sweep);
  g_free (search);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static GHashTable *
list_known (NetnsMirror *mirror)
{
  GHashTable *known = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  GHashTableIter iter;
  NetnsNamespace *namespace;

  g_hash_table_iter_init (&iter, mirror->by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    g_hash_table_add (known, g_memdup2 (&namespace->id.inode, sizeof namespace->id.inode));
  return known;
}

/* The main thread's own: which namespace is meant by an inode. */
static GHashTable *
index_namespaces (NetnsMirror *mirror)
{
  GHashTable *by_inode = g_hash_table_new (g_int64_hash, g_int64_equal);
  GHashTableIter iter;
  NetnsNamespace *namespace;

  g_hash_table_iter_init (&iter, mirror->by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    g_hash_table_insert (by_inode, &namespace->id.inode, namespace);
  return by_inode;
}

static guint
set_text (char **text, const char *value, guint change)
{
  if (g_strcmp0 (*text, value) == 0)
    return 0;
  g_free (*text);
  *text = g_strdup (value);
  return change;
}

static void
update (NetnsMirror *mirror, NetnsNamespace *namespace, const NetnsFound *found)
{
  guint changes = set_text (&namespace->label, found->label, NETNS_NAMESPACE_LABEL);

  namespace->misses = 0;
  /* One that has just got its name is about to be known by it. */
  if (netns_namespace_is_unnamed (namespace) && !found->named) {
    changes |= namespace->source != found->source ? NETNS_NAMESPACE_SOURCE : 0;
    namespace->source = found->source;
    changes |= set_text (&namespace->path, found->path, NETNS_NAMESPACE_PATH);
    if (namespace->routes_missed || namespace->routes == NULL)
      netns_route_reader_mark (mirror->routes, namespace);
  }
  if (changes != 0)
    netns_mirror_notify_namespace (mirror, namespace, changes);
}

/* While it is open it cannot end, so its id is its own. */
static void
add (NetnsDiscovery *discovery, const NetnsFound *found)
{
  NetnsMirror *mirror = discovery->mirror;
  g_autoptr (GError) error = NULL;
  int nsid = netns_event_socket_assign_nsid (mirror->events, found->fd, &error);
  NetnsNamespace *namespace;

  if (nsid == NETNS_NSID_NONE) {
    if (g_hash_table_add (discovery->refused, g_memdup2 (&found->id.inode, sizeof found->id.inode)))
      g_warning ("Cannot watch the namespace at %s: %s", found->path, error->message);
    return;
  }
  namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (nsid));
  if (namespace == NULL)
    namespace = netns_mirror_add_unnamed (mirror, &found->id, nsid, found->source, found->path);
  if (namespace != NULL)
    update (mirror, namespace, found);
}

static void
take_piece (NetnsDiscovery *discovery, NetnsSweep *sweep)
{
  NetnsMirror *mirror = discovery->mirror;
  g_autoptr (GHashTable) by_inode = NULL;

  /* The end of one is announced before another one can get its inode. */
  netns_mirror_catch_up (mirror);
  by_inode = index_namespaces (mirror);
  for (guint i = sweep->begin; i < sweep->end; i++) {
    NetnsFound *found = &g_array_index (sweep->found, NetnsFound, i);
    NetnsNamespace *namespace = found->fd < 0 ? g_hash_table_lookup (by_inode, &found->id.inode) : NULL;

    if (found->fd >= 0)
      add (discovery, found);
    /* What was there when the piece began may have ended while another one was read. */
    else if (namespace != NULL && g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (namespace->nsid)) == namespace)
      update (mirror, namespace, found);
    if (found->fd >= 0)
      g_close (g_steal_fd (&found->fd), NULL);
  }
}

/* What nobody holds any more has ended, or nobody can get to it: a socket alone keeps it. */
static void
drop_missed (NetnsMirror *mirror)
{
  g_autoptr (GList) namespaces = g_hash_table_get_values (mirror->by_nsid);

  for (GList *item = namespaces; item != NULL; item = item->next) {
    NetnsNamespace *namespace = item->data;

    if (namespace == mirror->host)
      continue;
    if (++namespace->misses <= MISSES_MAX)
      continue;
    namespace->misses = 0;
    if (netns_namespace_is_unnamed (namespace))
      netns_mirror_drop_namespace (mirror, namespace);
  }
}

static void
answer (GArray *waiters)
{
  for (guint i = 0; i < waiters->len; i++) {
    const Waiter *waiter = &g_array_index (waiters, Waiter, i);

    waiter->looked (waiter->data);
  }
}

static void
finish (NetnsDiscovery *discovery)
{
  NetnsSweep *sweep = discovery->search->sweep;
  g_autoptr (GArray) served = g_steal_pointer (&discovery->served);

  if (sweep->error != NULL)
    g_warning ("Cannot look for namespaces without a name: %s", sweep->error->message);
  else
    drop_missed (discovery->mirror);
  discovery->ended = g_get_monotonic_time ();
  discovery->pause = SEARCH_FACTOR * sweep->cost + READ_FACTOR * discovery->read_cost;
  discovery->wait = WAIT_FACTOR * sweep->cost + READ_FACTOR * discovery->read_cost;
  g_clear_pointer (&discovery->search, free_search);
  answer (served);
  schedule (discovery);
}

static void
run_search (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Search *search = data;

  netns_sweep_run (search->sweep, &search->host);
  g_task_return_boolean (task, TRUE);
}

static void
on_piece (GObject *source, GAsyncResult *result, gpointer data)
{
  Search *search = data;
  NetnsDiscovery *discovery = search->discovery;
  gint64 begin = netns_sweep_measure ();

  if (discovery == NULL) { /* the service ends */
    free_search (search);
    return;
  }
  take_piece (discovery, search->sweep);
  discovery->read_cost += netns_sweep_measure () - begin;
  if (netns_sweep_is_complete (search->sweep))
    finish (discovery);
  else
    run_in_thread (search);
}

static void
run_in_thread (Search *search)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_piece, search);

  g_task_set_task_data (task, search, NULL);
  g_task_run_in_thread (task, run_search);
}

static void
start (NetnsDiscovery *discovery)
{
  Search *search = g_new0 (Search, 1);

  search->discovery = discovery;
  search->sweep = netns_sweep_new (list_known (discovery->mirror));
  search->host = discovery->mirror->host->id;
  discovery->search = search;
  discovery->hinted = FALSE;
  discovery->read_cost = 0;
  discovery->served = g_steal_pointer (&discovery->waiting);
  discovery->waiting = g_array_new (FALSE, FALSE, sizeof (Waiter));
  run_in_thread (search);
}

static gboolean
on_timer (gpointer data)
{
  NetnsDiscovery *discovery = data;

  clear_source (&discovery->timer);
  start (discovery);
  return G_SOURCE_REMOVE;
}

static gint64
get_pause (const NetnsDiscovery *discovery)
{
  if (discovery->waiting->len > 0)
    return discovery->wait;
  if (discovery->hinted)
    return discovery->pause;
  return MAX (discovery->pause, discovery->news ? NEWS_INTERVAL : INTERVAL);
}

/* When the next search is due: soon when somebody waits for it, later when it is only to see what is new. */
static void
schedule (NetnsDiscovery *discovery)
{
  clear_source (&discovery->timer);
  if (discovery->search != NULL || (discovery->waiting->len == 0 && !discovery->watched))
    return;
  if (discovery->ended == 0) {
    start (discovery);
    return;
  }
  discovery->timer = g_timeout_source_new (0);
  g_source_set_ready_time (discovery->timer, discovery->ended + get_pause (discovery));
  g_source_set_callback (discovery->timer, on_timer, discovery, NULL);
  g_source_attach (discovery->timer, g_main_context_get_thread_default ());
}

/* Whether one of them lives in a namespace that is not known. */
static gboolean
is_any_elsewhere (NetnsDiscovery *discovery, GHashTable *pids)
{
  g_autoptr (GHashTable) known = NULL;
  GHashTableIter iter;
  gpointer pid;

  if (g_hash_table_size (pids) == 0)
    return FALSE;
  known = index_namespaces (discovery->mirror);
  g_hash_table_iter_init (&iter, pids);
  while (g_hash_table_iter_next (&iter, &pid, NULL)) {
    guint64 inode = netns_process_read_namespace (GPOINTER_TO_UINT (pid));

    if (inode != 0 && !g_hash_table_contains (known, &inode))
      return TRUE;
  }
  return FALSE;
}

static void
follow_news (NetnsDiscovery *discovery);

static gboolean
on_news_pause_over (gpointer data)
{
  NetnsDiscovery *discovery = data;

  clear_source (&discovery->news_source);
  follow_news (discovery);
  return G_SOURCE_REMOVE;
}

static gboolean
on_news (gint fd, GIOCondition condition, gpointer data)
{
  NetnsDiscovery *discovery = data;
  g_autoptr (GHashTable) pids = g_hash_table_new (NULL, NULL);
  gboolean complete = netns_process_events_read (discovery->news, pids);

  if (!complete || is_any_elsewhere (discovery, pids))
    netns_discovery_hint (discovery);
  clear_source (&discovery->news_source);
  discovery->news_source = g_timeout_source_new (NEWS_PAUSE);
  g_source_set_callback (discovery->news_source, on_news_pause_over, discovery, NULL);
  g_source_attach (discovery->news_source, g_main_context_get_thread_default ());
  return G_SOURCE_REMOVE;
}

static void
follow_news (NetnsDiscovery *discovery)
{
  discovery->news_source = g_unix_fd_source_new (netns_process_events_get_fd (discovery->news), G_IO_IN);
  g_source_set_callback (discovery->news_source, G_SOURCE_FUNC (on_news), discovery, NULL);
  g_source_attach (discovery->news_source, g_main_context_get_thread_default ());
}

static void
open_news (NetnsDiscovery *discovery)
{
  g_autoptr (GError) error = NULL;

  discovery->news = netns_process_events_new (&error);
  if (discovery->news != NULL)
    follow_news (discovery);
  else
    g_debug ("%s", error->message);
}

static void
close_news (NetnsDiscovery *discovery)
{
  clear_source (&discovery->news_source);
  g_clear_pointer (&discovery->news, netns_process_events_free);
}

NetnsDiscovery *
netns_discovery_new (NetnsMirror *mirror)
{
  NetnsDiscovery *discovery = g_new0 (NetnsDiscovery, 1);

  discovery->mirror = mirror;
  discovery->waiting = g_array_new (FALSE, FALSE, sizeof (Waiter));
  discovery->refused = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return discovery;
}

void
netns_discovery_free (NetnsDiscovery *discovery)
{
  close_news (discovery);
  clear_source (&discovery->timer);
  clear_source (&discovery->linger);
  if (discovery->search != NULL)
    discovery->search->discovery = NULL;
  g_array_unref (discovery->waiting);
  g_hash_table_unref (discovery->refused);
  g_clear_pointer (&discovery->served, g_array_unref);
  g_free (discovery);
}

/* Something happened that a namespace which is not known may be behind. */
void
netns_discovery_hint (NetnsDiscovery *discovery)
{
  if (!discovery->watched || discovery->hinted)
    return;
  discovery->hinted = TRUE;
  schedule (discovery);
}

/* Also what is known of those that have a name is not followed any more. */
static gboolean
forget (gpointer data)
{
  NetnsDiscovery *discovery = data;
  g_autoptr (GList) namespaces = g_hash_table_get_values (discovery->mirror->by_nsid);

  clear_source (&discovery->linger);
  discovery->ended = 0;
  g_hash_table_remove_all (discovery->refused);
  for (GList *item = namespaces; item != NULL; item = item->next) {
    NetnsNamespace *namespace = item->data;

    if (netns_namespace_is_unnamed (namespace))
      netns_mirror_drop_namespace (discovery->mirror, namespace);
    else if (set_text (&namespace->label, NULL, NETNS_NAMESPACE_LABEL))
      netns_mirror_notify_namespace (discovery->mirror, namespace, NETNS_NAMESPACE_LABEL);
  }
  return G_SOURCE_REMOVE;
}

/**
 * netns_mirror_watch:
 * @mirror: the mirror
 * @watched: whether anybody wants to know of namespaces without a name
 *
 * While nobody does, none is known after a moment, and nothing is done to find one.
 */
void
netns_mirror_watch (NetnsMirror *mirror, gboolean watched)
{
  NetnsDiscovery *discovery = mirror->discovery;

  if (discovery->watched == watched)
    return;
  discovery->watched = watched;
  clear_source (&discovery->linger);
  if (watched)
    open_news (discovery);
  else {
    close_news (discovery);
    discovery->linger = g_timeout_source_new_seconds (LINGER);
    g_source_set_callback (discovery->linger, forget, discovery, NULL);
    g_source_attach (discovery->linger, g_main_context_get_thread_default ());
  }
  schedule (discovery);
}

/**
 * netns_mirror_look:
 * @mirror: the mirror
 * @looked: (scope async): called when the mirror has the namespaces without a name that there are now
 * @data: for @looked
 *
 * Everybody who comes while a search runs shares the next one.
 */
void
netns_mirror_look (NetnsMirror *mirror, NetnsSettledFunc looked, gpointer data)
{
  NetnsDiscovery *discovery = mirror->discovery;
  const Waiter waiter = { looked, data };

  g_array_append_val (discovery->waiting, waiter);
  schedule (discovery);
}
