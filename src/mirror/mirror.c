/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/error.h"
#include "kernel/sysctl.h"
#include "mirror/private.h"

#include <glib/gstdio.h>
#include <linux/if.h>
#include <sys/socket.h>

/* How many namespaces are read again in one turn of the main loop after an overrun: some 15 us each. */
#define RESYNC_SLICE 64
/* An interrupted reading is repeated, but not for ever while somebody keeps changing things. */
#define READ_ATTEMPTS 5

#define NOTIFY(mirror, function, ...)                                                                                \
  (mirror)->generation++;                                                                                            \
  for (guint entry_index = 0; entry_index < (mirror)->observers->len; entry_index++) {                               \
    NetnsObserverEntry *entry = &g_array_index ((mirror)->observers, NetnsObserverEntry, entry_index);               \
                                                                                                                     \
    if (entry->functions->function != NULL)                                                                          \
      entry->functions->function (__VA_ARGS__, entry->data);                                                         \
  }

void
netns_mirror_notify_namespace_added (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  NOTIFY (mirror, namespace_added, namespace);
}

void
netns_mirror_notify_namespace_removed (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  NOTIFY (mirror, namespace_removed, namespace);
}

/* A namespace without a name is on its way in or out: nobody has heard of it. */
void
netns_mirror_notify_namespace (NetnsMirror *mirror, NetnsNamespace *namespace, guint changes)
{
  if (namespace->name == NULL)
    return;
  NOTIFY (mirror, namespace_changed, namespace, changes);
}

void
netns_mirror_notify_link_added (NetnsMirror *mirror, NetnsLink *link)
{
  if (link->namespace->name == NULL)
    return;
  NOTIFY (mirror, link_added, link);
}

void
netns_mirror_notify_link_removed (NetnsMirror *mirror, NetnsLink *link)
{
  if (link->namespace->name == NULL)
    return;
  NOTIFY (mirror, link_removed, link);
}

void
netns_mirror_notify_link_moved (NetnsMirror *mirror, NetnsLink *link, NetnsNamespace *to, guint index)
{
  NOTIFY (mirror, link_moved, link, to, index);
}

void
netns_mirror_notify_link (NetnsMirror *mirror, NetnsLink *link, guint changes)
{
  if (link->namespace->name == NULL || changes == 0)
    return;
  NOTIFY (mirror, link_changed, link, changes);
}

void
netns_mirror_notify_rules (NetnsMirror *mirror, NetnsNamespace *namespace, guint changes)
{
  if (namespace->name == NULL)
    return;
  NOTIFY (mirror, rules_changed, namespace, changes);
}

static void
take_forwarding (NetnsMirror *mirror, int family, gboolean forwarding)
{
  gboolean *known = family == AF_INET ? &mirror->forwarding4 : &mirror->forwarding6;
  guint changes = family == AF_INET ? NETNS_MIRROR_FORWARDING4 : NETNS_MIRROR_FORWARDING6;

  if (*known == forwarding)
    return;
  *known = forwarding;
  NOTIFY (mirror, machine_changed, changes);
}

static void
take_forwarding_elsewhere (NetnsMirror *mirror, const NetnsEvent *event)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (event->nsid));

  if (namespace == NULL || namespace->name == NULL)
    return;
  NOTIFY (mirror, forwarding_changed, namespace, event->family, event->forwarding);
}

static void
take_routes (NetnsMirror *mirror, const NetnsEvent *event)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (event->nsid));

  if (namespace != NULL)
    netns_route_reader_take (mirror->routes, namespace, event);
}

