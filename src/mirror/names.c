/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/names.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/later.h"
#include "common/names.h"
#include "kernel/mounts.h"
#include "mirror/reading.h"
#include "mirror/routes.h"
#include "mirror/table.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <sys/stat.h>

/* Looking at all names takes 2 us a namespace: under load a few times a second must do. */
#define SCAN_INTERVAL (100 * G_TIME_SPAN_MILLISECOND)
/* When nothing in the directory was created or removed except by plans, which report their changes: only a mount or
 * unmount on an existing file is seen so late. */
#define CALM_INTERVAL (1 * G_TIME_SPAN_SECOND)
/* How long a file may be without a mount before it is called broken, unless somebody asks for it: `ip netns add` needs
 * 1 ms. */
#define BROKEN_AGE (1 * G_TIME_SPAN_SECOND)

struct _NetnsNames {
  NetnsMirrorState *state;
  char *folder; /* where /run/netns is found */
  int table; /* of mounts */
  GSource *table_source;
  GFileMonitor *files;
  GSource *timer;
  gint64 last_scan;
  struct timespec changed; /* mtime of the directory, as far as what happened in it is known */
  gboolean calm_before;    /* whether all was known when the plans began that work now */
  gboolean any_unmounted;  /* whether the last look saw files without a mount */
  GHashTable *held; /* name -> number of plans that work on it */
  GHashTable *reserved; /* names whose namespace was unmounted, and may be mounted again, as a set */
  gboolean scan_missed;
};

/* One name as the file system has it. */
typedef struct {
  guint64 inode; /* 0: a plain file, or a mount of something else */
} Entry;

static void schedule (NetnsNames *names, gint64 delay);

static Entry
make_entry (const NetnsNames *names, const struct stat *status)
{
  return (Entry) { status->st_dev == names->state->host->id.device ? status->st_ino : 0 };
}

static gboolean
is_known (NetnsMirrorState *state, const char *name, const Entry *entry)
{
  NetnsNamespace *namespace = g_hash_table_lookup (state->by_name, name);

  return namespace != NULL && namespace->id.inode == entry->inode;
}

/* Finds the namespace of each name. The mount table has the same information, but takes five times as long. Young files
 * without a mount are checked again later. */
static void
read_entries (NetnsNames *names, GHashTable *entries)
{
  g_autoptr (GDir) dir = g_dir_open (names->folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    char path[PATH_MAX];
    struct stat status;
    Entry entry;
    gint64 age;

    g_snprintf (path, sizeof path, "%s/%s", names->folder, name);
    if (netns_name_is_id (name) || lstat (path, &status) < 0)
      continue;
    entry = make_entry (names, &status);
    age = g_get_real_time () - (status.st_ctim.tv_sec * G_USEC_PER_SEC + status.st_ctim.tv_nsec / 1000);
    names->any_unmounted |= entry.inode == 0;
    if (entry.inode == 0 && age < BROKEN_AGE && !is_known (names->state, name, &entry)) {
      schedule (names, BROKEN_AGE - MAX (age, 0) + SCAN_INTERVAL);
      continue;
    }
    g_hash_table_insert (entries, g_strdup (name), g_memdup2 (&entry, sizeof entry));
  }
}

static gboolean
is_held (NetnsNames *names, const char *name)
{
  if (!g_hash_table_contains (names->held, name) && !g_hash_table_contains (names->reserved, name))
    return FALSE;
  names->scan_missed = TRUE;
  return TRUE;
}

/* @entry: known again by this as long as it stays, such as a namespace of another type. */
static void
add_broken (NetnsMirrorState *state, const char *name, const Entry *entry)
{
  const NetnsFileId id = { state->host->id.device, entry->inode };
  NetnsNamespace *namespace = netns_namespace_new (NETNS_SOURCE_BROKEN, entry->inode ? &id : NULL, NETNS_NSID_NONE);

  netns_state_attach_name (state, namespace, name);
  g_hash_table_insert (state->broken, namespace->name, namespace);
}

/* The namespace with an id that somebody has just given up is not the one that has it now. The end of an earlier one,
 * whose inode this one has as well, is announced by now. */
static NetnsNamespace *
find_by_id (NetnsMirrorState *state, int nsid)
{
  if (netns_state_find_namespace (state, nsid) != NULL)
    NETNS_HINT (state, catch_up);
  return netns_state_find_namespace (state, nsid);
}

/* Returns %FALSE when the name does not lead to a network namespace. The end of an earlier one, whose id the kernel gave to
 * this one, may be announced only now: then the name is looked at again. */
