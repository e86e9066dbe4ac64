/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Named namespaces are made exactly as `ip netns` makes them (ip/ipnetns.c of iproute2), so that either
 * program can use and delete what the other one made. Whatever else lies in /run/netns is never followed and
 * never waited for. */
#include "kernel/netns.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"
#include "kernel/file.h"
#include "kernel/mounts.h"

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
#define LOCK_ATTEMPTS 5
#define LOCK_INTERVAL (5 * G_TIME_SPAN_MILLISECOND)
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
 * netns_visit:
 * @visit: (inout): a variable that is g_auto (NetnsVisit), %FALSE so far
 * @fd: a namespace, -1 for the calling thread's own
 * @error: `KernelRefused`
 *
 * Puts the calling thread there until the variable goes out of scope. Until then it starts no thread, no child and no
 * GTask: they would be born there and stay. Not to be nested.
 *
 * Returns: whether it is there
 */
gboolean
netns_visit (NetnsVisit *visit, int fd, GError **error)
{
  Home *home = fd >= 0 ? get_home (error) : NULL;

  if (home == NULL)
    return fd < 0;
  g_assert (!home->away);
  /* Never type 0: a UTS namespace bound in /run/netns would silently switch the UTS namespace. */
  if (setns (fd, CLONE_NEWNET) < 0)
    return netns_error_set_errno (error, errno, "Cannot enter the network namespace");
  return *visit = home->away = TRUE;
}

/* If the thread cannot come back the process ends: every later job would change the wrong namespace. Keeps errno: it
 * runs on the way out of a function that failed. */
void
netns_visit_end (NetnsVisit *visit)
{
  Home *home = g_private_get (&thread_home);
  int saved = errno;

  if (!*visit)
    return;
  g_assert (home != NULL && home->away);
  if (setns (home->fd, CLONE_NEWNET) < 0)
    g_error ("Cannot return to the host namespace: %s", g_strerror (errno));
  *visit = home->away = FALSE;
  errno = saved;
}

/* Returns: what an entry of /run/netns is that leads to no network namespace, with its article, for an error */
const char *
netns_nsfs_describe_type (mode_t mode)
{
  return S_ISREG (mode) ? "a plain file, perhaps left by a program that was killed while creating one"
                        : netns_file_describe_type (mode);
}

/* Opens without any effect on what is there. Symbolic links are followed in /proc only, where they are the
 * kernel's own and lead to the namespace itself. */
static int
open_path (const char *path)
{
  g_autofree char *real_path = netns_mounts_path (path);
  netns_autofd int fd = open (real_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct statfs file_system;
  struct stat status;

  if (fd < 0 || fstatfs (fd, &file_system) < 0 || fstat (fd, &status) < 0)
    return -1;
  if (file_system.f_type == PROC_SUPER_MAGIC && S_ISLNK (status.st_mode))
    return open (real_path, O_PATH | O_CLOEXEC);
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

  if (path_fd < 0 || fstatfs (path_fd, &file_system) < 0 || fstat (path_fd, &status) < 0)
    netns_error_set_errno (error, errno, "Cannot open “%s”", path);
  else if (file_system.f_type != NSFS_MAGIC)
    netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is not a network namespace but %s", path,
                  netns_nsfs_describe_type (status.st_mode));
  else if ((fd = netns_file_open_again (path_fd, O_RDONLY)) < 0)
    netns_error_set_errno (error, errno, "Cannot open “%s”", path);
  else if (!is_network_namespace (fd))
    netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is not a network namespace but one of another type", path);
  else
    return g_steal_fd (&fd);
  return -1;
}

/* Asks the file system of @fd, which a stranger handed in, nothing before it is known to be nsfs: behind another one
 * can be a program of the stranger's that never answers (FUSE).
 * Returns: whether it is one of a network namespace; @error: `InvalidArgument` */
gboolean
netns_nsfs_is_network (int fd, GError **error)
{
  struct statx status;
  struct stat own;

  if (stat ("/proc/self/ns/net", &own) == 0 && statx (fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) == 0
      && makedev (status.stx_dev_major, status.stx_dev_minor) == own.st_dev
      && ioctl (fd, NS_GET_NSTYPE) == CLONE_NEWNET)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The descriptor does not refer to a network namespace");
}

/* @uid: the user whose user namespace a network namespace belongs to; root for those made without one. That user may do
 * everything in it (user_namespaces(7)).
 * Returns: whether it could be found out; @error: `KernelRefused` */
gboolean
netns_nsfs_get_maker (int fd, guint *uid, GError **error)
{
  netns_autofd int user_namespace = ioctl (fd, NS_GET_USERNS);
  uid_t owner;

  if (user_namespace < 0 || ioctl (user_namespace, NS_GET_OWNER_UID, &owner) < 0)
    return netns_error_set_errno (error, errno, "Cannot determine the owner of the namespace");
  *uid = owner;
  return TRUE;
}

