/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/file.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>

/* Returns: what there is, with its article, for an error */
const char *
netns_file_describe_type (mode_t mode)
{
  switch (mode & S_IFMT) {
  case S_IFREG:
    return "a file";
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

/* By whom the kernel makes files. The call says it and does not set it; where it is not allowed, as in the service's unit, nobody
 * can be another one there than otherwise. */
static uid_t
get_file_user (void)
{
  uid_t uid = (uid_t) setfsuid ((uid_t) -1);

  return uid == (uid_t) -1 ? geteuid () : uid;
}

static gboolean
check (const struct stat *status, mode_t type, NetnsFileFlags flags, GError **error)
{
  if ((status->st_mode & S_IFMT) != type)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "It is %s", netns_file_describe_type (status->st_mode));
  if ((flags & NETNS_FILE_OWN) == 0)
    return TRUE;
  if (status->st_uid != get_file_user ())
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "It belongs to user %u", status->st_uid);
  if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Others can write to it (mode %o)",
                         status->st_mode & ~(mode_t) S_IFMT);
  return TRUE;
}

/* A descriptor with O_PATH can only be looked at: opening it has no effect on what is there, whatever it is, while opening a
 * FIFO waits and opening a device can do anything. Returns: one of the same file with @flags, -1 with errno */
int
netns_file_open_again (int path_fd, int flags)
{
  char path[64];

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", path_fd);
  return open (path, flags | O_CLOEXEC);
}

static int
open_checked (int folder, const char *path, mode_t type, NetnsFileFlags flags, struct stat *status, GError **error)
{
  netns_autofd int fd = openat (folder, path, O_PATH | O_CLOEXEC | (flags & NETNS_FILE_FOLLOW ? 0 : O_NOFOLLOW));
  int result;

  if (fd < 0 || fstat (fd, status) < 0) {
    if (errno == ENOENT)
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "It is not there");
    else
      netns_error_set_errno (error, errno, "It cannot be opened");
    return -1;
  }
  if (!check (status, type, flags, error))
    return -1;
  result = netns_file_open_again (fd, O_RDONLY | O_NONBLOCK);
  if (result < 0)
    netns_error_set_errno (error, errno, "It cannot be opened");
  return result;
}

/**
 * netns_file_read:
 * @folder: a directory, AT_FDCWD for an absolute @path
 * @path: a file in it
 * @flags: what it may or must be
 * @limit: bytes that it may have
 * @contents: (out) (transfer full) (nullable): what is in it
 * @error: `NotFound`, `InvalidArgument` (what is there is not such a file: the text says what it is), `KernelRefused`
 *
 * Waits for nobody, unless for a file system that does not answer.
 *
 * Returns: whether it was read
 */
gboolean
netns_file_read (int folder, const char *path, NetnsFileFlags flags, gsize limit, char **contents, GError **error)
{
  struct stat status;
  netns_autofd int fd = open_checked (folder, path, S_IFREG, flags, &status, error);
  g_autofree char *text = NULL;
  gsize done = 0;
  gssize size = 1;

  *contents = NULL;
  if (fd < 0)
    return FALSE;
  if (status.st_size < 0 || (gsize) status.st_size > limit)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "It has %" G_GINT64_FORMAT " bytes, the limit is %zu",
                         (gint64) status.st_size, limit);
  /* One byte more than it had, to see its end; of one that grows meanwhile the rest is left out. */
  text = g_malloc ((gsize) status.st_size + 2);
  while (done <= (gsize) status.st_size && size > 0) {
    size = read (fd, text + done, (gsize) status.st_size + 1 - done);
    done += (gsize) MAX (size, 0);
  }
  if (size < 0)
    return netns_error_set_errno (error, errno, "It cannot be read");
  text[done] = '\0';
  *contents = g_steal_pointer (&text);
  return TRUE;
}

/* Returns: whether all of it is written; errno says why not */
gboolean
netns_file_write (int fd, const char *data, gsize size)
{
  for (gsize done = 0; done < size;) {
    gssize written = write (fd, data + done, size - done);

    if (written < 0 && errno != EINTR)
      return FALSE;
    done += (gsize) MAX (written, 0);
  }
  return TRUE;
}

/* Writes a text file that everybody may read, whatever the service's umask is. Returns: whether it is on its disk; errno says
 * why not */
gboolean
netns_file_fill (int fd, const char *contents)
{
  return netns_file_write (fd, contents, strlen (contents)) && fchmod (fd, 0644) == 0 && fsync (fd) == 0;
}

/**
 * netns_file_check_folder:
 * @path: a directory that must be this user's
 * @error: as netns_file_read()
 *
 * Returns: whether it is
 */
gboolean
netns_file_check_folder (const char *path, GError **error)
{
  struct stat status;
  netns_autofd int fd = open_checked (AT_FDCWD, path, S_IFDIR, NETNS_FILE_OWN, &status, error);

  return fd >= 0;
}
