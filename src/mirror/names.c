/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /run/netns: which name stands for which namespace. What is mounted there counts, of which the mount table makes the
 * news; a file without a mount is `ip netns add` half way, or what is left of it after a crash. */
#include "mirror/private.h"

#include "common/error.h"
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Looking at all names takes 2 us a namespace: under load a few times a second must do. */
#define SCAN_INTERVAL (100 * G_TIME_SPAN_MILLISECOND)
/* When nothing in the directory came or went but by plans, which tell what they did: only somebody who mounts on or
 * unmounts from a file that stays is seen so late. */
#define CALM_INTERVAL (1 * G_TIME_SPAN_SECOND)
/* How long a file may be without a mount before it is called broken: `ip netns add` needs 1 ms. */
#define BROKEN_AGE    (1 * G_TIME_SPAN_SECOND)

struct _NetnsNames {
  NetnsMirror *mirror;
  int mountinfo;
  GSource *mountinfo_source;
  GFileMonitor *files;
  GSource *timer;
  gint64 last_scan;
  struct timespec changed; /* mtime of the directory, as far as what happened in it is known */
  gboolean calm_before;    /* whether all was known when the plans began that work now */
  gboolean any_unmounted;  /* whether the last look saw files without a mount */
  GHashTable *held; /* name -> number of plans that work on it */
  gboolean scan_missed;
};

/* One name as the file system has it. */
typedef struct {
  guint64 inode; /* 0: a plain file, or a mount of something else */
} Entry;

static void
schedule (NetnsNames *names, gint64 delay);

/* What each name leads to. The mount table tells the same, but takes five times as long. Young files without a mount are
 * looked at again later. */
static void
read_entries (NetnsNames *names, GHashTable *entries)
{
  g_autoptr (GDir) dir = g_dir_open (NETNS_RUN_DIR, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    char path[sizeof NETNS_RUN_DIR + 1 + NAME_MAX];
    struct stat status;
    Entry *entry;
    gint64 age;

    g_snprintf (path, sizeof path, NETNS_RUN_DIR "/%s", name);
    if (netns_name_is_id (name) || lstat (path, &status) < 0)
      continue;
    age = g_get_real_time () - (status.st_ctim.tv_sec * G_USEC_PER_SEC + status.st_ctim.tv_nsec / 1000);
    names->any_unmounted |= status.st_dev != names->mirror->host->id.device;
    if (status.st_dev != names->mirror->host->id.device && age < BROKEN_AGE) {
      schedule (names, BROKEN_AGE - MAX (age, 0) + SCAN_INTERVAL);
      continue;
    }
    entry = g_new0 (Entry, 1);
    if (status.st_dev == names->mirror->host->id.device)
      entry->inode = status.st_ino;
    g_hash_table_insert (entries, g_strdup (name), entry);
  }
}

static gboolean
is_held (NetnsNames *names, const char *name)
{
  if (!g_hash_table_contains (names->held, name))
    return FALSE;
  names->scan_missed = TRUE;
  return TRUE;
}

/* @entry: known again by this as long as it stays, such as a namespace of another type. */
static void
add_broken (NetnsMirror *mirror, const char *name, const Entry *entry)
{
  const NetnsFileId id = { mirror->host->id.device, entry->inode };
  NetnsNamespace *namespace = netns_namespace_new (NETNS_SOURCE_BROKEN, entry->inode ? &id : NULL, NETNS_NSID_NONE);

  netns_mirror_attach_name (mirror, namespace, name);
  g_hash_table_insert (mirror->broken, namespace->name, namespace);
}

