/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/store.h"

#include "common/error.h"
#include "common/names.h"

#include <errno.h>
#include <glib/gstdio.h>

/**
 * netns_store_read:
 * @file: name below /run/netnsd
 * @contents: (out) (transfer full) (nullable): what is in it, %NULL if there is no such file
 * @error: `KernelRefused`
 *
 * Returns: %FALSE if there is one and it cannot be read
 */
gboolean
netns_store_read (const char *file, char **contents, GError **error)
{
  g_autofree char *path = g_build_filename (NETNS_STATE_DIR, file, NULL);
  g_autoptr (GError) read_error = NULL;

  *contents = NULL;
  if (g_file_get_contents (path, contents, NULL, &read_error)
      || g_error_matches (read_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot read %s: %s", path, read_error->message);
  return FALSE;
}

static gboolean
remove_file (const char *path, GError **error)
{
  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot remove %s", path);
  return FALSE;
}

/**
 * netns_store_write:
 * @file: name below /run/netnsd
 * @contents: (nullable): what shall be in it; %NULL removes it
 * @error: `KernelRefused`
 *
 * Returns: whether it is so now
 */
gboolean
netns_store_write (const char *file, const char *contents, GError **error)
{
  g_autofree char *path = g_build_filename (NETNS_STATE_DIR, file, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GError) write_error = NULL;

  if (contents == NULL)
    return remove_file (path, error);
  if (g_mkdir_with_parents (folder, 0755) < 0) {
    netns_error_set_errno (error, errno, "Cannot make %s", folder);
    return FALSE;
  }
  if (g_file_set_contents_full (path, contents, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, &write_error))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot write %s: %s", path, write_error->message);
  return FALSE;
}

/**
 * netns_store_list:
 * @folder: name below /run/netnsd
 *
 * Returns: (transfer full) (element-type utf8): names of the files in it, each with @folder in front
 */
GPtrArray *
netns_store_list (const char *folder)
{
  g_autofree char *path = g_build_filename (NETNS_STATE_DIR, folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (files, g_build_filename (folder, name, NULL));
  return files;
}
