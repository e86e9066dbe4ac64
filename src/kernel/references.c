/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel has no list of the users of a namespace: all of /proc is walked, and only on demand.
 *
 * Files and mounts of other users can be on a file system that never answers (a dead FUSE program, a lost NFS server).
 * So they are not opened, and their status is not read, unless their name in /proc says that they can be of nsfs. */
#include "kernel/references.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/file.h"
#include "kernel/mounts.h"
#include "kernel/proc.h"
#include "kernel/socket-search.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

/* /proc/PID/task has one link for each thread besides its own two. */
#define SINGLE_THREADED_LINKS 3
/* A lookup in the kernel's cache fails now and then for no reason but another lookup. */
#define CACHED_ATTEMPTS   10
#define TIME_CHECKED_EACH 64    /* descriptors, or threads */
#define REFERENCES_MAX    20000 /* to one namespace, of which nobody reads more */
/* Any user can have mount namespaces with 100,000 mounts each (fs.mount-max), on paths as long as folders can be deep. What is
 * beyond is left out: of the table of each, and of all that is kept of these. */
#define VIEW_MAX (16 * 1024 * 1024)
#define KEPT_MAX (32 * 1024 * 1024)

/**
 * Walk:
 * @proc: /proc
 * @only: (nullable): the only namespace that counts
 * @device: of nsfs
 * @sockets: (nullable): inodes of sockets in it
 * @search: (nullable): for further sockets in it
 * @own_pid: this process
 * @references: (element-type NetnsReference): what was found
 * @trees: which views of which mount namespaces were read
 * @mounts: ids of mounts that were seen
 * @mount_points: where nsfs is mounted anywhere
 * @kept: bytes of lines about mounts that were kept
 * @end: when to end, in microseconds of this thread's CPU time, 0 for never
 * @over: whether it ended then
 */
typedef struct {
  int proc;
  const NetnsFileId *only;
  guint64 device;
  GHashTable *sockets;
  NetnsSocketSearch *search;
  guint own_pid;
  GArray *references;
  GHashTable *trees;
  GHashTable *mounts;
  GHashTable *mount_points;
  gsize kept;
  gint64 end;
  gboolean over;
} Walk;

static void
clear_reference (gpointer data)
{
  NetnsReference *reference = data;

  g_clear_pointer (&reference->mount, g_free);
  g_clear_pointer (&reference->place, g_free);
}

static gboolean
is_over (Walk *walk)
{
  walk->over = walk->over || (walk->only != NULL && walk->references->len >= REFERENCES_MAX)
               || (walk->end != 0 && netns_proc_measure () > walk->end);
  return walk->over;
}

static gboolean
is_wanted (const Walk *walk, guint64 inode)
{
  return walk->only == NULL || (walk->only->device == walk->device && walk->only->inode == inode);
}

/* @process: the directory of process @pid */
static NetnsReference *
add_reference (Walk *walk, NetnsReferenceKind kind, guint64 inode, int process, guint pid)
{
  NetnsReference reference = {
    .kind = kind, .id = { walk->device, inode },
         .pid = pid, .tid = pid, .fd = -1
  };
  struct stat status;

  if (fstat (process, &status) < 0)
    return NULL;
  reference.uid = status.st_uid;
  netns_proc_read_command (process, reference.command);
  g_array_append_val (walk->references, reference);
  return &g_array_index (walk->references, NetnsReference, walk->references->len - 1);
}

/* The inode in a text such as `net:[4026531840]`, 0 if it is none. */
static guint64
parse_inode (const char *text, const char *type)
{
  char *end;
  guint64 inode;

  if (!g_str_has_prefix (text, type))
    return 0;
  inode = g_ascii_strtoull (text + strlen (type), &end, 10);
  return strcmp (end, "]") == 0 ? inode : 0;
}

static guint64
parse_nsfs_name (const char *text)
{
  return parse_inode (text, "net:[");
}

static gboolean
read_link (int directory, const char *name, char text[PATH_MAX])
{
  gssize size = readlinkat (directory, name, text, PATH_MAX - 1);

  text[MAX (size, 0)] = '\0';
  return size > 0;
}

static guint64
read_namespace (int directory)
{
  char text[PATH_MAX];

  return read_link (directory, "ns/net", text) ? parse_nsfs_name (text) : 0;
}

