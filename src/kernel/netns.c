/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Named namespaces are made exactly as `ip netns` makes them (ip/ipnetns.c of iproute2), so that either
 * program can use and delete what the other one made. Whatever else lies in /run/netns is never followed and
 * never waited for. */
#include "kernel/netns.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define OWN_NAMESPACE "/proc/thread-self/ns/net"
#define LOCK_ATTEMPTS 200
#define LOCK_INTERVAL (10 * G_TIME_SPAN_MILLISECOND)
#define MAX_MOUNTS    64 /* mounts on one entry, one above the other; more is not an accident */

/**
 * Home:
 * @fd: the namespace in which the thread was when it first left it
 * @away: whether it is in another one now
 */
typedef struct {
  int fd;
  gboolean away;
} Home;

static void
home_free (gpointer data)
{
  Home *home = data;

  netns_close_fd (&home->fd);
  g_free (home);
}

static GPrivate thread_home = G_PRIVATE_INIT (home_free);

static Home *
get_home (GError **error)
{
  Home *home = g_private_get (&thread_home);
  int fd;

  if (home != NULL)
    return home;
  fd = open (OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    netns_error_set_errno (error, errno, "Cannot open %s", OWN_NAMESPACE);
    return NULL;
  }
  home = g_new0 (Home, 1);
  home->fd = fd;
  g_private_set (&thread_home, home);
  return home;
}

/**
 * netns_nsfs_enter:
 * @fd: a namespace
 * @error: `KernelRefused`
 *
 * Puts the calling thread there until netns_nsfs_leave(). Until then it starts no thread, no child and no
 * GTask: they would be born there and stay. Not to be nested.
 *
 * Returns: whether it is there
 */
gboolean
netns_nsfs_enter (int fd, GError **error)
{
  Home *home = get_home (error);

  if (home == NULL)
    return FALSE;
  g_assert (!home->away);
  /* Never type 0: a UTS namespace bound in /run/netns would silently switch the UTS namespace. */
  if (setns (fd, CLONE_NEWNET) < 0) {
    netns_error_set_errno (error, errno, "Cannot enter the network namespace");
    return FALSE;
  }
  home->away = TRUE;
  return TRUE;
}

/**
 * netns_nsfs_leave:
 *
 * Brings the calling thread back from netns_nsfs_enter(). If that is impossible the process ends: every later
 * job would change the wrong namespace.
 */
void
netns_nsfs_leave (void)
{
  Home *home = g_private_get (&thread_home);

  g_assert (home != NULL && home->away);
  if (setns (home->fd, CLONE_NEWNET) < 0)
    g_error ("Cannot return to the host namespace: %s", g_strerror (errno));
  home->away = FALSE;
}

static const char *
describe_type (mode_t mode)
{
  switch (mode & S_IFMT) {
  case S_IFREG:
    return "a plain file, perhaps left by a program that was killed while it made one";
  case S_IFDIR:
    return "a directory";
  case S_IFLNK:
    return "a symbolic link";
  case S_IFIFO:
    return "a FIFO";
  case S_IFSOCK:
    return "a socket";
  default:
    return "a device";
  }
}

/* Opens without any effect on what is there. Symbolic links are followed in /proc only, where they are the
 * kernel's own and lead to the namespace itself. */
