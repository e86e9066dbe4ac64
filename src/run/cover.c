/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/cover.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "run/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define ETC "/etc"
/* How the name of an entry begins that replaces another one, and of the one that was replaced. */
#define SPARE ".netnsd~"
/* On an entry of the layer, which nobody sees because of what is mounted on it: it is the namespace's, not the host's. */
#define OWN S_ISVTX

/* A file or a directory that the namespace has instead of the host. */
typedef struct {
  char *name;
  int fd;
} Own;

static void
own_free (gpointer data)
{
  Own *own = data;

  netns_close_fd (&own->fd);
  g_free (own->name);
  g_free (own);
}

/* What has the name in @folder, or @folder itself if the name is empty; with what is mounted below it.
 * Returns: a mount that is nowhere yet, -1 with errno */
static int
copy_mount (int folder, const char *name)
{
  return open_tree (folder, name,
                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW
                      | AT_EMPTY_PATH);
}

/* The namespace's files, opened with the rights of the command's user. */
static GPtrArray *
open_own (const NetnsCover *cover, const NetnsOrder *order, GError **error)
{
  g_autoptr (GPtrArray) names = netns_files_list (cover->files.folder);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (own_free);

  if (names == NULL) {
    netns_error_set_errno (error, errno, "Cannot read the files of namespace “%s”", order->namespace_name);
    return NULL;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    Own *own;
    int fd;

    if (!netns_files_get (&cover->files, order, name, &fd, error))
      return NULL;
    if (fd < 0)
      continue;
    own = g_new (Own, 1);
    *own = (Own) { g_strdup (name), fd };
    g_ptr_array_add (all, own);
  }
  return g_steal_pointer (&all);
}