/* @ours: whether a network namespace belongs to the user namespace of this process. In any other one somebody else can be
 * root, who may then do everything in the network namespace, and to processes that enter it.
 * Returns: whether it could be found out; @error: `KernelRefused` */
gboolean
netns_nsfs_is_ours (int fd, gboolean *ours, GError **error)
{
  netns_autofd int user_namespace = ioctl (fd, NS_GET_USERNS);
  struct stat own, status;

  *ours = FALSE;
  if (user_namespace < 0 && errno == EPERM) /* what is above ours */
    return TRUE;
  if (user_namespace < 0 || stat ("/proc/self/ns/user", &own) < 0 || fstat (user_namespace, &status) < 0)
    return netns_error_set_errno (error, errno, "Cannot determine the user namespace of the namespace");
  *ours = own.st_dev == status.st_dev && own.st_ino == status.st_ino;
  return TRUE;
}

/* Returns: whether @fd, which can come from a caller, is a network namespace; @id tells it from all others that live */
gboolean
netns_nsfs_identify (int fd, NetnsFileId *id, GError **error)
{
  struct stat status;

  if (!is_network_namespace (fd) || fstat (fd, &status) < 0)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The descriptor is not a network namespace");
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
    netns_refuse (error, NETNS_ERROR_INVALID_NAME,
                  "“%s” cannot be the name of a network namespace: it is not a file name", name);
    return NULL;
  }
  return g_build_filename (NETNS_RUN_DIR, name, NULL);
}

/* Any user who can read the directory can hold its lock for ever: `ip netns add` does for a moment.
 *
 * Returns: a descriptor with the lock, -1 if somebody else keeps it */
