/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/mounts.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define SYS        "/sys"
#define SYSFS_TYPE 0x62656572 /* SYSFS_MAGIC of linux/magic.h */

static gboolean
put_over (int fd, const char *target, GError **error)
{
  g_autofree char *source = g_strdup_printf ("/proc/self/fd/%d", fd);

  if (mount (source, target, NULL, MS_BIND | MS_REC, NULL) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot mount over %s", target);
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

/* Mounts in /sys (such as control groups) do not depend on the network namespace, and stay. */
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

static gboolean
put_back (const GPtrArray *points, const GArray *opened, GError **error)
{
  for (guint i = 0; i < points->len; i++) {
    const char *point = g_ptr_array_index (points, i);
    struct stat status;

    /* A folder of the host's own links, say: here there is nothing to put it over. */
    if (stat (point, &status) < 0)
      continue;
    if (!put_over (g_array_index (opened, int, i), point, error))
      return FALSE;
  }
  return TRUE;
}

/* /sys shows the network that it was mounted in. */
static gboolean
renew_sysfs (GError **error)
{
  g_autoptr (GPtrArray) points = list_mounts (error);
  g_autoptr (GArray) opened = g_array_new (FALSE, FALSE, sizeof (int));
  unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  struct statvfs status;
  struct statfs type;

  g_array_set_clear_func (opened, (GDestroyNotify) netns_close_fd);
  if (points == NULL)
    return FALSE;
  if (statfs (SYS, &type) < 0 || type.f_type != SYSFS_TYPE || statvfs (SYS, &status) < 0)
    return TRUE; /* none to renew */
  for (guint i = 0; i < points->len; i++) {
    const char *point = g_ptr_array_index (points, i);
    int fd = open (point, O_PATH | O_CLOEXEC);

    if (fd < 0)
      return netns_error_set_errno (error, errno, "Cannot open %s", point);
    g_array_append_val (opened, fd);
  }
  if (mount ("sysfs", SYS, "sysfs", flags | (status.f_flag & ST_RDONLY ? MS_RDONLY : 0), NULL) < 0)
    return netns_error_set_errno (error, errno, "Cannot mount " SYS);
  return put_back (points, opened, error);
}

/* Neither set-user-ID bits nor file capabilities count anywhere. With no_new_privs they grant nothing anyway, but a
 * program with file capabilities (such as ping) cannot be executed at all by a process that can never have them. */
static gboolean
forbid_privileges (GError **error)
{
  struct mount_attr attributes = { .attr_set = MOUNT_ATTR_NOSUID };

  if (mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot remount everything with “nosuid”");
}

/* In the command's mount namespace and its network namespace: mounts what depends on the latter.
 * Returns: whether it is done; @error: `KernelRefused` */
gboolean
netns_mounts_finish (const NetnsOrder *order, GError **error)
{
  return (*order->namespace_name == '\0' || renew_sysfs (error)) && forbid_privileges (error);
}