/* A thread can leave its process for another namespace by itself. */
static void
look_at_threads (Walk *walk, int process, guint pid, guint64 leader_inode)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autoptr (DIR) tasks = NULL;
  const char *name;
  struct stat status;

  if (fstatat (process, "task", &status, 0) < 0 || status.st_nlink <= SINGLE_THREADED_LINKS)
    return;
  tasks = netns_proc_open (process, "task");
  for (guint i = 0; tasks != NULL && (name = netns_proc_next (tasks)) != NULL; i++) {
    netns_autofd int task = -1;
    NetnsReference *reference;
    guint64 inode;

    if (i % TIME_CHECKED_EACH == 0 && is_over (walk))
      return;
    task = openat (dirfd (tasks), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    inode = task >= 0 ? read_namespace (task) : 0;
    if (inode == 0 || inode == leader_inode || !is_wanted (walk, inode)
        || !g_hash_table_add (seen, GSIZE_TO_POINTER (inode)))
      continue;
    reference = add_reference (walk, NETNS_REFERENCE_PROCESS, inode, process, pid);
    if (reference != NULL)
      reference->tid = (guint) g_ascii_strtoull (name, NULL, 10);
  }
}

/* A number such as that in ` shared:12 ` among the optional fields of a line of mountinfo. */
static guint
parse_group (const char *line, const char *field)
{
  const char *end = strstr (line, " - "), *found = strstr (line, field);

  return found != NULL && (end == NULL || found < end) ? (guint) g_ascii_strtoull (found + strlen (field), NULL, 10)
                                                       : 0;
}

/* Whether a mount goes along when it is unmounted elsewhere hangs on the mount that it lies on. */
static void
find_groups (NetnsReference *reference, const char *line)
{
  g_autofree char *root = NULL, *mount_point = NULL;
  g_auto (GStrv) fields = g_strsplit (line, " ", 6);

  if (g_strv_length (fields) < 6)
    return;
  reference->shared = parse_group (line, " shared:");
  reference->master = parse_group (line, " master:");
  root = g_strcompress (fields[3]);
  mount_point = g_strcompress (fields[4]);
  if (g_str_has_prefix (reference->mount, mount_point))
    reference->place = g_build_filename (root, reference->mount + strlen (mount_point), NULL);
}

/* The mounts that one process sees. */
typedef struct {
  Walk *walk;
  int process;
  guint pid;
  guint64 mount_namespace;
  GArray *found; /* Found */
  GHashTable *below; /* id of a mount that one of these lies on -> its line, NULL until that is read */
} View;

/* A reference, and the mount that it lies on. */
typedef struct {
  guint reference;
  guint64 below;
} Found;

static guint64
parse_number (const char *text)
{
  return g_ascii_strtoull (text, NULL, 10);
}

/* Whether there is room for one more text. */
static gboolean
keep (Walk *walk, const char *text)
{
  walk->kept += strlen (text) + 1;
  return walk->kept <= KEPT_MAX;
}

/* One line of mountinfo: id, parent, device, root, mount point, options, further fields, "-", file system, ... */
static void
take_mount (const char *line, gpointer data)
{
  View *view = data;
  Walk *walk = view->walk;
  g_auto (GStrv) fields = NULL;
  g_autofree char *mount_point = NULL;
  NetnsReference *reference;
  guint64 inode;

  /* Most lines are of other file systems. */
  if (strstr (line, " - nsfs ") == NULL || !keep (walk, line))
    return;
  fields = g_strsplit (line, " ", 6);
  if (g_strv_length (fields) < 6)
    return;
  mount_point = g_strcompress (fields[4]); /* \040 for a space, as C has it */
  inode = parse_nsfs_name (fields[3]);
  if (inode == 0)
    return;
  g_hash_table_add (walk->mount_points, g_strdup (mount_point));
  if (!is_wanted (walk, inode) || !g_hash_table_add (walk->mounts, GSIZE_TO_POINTER (parse_number (fields[0]))))
    return;
  reference = add_reference (walk, NETNS_REFERENCE_MOUNT, inode, view->process, view->pid);
  if (reference == NULL)
    return;
  reference->mount = g_steal_pointer (&mount_point);
  reference->mount_namespace = view->mount_namespace;
  if (walk->only != NULL) { /* otherwise it takes too long for a rare question */
    const Found found = { walk->references->len - 1, parse_number (fields[1]) };

    g_array_append_val (view->found, found);
    g_hash_table_insert (view->below, GSIZE_TO_POINTER (found.below), NULL);
  }
}

static void
take_below (const char *line, gpointer data)
{
  View *view = data;
  gpointer id = GSIZE_TO_POINTER (parse_number (line));

  if (g_hash_table_contains (view->below, id) && keep (view->walk, line))
    g_hash_table_insert (view->below, id, g_strdup (line));
}

