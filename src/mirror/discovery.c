/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/discovery.h"

#include "common/cleanup.h"
#include "common/later.h"
#include "common/names.h"
#include "kernel/broker.h"
#include "kernel/proc.h"
#include "kernel/process-events.h"
#include "kernel/process.h"
#include "mirror/namespace.h"
#include "mirror/reading.h"
#include "mirror/routes.h"
#include "mirror/sweep.h"
#include "mirror/table.h"

#include <gio/gio.h>

/* The interval of searches while a client watches: a new namespace must be seen within a second. */
#define INTERVAL (500 * G_TIME_SPAN_MILLISECOND)
/* The same while the kernel announces processes: only a process that enters another namespace without executing a
 * program is not announced. */
#define NEWS_INTERVAL (900 * G_TIME_SPAN_MILLISECOND)
/* How long news of processes are gathered, of which there can be thousands in a second. */
#define NEWS_PAUSE 100 /* ms */
/* How much longer the pause after a search is than the search itself: before a periodic one, and before one that a
 * client waits for. And how much longer than the examination of new processes. */
#define SEARCH_FACTOR 10
#define WAIT_FACTOR   2
#define READ_FACTOR   2
/* After the last one has gone, what is known stays for whoever comes next: scripts look by one program after another. */
#define LINGER 5000 /* ms */
/* One that a process hands to another one can be missed by one search. */
#define MISSES_MAX 2

typedef struct {
  NetnsSettledFunc searched;
  gpointer data;
} Waiter;

/* One search on its way through a thread of GTask's. */
typedef struct {
  NetnsDiscovery *discovery; /* NULL when the service ends */
  NetnsSweep *sweep;
  NetnsFileId host;
} Search;

struct _NetnsDiscovery {
  NetnsMirrorState *state;
  gboolean watched;
  gboolean hinted; /* whether something happened in a namespace that is not known */
  Search *search; /* that runs */
  GArray *waiting; /* Waiter, for the next search */
  GArray *served; /* Waiter, for the one that runs */
  int news; /* -1 where the kernel has none, and while no client watches */
  GSource *news_source;
  GSource *timer;
  GSource *linger;
  GHashTable *residents; /* what the last search knew of processes, NULL if nothing is known */
  GHashTable *refused; /* inodes of namespaces that cannot be watched, as far as that was said */
  gboolean complete; /* whether the last search found all that there is */
  gint64 ended; /* when the last search was over, 0 if nothing is known */
  gint64 read_cost; /* of the search that runs, in this thread */
  gint64 pause; /* after the last one, before the next one by itself */
  gint64 wait; /* before the next one that a client waits for */
};

static void schedule (NetnsDiscovery *discovery);

static void run_in_thread (Search *search);

static void
free_search (Search *search)
{
  netns_sweep_free (search->sweep);
  g_free (search);
}