static int
open_path (const char *path)
{
  netns_autofd int fd = open (path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct statfs file_system;
  struct stat status;

  if (fd < 0 || fstatfs (fd, &file_system) < 0 || fstat (fd, &status) < 0)
    return -1;
  if (file_system.f_type == PROC_SUPER_MAGIC && S_ISLNK (status.st_mode))
    return open (path, O_PATH | O_CLOEXEC);
  return g_steal_fd (&fd);
}

static gboolean
is_network_namespace (int fd)
{
  struct statfs file_system;

  /* First the file system: another one's ioctl may have the same number. */
  return fstatfs (fd, &file_system) == 0 && file_system.f_type == NSFS_MAGIC
         && ioctl (fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

/**
 * netns_nsfs_open:
 * @path: a file of nsfs: below /run/netns, or `/proc/PID/ns/net`
 * @error: `NotFound`, `InvalidArgument` (there is something else), `KernelRefused`
 *
 * Opens nothing but network namespaces. Opening anything else can block for ever (a FIFO) or have effects (a
 * device), so it is looked at first with O_PATH.
 *
 * Returns: a descriptor, -1 on error; it keeps the namespace alive
 */
int
netns_nsfs_open (const char *path, GError **error)
{
  netns_autofd int path_fd = open_path (path);
  netns_autofd int fd = -1;
  struct statfs file_system;
  struct stat status;
  char reopen[64];

  if (path_fd < 0 || fstatfs (path_fd, &file_system) < 0 || fstat (path_fd, &status) < 0) {
    netns_error_set_errno (error, errno, "Cannot open “%s”", path);
    return -1;
  }
  if (file_system.f_type != NSFS_MAGIC) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is no network namespace but %s", path,
                 describe_type (status.st_mode));
    return -1;
  }
  g_snprintf (reopen, sizeof reopen, "/proc/self/fd/%d", path_fd);
  fd = open (reopen, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    netns_error_set_errno (error, errno, "Cannot open “%s”", path);
    return -1;
  }
  if (!is_network_namespace (fd)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "“%s” is no network namespace but one of another type", path);
    return -1;
  }
  return g_steal_fd (&fd);
}

/**
 * netns_nsfs_is_network:
 * @fd: a descriptor that a stranger handed in
 * @error: `InvalidArgument`
 *
 * Asks the file system of @fd nothing before it is known to be nsfs: behind another one can be a program of the
 * stranger's that never answers (FUSE).
 *
 * Returns: whether it is one of a network namespace
 */
gboolean
netns_nsfs_is_network (int fd, GError **error)
{
  struct statx status;
  struct stat own;

  if (stat ("/proc/self/ns/net", &own) == 0
      && statx (fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == 0
      && makedev (status.stx_dev_major, status.stx_dev_minor) == own.st_dev
      && ioctl (fd, NS_GET_NSTYPE) == CLONE_NEWNET)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The descriptor is not of a network namespace");
  return FALSE;
}

/**
 * netns_nsfs_get_maker:
 * @fd: a network namespace
 * @uid: (out): the user whose user namespace it belongs to; root for those made without one
 * @error: `KernelRefused`
 *
 * That user may do everything in it (user_namespaces(7)).
 *
 * Returns: whether it could be found out
 */
gboolean
netns_nsfs_get_maker (int fd, guint *uid, GError **error)
{
  netns_autofd int user_namespace = ioctl (fd, NS_GET_USERNS);
  uid_t owner;

  if (user_namespace < 0 || ioctl (user_namespace, NS_GET_OWNER_UID, &owner) < 0) {
    netns_error_set_errno (error, errno, "Cannot find out whose namespace this is");
    return FALSE;
  }
  *uid = owner;
  return TRUE;
}

/**
 * netns_nsfs_identify:
 * @fd: a descriptor, which can come from a caller
 * @id: (out caller-allocates): what tells the namespace from all others that live
 * @error: `InvalidArgument`: it is something else
 *
 * Returns: whether it is a network namespace
 */
gboolean
netns_nsfs_identify (int fd, NetnsFileId *id, GError **error)
{
  struct stat status;

  if (!is_network_namespace (fd) || fstat (fd, &status) < 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The descriptor is no network namespace");
    return FALSE;
  }
  id->device = status.st_dev;
  id->inode = status.st_ino;
  return TRUE;
}

/* Looser than netns_validate_namespace_name(): also for names that others gave. */
static char *
make_entry_path (const char *name, GError **error)
{
  if (*name == '\0' || strcmp (name, ".") == 0 || strcmp (name, "..") == 0 || strchr (name, '/') != NULL
      || strlen (name) > NETNS_NAMESPACE_NAME_MAX) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_NAME,
                 "“%s” cannot be the name of a network namespace: it is no file name", name);
    return NULL;
  }
  return g_build_filename (NETNS_RUN_DIR, name, NULL);
}