static int
open_process (const Walk *walk, guint pid)
{
  char name[16];

  g_snprintf (name, sizeof name, "%u", pid);
  return openat (walk->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The key of a view of mounts: the mount namespace, and the root if it is another one. A process with the usual root
 * sees all that others see in the same mount namespace. %NULL if the view was read with another process. */
static char *
find_new_tree (const Walk *walk, guint pid, guint64 *mount_namespace)
{
  char name[32], namespace[PATH_MAX], root[PATH_MAX];
  g_autofree char *tree = NULL;

  g_snprintf (name, sizeof name, "%u/ns/mnt", pid);
  if (!read_link (walk->proc, name, namespace) || g_hash_table_contains (walk->trees, namespace))
    return NULL;
  g_snprintf (name, sizeof name, "%u/root", pid);
  if (!read_link (walk->proc, name, root))
    return NULL;
  *mount_namespace = parse_inode (namespace, "mnt:[");
  tree = strcmp (root, "/") == 0 ? g_strdup (namespace) : g_strconcat (namespace, root, NULL);
  return g_hash_table_contains (walk->trees, tree) ? NULL : g_steal_pointer (&tree);
}

static void
look_at_mounts (Walk *walk, guint pid)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Found));
  g_autoptr (GHashTable) below = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  View view = { .walk = walk, .pid = pid, .found = found, .below = below };
  g_autofree char *tree = find_new_tree (walk, pid, &view.mount_namespace);
  netns_autofd int process = tree != NULL ? open_process (walk, pid) : -1;

  view.process = process;
  if (process < 0 || !netns_proc_read_lines (process, "mountinfo", VIEW_MAX, take_mount, &view))
    return; /* it has ended: the next one that sees the same is to be asked */
  g_hash_table_add (walk->trees, g_steal_pointer (&tree));
  if (found->len > 0)
    netns_proc_read_lines (process, "mountinfo", VIEW_MAX, take_below, &view);
  for (guint i = 0; i < found->len; i++) {
    const Found *one = &g_array_index (found, Found, i);
    const char *line = g_hash_table_lookup (below, GSIZE_TO_POINTER (one->below));

    if (line != NULL)
      find_groups (&g_array_index (walk->references, NetnsReference, one->reference), line);
  }
}

/* A descriptor that was opened by a name has that name in /proc, and `/` when it is no longer mounted there (d_path() in
 * fs/d_path.c). */
static guint64
look_behind_name (const Walk *walk, int descriptors, const char *name, const char *text)
{
  netns_autofd int fd = -1, path_fd = -1;
  struct statx status;

  if (strcmp (text, "/") != 0 && !g_hash_table_contains (walk->mount_points, text))
    return 0;
  if (statx (descriptors, name, AT_STATX_DONT_SYNC, 0, &status) < 0
      || makedev (status.stx_dev_major, status.stx_dev_minor) != walk->device || !is_wanted (walk, status.stx_ino))
    return 0;
  /* Which type of namespace it is, only an open one tells; and meanwhile it can be something else. */
  path_fd = openat (descriptors, name, O_PATH | O_CLOEXEC);
  if (path_fd < 0 || statx (path_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) < 0
      || makedev (status.stx_dev_major, status.stx_dev_minor) != walk->device)
    return 0;
  fd = netns_file_open_again (path_fd, O_RDONLY);
  return fd >= 0 && ioctl (fd, NS_GET_NSTYPE) == CLONE_NEWNET ? status.stx_ino : 0;
}

static int
parse_descriptor (const char *name)
{
  return (int) g_ascii_strtoull (name, NULL, 10);
}

static gboolean
is_wanted_socket (const Walk *walk, guint64 socket, const char *name)
{
  return (walk->sockets != NULL && g_hash_table_contains (walk->sockets, GSIZE_TO_POINTER (socket)))
         || (walk->search != NULL && netns_socket_search_ask (walk->search, socket, parse_descriptor (name)));
}

static NetnsReference *
take_descriptor (Walk *walk, int descriptors, const char *name, const char *text, int process, guint pid)
{
  guint64 socket = parse_inode (text, "socket:["), inode;

  if (socket != 0)
    return is_wanted_socket (walk, socket, name)
             ? add_reference (walk, NETNS_REFERENCE_SOCKET, walk->only->inode, process, pid)
             : NULL;
  inode = *text == '/' ? look_behind_name (walk, descriptors, name, text) : parse_nsfs_name (text);
  return inode != 0 && is_wanted (walk, inode) ? add_reference (walk, NETNS_REFERENCE_DESCRIPTOR, inode, process, pid)
                                               : NULL;
}