static gboolean
configure_layer (int context)
{
  return fsconfig (context, FSCONFIG_SET_STRING, "source", "netnsd", 0) == 0
         && fsconfig (context, FSCONFIG_SET_STRING, "mode", "0755", 0) == 0
         && fsconfig (context, FSCONFIG_SET_STRING, "size", "1m", 0) == 0
         && fsconfig (context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0;
}

static gboolean
mount_on_etc (int mount)
{
  return move_mount (mount, "", AT_FDCWD, ETC, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) == 0;
}

/* Read-only for the command: what root made there would be lost with the command, whoever it was meant for. A mount that is
 * nowhere yet can be copied by new kernels only, so the layer is mounted, too, below its copy. */
static gboolean
make_layer (NetnsCover *cover, GError **error)
{
  struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
  netns_autofd int context = fsopen ("tmpfs", FSOPEN_CLOEXEC);

  cover->host = open (ETC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cover->host >= 0 && context >= 0 && configure_layer (context))
    cover->layer = fsmount (context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (cover->layer >= 0 && mount_on_etc (cover->layer))
    cover->top = copy_mount (cover->layer, "");
  if (cover->top >= 0 && mount_setattr (cover->top, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0
      && mount_on_etc (cover->top))
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot cover " ETC);
}

/* Also of what is mounted there, a file system that does not answer, for instance. */
static gboolean
is_directory (int mount)
{
  struct statx status;

  return statx (mount, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0 && S_ISDIR (status.stx_mode);
}

/* @mount: what is seen at the new entry @name. */
static gboolean
add_entry (const NetnsCover *cover, int mount, const char *name, mode_t mark)
{
  return (is_directory (mount) ? mkdirat (cover->layer, name, 0755 | mark)
                               : mknodat (cover->layer, name, S_IFREG | 0444 | mark, 0))
           == 0
         && move_mount (mount, "", cover->top, name, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

static gboolean
add_own (const NetnsCover *cover, int fd, const char *name)
{
  netns_autofd int mount = copy_mount (fd, "");

  return mount >= 0 && add_entry (cover, mount, name, OWN);
}

/* Links are the same here as there, since what they lead to is. */
static gboolean
add_host (const NetnsCover *cover, const char *source, const char *name)
{
  char target[PATH_MAX];
  gssize size = readlinkat (cover->host, source, target, sizeof target - 1);
  netns_autofd int mount = -1;

  if (size >= 0) {
    target[size] = '\0';
    return symlinkat (target, cover->layer, name) == 0;
  }
  if (errno == EINVAL) /* no link */
    mount = copy_mount (cover->host, source);
  return mount >= 0 && add_entry (cover, mount, name, 0);
}

/* Something that cannot be mounted was of no use on the host, either. */
static gboolean
add_all_of_host (const NetnsCover *cover, GError **error)
{
  g_autoptr (GPtrArray) names = netns_files_list (cover->host);

  if (names == NULL)
    return netns_error_set_errno (error, errno, "Cannot read " ETC);
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    if (!netns_cover_has_own (cover, name) && !add_host (cover, name, name) && errno != ENOENT)
      g_message ("A command does not get " ETC "/%s: %s", name, g_strerror (errno));
  }
  return TRUE;
}

/**
 * netns_cover_make:
 * @cover: with files and mount namespaces
 * @order: for whom. This process, which is in the mount namespace inside, gets its groups, and then none
 * @error: `KernelRefused`. That a file cannot be used is an error: with the host's name servers in its place, a command
 *   would speak to whom the namespace was to keep it from
 *
 * Returns: whether the namespace's files are there, or it has none
 */
gboolean
netns_cover_make (NetnsCover *cover, const NetnsOrder *order, GError **error)
{
  g_autoptr (GPtrArray) all = NULL;

  if (cover->files.folder < 0)
    return TRUE;
  if (!netns_identity_set_groups (order->gid, order->groups, order->n_groups, error))
    return FALSE;
  all = open_own (cover, order, error);
  if (all == NULL || !netns_identity_set_groups (0, NULL, 0, error))
    return FALSE;
  if (all->len == 0)
    return TRUE;
  if (!make_layer (cover, error))
    return FALSE;
  for (guint i = 0; i < all->len; i++) {
    const Own *own = g_ptr_array_index (all, i);

    if (!add_own (cover, own->fd, own->name))
      return netns_error_set_errno (error, errno, "Cannot mount " ETC "/%s of namespace “%s”", own->name,
                                    order->namespace_name);
  }
  return add_all_of_host (cover, error);
}

/* Returns: whether the command sees a file of the namespace under this name */
gboolean
netns_cover_has_own (const NetnsCover *cover, const char *name)
{
  struct stat status;

  return fstatat (cover->layer, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && (status.st_mode & OWN) != 0;
}

static void
remove_entry (const NetnsCover *cover, const char *name)
{
  if (unlinkat (cover->layer, name, 0) < 0 && errno == EISDIR)
    unlinkat (cover->layer, name, AT_REMOVEDIR);
}

static char *
make_spare_name (NetnsCover *cover)
{
  return g_strdup_printf (SPARE "%u", cover->n_spare++);
}

/* Only the mount namespace that an entry is a mount point in keeps it from being renamed: from outside, one step puts the new
 * entry in its place, with what is mounted on it. A rename that replaces would unmount first (vfs_rename()). */
static void
replace_entry (const NetnsCover *cover, const char *spare, const char *name)
{
  if (renameat2 (cover->layer, spare, cover->layer, name, RENAME_EXCHANGE) < 0
      && renameat (cover->layer, spare, cover->layer, name) < 0)
    g_message ("A command does not get the new " ETC "/%s: %s", name, g_strerror (errno));
}

/* Takes away what was replaced before this was called last: whoever was just about to open it had found the entry, and not
 * yet what is mounted there. */
void
netns_cover_clean (NetnsCover *cover)
{
  g_autoptr (GPtrArray) names = netns_files_list (cover->layer);
  gboolean is_last = cover->n_old == cover->n_spare;

  for (guint i = 0; names != NULL && i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    if (g_str_has_prefix (name, SPARE) && g_ascii_strtoull (name + strlen (SPARE), NULL, 10) < cover->n_old)
      remove_entry (cover, name);
  }
  cover->n_old = cover->n_spare = is_last ? 0 : cover->n_spare;
}

/* Goes to the mount namespace of the command, or back. Mounting is possible in the own one only. Who once did not get back does
 * nothing there.
 * Returns: whether this process is there */
gboolean
netns_cover_enter (NetnsCover *cover, gboolean inside)
{
  if (cover->is_lost)
    return FALSE;
  if (setns (inside ? cover->inside : cover->outside, CLONE_NEWNS) == 0)
    return TRUE;
  g_message ("Cannot change the mount namespace: %s", g_strerror (errno));
  cover->is_lost = !inside;
  return FALSE;
}

/* Takes in what SetDns wrote for the namespace meanwhile. What is taken away stays: the command would be left with the
 * host's. */
void
netns_cover_update_own (NetnsCover *cover, const NetnsOrder *order, const char *name)
{
  g_autofree char *spare = make_spare_name (cover);
  netns_autofd int fd = -1;
  gboolean is_made;

  if (!netns_cover_enter (cover, TRUE))
    return;
  fd = netns_files_get_written (&cover->files, order, name);
  is_made = fd >= 0 && add_own (cover, fd, spare);
  if (netns_cover_enter (cover, FALSE) && is_made)
    replace_entry (cover, spare, name);
}

/* Takes in what is at a name of the host's /etc now. */
void
netns_cover_update_host (NetnsCover *cover, const char *name)
{
  g_autofree char *spare = make_spare_name (cover);
  gboolean is_made, is_gone;

  if (netns_cover_has_own (cover, name) || !netns_cover_enter (cover, TRUE))
    return;
  is_made = add_host (cover, name, spare);
  is_gone = !is_made && faccessat (cover->host, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
  if (netns_cover_enter (cover, FALSE) && is_made)
    replace_entry (cover, spare, name);
  else if (is_gone)
    remove_entry (cover, name);
}

/* What is gone from the host first, then what is there. */
void
netns_cover_update_all (NetnsCover *cover)
{
  g_autoptr (GPtrArray) before = netns_files_list (cover->layer), now = netns_files_list (cover->host);

  for (guint i = 0; before != NULL && i < before->len; i++) {
    const char *name = g_ptr_array_index (before, i);

    if (!g_str_has_prefix (name, SPARE) && faccessat (cover->host, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
      netns_cover_update_host (cover, name);
  }
  for (guint i = 0; now != NULL && i < now->len; i++)
    netns_cover_update_host (cover, g_ptr_array_index (now, i));
}