static void
take_event (NetnsEvent *event, gpointer data)
{
  NetnsMirror *mirror = data;

  if (mirror->host == NULL) /* still being built */
    return;
  switch (event->type) {
  case NETNS_EVENT_LINK:
    netns_mirror_take_link (mirror, event);
    break;
  case NETNS_EVENT_LINK_GONE:
    netns_mirror_take_link_gone (mirror, event);
    break;
  case NETNS_EVENT_ADDRESS:
  case NETNS_EVENT_ADDRESS_GONE:
    netns_mirror_take_address (mirror, event);
    break;
  case NETNS_EVENT_ROUTES:
    take_routes (mirror, event);
    break;
  case NETNS_EVENT_FORWARDING:
    if (event->nsid == mirror->host->nsid)
      take_forwarding (mirror, event->family, event->forwarding);
    else
      take_forwarding_elsewhere (mirror, event);
    break;
  case NETNS_EVENT_NSID_GONE:
    netns_mirror_take_end (mirror, event);
    break;
  default:
    g_assert_not_reached ();
  }
}

/* Returns whether the namespace is now as the kernel has it; %FALSE when it changes faster than it can be read. */
static gboolean
read_once (NetnsMirror *mirror, NetnsNamespace *namespace, GError **error)
{
  gboolean interrupted = FALSE;

  namespace->generation++;
  if (!netns_event_socket_read_links (mirror->events, namespace->nsid, &interrupted, error)
      || !netns_event_socket_read_addresses (mirror->events, namespace->nsid, &interrupted, error))
    return FALSE;
  if (interrupted)
    return FALSE;
  netns_mirror_prune_links (mirror, namespace);
  return TRUE;
}

/**
 * netns_mirror_read_namespace:
 * @mirror: the mirror
 * @namespace: a namespace
 *
 * Reads links and addresses now. While they change faster than they can be read, what was seen is taken and the
 * namespace stays marked, so that the next look tries again.
 *
 * Returns: whether the namespace is still there
 */
gboolean
netns_mirror_read_namespace (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  int nsid = namespace->nsid;

  namespace->links_dirty = TRUE;
  for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    g_autoptr (GError) error = NULL;

    gboolean complete = read_once (mirror, namespace, &error);

    /* The events that came with the answer may have told of its death, also when all of it came. */
    if (g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (nsid)) != namespace)
      return FALSE;
    if (complete) {
      namespace->links_dirty = FALSE;
      return TRUE;
    }
    if (g_error_matches (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND)) {
      netns_mirror_drop_namespace (mirror, namespace);
      return FALSE;
    }
    if (error != NULL)
      g_debug ("%s", error->message);
  }
  return TRUE;
}

static GPtrArray *
list_dirty (NetnsMirror *mirror, guint at_most)
{
  GPtrArray *dirty = g_ptr_array_new ();
  GHashTableIter iter;
  NetnsNamespace *namespace;

  g_hash_table_iter_init (&iter, mirror->by_nsid);
  while (dirty->len < at_most && g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    if (namespace->links_dirty)
      g_ptr_array_add (dirty, GINT_TO_POINTER (namespace->nsid));
  return dirty;
}

/* Returns whether there was anything to do. Goes by nsid, since reading one namespace can end another. */
static gboolean
read_dirty (NetnsMirror *mirror, guint at_most)
{
  g_autoptr (GPtrArray) dirty = list_dirty (mirror, at_most);

  for (guint i = 0; i < dirty->len; i++) {
    NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_nsid, g_ptr_array_index (dirty, i));

    if (namespace != NULL)
      netns_mirror_read_namespace (mirror, namespace);
  }
  return dirty->len > 0;
}

static gboolean
on_resync_slice (gpointer data)
{
  NetnsMirror *mirror = data;

  if (read_dirty (mirror, RESYNC_SLICE))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&mirror->resync_source, g_source_unref);
  return G_SOURCE_REMOVE;
}

/**
 * netns_mirror_resync:
 * @mirror: the mirror
 *
 * Events were lost: what each namespace looks like is read again, some in each turn of the main loop. Whoever looks
 * at one before its turn gets it read at once.
 */