static void
look_at_descriptors_of (Walk *walk, int process, guint pid)
{
  g_autoptr (DIR) descriptors = netns_proc_open (process, "fd");
  const char *name;

  for (guint i = 0; descriptors != NULL && (name = netns_proc_next (descriptors)) != NULL; i++) {
    char text[PATH_MAX];
    NetnsReference *reference;

    if (i % TIME_CHECKED_EACH == 0 && is_over (walk))
      return;
    if (!read_link (dirfd (descriptors), name, text))
      continue;
    reference = take_descriptor (walk, dirfd (descriptors), name, text, process, pid);
    if (reference != NULL)
      reference->fd = parse_descriptor (name);
  }
}

static void
look_at_descriptors (Walk *walk, guint pid)
{
  netns_autofd int process = open_process (walk, pid);
  struct stat status;

  if (process < 0 || fstat (process, &status) < 0)
    return;
  if (walk->search != NULL)
    netns_socket_search_begin (walk->search, pid, status.st_uid);
  look_at_descriptors_of (walk, process, pid);
  if (walk->search != NULL)
    netns_socket_search_end (walk->search);
}

/* Of this process only where it lives counts. */
static void
look_at_process (Walk *walk, guint pid)
{
  netns_autofd int process = open_process (walk, pid);
  guint64 inode;

  if (process < 0)
    return;
  inode = read_namespace (process);
  if (inode != 0 && is_wanted (walk, inode))
    add_reference (walk, NETNS_REFERENCE_PROCESS, inode, process, pid);
  if (pid != walk->own_pid)
    look_at_threads (walk, process, pid, inode);
}

static int
compare_references (gconstpointer a, gconstpointer b)
{
  const NetnsReference *first = a, *second = b;
  gboolean mounted = first->kind == NETNS_REFERENCE_MOUNT;

  if (mounted != (second->kind == NETNS_REFERENCE_MOUNT))
    return mounted ? -1 : 1;
  return mounted ? 0 : (first->pid > second->pid) - (first->pid < second->pid);
}

/* What is read quickly comes first: processes, mounts, descriptors. Mounts tell which names of descriptors are worth a second
 * look; in the first process are all that lie in the mount namespace of the system, even if this one lives in another. */
static void
look_at_all (Walk *walk, const GArray *pids)
{
  g_autoptr (GArray) sorted = NULL;

  for (guint i = 0; i < pids->len && !is_over (walk); i++)
    look_at_process (walk, g_array_index (pids, guint, i));
  if (!netns_mounts_are_foreign ())
    look_at_mounts (walk, walk->own_pid);
  for (guint i = 0; i < pids->len && !is_over (walk); i++)
    look_at_mounts (walk, g_array_index (pids, guint, i));
  sorted = netns_proc_sort_by_descriptors (walk->proc, pids);
  for (guint i = 0; i < sorted->len && !is_over (walk); i++)
    if (g_array_index (sorted, guint, i) != walk->own_pid)
      look_at_descriptors (walk, g_array_index (sorted, guint, i));
  g_array_sort (walk->references, compare_references);
}

/**
 * netns_references_list:
 * @only: (nullable): a namespace, %NULL for all that there are
 * @sockets: (nullable) (element-type gsize): inodes of the sockets in it, which only a look inside tells; the processes
 *   that have them are listed as well
 * @search: whether each other socket is asked whether it is in @only: one that is not bound is in no list
 * @limit: milliseconds of CPU time after which nothing more is looked at, 0 for none; one table of mounts is read as a whole
 * @complete: (out) (optional): whether all was looked at
 * @error: `KernelRefused`
 *
 * Walks through /proc once. Enters nothing, so that any thread may do it; takes about 60 us for each process. A process
 * that ends meanwhile, or that we may not look at, is left out.
 *
 * Of this process only its own namespace counts: its descriptors and its threads are in other namespaces for a moment
 * only. References that no file of /proc shows are not found: a descriptor in transit through a socket, or one that only
 * io_uring has.
 *
 * Returns: (transfer full) (nullable) (element-type NetnsReference): mounts, then processes with their descriptors behind
 *   them, in the order of their pids
 */