static gboolean
add_namespace (NetnsNames *names, const char *name, guint64 cookie)
{
  NetnsMirrorState *state = names->state;
  g_autofree char *path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_open (path, &error);
  NetnsNamespace *namespace;
  NetnsFileId id;
  int nsid;

  if (fd < 0)
    return FALSE;
  nsid = netns_nsfs_identify (fd, &id, &error) ? netns_event_socket_assign_nsid (state->events, fd, &error)
                                               : NETNS_NSID_NONE;
  if (nsid == NETNS_NSID_NONE) {
    g_warning ("Cannot watch namespace “%s”: %s", name, error->message);
    return FALSE;
  }
  namespace = find_by_id (state, nsid);
  if (namespace == NULL) {
    namespace = netns_namespace_new (NETNS_SOURCE_NAMED, &id, nsid);
    g_hash_table_insert (state->by_nsid, GINT_TO_POINTER (nsid), namespace);
    namespace->cookie = cookie;
    if (!netns_state_read_namespace (state, namespace)) {
      schedule (names, SCAN_INTERVAL);
      return TRUE;
    }
  } else if (namespace->id.inode != id.inode) {
    schedule (names, SCAN_INTERVAL);
    return TRUE;
  }
  netns_state_attach_name (state, namespace, name);
  netns_route_reader_mark (state->routes, namespace);
  return TRUE;
}

static void
remove_vanished (NetnsNames *names, GHashTable *entries)
{
  g_autoptr (GPtrArray) vanished = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  const char *name;

  g_hash_table_iter_init (&iter, names->state->by_name);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL)) {
    const Entry *entry = g_hash_table_lookup (entries, name);

    if (*name != '\0' && !netns_name_is_id (name) && (entry == NULL || !is_known (names->state, name, entry))
        && !is_held (names, name))
      g_ptr_array_add (vanished, g_strdup (name));
  }
  for (guint i = 0; i < vanished->len; i++)
    netns_state_detach_name (names->state, g_ptr_array_index (vanished, i));
}

/* Whether the name still leads where it led a moment ago. */
static gboolean
is_as_read (NetnsNames *names, const char *name, const Entry *entry)
{
  g_autofree char *path = g_build_filename (names->folder, name, NULL);
  struct stat status;

  return lstat (path, &status) == 0 && make_entry (names, &status).inode == entry->inode;
}

/* Takes in a name that is not known. */
static void
add (NetnsNames *names, const char *name, const Entry *entry, guint64 cookie)
{
  if (entry->inode != 0 && add_namespace (names, name, cookie))
    return;
  if (is_as_read (names, name, entry))
    add_broken (names->state, name, entry);
  else /* another program is creating it now */
    schedule (names, SCAN_INTERVAL);
}

static void
add_new (NetnsNames *names, GHashTable *entries)
{
  GHashTableIter iter;
  const char *name;
  const Entry *entry;

  g_hash_table_iter_init (&iter, entries);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &entry)) {
    if (!g_hash_table_contains (names->state->by_name, name) && !is_held (names, name))
      add (names, name, entry, 0);
  }
}

static struct timespec
read_changed (const NetnsNames *names)
{
  struct stat status;

  return stat (names->folder, &status) == 0 ? status.st_mtim : (struct timespec) { 0 };
}

/* Whether each name that came or went is known. */
static gboolean
is_calm (const NetnsNames *names)
{
  const struct timespec changed = read_changed (names);

  return !names->any_unmounted && changed.tv_sec == names->changed.tv_sec && changed.tv_nsec == names->changed.tv_nsec;
}

/* Compares all names with what is in the directory. */
void
netns_names_scan (NetnsNames *names)
{
  g_autoptr (GHashTable) entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  names->last_scan = g_get_monotonic_time ();
  names->changed = read_changed (names);
  names->any_unmounted = FALSE;
  read_entries (names, entries);
  remove_vanished (names, entries);
  add_new (names, entries);
}

/* Names are compared by inode: the end of a namespace is announced before another one can get its inode. */
static void
catch_up_and_scan (gpointer data)
{
  NetnsNames *names = data;

  NETNS_HINT (names->state, catch_up);
  netns_names_scan (names);
}

static void
schedule (NetnsNames *names, gint64 delay)
{
  netns_later_at (&names->timer, g_get_monotonic_time () + delay, catch_up_and_scan, names);
}