static int
lock_directory (void)
{
  netns_autofd int fd = open (NETNS_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  for (guint i = 0; fd >= 0 && i < LOCK_ATTEMPTS; i++) {
    if (flock (fd, LOCK_EX | LOCK_NB) == 0)
      return g_steal_fd (&fd);
    g_usleep (LOCK_INTERVAL);
  }
  return -1;
}

/* Without MS_REC, unlike `ip netns add`: what is mounted in a shared mount is shared from its beginning
 * (attach_recursive_mnt() in fs/namespace.c), and walking 2,000 namespaces takes 0.1 ms each time. */
static gboolean
make_shared (void)
{
  return mount ("", NETNS_RUN_DIR, "none", MS_SHARED, NULL) == 0;
}

/**
 * netns_netns_make_folder:
 * @error: `KernelRefused`
 *
 * As `ip netns` does: for all to look into, whatever the umask is.
 *
 * Returns: whether there is a /run/netns
 */
gboolean
netns_netns_make_folder (GError **error)
{
  g_autofree char *path = netns_mounts_path (NETNS_RUN_DIR);

  if (mkdir (path, 0755) == 0 ? chmod (path, 0755) == 0 : errno == EEXIST)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot create %s", NETNS_RUN_DIR);
}

/* Makes /run/netns a shared mount, so that a namespace mounted or unmounted there is so in all mount
 * namespaces. The lock is for the moment when it becomes a mount point: two programs at once would stack one
 * on the other, which does no harm, as both see what was there before. */
static gboolean
prepare_directory (GError **error)
{
  netns_autofd int lock = -1;

  if (!netns_netns_make_folder (error))
    return FALSE;
  if (make_shared ())
    return TRUE;
  if (errno == EINVAL) { /* not a mount point */
    lock = lock_directory ();
    if (make_shared ())
      return TRUE;
    if (errno == EINVAL && mount (NETNS_RUN_DIR, NETNS_RUN_DIR, "none", MS_BIND | MS_REC, NULL) == 0 && make_shared ())
      return TRUE;
  }
  return netns_error_set_errno (error, errno, "Cannot make %s a shared mount", NETNS_RUN_DIR);
}

/* The empty file that the namespace is to be mounted on. Making it claims the name. */
static gboolean
claim_entry (const char *path, const char *name, GError **error)
{
  netns_autofd int fd = open (path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);

  if (fd >= 0)
    return TRUE;
  if (errno == EEXIST)
    return netns_refuse (error, NETNS_ERROR_EXISTS, "There is already a network namespace called “%s”", name);
  return netns_error_set_errno (error, errno, "Cannot create “%s”", path);
}

static gboolean
mount_entry (int fd, const char *path, GError **error)
{
  char source[64];

  g_snprintf (source, sizeof source, "/proc/self/fd/%d", fd);
  if (mount (source, path, "none", MS_BIND, NULL) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot mount a network namespace on “%s”", path);
}

/* If the file cannot be unlinked, it is mounted again: a partial deletion would lose the namespace. */
static gboolean
remove_entry (const char *path, GError **error)
{
  netns_autofd int fd = netns_nsfs_open (path, NULL); /* -1 for a broken entry */
  guint mounts = 0;
  struct stat status;

  if (lstat (path, &status) == 0 && S_ISDIR (status.st_mode))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is not a network namespace but %s; remove it by hand", path,
                         netns_nsfs_describe_type (status.st_mode));
  while (mounts < MAX_MOUNTS && umount2 (path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
    mounts++;
  /* A broken entry is not mounted, so umount2() fails; any worse error makes unlink() fail, too. */
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

/* Returns: a new namespace that nothing but this descriptor holds, -1 on error */
int
netns_nsfs_make (const NetnsGrant *grant, GError **error)
{
  Home *home = get_home (error);
  g_auto (NetnsVisit) visit = FALSE;
  int fd;

  if (home == NULL)
    return -1;
  g_assert (!home->away);
  if (unshare (CLONE_NEWNET) < 0) {
    netns_error_set_kernel (error, errno, errno == ENOSPC ? "/proc/sys/user/max_net_namespaces allows no more" : NULL,
                            "Cannot create a network namespace");
    return -1;
  }
  visit = home->away = TRUE;
  fd = open (OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    netns_error_set_errno (error, errno, "Cannot open %s", OWN_NAMESPACE);
  return fd;
}

/**
 * netns_nsfs_create, netns_nsfs_delete, netns_nsfs_attach, netns_nsfs_rename:
 * @grant: who may do it
 * @name: a file name; whether it is a good one for a new namespace is the caller's decision
 * @fd: a namespace that gets a further name
 * @new_name: its future name; for a moment it has both
 * @error: `NotFound`, `Exists`, `InvalidName`, `InvalidArgument` (a directory; to rename: anything else than a network
 *   namespace), `KernelRefused`; nothing is left or changed then
 *
 * They do what `ip netns` does. To delete removes the name; the namespace lives on as long as something uses it. It
 * works on what an `ip netns add` that was killed left behind, and removes a symbolic link itself.
 *
 * Returns: whether it was done; netns_nsfs_create() the new namespace, -1 on error
 */
int
netns_nsfs_create (const NetnsGrant *grant, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  g_auto (NetnsMountsVisit) visit = FALSE;
  netns_autofd int fd = -1;

  if (path == NULL || !netns_mounts_visit (&visit, error) || !prepare_directory (error)
      || !claim_entry (path, name, error))
    return -1;
  fd = netns_nsfs_make (grant, error);
  if (fd >= 0 && mount_entry (fd, path, error))
    return g_steal_fd (&fd);
  undo_entry (path);
  return -1;
}

gboolean
netns_nsfs_delete (const NetnsGrant *grant, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  g_auto (NetnsMountsVisit) visit = FALSE;

  return path != NULL && netns_mounts_visit (&visit, error) && remove_entry (path, error);
}

/**
 * netns_nsfs_unmount, netns_nsfs_mount:
 * @grant: who may do it
 * @name: an entry; of one that is mounted the file stays, so that nobody else can take the name
 * @fd: the namespace that the file stands for again
 * @error: `InvalidName`, `KernelRefused`
 *
 * Returns: whether it was done, or was so already
 */
gboolean
netns_nsfs_unmount (const NetnsGrant *grant, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  g_auto (NetnsMountsVisit) visit = FALSE;
  guint mounts = 0;

  if (path == NULL || !netns_mounts_visit (&visit, error))
    return FALSE;
  while (mounts < MAX_MOUNTS && umount2 (path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
    mounts++;
  return mounts > 0 || errno == EINVAL || netns_error_set_errno (error, errno, "Cannot unmount “%s”", path);
}

gboolean
netns_nsfs_mount (const NetnsGrant *grant, int fd, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  g_auto (NetnsMountsVisit) visit = FALSE;

  return path != NULL && netns_mounts_visit (&visit, error) && mount_entry (fd, path, error);
}

gboolean
netns_nsfs_attach (const NetnsGrant *grant, int fd, const char *name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  g_auto (NetnsMountsVisit) visit = FALSE;

  if (path == NULL || !netns_mounts_visit (&visit, error) || !prepare_directory (error)
      || !claim_entry (path, name, error))
    return FALSE;
  if (mount_entry (fd, path, error))
    return TRUE;
  undo_entry (path);
  return FALSE;
}

/* A mount cannot be moved out of a shared one (do_move_mount() in fs/namespace.c), so it is mounted a second time. */
gboolean
netns_nsfs_rename (const NetnsGrant *grant, const char *name, const char *new_name, GError **error)
{
  g_autofree char *path = make_entry_path (name, error);
  g_autofree char *new_path = path != NULL ? make_entry_path (new_name, error) : NULL;
  netns_autofd int fd = new_path != NULL ? netns_nsfs_open (path, error) : -1;
  g_auto (NetnsMountsVisit) visit = FALSE;

  if (fd < 0 || !netns_mounts_visit (&visit, error) || !claim_entry (new_path, new_name, error))
    return FALSE;
  if (mount_entry (fd, new_path, error) && remove_entry (path, error))
    return TRUE;
  undo_entry (new_path);
  return FALSE;
}
