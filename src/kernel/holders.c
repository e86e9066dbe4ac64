/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel has no list of who holds a namespace: all of /proc is walked, and only when somebody asks.
 *
 * What other users open and mount can lie on a file system that never answers (a dead FUSE program, a lost NFS server).
 * So nothing of theirs is opened or asked for its status unless its name in /proc says that it can be of nsfs. */
#include "kernel/holders.h"
#include "common/cleanup.h"
#include "common/error.h"

#include <dirent.h>
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
#define CACHED_ATTEMPTS 10

static void
close_directory (DIR *directory)
{
  closedir (directory);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, close_directory)

/**
 * Walk:
 * @proc: /proc
 * @only: (nullable): the only namespace that counts
 * @device: of nsfs
 * @sockets: (nullable): inodes of sockets in it
 * @own_pid: this process
 * @holders: (element-type NetnsHolder): what was found
 * @trees: which views of which mount namespaces were read
 * @mounts: ids of mounts that were seen
 * @mount_points: where nsfs is mounted anywhere
 */
typedef struct {
  int proc;
  const NetnsFileId *only;
  guint64 device;
  GHashTable *sockets;
  guint own_pid;
  GArray *holders;
  GHashTable *trees;
  GHashTable *mounts;
  GHashTable *mount_points;
} Walk;

static void
clear_holder (gpointer data)
{
  NetnsHolder *holder = data;

  g_clear_pointer (&holder->mount, g_free);
  g_clear_pointer (&holder->place, g_free);
}

static void
read_command (int process, char command[16])
{
  netns_autofd int fd = openat (process, "comm", O_RDONLY | O_CLOEXEC);
  gssize size = fd >= 0 ? read (fd, command, 15) : 0;

  command[MAX (size, 0)] = '\0';
  g_strchomp (command);
}

static gboolean
is_wanted (const Walk *walk, guint64 inode)
{
  return walk->only == NULL || (walk->only->device == walk->device && walk->only->inode == inode);
}

/* @process: the directory of process @pid; its descriptor stands for this one process, also if another one gets its
 * number meanwhile. */
