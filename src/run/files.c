/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/files.h"

#include "common/cleanup.h"
#include "common/dns.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/credentials.h"
#include "kernel/file.h"
#include "kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define SIZE_MAX_OURS (64 * 1024)

/* Only root can have put there what is there. */
static gboolean
is_of_root (int fd, const char *path, GError **error)
{
  struct stat status;

  if (fstat (fd, &status) < 0)
    return netns_error_set_errno (error, errno, "Cannot examine %s", path);
  if (status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED,
                       "%s must be owned by root and writable by root only; change its owner or permissions", path);
}

/* Opens the files of a namespace; an empty name has none.
 * Returns: whether they can be trusted, or there are none; @error: `KernelRefused` */
gboolean
netns_files_open (NetnsFiles *files, const char *namespace_name, GError **error)
{
  g_autofree char *path = g_build_filename (NETNS_ETC_DIR, namespace_name, NULL);

  *files = (NetnsFiles) { -1, -1 };
  if (*namespace_name == '\0')
    return TRUE;
  files->parent = open (NETNS_ETC_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (files->parent >= 0)
    files->folder = openat (files->parent, namespace_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (files->folder < 0)
    return errno == ENOENT || netns_error_set_errno (error, errno, "Cannot open %s", path);
  return is_of_root (files->parent, NETNS_ETC_DIR, error) && is_of_root (files->folder, path, error);
}

void
netns_files_clear (NetnsFiles *files)
{
  netns_close_fd (&files->parent);
  netns_close_fd (&files->folder);
}

/* Returns: (transfer full) (element-type utf8) (nullable): what is in a directory; errno says why that is not known */
GPtrArray *
netns_files_list (int directory)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (DIR) walk = netns_proc_open (directory, ".");
  const struct dirent *entry;

  if (walk == NULL)
    return NULL;
  while ((entry = readdir (walk)) != NULL)
    if (strcmp (entry->d_name, ".") != 0 && strcmp (entry->d_name, "..") != 0)
      g_ptr_array_add (names, g_strdup (entry->d_name));
  return g_steal_pointer (&names);
}

/* What SetDns wrote for the namespace, whatever folder it lies in; not for an earlier one of the name. */
static gboolean
is_services (const NetnsFiles *files, const NetnsOrder *order, const char *name, gboolean *for_another)
{
  g_autofree char *contents = NULL, *found = NULL;

  *for_another = FALSE;
  if (!netns_file_read (files->folder, name, NETNS_FILE_OWN, SIZE_MAX_OURS, &contents, NULL)
      || !netns_dns_is_ours (contents))
    return FALSE;
  found = netns_dns_get_identity (contents);
  *for_another = found != NULL && !g_str_equal (found, order->files);
  return TRUE;
}

/* Symbolic links may lead elsewhere below /etc/netns only: further away they could pass through a directory of another
 * user, and show the command files that its user cannot reach. For the same reason it is that user who goes to a file,
 * unless the service wrote it: whoever has a namespace of its own has chosen its name, and with it the folder. What the
 * file's own permissions say counts when the command opens it. */
static int
open_file (const NetnsFiles *files, const NetnsOrder *order, const char *source, gboolean as_root, GError **error)
{
  struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
  const NetnsIdentity identity = { as_root ? 0 : order->uid, order->gid };
  g_auto (NetnsAssumed) before = { 0 };
  int fd;

  if (!netns_identity_assume (&before, &identity, 0, error))
    return -1;
  fd = (int) syscall (SYS_openat2, files->parent, source, &how, sizeof how);
  if (fd < 0 && errno == EXDEV)
    netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED,
                  NETNS_ETC_DIR "/%s points outside of " NETNS_ETC_DIR "; put the file itself there", source);
  else if (fd < 0 && errno == EACCES)
    netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED,
                  "User %u cannot reach " NETNS_ETC_DIR
                  "/%s; in a namespace of a user's, commands get only files that the user can "
                  "reach",
                  order->uid, source);
  else if (fd < 0)
    netns_error_set_errno (error, errno, "Cannot open " NETNS_ETC_DIR "/%s", source);
  return fd;
}

/* @fd: (out): a file or a directory for the command of @order, -1 if it is for an earlier namespace of the name
 * Returns: whether all is right with it; @error: `KernelRefused` */
gboolean
netns_files_get (const NetnsFiles *files, const NetnsOrder *order, const char *name, int *fd, GError **error)
{
  g_autofree char *source = g_build_filename (order->namespace_name, name, NULL);
  gboolean for_another, services = is_services (files, order, name, &for_another);
  netns_autofd int opened = -1;
  struct stat status;

  *fd = -1;
  if (for_another)
    return TRUE;
  opened = open_file (files, order, source, services || order->all_files, error);
  if (opened < 0)
    return FALSE;
  if (fstat (opened, &status) < 0)
    return netns_error_set_errno (error, errno, "Cannot examine " NETNS_ETC_DIR "/%s", source);
  if (!S_ISREG (status.st_mode) && !S_ISDIR (status.st_mode))
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, NETNS_ETC_DIR "/%s is neither a file nor a directory",
                         source);
  *fd = g_steal_fd (&opened);
  return TRUE;
}

/* Returns: a file that SetDns wrote for the namespace of @order, -1 if it did not */
int
netns_files_get_written (const NetnsFiles *files, const NetnsOrder *order, const char *name)
{
  gboolean for_another;

  if (!is_services (files, order, name, &for_another) || for_another)
    return -1;
  return openat (files->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}
