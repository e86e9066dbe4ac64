/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/mounts.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define SYS        "/sys"
#define FILES      "/etc/netns"
#define SYSFS_TYPE 0x62656572 /* SYSFS_MAGIC of linux/magic.h */

static gboolean
put_over (int fd, const char *target, GError **error)
{
  g_autofree char *source = g_strdup_printf ("/proc/self/fd/%d", fd);

  if (mount (source, target, NULL, MS_BIND | MS_REC, NULL) == 0)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot put something over %s", target);
  return FALSE;
}

/* One that was mounted later is put back later; what lies below one comes along with it. */
static void
note_mount (GPtrArray *points, const char *line)
{
  g_auto (GStrv) fields = g_strsplit (line, " ", 6);
  g_autofree char *point = NULL;

  if (g_strv_length (fields) < 6)
    return;
  point = g_strcompress (fields[4]); /* blanks are \040 */
  if (!g_str_has_prefix (point, SYS "/"))
    return;
  for (guint i = 0; i < points->len; i++) {
    const char *known = g_ptr_array_index (points, i);

    if (g_str_has_prefix (point, known) && (point[strlen (known)] == '/' || point[strlen (known)] == '\0'))
      return;
  }
  g_ptr_array_add (points, g_steal_pointer (&point));
}

/* What is mounted in /sys (control groups, for one) is no network's, and stays. */
static GPtrArray *
list_mounts (GError **error)
{
  g_autoptr (GPtrArray) points = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *table = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/mountinfo", &table, NULL, error))
    return NULL;
  lines = g_strsplit (table, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    note_mount (points, lines[i]);
  return g_steal_pointer (&points);
}

static void
close_fd (gpointer fd)
{
  close (GPOINTER_TO_INT (fd));
}

static gboolean
put_back (const GPtrArray *points, const GPtrArray *opened, GError **error)
{
  for (guint i = 0; i < points->len; i++) {
    const char *point = g_ptr_array_index (points, i);
    struct stat status;

    /* A folder of the host's own links, say: here there is nothing to put it over. */
    if (stat (point, &status) < 0)
      continue;
    if (!put_over (GPOINTER_TO_INT (g_ptr_array_index (opened, i)), point, error))
      return FALSE;
  }
  return TRUE;
}

/* /sys shows the network that it was mounted in. */
static gboolean
renew_sysfs (GError **error)
{
  g_autoptr (GPtrArray) points = list_mounts (error);
  g_autoptr (GPtrArray) opened = g_ptr_array_new_with_free_func (close_fd);
  unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  struct statvfs status;
  struct statfs type;

  if (points == NULL)
    return FALSE;
  if (statfs (SYS, &type) < 0 || type.f_type != SYSFS_TYPE || statvfs (SYS, &status) < 0)
    return TRUE; /* none to renew */
  for (guint i = 0; i < points->len; i++) {
    const char *point = g_ptr_array_index (points, i);
    int fd = open (point, O_PATH | O_CLOEXEC);

    if (fd < 0) {
      netns_error_set_errno (error, errno, "Cannot open %s", point);
      return FALSE;
    }
    g_ptr_array_add (opened, GINT_TO_POINTER (fd));
  }
  if (mount ("sysfs", SYS, "sysfs", flags | (status.f_flag & ST_RDONLY ? MS_RDONLY : 0), NULL) < 0) {
    netns_error_set_errno (error, errno, "Cannot mount " SYS);
    return FALSE;
  }
  return put_back (points, opened, error);
}

/* Only root can have put there what is there. */
static gboolean
is_of_root (int fd, const char *path, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) < 0) {
    netns_error_set_errno (error, errno, "Cannot look at %s", path);
    return FALSE;
  }
  if (status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED,
               "%s does not belong to root alone, so what is in it cannot be used; give it to root", path);
  return FALSE;
}

/* Symbolic links may lead elsewhere below /etc/netns only: further away they could pass through a folder that is
 * somebody else's, and show the command what its user cannot reach. */
static gboolean
bind_file (int files, const char *namespace_name, const char *name, GError **error)
{
  struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
  g_autofree char *source = g_build_filename (namespace_name, name, NULL), *target = g_build_filename ("/etc", name, NULL);
  netns_autofd int fd = (int) syscall (SYS_openat2, files, source, &how, sizeof how);
  struct stat status;

  if (fd < 0 && errno == EXDEV) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED,
                 FILES "/%s leads out of " FILES "; put the file itself there", source);
    return FALSE;
  }
  if (fd < 0 || fstat (fd, &status) < 0) {
    netns_error_set_errno (error, errno, "Cannot open " FILES "/%s", source);
    return FALSE;
  }
  if (!S_ISREG (status.st_mode) && !S_ISDIR (status.st_mode)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, FILES "/%s is neither a file nor a folder", source);
    return FALSE;
  }
  return put_over (fd, target, error);
}

static void
close_directory (DIR *directory)
{
  closedir (directory);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, close_directory)

static gboolean
bind_files_of (int files, const char *namespace_name, int fd, GError **error)
{
  g_autoptr (DIR) directory = fdopendir (fd);
  const struct dirent *entry;

  if (directory == NULL) {
    netns_error_set_errno (error, errno, "Cannot read " FILES "/%s", namespace_name);
    return FALSE;
  }
  while ((entry = readdir (directory)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0
        && !bind_file (files, namespace_name, entry->d_name, error))
      return FALSE;
  return TRUE;
}

/* That a file cannot be used is an error: with the host's name servers in its place, a command would speak to whom the
 * namespace was to keep it from. */
static gboolean
bind_files (const char *namespace_name, GError **error)
{
  g_autofree char *path = g_build_filename (FILES, namespace_name, NULL);
  netns_autofd int files = open (FILES, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int fd = files >= 0 ? openat (files, namespace_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

  if (fd < 0 && errno == ENOENT)
    return TRUE;
  if (fd < 0) {
    netns_error_set_errno (error, errno, "Cannot open %s", path);
    return FALSE;
  }
  if (!is_of_root (files, FILES, error) || !is_of_root (fd, path, error)) {
    close (fd);
    return FALSE;
  }
  return bind_files_of (files, namespace_name, fd, error);
}

/* Neither set-user-ID bits nor file capabilities count anywhere. With no_new_privs they give nothing anyway, but a
 * program with capabilities of its own (ping has them) is not executed at all by somebody who can never have them. */
static gboolean
forbid_privileges (GError **error)
{
  struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOSUID };

  if (mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) == 0)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot mount everything without set-user-ID");
  return FALSE;
}

/**
 * netns_mounts_make_private:
 * @namespace_name: the network namespace that this process is in, empty for the host's
 * @error: `KernelRefused`
 *
 * Gives this process a mount namespace of its own. What the machine unmounts goes away here too, so no copy of
 * /run/netns/NAME keeps a namespace alive that was deleted.
 *
 * Returns: whether all is mounted
 */
gboolean
netns_mounts_make_private (const char *namespace_name, GError **error)
{
  if (unshare (CLONE_NEWNS) < 0 || mount ("", "/", NULL, MS_SLAVE | MS_REC, NULL) < 0) {
    netns_error_set_errno (error, errno, "Cannot make a mount namespace");
    return FALSE;
  }
  return (*namespace_name == '\0' || (renew_sysfs (error) && bind_files (namespace_name, error)))
         && forbid_privileges (error);
}
