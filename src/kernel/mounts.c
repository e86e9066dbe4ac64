/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/mounts.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define OWN_NAMESPACE "/proc/self/ns/mnt"
#define TABLE         "/proc/thread-self/mountinfo"

/* Where it is not this process's own: the two namespaces, the root and the table of mounts of the one that all share. Before
 * any thread starts, and never changed again. */
static struct {
  gboolean is_foreign;
  int own;
  int shared;
  int root;
  int table;
  guint64 inode;
} used;

/* As a new thread has the working directory and root of the one that made it, it enters with ones of its own
 * (mntns_install() in fs/namespace.c). */
static gboolean
enter (int namespace_fd)
{
  return unshare (CLONE_FS) == 0 && setns (namespace_fd, CLONE_NEWNS) == 0;
}

/* Copies of network namespaces in the mount namespace where the thread is: those in private mounts do not go when the original
 * is unmounted, and would keep the namespace for ever. Those that come later come by propagation, and go by it. */
static void
detach_copies (void)
{
  g_autofree char *contents = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (TABLE, &contents, NULL, NULL))
    return;
  lines = g_strsplit (contents, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_auto (GStrv) fields = g_strsplit (lines[i], " ", 6);
    g_autofree char *mount_point = NULL;

    if (strstr (lines[i], " - nsfs ") == NULL || g_strv_length (fields) < 6)
      continue;
    mount_point = g_strcompress (fields[4]);
    if (umount2 (mount_point, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
      g_debug ("Cannot unmount the copy of %s: %s", mount_point, g_strerror (errno));
  }
}

/**
 * netns_mounts_use:
 * @path: a mount namespace, such as `/proc/1/ns/mnt`
 * @error: `KernelRefused`
 *
 * From now on the names of network namespaces, /etc/netns, settings and devices are those of that mount namespace. Needs
 * CAP_SYS_ADMIN and CAP_SYS_CHROOT. To be called before any other thread starts.
 *
 * Returns: whether it can be used
 */
gboolean
netns_mounts_use (const char *path, GError **error)
{
  netns_autofd int own = open (OWN_NAMESPACE, O_RDONLY | O_CLOEXEC), shared = open (path, O_RDONLY | O_CLOEXEC);
  netns_autofd int root = -1, table = -1;
  struct stat own_status, shared_status;

  if (own < 0 || shared < 0 || fstat (own, &own_status) < 0 || fstat (shared, &shared_status) < 0)
    return netns_error_set_errno (error, errno, "Cannot open the mount namespace %s", path);
  if (own_status.st_dev == shared_status.st_dev && own_status.st_ino == shared_status.st_ino)
    return TRUE;
  if (!enter (shared))
    return netns_error_set_errno (error, errno, "Cannot enter the mount namespace %s", path);
  root = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  table = open (TABLE, O_RDONLY | O_CLOEXEC);
  if (root < 0 || table < 0 || setns (own, CLONE_NEWNS) < 0)
    return netns_error_set_errno (error, errno, "Cannot use the mount namespace %s", path);
  detach_copies ();
  used.inode = shared_status.st_ino;
  used.own = g_steal_fd (&own);
  used.shared = g_steal_fd (&shared);
  used.root = g_steal_fd (&root);
  used.table = g_steal_fd (&table);
  used.is_foreign = TRUE;
  return TRUE;
}

/**
 * netns_mounts_drop_copies:
 * @namespace_fd: the mount namespace of a process of ours that has just started
 *
 * If it is neither that of this process nor the one that all share, no copies of network namespaces stay there. To be called
 * by a thread that is nowhere else.
 */
void
netns_mounts_drop_copies (int namespace_fd)
{
  struct stat status;

  if (!used.is_foreign || fstat (namespace_fd, &status) < 0 || status.st_ino == used.inode || !enter (namespace_fd))
    return;
  detach_copies ();
  if (setns (used.own, CLONE_NEWNS) < 0)
    g_error ("Cannot return to the mount namespace of the service: %s", g_strerror (errno));
}

/* Returns: whether it is another one than this process's own */
gboolean
netns_mounts_are_foreign (void)
{
  return used.is_foreign;
}

/* Returns: what `/proc/PID/ns/mnt` of a process that lives there says; 0 if that cannot be found out */
guint64
netns_mounts_get_inode (void)
{
  struct stat status;

  if (used.is_foreign)
    return used.inode;
  return stat (OWN_NAMESPACE, &status) == 0 ? status.st_ino : 0;
}

/* Returns: (transfer full): how any thread of this process finds what is at the absolute @path there. It is found so after
 * it has entered, too. */
char *
netns_mounts_path (const char *path)
{
  return used.is_foreign ? g_strdup_printf ("/proc/self/fd/%d%s", used.root, path) : g_strdup (path);
}

/* Returns: the table of mounts there, for poll(2), for the caller to close; -1 on error (`KernelRefused`) */
int
netns_mounts_open_table (GError **error)
{
  int fd = used.is_foreign ? fcntl (used.table, F_DUPFD_CLOEXEC, 0) : open (TABLE, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    netns_error_set_errno (error, errno, "Cannot open %s", TABLE);
  return fd;
}

/**
 * netns_mounts_visit:
 * @visit: (inout): a variable that is g_auto (NetnsMountsVisit), %FALSE so far
 * @error: `KernelRefused`
 *
 * Puts the calling thread there until the variable goes out of scope: only there it can mount for all. Until then it
 * starts no thread and no child. Not to be nested.
 *
 * Returns: whether it is there
 */
gboolean
netns_mounts_visit (NetnsMountsVisit *visit, GError **error)
{
  if (!used.is_foreign)
    return TRUE;
  if (!enter (used.shared))
    return netns_error_set_errno (error, errno, "Cannot enter the mount namespace of the system");
  return *visit = TRUE;
}

/* If the thread cannot come back the process ends, as it would go on without its restrictions. Keeps errno: it runs on the
 * way out of a function that failed. */
void
netns_mounts_visit_end (NetnsMountsVisit *visit)
{
  int saved = errno;

  if (!*visit)
    return;
  if (setns (used.own, CLONE_NEWNS) < 0)
    g_error ("Cannot return to the mount namespace of the service: %s", g_strerror (errno));
  *visit = FALSE;
  errno = saved;
}
