/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/plan/store.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* More than the limits of all that is written here let one file become. */
#define FILE_MAX (8 * 1024 * 1024)
/* Folders of their own, as a file in the others can have any name. */
#define NEW_FOLDER NETNS_STATE_DIR "/new"
#define BAD_FOLDER NETNS_STATE_DIR "/bad"
#define BAD_MAX    100

/* Where files begin, which were left there when the service was killed. */
static void
remove_unfinished (void)
{
  g_autoptr (GDir) dir = g_dir_open (NEW_FOLDER, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (NEW_FOLDER, name, NULL);

    g_unlink (path);
  }
}

/**
 * netns_store_begin:
 *
 * Once, before anything is read.
 */
void
netns_store_begin (void)
{
  g_autoptr (GError) error = NULL;

  if (!netns_file_check_folder (NEW_FOLDER, &error) && !g_error_matches (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND))
    netns_store_set_aside ("new", error->message);
  remove_unfinished ();
}

/* The first free name of some: what was set aside before stays. */
static char *
move_aside (const char *path, const char *file)
{
  g_autofree char *flat = g_strdelimit (g_strdup (file), "/", '-');

  if (g_mkdir (BAD_FOLDER, 0700) < 0 && errno != EEXIST)
    return NULL;
  for (guint i = 1; i <= BAD_MAX; i++) {
    g_autofree char *to
      = i == 1 ? g_build_filename (BAD_FOLDER, flat, NULL) : g_strdup_printf (BAD_FOLDER "/%s.%u", flat, i);

    if (renameat2 (AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
      return g_steal_pointer (&to);
    if (errno != EEXIST)
      return NULL;
  }
  return NULL;
}

/**
 * netns_store_set_aside:
 * @file: name below /run/netnsd of what cannot be used
 * @why: for the log
 *
 * Keeps it for the administrator, in /run/netnsd/bad, where it is not read again.
 */
void
netns_store_set_aside (const char *file, const char *why)
{
  g_autofree char *path = g_build_filename (NETNS_STATE_DIR, file, NULL), *to = move_aside (path, file);

  if (to != NULL)
    g_message ("Cannot use %s and moved it to %s: %s", path, to, why);
  else
    g_message ("Cannot use %s, nor move it to " BAD_FOLDER " (%s): %s", path, g_strerror (errno), why);
}

/* @contents: (out) (transfer full) (nullable): what is in a file below /run/netnsd, %NULL if there is none. What the service
 * cannot have written there is set aside. Error: `KernelRefused` */
gboolean
netns_store_read (const char *file, char **contents, GError **error)
{
  g_autofree char *path = g_build_filename (NETNS_STATE_DIR, file, NULL);
  g_autoptr (GError) read_error = NULL;

  if (netns_file_read (AT_FDCWD, path, NETNS_FILE_OWN, FILE_MAX, contents, &read_error)
      || g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND))
    return TRUE;
  if (!g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT))
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot read %s: %s", path, read_error->message);
  netns_store_set_aside (file, read_error->message);
  return TRUE;
}

/* Its folder may be missing, and then it is made. */
static gboolean
put_in_place (const char *from, const char *path)
{
  g_autofree char *folder = NULL;

  if (rename (from, path) == 0)
    return TRUE;
  if (errno != ENOENT)
    return FALSE;
  folder = g_path_get_dirname (path);
  return g_mkdir_with_parents (folder, 0755) == 0 && rename (from, path) == 0;
}

/* Replaces a file below /run/netnsd; %NULL removes it. Errors: `KernelRefused`; `QuotaExceeded`, it could not be read again */
gboolean
netns_store_write (const char *file, const char *contents, GError **error)
{
  g_autofree char *path = g_build_filename (NETNS_STATE_DIR, file, NULL);
  char from[] = NEW_FOLDER "/XXXXXX";
  netns_autofd int fd = -1;
  int error_number;

  if (contents == NULL)
    return g_unlink (path) == 0 || errno == ENOENT || netns_error_set_errno (error, errno, "Cannot remove %s", path);
  if (strlen (contents) > FILE_MAX)
    return netns_refuse (error, NETNS_ERROR_QUOTA_EXCEEDED, "%s would have %zu bytes, the limit is %d", path,
                         strlen (contents), FILE_MAX);
  if (g_mkdir_with_parents (NEW_FOLDER, 0700) < 0)
    return netns_error_set_errno (error, errno, "Cannot create " NEW_FOLDER);
  fd = g_mkstemp_full (from, O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0)
    return netns_error_set_errno (error, errno, "Cannot write %s", path);
  if (netns_file_fill (fd, contents) && put_in_place (from, path))
    return TRUE;
  error_number = errno;
  g_unlink (from);
  return netns_error_set_errno (error, error_number, "Cannot write %s", path);
}

/* Returns: (transfer full) (element-type utf8): the files in a folder below /run/netnsd, each with @folder in front. A folder
 * that the service cannot have made is set aside */
GPtrArray *
netns_store_list (const char *folder)
{
  g_autofree char *path = g_build_filename (NETNS_STATE_DIR, folder, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = netns_file_check_folder (path, &error) ? g_dir_open (path, 0, NULL) : NULL;
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (g_error_matches (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT))
    netns_store_set_aside (folder, error->message);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (files, g_build_filename (folder, name, NULL));
  return files;
}