/* Which namespace is meant by an inode. The keys are copies: a search has them in its thread, and looks at nothing else. */
static GHashTable *
index_namespaces (NetnsMirrorState *state)
{
  GHashTable *by_inode = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  GHashTableIter iter;
  NetnsNamespace *namespace;

  g_hash_table_iter_init (&iter, state->by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    g_hash_table_insert (by_inode, g_memdup2 (&namespace->id.inode, sizeof namespace->id.inode), namespace);
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
update (NetnsMirrorState *state, NetnsNamespace *namespace, const NetnsFound *found)
{
  guint changes = set_text (&namespace->label, found->label, NETNS_NAMESPACE_LABEL);

  namespace->misses = 0;
  /* One that has just got its name is about to be known by it. */
  if (netns_namespace_is_unnamed (namespace) && !found->named) {
    changes |= namespace->source != found->source ? NETNS_NAMESPACE_SOURCE : 0;
    namespace->source = found->source;
    changes |= set_text (&namespace->path, found->path, NETNS_NAMESPACE_PATH);
    if (namespace->routes_missed || namespace->routes == NULL)
      netns_route_reader_mark (state->routes, namespace);
  }
  if (changes != 0)
    netns_state_notify_namespace_changed (state, namespace, changes);
}

/* A namespace without a name, known by its inode while a client watches. Returns %NULL if it ended meanwhile. */
static NetnsNamespace *
add_unnamed (NetnsMirrorState *state, const NetnsFileId *id, int nsid, NetnsSource source, const char *path)
{
  NetnsNamespace *namespace = netns_namespace_new (source, id, nsid);
  g_autofree char *name = netns_name_for_id (id->inode);

  namespace->path = g_strdup (path);
  g_hash_table_insert (state->by_nsid, GINT_TO_POINTER (nsid), namespace);
  if (!netns_state_read_namespace (state, namespace))
    return NULL;
  netns_state_attach_name (state, namespace, name);
  netns_route_reader_mark (state->routes, namespace);
  return namespace;
}

/* While it is open it cannot end, so its id is its own. */
static void
add (NetnsDiscovery *discovery, const NetnsFound *found)
{
  NetnsMirrorState *state = discovery->state;
  g_autoptr (GError) error = NULL;
  int nsid = netns_event_socket_assign_nsid (state->events, found->fd, &error);
  NetnsNamespace *known;

  if (nsid == NETNS_NSID_NONE) {
    if (g_hash_table_add (discovery->refused, g_memdup2 (&found->id.inode, sizeof found->id.inode)))
      g_warning ("Cannot watch the namespace at %s: %s", found->path, error->message);
    return;
  }
  known = netns_state_find_namespace (state, nsid);
  if (known == NULL)
    known = add_unnamed (state, &found->id, nsid, found->source, found->path);
  if (known != NULL)
    update (state, known, found);
}

static void
take_piece (NetnsDiscovery *discovery, NetnsSweep *sweep)
{
  NetnsMirrorState *state = discovery->state;
  g_autoptr (GHashTable) by_inode = NULL;

  /* The end of one is announced before another one can get its inode. */
  NETNS_HINT (state, catch_up);
  by_inode = index_namespaces (state);
  for (guint i = sweep->begin; i < sweep->end; i++) {
    NetnsFound *found = &g_array_index (sweep->found, NetnsFound, i);
    NetnsNamespace *namespace = found->fd < 0 ? g_hash_table_lookup (by_inode, &found->id.inode) : NULL;

    if (found->fd >= 0)
      add (discovery, found);
    /* A namespace found when the piece began may have ended while another one was read. */
    else if (namespace != NULL && netns_state_find_namespace (state, namespace->nsid) == namespace)
      update (state, namespace, found);
    netns_close_fd (&found->fd);
  }
}

/* A namespace without references is gone or unreachable; only a socket may still pin it. */
static void
drop_missed (NetnsMirrorState *state)
{
  g_autoptr (GList) namespaces = g_hash_table_get_values (state->by_nsid);

  for (GList *item = namespaces; item != NULL; item = item->next) {
    NetnsNamespace *namespace = item->data;

    if (namespace == state->host)
      continue;
    if (++namespace->misses <= MISSES_MAX)
      continue;
    namespace->misses = 0;
    if (netns_namespace_is_unnamed (namespace))
      netns_state_drop_namespace (state, namespace);
  }
}

static void
answer (GArray *waiters)
{
  for (guint i = 0; i < waiters->len; i++) {
    const Waiter *waiter = &g_array_index (waiters, Waiter, i);

    waiter->searched (waiter->data);
  }
}

static void
finish (NetnsDiscovery *discovery)
{
  NetnsSweep *sweep = discovery->search->sweep;
  g_autoptr (GArray) served = g_steal_pointer (&discovery->served);

  if (sweep->error != NULL)
    g_warning ("Cannot look for namespaces without a name: %s", sweep->error->message);
  else if (sweep->complete)
    drop_missed (discovery->state);
  discovery->complete = sweep->error == NULL && sweep->complete;
  discovery->ended = g_get_monotonic_time ();
  discovery->pause = SEARCH_FACTOR * sweep->cost + READ_FACTOR * discovery->read_cost;
  discovery->wait = WAIT_FACTOR * sweep->cost + READ_FACTOR * discovery->read_cost;
  discovery->residents = g_steal_pointer (&sweep->residents);
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
  gint64 begin = netns_proc_measure ();

  if (discovery == NULL) { /* the service ends */
    free_search (search);
    return;
  }
  take_piece (discovery, search->sweep);
  discovery->read_cost += netns_proc_measure () - begin;
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
start (gpointer data)
{
  NetnsDiscovery *discovery = data;
  Search *search = g_new0 (Search, 1);

  search->discovery = discovery;
  search->sweep
    = netns_sweep_new (index_namespaces (discovery->state), g_steal_pointer (&discovery->residents), discovery->ended);
  search->host = discovery->state->host->id;
  discovery->search = search;
  discovery->hinted = FALSE;
  discovery->read_cost = 0;
  discovery->served = g_steal_pointer (&discovery->waiting);
  discovery->waiting = g_array_new (FALSE, FALSE, sizeof (Waiter));
  run_in_thread (search);
}

static gint64
get_pause (const NetnsDiscovery *discovery)
{
  if (discovery->waiting->len > 0)
    return discovery->wait;
  if (discovery->hinted)
    return discovery->pause;
  return MAX (discovery->pause, discovery->news >= 0 ? NEWS_INTERVAL : INTERVAL);
}

/* When the next search is due: soon when a client waits for it, later for a periodic one. */
static void
schedule (NetnsDiscovery *discovery)
{
  netns_later_clear (&discovery->timer);
  if (discovery->search != NULL || (discovery->waiting->len == 0 && !discovery->watched))
    return;
  if (discovery->ended == 0)
    start (discovery);
  else
    netns_later_at (&discovery->timer, discovery->ended + get_pause (discovery), start, discovery);
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
  known = index_namespaces (discovery->state);
  g_hash_table_iter_init (&iter, pids);
  while (g_hash_table_iter_next (&iter, &pid, NULL)) {
    guint64 inode = netns_process_read_namespace (GPOINTER_TO_UINT (pid));

    if (inode != 0 && !g_hash_table_contains (known, &inode) && !netns_broker_is_ours (GPOINTER_TO_UINT (pid), NULL))
      return TRUE;
  }
  return FALSE;
}

static void watch_news (gpointer data);

static void
on_news (gpointer data)
{
  NetnsDiscovery *discovery = data;
  g_autoptr (GHashTable) pids = g_hash_table_new (NULL, NULL);
  gboolean complete = netns_process_events_read (discovery->news, pids);

  if (!complete || is_any_elsewhere (discovery, pids))
    netns_discovery_hint (discovery);
  netns_later_clear (&discovery->news_source);
  netns_later_after (&discovery->news_source, NEWS_PAUSE, watch_news, discovery);
}

static void
watch_news (gpointer data)
{
  NetnsDiscovery *discovery = data;

  netns_later_watch (&discovery->news_source, discovery->news, G_IO_IN, on_news, discovery);
}

static void
open_news (NetnsDiscovery *discovery)
{
  g_autoptr (GError) error = NULL;

  discovery->news = netns_process_events_open (&error);
  if (discovery->news >= 0)
    watch_news (discovery);
  else
    g_debug ("%s", error->message);
}

static void
close_news (NetnsDiscovery *discovery)
{
  netns_later_clear (&discovery->news_source);
  netns_process_events_close (&discovery->news);
}

NetnsDiscovery *
netns_discovery_new (NetnsMirrorState *state)
{
  NetnsDiscovery *discovery = g_new0 (NetnsDiscovery, 1);

  discovery->state = state;
  discovery->news = -1;
  discovery->complete = TRUE;
  discovery->waiting = g_array_new (FALSE, FALSE, sizeof (Waiter));
  discovery->refused = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return discovery;
}

void
netns_discovery_free (NetnsDiscovery *discovery)
{
  close_news (discovery);
  netns_later_clear (&discovery->timer);
  netns_later_clear (&discovery->linger);
  if (discovery->search != NULL)
    discovery->search->discovery = NULL;
  g_array_unref (discovery->waiting);
  g_hash_table_unref (discovery->refused);
  g_clear_pointer (&discovery->residents, g_hash_table_unref);
  g_clear_pointer (&discovery->served, g_array_unref);
  g_free (discovery);
}

/* Returns: whether the last search found all that there is; else there was too much to look at */
gboolean
netns_discovery_is_complete (const NetnsDiscovery *discovery)
{
  return discovery->complete;
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

/* What is known of those with a name is no longer followed, either. */
static void
forget (gpointer data)
{
  NetnsDiscovery *discovery = data;
  g_autoptr (GList) namespaces = g_hash_table_get_values (discovery->state->by_nsid);

  discovery->ended = 0;
  g_clear_pointer (&discovery->residents, g_hash_table_unref);
  g_hash_table_remove_all (discovery->refused);
  for (GList *item = namespaces; item != NULL; item = item->next) {
    NetnsNamespace *namespace = item->data;

    if (netns_namespace_is_unnamed (namespace))
      netns_state_drop_namespace (discovery->state, namespace);
    else if (set_text (&namespace->label, NULL, NETNS_NAMESPACE_LABEL))
      netns_state_notify_namespace_changed (discovery->state, namespace, NETNS_NAMESPACE_LABEL);
  }
}

/* Whether any client watches namespaces without a name. Otherwise they are forgotten after a moment, and not
 * searched for. */
void
netns_discovery_watch (NetnsDiscovery *discovery, gboolean watched)
{
  if (discovery->watched == watched)
    return;
  discovery->watched = watched;
  netns_later_clear (&discovery->linger);
  if (watched)
    open_news (discovery);
  else {
    close_news (discovery);
    netns_later_after (&discovery->linger, LINGER, forget, discovery);
  }
  schedule (discovery);
}

/* Calls @searched when the namespaces without a name are known that there are now. All requests that come while a search
 * runs share the next one. */
void
netns_discovery_search (NetnsDiscovery *discovery, NetnsSettledFunc searched, gpointer data)
{
  const Waiter waiter = { searched, data };

  g_array_append_val (discovery->waiting, waiter);
  schedule (discovery);
}