/* Returns %FALSE when the name does not lead to a network namespace. */
static gboolean
add_namespace (NetnsMirror *mirror, const char *name, guint64 cookie)
{
  g_autofree char *path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  g_autoptr (GError) error = NULL;
  int fd = netns_nsfs_open (path, &error), nsid;
  NetnsNamespace *namespace;
  NetnsFileId id;

  if (fd < 0)
    return FALSE;
  nsid = netns_nsfs_identify (fd, &id, &error) ? netns_event_socket_assign_nsid (mirror->events, fd, &error)
                                                : NETNS_NSID_NONE;
  g_close (fd, NULL);
  if (nsid == NETNS_NSID_NONE) {
    g_warning ("Cannot watch namespace “%s”: %s", name, error->message);
    return FALSE;
  }
  namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (nsid));
  if (namespace == NULL) {
    namespace = netns_namespace_new (NETNS_SOURCE_NAMED, &id, nsid);
    g_hash_table_insert (mirror->by_nsid, GINT_TO_POINTER (nsid), namespace);
    namespace->cookie = cookie;
    if (!netns_mirror_read_namespace (mirror, namespace))
      return FALSE;
  }
  netns_mirror_attach_name (mirror, namespace, name);
  netns_route_reader_mark (mirror->routes, namespace);
  return TRUE;
}

static gboolean
is_known (NetnsMirror *mirror, const char *name, const Entry *entry)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_name, name);

  return namespace != NULL && namespace->id.inode == entry->inode;
}

static void
remove_vanished (NetnsNames *names, GHashTable *entries)
{
  g_autoptr (GPtrArray) vanished = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  const char *name;

  g_hash_table_iter_init (&iter, names->mirror->by_name);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL)) {
    const Entry *entry = g_hash_table_lookup (entries, name);

    if (*name != '\0' && !netns_name_is_id (name) && (entry == NULL || !is_known (names->mirror, name, entry)) && !is_held (names, name))
      g_ptr_array_add (vanished, g_strdup (name));
  }
  for (guint i = 0; i < vanished->len; i++)
    netns_mirror_detach_name (names->mirror, g_ptr_array_index (vanished, i));
}

/* Whether the name still leads where it led a moment ago. */
static gboolean
is_as_read (NetnsNames *names, const char *name, const Entry *entry)
{
  g_autofree char *path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  struct stat status;

  return lstat (path, &status) == 0 && (status.st_dev == names->mirror->host->id.device) == (entry->inode != 0)
         && (entry->inode == 0 || status.st_ino == entry->inode);
}

static void
add_new (NetnsNames *names, GHashTable *entries)
{
  GHashTableIter iter;
  const char *name;
  const Entry *entry;

  g_hash_table_iter_init (&iter, entries);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &entry)) {
    if (g_hash_table_contains (names->mirror->by_name, name) || is_held (names, name))
      continue;
    if (entry->inode != 0 && add_namespace (names->mirror, name, 0))
      continue;
    if (is_as_read (names, name, entry))
      add_broken (names->mirror, name, entry);
    else /* somebody is at it just now */
      schedule (names, SCAN_INTERVAL);
  }
}

static struct timespec
read_changed (void)
{
  struct stat status;

  return stat (NETNS_RUN_DIR, &status) == 0 ? status.st_mtim : (struct timespec){ 0 };
}

/* Whether each name that came or went is known. */
static gboolean
is_calm (const NetnsNames *names)
{
  const struct timespec changed = read_changed ();

  return !names->any_unmounted && changed.tv_sec == names->changed.tv_sec
         && changed.tv_nsec == names->changed.tv_nsec;
}

/* Compares all names with what is in the directory. */
void
netns_names_scan (NetnsNames *names)
{
  g_autoptr (GHashTable) entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  names->last_scan = g_get_monotonic_time ();
  names->changed = read_changed ();
  names->any_unmounted = FALSE;
  read_entries (names, entries);
  remove_vanished (names, entries);
  add_new (names, entries);
}

static gboolean
on_timer (gpointer data)
{
  NetnsNames *names = data;

  g_clear_pointer (&names->timer, g_source_unref);
  netns_names_scan (names);
  return G_SOURCE_REMOVE;
}