void
netns_mirror_resync (NetnsMirror *mirror)
{
  GHashTableIter iter;
  NetnsNamespace *namespace;

  mirror->resync_count++;
  g_hash_table_iter_init (&iter, mirror->by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace)) {
    namespace->links_dirty = TRUE;
    netns_route_reader_mark (mirror->routes, namespace);
  }
  netns_names_scan (mirror->names);
  NOTIFY (mirror, machine_changed, NETNS_MIRROR_RESYNC_COUNT);
  if (mirror->resync_source != NULL)
    return;
  mirror->resync_source = g_idle_source_new ();
  g_source_set_priority (mirror->resync_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (mirror->resync_source, on_resync_slice, mirror, NULL);
  g_source_attach (mirror->resync_source, g_main_context_get_thread_default ());
}

static gboolean
read_forwarding (NetnsMirror *mirror, int family, const char *path, GError **error)
{
  g_autofree char *value = netns_sysctl_get (-1, path, error);

  if (value == NULL)
    return FALSE;
  take_forwarding (mirror, family, g_strcmp0 (value, "0") != 0);
  return TRUE;
}

static gboolean
add_host (NetnsMirror *mirror, GError **error)
{
  int fd = netns_nsfs_open ("/proc/self/ns/net", error);
  NetnsFileId id;
  gboolean identified;

  if (fd < 0)
    return FALSE;
  identified = netns_nsfs_identify (fd, &id, error);
  g_close (fd, NULL);
  if (!identified)
    return FALSE;
  mirror->host = netns_namespace_new (NETNS_SOURCE_HOST, &id, netns_event_socket_get_host_nsid (mirror->events));
  g_hash_table_insert (mirror->by_nsid, GINT_TO_POINTER (mirror->host->nsid), mirror->host);
  netns_mirror_attach_name (mirror, mirror->host, "");
  netns_mirror_read_namespace (mirror, mirror->host);
  netns_route_reader_mark (mirror->routes, mirror->host);
  /* A kernel without IPv6 has no such setting, and forwards nothing. */
  read_forwarding (mirror, AF_INET6, "net/ipv6/conf/all/forwarding", NULL);
  return read_forwarding (mirror, AF_INET, "net/ipv4/ip_forward", error);
}

/**
 * netns_mirror_new:
 * @worker: the thread that enters namespaces
 * @receive_buffer: bytes for events that the kernel may queue
 * @error: `KernelRefused`
 *
 * Reads all namespaces, their links and addresses. Their routes are there after netns_mirror_settle().
 *
 * Returns: (transfer full) (nullable): what the kernel looks like
 */
NetnsMirror *
netns_mirror_new (NetnsWorker *worker, int receive_buffer, GError **error)
{
  g_autoptr (NetnsMirror) mirror = g_new0 (NetnsMirror, 1);

  mirror->observers = g_array_new (FALSE, FALSE, sizeof (NetnsObserverEntry));
  mirror->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  mirror->by_nsid
    = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) netns_namespace_free);
  mirror->broken = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) netns_namespace_free);
  mirror->routes = netns_route_reader_new (mirror, worker);
  mirror->discovery = netns_discovery_new (mirror);
  mirror->end_watches = g_ptr_array_new ();
  mirror->dns = netns_dns_reader_new (mirror, error);
  if (mirror->dns == NULL)
    return NULL;
  mirror->events = netns_event_socket_new (receive_buffer, take_event, mirror, error);
  if (mirror->events == NULL || !add_host (mirror, error))
    return NULL;
  mirror->names = netns_names_new (mirror, error);
  if (mirror->names == NULL)
    return NULL;
  netns_names_scan (mirror->names);
  netns_mirror_follow (mirror);
  mirror->rules = netns_rule_watch_new (mirror);
  return g_steal_pointer (&mirror);
}

/**
 * netns_mirror_free:
 * @mirror: (transfer full): a mirror; its worker must have finished its jobs
 */