/* Any user who can read the directory can hold its lock: do not wait for ever. */
static int
lock_directory (GError **error)
{
  netns_autofd int fd = open (NETNS_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  for (guint i = 0; i < LOCK_ATTEMPTS; i++) {
    if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
      return g_steal_fd (&fd);
    if (errno != EWOULDBLOCK) {
      netns_error_set_errno (error, errno, "Cannot lock %s", NETNS_RUN_DIR);
      return -1;
    }
    g_usleep (LOCK_INTERVAL);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "Another program keeps %s locked", NETNS_RUN_DIR);
  return -1;
}

/* Without MS_REC, unlike `ip netns add`: what is mounted in a shared mount is shared from its beginning
 * (attach_recursive_mnt() in fs/namespace.c), and walking 2,000 namespaces takes 0.1 ms each time. */
static gboolean
make_shared (void)
{
  return mount ("", NETNS_RUN_DIR, "none", MS_SHARED, NULL) == 0;
}

/* Makes /run/netns a shared mount, so that a namespace mounted or unmounted there is so in all mount
 * namespaces. The lock is for the moment when it becomes a mount point: two programs at once would stack one
 * on the other. */
static gboolean
prepare_directory (GError **error)
{
  netns_autofd int lock = -1;

  if (mkdir (NETNS_RUN_DIR, 0755) < 0 && errno != EEXIST) {
    netns_error_set_errno (error, errno, "Cannot make %s", NETNS_RUN_DIR);
    return FALSE;
  }
  if (make_shared ())
    return TRUE;
  if (errno == EINVAL) { /* not a mount point */
    lock = lock_directory (error);
    if (lock < 0)
      return FALSE;
    if (make_shared ())
      return TRUE;
    if (errno == EINVAL && mount (NETNS_RUN_DIR, NETNS_RUN_DIR, "none", MS_BIND | MS_REC, NULL) == 0
        && make_shared ())
      return TRUE;
  }
  netns_error_set_errno (error, errno, "Cannot make %s a shared mount", NETNS_RUN_DIR);
  return FALSE;
}

/* The empty file that the namespace is to be mounted on. Making it claims the name. */
static gboolean
claim_entry (const char *path, const char *name, GError **error)
{
  netns_autofd int fd = open (path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);

  if (fd >= 0)
    return TRUE;
  if (errno == EEXIST)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "There is a network namespace called “%s” already",
                 name);
  else
    netns_error_set_errno (error, errno, "Cannot make “%s”", path);
  return FALSE;
}

static gboolean
mount_entry (int fd, const char *path, GError **error)
{
  char source[64];

  g_snprintf (source, sizeof source, "/proc/self/fd/%d", fd);
  if (mount (source, path, "none", MS_BIND, NULL) == 0)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot mount a network namespace on “%s”", path);
  return FALSE;
}

