/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Only a process in a mount namespace can unmount there. Nothing is looked up by name after entering it, because other
 * users' programs decide what its names refer to. */
#include "kernel/unmount.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* Returns a descriptor of the mount, -1 if something else is there by now. */
static int
open_mount (const NetnsReference *mount)
{
  g_autofree char *path = netns_reference_get_path (mount), *real_path = netns_mounts_path (path);
  netns_autofd int fd = open (real_path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct statfs file_system;
  struct stat status;

  if (fd < 0 || fstatfs (fd, &file_system) < 0)
    return -1;
  if (file_system.f_type == NSFS_MAGIC && fstat (fd, &status) == 0 && status.st_ino == mount->id.inode
      && status.st_dev == mount->id.device)
    return g_steal_fd (&fd);
  errno = ENOENT;
  return -1;
}

/**
 * netns_unmount_elsewhere:
 * @grant: who may do it
 * @mount: a reference of kind MOUNT
 * @error: `NotFound`, `KernelRefused`, which it also is where the kernel keeps a mount in place: in a mount namespace
 *   that belongs to a user namespace, and has it from its maker (MNT_LOCKED in fs/namespace.c)
 *
 * The calling thread stays in that mount namespace, and waits as long as a file system there wants: it must have been
 * made for this alone.
 *
 * Returns: whether it is no longer mounted there
 */
gboolean
netns_unmount_elsewhere (const NetnsGrant *grant, const NetnsReference *mount, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/ns/mnt", mount->pid);
  netns_autofd int fd = open_mount (mount);
  netns_autofd int mount_namespace = fd >= 0 ? open (path, O_RDONLY | O_CLOEXEC) : -1;
  netns_autofd int descriptors = open ("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  char name[16];

  g_snprintf (name, sizeof name, "%d", fd);
  if (fd >= 0 && mount_namespace >= 0 && descriptors >= 0 && unshare (CLONE_FS) == 0
      && setns (mount_namespace, CLONE_NEWNS) == 0 && fchdir (descriptors) == 0 && umount2 (name, MNT_DETACH) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot unmount %s of %s (%u)", mount->mount, mount->command, mount->pid);
}