void
netns_mirror_free (NetnsMirror *mirror)
{
  netns_mirror_unfollow (mirror);
  if (mirror->resync_source != NULL)
    g_source_destroy (mirror->resync_source);
  g_clear_pointer (&mirror->resync_source, g_source_unref);
  netns_mirror_free_buried (mirror);
  g_clear_pointer (&mirror->discovery, netns_discovery_free);
  g_clear_pointer (&mirror->rules, netns_rule_watch_free);
  g_clear_pointer (&mirror->discovery, netns_discovery_free);
  g_clear_pointer (&mirror->names, netns_names_free);
  g_clear_pointer (&mirror->routes, netns_route_reader_free);
  g_clear_pointer (&mirror->dns, netns_dns_reader_free);
  g_clear_pointer (&mirror->events, netns_event_socket_free);
  g_clear_pointer (&mirror->by_name, g_hash_table_unref);
  g_clear_pointer (&mirror->by_nsid, g_hash_table_unref);
  g_clear_pointer (&mirror->broken, g_hash_table_unref);
  g_clear_pointer (&mirror->observers, g_array_unref);
  g_clear_pointer (&mirror->end_watches, g_ptr_array_unref);
  g_free (mirror);
}

/**
 * netns_mirror_observe:
 * @mirror: the mirror
 * @observer: functions to call on differences, which must outlive the mirror
 * @data: for them
 */
void
netns_mirror_observe (NetnsMirror *mirror, const NetnsObserver *observer, gpointer data)
{
  NetnsObserverEntry entry = { observer, data };

  g_array_append_val (mirror->observers, entry);
}

/**
 * netns_mirror_settle:
 * @mirror: the mirror
 * @settled: (scope async): called when the mirror shows everything that the kernel was when this was called;
 *           at once if it does already
 * @data: for @settled
 */
void
netns_mirror_settle (NetnsMirror *mirror, NetnsSettledFunc settled, gpointer data)
{
  /* While it is read, events can be lost again. */
  for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    netns_mirror_catch_up (mirror);
    if (!read_dirty (mirror, G_MAXUINT))
      break;
  }
  netns_route_reader_settle (mirror->routes, settled, data);
}

/**
 * netns_mirror_get_host:
 * @mirror: the mirror
 *
 * Returns: (transfer none): the host namespace
 */
NetnsNamespace *
netns_mirror_get_host (NetnsMirror *mirror)
{
  return netns_mirror_get_namespace (mirror, "");
}

/**
 * netns_mirror_get_namespace:
 * @mirror: the mirror
 * @name: a name, empty for the host namespace
 *
 * Returns: (transfer none) (nullable): the namespace as it is now
 */
NetnsNamespace *
netns_mirror_get_namespace (NetnsMirror *mirror, const char *name)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_name, name);

  if (namespace != NULL && namespace->links_dirty && !netns_mirror_read_namespace (mirror, namespace))
    return NULL;
  return namespace;
}

static int
compare_namespaces (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(NetnsNamespace *const *) a)->name, (*(NetnsNamespace *const *) b)->name);
}

/**
 * netns_mirror_list_namespaces:
 * @mirror: the mirror
 *
 * Returns: (transfer container) (element-type NetnsNamespace): all that have a name, by name; the host comes first
 */