/* What was unmounted and cannot be unlinked is mounted again: half a deletion would lose the namespace. */
static gboolean
remove_entry (const char *path, GError **error)
{
  netns_autofd int fd = netns_nsfs_open (path, NULL); /* -1 for a broken entry */
  guint mounts = 0;
  struct stat status;

  if (lstat (path, &status) == 0 && S_ISDIR (status.st_mode)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is no network namespace but %s", path,
                 describe_type (status.st_mode));
    return FALSE;
  }
  while (mounts < MAX_MOUNTS && umount2 (path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
    mounts++;
  /* What is not mounted (a broken entry) is not unmounted; anything worse makes unlink() fail too. */
  if (unlink (path) == 0)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot delete “%s”", path);
  if (mounts > 0 && fd >= 0 && !mount_entry (fd, path, NULL))
    g_warning ("Cannot mount “%s” again", path);
  return FALSE;
}

static void
undo_entry (const char *path)
{
  g_autoptr (GError) error = NULL;

  if (!remove_entry (path, &error))
    g_warning ("%s", error->message);
}

/* Makes a namespace that nothing but the returned descriptor holds. */
static int
make_namespace (GError **error)
{
  Home *home = get_home (error);
  int fd;

  if (home == NULL)
    return -1;
  g_assert (!home->away);
  if (unshare (CLONE_NEWNET) < 0) {
    netns_error_set_kernel (error, errno,
                            errno == ENOSPC ? "/proc/sys/user/max_net_namespaces allows no more" : NULL,
                            "Cannot make a network namespace");
    return -1;
  }
  home->away = TRUE;
  fd = open (OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    netns_error_set_errno (error, errno, "Cannot open %s", OWN_NAMESPACE);
  netns_nsfs_leave ();
  return fd;
}

/**
 * netns_nsfs_create:
 * @grant: who may do it
 * @name: a file name; whether it is a good one is the caller's decision
 * @error: `Exists`, `InvalidName`, `Busy` (the directory stays locked), `KernelRefused`; nothing is left then
 *
 * Does what `ip netns add` does.
 *
 * Returns: the new namespace, -1 on error
 */
int
netns_nsfs_create (const NetnsGrant *grant, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  netns_autofd int fd = -1;

  if (path == NULL || !prepare_directory (error) || !claim_entry (path, name, error))
    return -1;
  fd = make_namespace (error);
  if (fd >= 0 && mount_entry (fd, path, error))
    return g_steal_fd (&fd);
  undo_entry (path);
  return -1;
}

/**
 * netns_nsfs_delete:
 * @grant: who may do it
 * @name: name of a namespace, or of anything else in /run/netns but a directory
 * @error: `NotFound`, `InvalidName`, `InvalidArgument` (a directory), `KernelRefused`
 *
 * Does what `ip netns delete` does: the name goes, the namespace lives on as long as something uses it. Works
 * on what an `ip netns add` that was killed left behind, and removes a symbolic link itself.
 *
 * Returns: whether the name is gone
 */
gboolean
netns_nsfs_delete (const NetnsGrant *grant, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);

  return path != NULL && remove_entry (path, error);
}

/**
 * netns_nsfs_attach:
 * @grant: who may do it
 * @fd: a namespace
 * @name: a further name for it
 * @error: `Exists`, `InvalidName`, `KernelRefused`; nothing is left then
 *
 * Does what `ip netns attach` does.
 *
 * Returns: whether it was done
 */
gboolean
netns_nsfs_attach (const NetnsGrant *grant, int fd, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);

  if (path == NULL || !claim_entry (path, name, error))
    return FALSE;
  if (mount_entry (fd, path, error))
    return TRUE;
  undo_entry (path);
  return FALSE;
}

/**
 * netns_nsfs_rename:
 * @grant: who may do it
 * @name: name of a namespace
 * @new_name: its future name; for a moment it has both
 * @error: `NotFound`, `Exists`, `InvalidName`, `InvalidArgument` (@name is something else), `KernelRefused`;
 * nothing is changed then
 *
 * A mount cannot be moved out of a shared one (do_move_mount() in fs/namespace.c), so it is mounted a second
 * time.
 *
 * Returns: whether it was done
 */
gboolean
netns_nsfs_rename (const NetnsGrant *grant, const char *name, const char *new_name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  g_autofree char *new_path = path != NULL ? make_entry_path (new_name, error) : NULL;
  netns_autofd int fd = new_path != NULL ? netns_nsfs_open (path, error) : -1;

  if (fd < 0 || !claim_entry (new_path, new_name, error))
    return FALSE;
  if (mount_entry (fd, new_path, error) && remove_entry (path, error))
    return TRUE;
  undo_entry (new_path);
  return FALSE;
}