static void
scan_soon (gpointer data)
{
  NetnsNames *names = data;
  gint64 since = g_get_monotonic_time () - names->last_scan;

  /* Changes of a plan to its own names do not need a scan of all; changes of other programs are seen afterwards. */
  if (g_hash_table_size (names->held) > 0)
    names->scan_missed = TRUE;
  else if (is_calm (names))
    schedule (names, CALM_INTERVAL);
  else if (since >= SCAN_INTERVAL)
    catch_up_and_scan (names);
  else
    schedule (names, SCAN_INTERVAL - since);
}

static void
on_files (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer data)
{
  if (event == G_FILE_MONITOR_EVENT_CREATED || event == G_FILE_MONITOR_EVENT_DELETED)
    scan_soon (data);
}

/* Plain files make no news in the mount table. */
static gboolean
watch_files (NetnsNames *names, GError **error)
{
  g_autoptr (GFile) dir = g_file_new_for_path (names->folder);

  if (!netns_netns_make_folder (error))
    return FALSE;
  names->files = g_file_monitor_directory (dir, G_FILE_MONITOR_NONE, NULL, error);
  if (names->files == NULL)
    return FALSE;
  g_file_monitor_set_rate_limit (names->files, SCAN_INTERVAL / G_TIME_SPAN_MILLISECOND);
  g_signal_connect (names->files, "changed", G_CALLBACK (on_files), names);
  return TRUE;
}

NetnsNames *
netns_names_new (NetnsMirrorState *state, GError **error)
{
  g_autoptr (NetnsNames) names = g_new0 (NetnsNames, 1);

  names->state = state;
  names->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  names->reserved = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  names->folder = netns_mounts_path (NETNS_RUN_DIR);
  names->table = netns_mounts_open_table (error);
  if (names->table < 0 || !watch_files (names, error))
    return NULL;
  netns_later_watch (&names->table_source, names->table, G_IO_PRI | G_IO_ERR, scan_soon, names);
  /* The kernel says once that there is news (mounts_poll() in fs/proc_namespace.c), and GLib forgets what it has polled
   * for a source when one of higher priority is ready, such as those of GDBus (g_main_context_check()). */
  g_source_set_priority (names->table_source, G_MININT);
  return g_steal_pointer (&names);
}

void
netns_names_free (NetnsNames *names)
{
  netns_later_clear (&names->table_source);
  netns_later_clear (&names->timer);
  netns_close_fd (&names->table);
  if (names->files != NULL)
    g_signal_handlers_disconnect_by_data (names->files, names);
  g_clear_object (&names->files);
  g_hash_table_unref (names->held);
  g_free (names->folder);
  g_hash_table_unref (names->reserved);
  g_free (names);
}

void
netns_names_hold (NetnsNames *names, const char *name)
{
  guint plans = GPOINTER_TO_UINT (g_hash_table_lookup (names->held, name));

  if (g_hash_table_size (names->held) == 0)
    names->calm_before = is_calm (names);
  g_hash_table_insert (names->held, g_strdup (name), GUINT_TO_POINTER (plans + 1));
}

/* As with netns_names_hold(), what is in the place of the name is not taken in; but other names are, in the meantime. */
void
netns_names_reserve (NetnsNames *names, const char *name, gboolean reserved)
{
  if (reserved)
    g_hash_table_add (names->reserved, g_strdup (name));
  else
    g_hash_table_remove (names->reserved, name);
}

void
netns_names_release (NetnsNames *names, const char *name)
{
  guint plans = GPOINTER_TO_UINT (g_hash_table_lookup (names->held, name));

  g_return_if_fail (plans > 0);
  if (plans > 1) {
    g_hash_table_insert (names->held, g_strdup (name), GUINT_TO_POINTER (plans - 1));
    return;
  }
  g_hash_table_remove (names->held, name);
  if (names->calm_before && g_hash_table_size (names->held) == 0)
    names->changed = read_changed (names);
  if (!names->scan_missed)
    return;
  names->scan_missed = FALSE;
  schedule (names, names->calm_before ? CALM_INTERVAL : SCAN_INTERVAL);
}

/* Checks one name only, for a caller that knows or suspects a change of it. */
void
netns_names_refresh (NetnsNames *names, const char *name, guint64 cookie)
{
  g_autofree char *path = g_build_filename (names->folder, name, NULL);
  struct stat status;
  Entry entry;

  if (netns_name_is_id (name) || is_held (names, name))
    return;
  if (lstat (path, &status) < 0) {
    netns_state_detach_name (names->state, name);
    return;
  }
  entry = make_entry (names, &status);
  if (is_known (names->state, name, &entry))
    return;
  netns_state_detach_name (names->state, name);
  add (names, name, &entry, cookie);
  if (entry.inode != 0)
    return;
  names->any_unmounted = TRUE;
  schedule (names, CALM_INTERVAL);
}