GPtrArray *
netns_mirror_list_namespaces (NetnsMirror *mirror)
{
  GPtrArray *namespaces = g_ptr_array_sized_new (g_hash_table_size (mirror->by_nsid));
  GHashTableIter iter;
  NetnsNamespace *namespace;

  read_dirty (mirror, G_MAXUINT);
  g_hash_table_iter_init (&iter, mirror->by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    if (namespace->name != NULL)
      g_ptr_array_add (namespaces, namespace);
  g_hash_table_iter_init (&iter, mirror->broken);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    g_ptr_array_add (namespaces, namespace);
  g_ptr_array_sort (namespaces, compare_namespaces);
  return namespaces;
}

/**
 * netns_mirror_get_forwarding:
 * @mirror: the mirror
 * @family: AF_INET or AF_INET6
 *
 * Returns: whether the host forwards packets of that family
 */
gboolean
netns_mirror_get_forwarding (NetnsMirror *mirror, int family)
{
  return family == AF_INET ? mirror->forwarding4 : mirror->forwarding6;
}

/**
 * netns_mirror_get_resync_count:
 * @mirror: the mirror
 *
 * Returns: how often everything was read again
 */
guint64
netns_mirror_get_resync_count (NetnsMirror *mirror)
{
  return mirror->resync_count;
}

/**
 * netns_mirror_get_generation:
 * @mirror: the mirror
 *
 * Returns: a number that grows with each difference
 */
guint64
netns_mirror_get_generation (NetnsMirror *mirror)
{
  return mirror->generation;
}

/**
 * netns_mirror_hold_name:
 * @mirror: the mirror
 * @name: a name in /run/netns
 *
 * Leaves a name alone that a plan is about to make, rename or remove, so that nobody sees it half done.
 */
void
netns_mirror_hold_name (NetnsMirror *mirror, const char *name)
{
  netns_names_hold (mirror->names, name);
}

/**
 * netns_mirror_release_name:
 * @mirror: the mirror
 * @name: a name given to netns_mirror_hold_name()
 */
void
netns_mirror_release_name (NetnsMirror *mirror, const char *name)
{
  netns_names_release (mirror->names, name);
}

/**
 * netns_mirror_refresh_name:
 * @mirror: the mirror
 * @name: a name in /run/netns
 * @connection: (nullable): to the namespace that it stands for, if one is at hand
 *
 * Looks at one name now, without waiting for the news of it.
 */
void
netns_mirror_refresh_name (NetnsMirror *mirror, const char *name, NetnsNetlink *connection)
{
  NetnsNamespace *namespace;

  netns_names_refresh (mirror->names, name, connection ? netns_netlink_get_cookie (connection) : 0);
  namespace = connection ? g_hash_table_lookup (mirror->by_name, name) : NULL;
  if (namespace != NULL && namespace->routes == NULL)
    netns_route_reader_read (mirror->routes, namespace, connection);
}

/**
 * netns_mirror_refresh_link:
 * @mirror: the mirror
 * @namespace_name: its namespace, empty for the host
 * @index: its ifindex, 0 if not known
 * @name: its name, for that case
 *
 * Looks at one link now: the kernel does not announce each change of a link that is down.
 */
void
netns_mirror_refresh_link (NetnsMirror *mirror, const char *namespace_name, guint index, const char *name)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, namespace_name);
  NetnsLink *link = NULL;

  if (namespace != NULL)
    link = index ? netns_namespace_get_link (namespace, index) : netns_namespace_find_link (namespace, name);
  if (link != NULL && (link->info.flags & IFF_UP) == 0)
    netns_event_socket_read_link (mirror->events, namespace->nsid, link->info.index);
}

/**
 * netns_mirror_refresh_addresses:
 * @mirror: the mirror
 * @namespace_name: a namespace, empty for the host
 *
 * Looks at addresses now: the kernel announces IPv6 ones without duplicate address detection a moment after they were
 * added (inet6_addr_add() in net/ipv6/addrconf.c).
 */
void
netns_mirror_refresh_addresses (NetnsMirror *mirror, const char *namespace_name)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, namespace_name);
  gboolean interrupted;

  if (namespace != NULL)
    netns_event_socket_read_addresses (mirror->events, namespace->nsid, &interrupted, NULL);
}

/**
 * netns_mirror_read_statistics:
 * @mirror: the mirror
 * @link: a link
 * @counters: (element-type utf8 guint64): where to put them, by the kernel's name of each
 * @error: `NotFound`
 *
 * Counters are not mirrored, they are read from the kernel now.
 *
 * Returns: whether the link is still there
 */
gboolean
netns_mirror_read_statistics (NetnsMirror *mirror, const NetnsLink *link, GHashTable *counters, GError **error)
{
  return netns_event_socket_read_statistics (mirror->events, link->namespace->nsid, link->info.index, counters, error);
}