static void
schedule (NetnsNames *names, gint64 delay)
{
  gint64 due = g_get_monotonic_time () + delay;

  if (names->timer == NULL) {
    names->timer = g_timeout_source_new (0);
    g_source_set_callback (names->timer, on_timer, names, NULL);
    g_source_set_ready_time (names->timer, due);
    g_source_attach (names->timer, g_main_context_get_thread_default ());
  } else if (g_source_get_ready_time (names->timer) > due) {
    g_source_set_ready_time (names->timer, due);
  }
}

static void
scan_soon (NetnsNames *names)
{
  gint64 since = g_get_monotonic_time () - names->last_scan;

  /* What a plan does to its own names needs no look at all of them; one of somebody else's is seen afterwards. */
  if (g_hash_table_size (names->held) > 0)
    names->scan_missed = TRUE;
  else if (is_calm (names))
    schedule (names, CALM_INTERVAL);
  else if (since >= SCAN_INTERVAL)
    netns_names_scan (names);
  else
    schedule (names, SCAN_INTERVAL - since);
}

static gboolean
on_mounts (gint fd, GIOCondition condition, gpointer data)
{
  scan_soon (data);
  return G_SOURCE_CONTINUE;
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
  g_autoptr (GFile) dir = g_file_new_for_path (NETNS_RUN_DIR);

  if (g_mkdir_with_parents (NETNS_RUN_DIR, 0755) < 0) {
    netns_error_set_errno (error, errno, "Cannot make " NETNS_RUN_DIR);
    return FALSE;
  }
  names->files = g_file_monitor_directory (dir, G_FILE_MONITOR_NONE, NULL, error);
  if (names->files == NULL)
    return FALSE;
  g_file_monitor_set_rate_limit (names->files, SCAN_INTERVAL / G_TIME_SPAN_MILLISECOND);
  g_signal_connect (names->files, "changed", G_CALLBACK (on_files), names);
  return TRUE;
}

NetnsNames *
netns_names_new (NetnsMirror *mirror, GError **error)
{
  NetnsNames *names = g_new0 (NetnsNames, 1);

  names->mirror = mirror;
  names->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  names->mountinfo = open ("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (names->mountinfo < 0) {
    netns_error_set_errno (error, errno, "Cannot open /proc/self/mountinfo");
    netns_names_free (names);
    return NULL;
  }
  if (!watch_files (names, error)) {
    netns_names_free (names);
    return NULL;
  }
  names->mountinfo_source = g_unix_fd_source_new (names->mountinfo, G_IO_PRI | G_IO_ERR);
  g_source_set_callback (names->mountinfo_source, G_SOURCE_FUNC (on_mounts), names, NULL);
  g_source_attach (names->mountinfo_source, g_main_context_get_thread_default ());
  return names;
}

void
netns_names_free (NetnsNames *names)
{
  GSource *sources[] = { names->mountinfo_source, names->timer };

  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++) {
    if (sources[i] == NULL)
      continue;
    g_source_destroy (sources[i]);
    g_source_unref (sources[i]);
  }
  if (names->mountinfo >= 0)
    g_close (names->mountinfo, NULL);
  if (names->files != NULL)
    g_signal_handlers_disconnect_by_data (names->files, names);
  g_clear_object (&names->files);
  g_hash_table_unref (names->held);
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
    names->changed = read_changed ();
  if (!names->scan_missed)
    return;
  names->scan_missed = FALSE;
  schedule (names, names->calm_before ? CALM_INTERVAL : SCAN_INTERVAL);
}

/* Looks at one name only, for somebody who knows or suspects that something happened to it. */
void
netns_names_refresh (NetnsNames *names, const char *name, guint64 cookie)
{
  g_autofree char *path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  struct stat status;

  if (netns_name_is_id (name) || is_held (names, name))
    return;
  if (lstat (path, &status) < 0)
    netns_mirror_detach_name (names->mirror, name);
  else if (!is_known (names->mirror, name, &(Entry){ status.st_ino })) {
    netns_mirror_detach_name (names->mirror, name);
    add_namespace (names->mirror, name, cookie);
  }
}