static NetnsHolder *
add_holder (Walk *walk, NetnsHolderKind kind, guint64 inode, int process, guint pid)
{
  NetnsHolder holder = { .kind = kind, .id = { walk->device, inode }, .pid = pid, .tid = pid, .fd = -1 };
  struct stat status;

  if (fstat (process, &status) < 0)
    return NULL;
  holder.uid = status.st_uid;
  read_command (process, holder.command);
  g_array_append_val (walk->holders, holder);
  return &g_array_index (walk->holders, NetnsHolder, walk->holders->len - 1);
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
  netns_autofd int fd = -1;
  g_autoptr (DIR) tasks = NULL;
  const struct dirent *entry;
  struct stat status;

  if (fstatat (process, "task", &status, 0) < 0 || status.st_nlink <= SINGLE_THREADED_LINKS)
    return;
  fd = openat (process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  tasks = fd >= 0 ? fdopendir (fd) : NULL;
  if (tasks == NULL)
    return;
  fd = -1; /* the stream's now */
  while ((entry = readdir (tasks)) != NULL) {
    netns_autofd int task = -1;
    NetnsHolder *holder;
    guint64 inode;

    if (!g_ascii_isdigit (entry->d_name[0]))
      continue;
    task = openat (dirfd (tasks), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    inode = task >= 0 ? read_namespace (task) : 0;
    if (inode == 0 || inode == leader_inode || !is_wanted (walk, inode)
        || !g_hash_table_add (seen, GSIZE_TO_POINTER (inode)))
      continue;
    holder = add_holder (walk, NETNS_HOLDER_PROCESS, inode, process, pid);
    if (holder != NULL)
      holder->tid = (guint) g_ascii_strtoull (entry->d_name, NULL, 10);
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

/* Anybody can have 100,000 mounts in a mount namespace of his own, each on another one. */
static GHashTable *
index_lines (const char *contents)
{
  GHashTable *lines = g_hash_table_new (NULL, NULL);

  for (const char *line = contents; line != NULL && *line != '\0'; line = strchr (line, '\n')) {
    line += *line == '\n';
    g_hash_table_insert (lines, GSIZE_TO_POINTER (g_ascii_strtoull (line, NULL, 10)), (gpointer) line);
  }
  return lines;
}

/* Whether a mount goes along when it is unmounted elsewhere hangs on the mount that it lies on. */
static void
find_groups (NetnsHolder *holder, GHashTable *lines, const char *below)
{
  const char *found = g_hash_table_lookup (lines, GSIZE_TO_POINTER (g_ascii_strtoull (below, NULL, 10)));
  g_autofree char *line = NULL, *root = NULL, *mount_point = NULL;
  g_auto (GStrv) fields = NULL;

  if (found == NULL)
    return;
  line = g_strndup (found, strcspn (found, "\n"));
  fields = g_strsplit (line, " ", 6);
  if (g_strv_length (fields) < 6)
    return;
  holder->shared = parse_group (line, " shared:");
  holder->master = parse_group (line, " master:");
  root = g_strcompress (fields[3]);
  mount_point = g_strcompress (fields[4]);
  if (g_str_has_prefix (holder->mount, mount_point))
    holder->place = g_build_filename (root, holder->mount + strlen (mount_point), NULL);
}

/* One line of mountinfo: id, parent, device, root, mount point, options, further fields, "-", file system, ... */
static void
take_mount (Walk *walk, GHashTable *lines, const char *line, int process, guint pid, guint64 mount_namespace)
{
  g_auto (GStrv) fields = NULL;
  g_autofree char *mount_point = NULL;
  NetnsHolder *holder;
  guint64 inode;

  /* Most lines are of other file systems. */
  if (strstr (line, " - nsfs ") == NULL)
    return;
  fields = g_strsplit (line, " ", 6);
  if (g_strv_length (fields) < 6)
    return;
  mount_point = g_strcompress (fields[4]); /* \040 for a space, as C has it */
  inode = parse_nsfs_name (fields[3]);
  if (inode == 0)
    return;
  g_hash_table_add (walk->mount_points, g_strdup (mount_point));
  if (!is_wanted (walk, inode)
      || !g_hash_table_add (walk->mounts, GSIZE_TO_POINTER (g_ascii_strtoull (fields[0], NULL, 10))))
    return;
  holder = add_holder (walk, NETNS_HOLDER_MOUNT, inode, process, pid);
  if (holder == NULL)
    return;
  holder->mount = g_steal_pointer (&mount_point);
  holder->mount_namespace = mount_namespace;
  if (lines != NULL)
    find_groups (holder, lines, fields[1]);
}

static int
open_process (const Walk *walk, guint pid)
{
  char name[16];

  g_snprintf (name, sizeof name, "%u", pid);
  return openat (walk->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What tells apart who sees which mounts: the mount namespace, and the root if it is another one. Whoever has the usual
 * root sees all that others see in the same mount namespace. %NULL if that was read with another process. */
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
  g_autofree char *contents = NULL, *path = NULL, *copy = NULL, *tree = NULL;
  g_autoptr (GHashTable) lines = NULL;
  netns_autofd int process = -1;
  guint64 mount_namespace = 0;
  char *rest, *line;

  tree = find_new_tree (walk, pid, &mount_namespace);
  process = tree != NULL ? open_process (walk, pid) : -1;
  if (process < 0)
    return;
  path = g_strdup_printf ("/proc/self/fd/%d/mountinfo", process);
  if (!g_file_get_contents (path, &contents, NULL, NULL))
    return; /* it has ended: the next one that sees the same is to be asked */
  g_hash_table_add (walk->trees, g_steal_pointer (&tree));
  if (walk->only != NULL && strstr (contents, " - nsfs ") != NULL) /* otherwise it takes too long, and nobody asks */
    lines = index_lines (contents);
  rest = copy = g_strdup (contents);
  while ((line = strsep (&rest, "\n")) != NULL)
    take_mount (walk, lines, line, process, pid, mount_namespace);
}

/* A descriptor that was opened by a name has that name in /proc, and `/` when it is no longer mounted there (d_path() in
 * fs/d_path.c). */
static guint64
look_behind_name (const Walk *walk, int descriptors, const char *name, const char *text)
{
  netns_autofd int fd = -1, path_fd = -1;
  struct statx status;
  char reopen[64];

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
  g_snprintf (reopen, sizeof reopen, "/proc/self/fd/%d", path_fd);
  fd = open (reopen, O_RDONLY | O_CLOEXEC);
  return fd >= 0 && ioctl (fd, NS_GET_NSTYPE) == CLONE_NEWNET ? status.stx_ino : 0;
}

static NetnsHolder *
take_descriptor (Walk *walk, int descriptors, const char *name, const char *text, int process, guint pid)
{
  guint64 socket = parse_inode (text, "socket:["), inode;

  if (socket != 0)
    return walk->sockets != NULL && g_hash_table_contains (walk->sockets, GSIZE_TO_POINTER (socket))
               ? add_holder (walk, NETNS_HOLDER_SOCKET, walk->only->inode, process, pid)
               : NULL;
  inode = *text == '/' ? look_behind_name (walk, descriptors, name, text) : parse_nsfs_name (text);
  return inode != 0 && is_wanted (walk, inode) ? add_holder (walk, NETNS_HOLDER_DESCRIPTOR, inode, process, pid) : NULL;
}

static void
look_at_descriptors (Walk *walk, int process, guint pid)
{
  netns_autofd int fd = openat (process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_autoptr (DIR) descriptors = fd >= 0 ? fdopendir (fd) : NULL;
  const struct dirent *entry;

  if (descriptors == NULL)
    return;
  fd = -1; /* the stream's now */
  while ((entry = readdir (descriptors)) != NULL) {
    char text[PATH_MAX];
    NetnsHolder *holder;

    if (!g_ascii_isdigit (entry->d_name[0]) || !read_link (dirfd (descriptors), entry->d_name, text))
      continue;
    holder = take_descriptor (walk, dirfd (descriptors), entry->d_name, text, process, pid);
    if (holder != NULL)
      holder->fd = (int) g_ascii_strtoull (entry->d_name, NULL, 10);
  }
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
    add_holder (walk, NETNS_HOLDER_PROCESS, inode, process, pid);
  if (pid == walk->own_pid)
    return;
  look_at_threads (walk, process, pid, inode);
  look_at_descriptors (walk, process, pid);
}

static GArray *
list_pids (DIR *proc)
{
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (guint));
  const struct dirent *entry;

  while ((entry = readdir (proc)) != NULL) {
    guint pid = (guint) g_ascii_strtoull (entry->d_name, NULL, 10);

    if (pid != 0)
      g_array_append_val (pids, pid);
  }
  return pids;
}

/* Mounts come first: they tell which names of descriptors are worth a second look. Those that this process sees are its
 * own. */
static void
look_at_all (Walk *walk, const GArray *pids)
{
  look_at_mounts (walk, walk->own_pid);
  for (guint i = 0; i < pids->len; i++)
    look_at_mounts (walk, g_array_index (pids, guint, i));
  for (guint i = 0; i < pids->len; i++)
    look_at_process (walk, g_array_index (pids, guint, i));
}

/**
 * netns_holders_list:
 * @only: (nullable): a namespace, %NULL for all that there are
 * @error: `KernelRefused`
 *
 * Walks through /proc once. Enters nothing, so that any thread may do it; takes about 60 us for each process. A process
 * that ends meanwhile, or that we may not look at, is left out.
 *
 * Of this process only the namespace that it lives in counts: its descriptors and its threads are in other namespaces
 * for a moment only. What no file of /proc shows is not found: a namespace held by a socket alone, or by a descriptor
 * that is on its way through a socket.
 *
 * Returns: (transfer full) (nullable) (element-type NetnsHolder): mounts, then processes with their descriptors behind
 *   them, in the order of their pids
 */
GArray *
netns_holders_list (const NetnsFileId *only, GError **error)
{
  return netns_holders_list_with_sockets (only, NULL, error);
}

/**
 * netns_holders_list_with_sockets:
 * @only: (nullable): a namespace, %NULL for all that there are
 * @sockets: (nullable) (element-type gsize): inodes of the sockets in it, which only a look inside tells
 * @error: `KernelRefused`
 *
 * Returns: (transfer full) (nullable) (element-type NetnsHolder): the same, and the processes that have these sockets
 */
GArray *
netns_holders_list_with_sockets (const NetnsFileId *only, GHashTable *sockets, GError **error)
{
  g_autoptr (DIR) proc = opendir ("/proc");
  g_autoptr (GArray) holders = g_array_new (FALSE, FALSE, sizeof (NetnsHolder));
  g_autoptr (GHashTable) trees = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) mounts = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_autoptr (GHashTable) mount_points = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) pids = NULL;
  struct stat own;

  g_array_set_clear_func (holders, clear_holder);
  if (proc == NULL || stat ("/proc/self/ns/net", &own) < 0) {
    netns_error_set_errno (error, errno, "Cannot read /proc");
    return NULL;
  }
  pids = list_pids (proc);
  look_at_all (&(Walk){ .proc = dirfd (proc),
                        .only = only,
                        .device = own.st_dev,
                        .sockets = sockets,
                        .own_pid = (guint) getpid (),
                        .holders = holders,
                        .trees = trees,
                        .mounts = mounts,
                        .mount_points = mount_points },
               pids);
  return g_steal_pointer (&holders);
}

/**
 * netns_holder_get_path:
 * @holder: a holder
 *
 * What it leads to must be compared with what was meant: all of it can have changed since.
 *
 * Returns: (transfer full) (nullable): %NULL for a socket, else a path that leads to the namespace, for `nsenter --net=`
 *   and netns_holder_open()
 */
char *
netns_holder_get_path (const NetnsHolder *holder)
{
  switch (holder->kind) {
  case NETNS_HOLDER_PROCESS:
    if (holder->tid != holder->pid)
      return g_strdup_printf ("/proc/%u/task/%u/ns/net", holder->pid, holder->tid);
    return g_strdup_printf ("/proc/%u/ns/net", holder->pid);
  case NETNS_HOLDER_MOUNT:
    if (holder->pid == (guint) getpid ())
      return g_strdup (holder->mount);
    return g_strdup_printf ("/proc/%u/root%s", holder->pid, holder->mount);
  case NETNS_HOLDER_DESCRIPTOR:
    return g_strdup_printf ("/proc/%u/fd/%d", holder->pid, holder->fd);
  case NETNS_HOLDER_SOCKET:
    return NULL;
  default:
    g_assert_not_reached ();
  }
}

/* Below a directory that belongs to somebody else: without a link on the way, and only through what the kernel knows
 * already, as it knows the way to each mount. So nobody can lead us astray, or to a file system that never answers. */
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
  root_path = rest == path ? g_strdup ("/") : g_strndup (path, (gsize) (rest - path) + strlen ("/root"));
  root = open (root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return root < 0 ? -1 : open_cached (root, rest == path ? path : rest + strlen ("/root"));
}

/**
 * netns_holder_open:
 * @path: a path that netns_holder_get_path() told
 * @id: the namespace that it led to
 * @error: `NamespaceGone`: it leads there no more
 *
 * What is there belongs to others, who can have put anything in its place. Never waits for them: any thread may do it.
 *
 * Returns: a descriptor of that namespace, -1 on error; it keeps the namespace alive
 */
int
netns_holder_open (const char *path, const NetnsFileId *id, GError **error)
{
  netns_autofd int path_fd = open_path (path);
  netns_autofd int fd = -1;
  struct statx status;
  char reopen[64];

  if (path_fd >= 0 && statx (path_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == 0
      && makedev (status.stx_dev_major, status.stx_dev_minor) == id->device && status.stx_ino == id->inode) {
    g_snprintf (reopen, sizeof reopen, "/proc/self/fd/%d", path_fd);
    fd = open (reopen, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && ioctl (fd, NS_GET_NSTYPE) == CLONE_NEWNET)
      return g_steal_fd (&fd);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NAMESPACE_GONE, "“%s” does not lead to that namespace any more", path);
  return -1;
}