GArray *
netns_references_list (const NetnsFileId *only, GHashTable *sockets, gboolean search, guint limit, gboolean *complete,
                       GError **error)
{
  g_autoptr (DIR) proc = netns_proc_open (AT_FDCWD, "/proc");
  g_autoptr (GArray) references = g_array_new (FALSE, FALSE, sizeof (NetnsReference));
  g_autoptr (GHashTable) trees = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) mounts = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autoptr (GHashTable) mount_points = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) pids = NULL;
  g_autoptr (NetnsSocketSearch) socket_search = search ? netns_socket_search_new (only) : NULL;
  struct stat own;
  Walk walk;

  g_array_set_clear_func (references, clear_reference);
  if (proc == NULL || stat ("/proc/self/ns/net", &own) < 0) {
    netns_error_set_errno (error, errno, "Cannot read /proc");
    return NULL;
  }
  pids = netns_proc_list_pids (proc);
  walk = (Walk) { .proc = dirfd (proc),
                  .only = only,
                  .device = own.st_dev,
                  .sockets = sockets,
                  .search = socket_search,
                  .own_pid = (guint) getpid (),
                  .references = references,
                  .trees = trees,
                  .mounts = mounts,
                  .mount_points = mount_points,
                  .end = limit ? netns_proc_measure () + limit * G_TIME_SPAN_MILLISECOND : 0 };
  look_at_all (&walk, pids);
  if (complete != NULL)
    *complete = !walk.over;
  return g_steal_pointer (&references);
}

/**
 * netns_reference_get_path:
 * @reference: a reference
 *
 * What it leads to must be compared with what was meant: all of it can have changed since.
 *
 * Returns: (transfer full) (nullable): %NULL for a socket, else a path that leads to the namespace, for `nsenter --net=`
 *   and netns_reference_open()
 */
char *
netns_reference_get_path (const NetnsReference *reference)
{
  switch (reference->kind) {
  case NETNS_REFERENCE_PROCESS:
    if (reference->tid != reference->pid)
      return g_strdup_printf ("/proc/%u/task/%u/ns/net", reference->pid, reference->tid);
    return g_strdup_printf ("/proc/%u/ns/net", reference->pid);
  case NETNS_REFERENCE_MOUNT:
    if (reference->mount_namespace == netns_mounts_get_inode ())
      return g_strdup (reference->mount);
    return g_strdup_printf ("/proc/%u/root%s", reference->pid, reference->mount);
  case NETNS_REFERENCE_DESCRIPTOR:
    return g_strdup_printf ("/proc/%u/fd/%d", reference->pid, reference->fd);
  case NETNS_REFERENCE_SOCKET:
    return NULL;
  default:
    g_assert_not_reached ();
  }
}

/* Below a directory of another user: without following links, and only through cached entries (the kernel has those of
 * the path to each mount). So no user can redirect the lookup, or make it wait for a file system that never answers. */
static int
open_cached (int root, const char *path)
{
  const struct open_how how
    = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED };
  int fd = -1;

  for (guint i = 0; fd < 0 && i < CACHED_ATTEMPTS; i++) {
    fd = (int) syscall (SYS_openat2, root, path, &how, sizeof how);
    if (fd < 0 && errno != EAGAIN)
      break;
  }
  return fd;
}

/* O_PATH does nothing to what is there, whatever it is. Links of /proc are the kernel's own. */
static int
open_path (const char *path)
{
  g_autofree char *root_path = NULL;
  netns_autofd int root = -1;
  const char *rest = g_str_has_prefix (path, "/proc/") ? strstr (path, "/root/") : path;

  if (rest == NULL)
    return open (path, O_PATH | O_CLOEXEC);
  root_path = rest == path ? netns_mounts_path ("/") : g_strndup (path, (gsize) (rest - path) + strlen ("/root"));
  root = open (root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root < 0 ? -1 : open_cached (root, rest == path ? path : rest + strlen ("/root"));
}

/**
 * netns_reference_open:
 * @path: a path that netns_reference_get_path() returned
 * @id: the namespace that it led to
 * @error: `NamespaceGone`: it leads there no more
 *
 * What is there belongs to others, who can have put anything in its place. Never waits for them: any thread may do it.
 *
 * Returns: a descriptor of that namespace, -1 on error; it keeps the namespace alive
 */
int
netns_reference_open (const char *path, const NetnsFileId *id, GError **error)
{
  netns_autofd int path_fd = open_path (path);
  netns_autofd int fd = -1;
  struct statx status;

  if (path_fd >= 0 && statx (path_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == 0
      && makedev (status.stx_dev_major, status.stx_dev_minor) == id->device && status.stx_ino == id->inode) {
    fd = netns_file_open_again (path_fd, O_RDONLY);
    if (fd >= 0 && ioctl (fd, NS_GET_NSTYPE) == CLONE_NEWNET)
      return g_steal_fd (&fd);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NAMESPACE_GONE, "“%s” no longer leads to that namespace", path);
  return -1;
}
