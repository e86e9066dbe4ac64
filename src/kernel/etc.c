/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No symbolic link is followed on the way to what is written, and no file is written in place: one that is not there
 * or that the service made is replaced, all others are the administrator's. */
#include "kernel/etc.h"
#include "common/cleanup.h"
#include "common/dns.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/file.h"
#include "kernel/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_SIZE  (64 * 1024) /* of a file that is read */
#define BOOT_ID   "/proc/sys/kernel/random/boot_id"
#define TEMPORARY ".netnsd~"

static const char *const file_names[NETNS_ETC_N_FILES] = {
  [NETNS_ETC_RESOLV_CONF] = "resolv.conf",
  [NETNS_ETC_NSSWITCH_CONF] = "nsswitch.conf",
};

void
netns_etc_files_clear (NetnsEtcFiles *files)
{
  for (guint i = 0; i < NETNS_ETC_N_FILES; i++)
    g_clear_pointer (&files->contents[i], g_free);
}

/* Returns: (transfer full) (nullable): what is in a configuration file, as a resolver reads it: symbolic links are followed;
 * %NULL if it cannot be read */
char *
netns_etc_read (const char *path)
{
  char *contents;

  return netns_file_read (AT_FDCWD, path, NETNS_FILE_FOLLOW, MAX_SIZE, &contents, NULL) ? contents : NULL;
}

/* Returns: (transfer full) (nullable): what tells the namespace with this cookie from all others, also from those after a
 * reboot, which get the same cookies again; %NULL on error */
char *
netns_etc_print_identity (guint64 cookie, GError **error)
{
  g_autoptr (GError) read_error = NULL;
  g_autofree char *path = netns_mounts_path (BOOT_ID), *boot = NULL;

  if (!g_file_get_contents (path, &boot, NULL, &read_error))
    return netns_refuse_null (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot read " BOOT_ID ": %s", read_error->message);
  return g_strdup_printf ("%" G_GUINT64_FORMAT " of boot %s", cookie, g_strchomp (boot));
}

static void
set_foreign (GError **error, const char *path, const char *what)
{
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "%s %s; not overwriting it", path, what);
}

/* Returns a folder, or -1: without an error if it is not there. */
static int
open_folder (int parent, const char *name, const char *path, GError **error)
{
  int fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
    set_foreign (error, path, "is not a directory created by netnsd but a link or a file");
  else if (fd < 0 && errno != ENOENT)
    netns_error_set_errno (error, errno, "Cannot open %s", path);
  return fd;
}

static int
make_folder (int parent, const char *name, const char *path, GError **error)
{
  /* For all to look into, whatever the service's umask is. */
  if (mkdirat (parent, name, 0755) == 0 ? fchmodat (parent, name, 0755, 0) == 0 : errno == EEXIST)
    return open_folder (parent, name, path, error);
  netns_error_set_errno (error, errno, "Cannot create %s", path);
  return -1;
}

/**
 * Place:
 * @parent: /etc/netns, -1 if it is not there
 * @folder: the namespace's folder in it
 * @path: of that folder, as others see it
 * @above: where this process finds /etc/netns
 */
typedef struct {
  int parent;
  int folder;
  char *path;
  char *above;
} Place;

static void
place_clear (Place *place)
{
  netns_close_fd (&place->parent);
  netns_close_fd (&place->folder);
  g_free (place->path);
  g_free (place->above);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

/* @to_write: whether it must be the service's; a foreign one otherwise counts as empty. */
static gboolean
open_place (Place *place, const char *name, gboolean to_write, GError **error)
{
  g_autoptr (GError) open_error = NULL;

  place->path = g_build_filename (NETNS_ETC_DIR, name, NULL);
  place->above = netns_mounts_path (NETNS_ETC_DIR);
  place->parent = open_folder (AT_FDCWD, place->above, NETNS_ETC_DIR, &open_error);
  if (place->parent >= 0)
    place->folder = open_folder (place->parent, name, place->path, &open_error);
  if (open_error == NULL || (!to_write && g_error_matches (open_error, NETNS_ERROR, NETNS_ERROR_EXISTS)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&open_error));
  return FALSE;
}

static gboolean
remove_folder (int parent, const char *name, const char *path, GError **error)
{
  if (unlinkat (parent, name, AT_REMOVEDIR) == 0 || errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT
      || errno == ENOTDIR)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot remove %s", path);
}

/* A folder that @files does not have is taken away if nothing is in it. */
static gboolean
remove_folders (const Place *place, const char *name, const NetnsEtcFiles *files, GError **error)
{
  if (!files->folder && place->parent >= 0 && !remove_folder (place->parent, name, place->path, error))
    return FALSE;
  return files->parent || remove_folder (AT_FDCWD, place->above, NETNS_ETC_DIR, error);
}

static gboolean
make_place (Place *place, const char *name, const NetnsEtcFiles *before, GError **error)
{
  if (place->parent < 0)
    place->parent = make_folder (AT_FDCWD, place->above, NETNS_ETC_DIR, error);
  if (place->parent >= 0 && place->folder < 0)
    place->folder = make_folder (place->parent, name, place->path, error);
  if (place->folder >= 0)
    return TRUE;
  remove_folders (place, name, before, NULL);
  return FALSE;
}

/* @is_foreign: whether there is one that the service did not write. What it wrote belongs to root, who alone can write to
 * it. */
static gboolean
look_at_file (const Place *place, guint i, char **contents, gboolean *is_foreign, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) read_error = NULL;

  *contents = NULL;
  *is_foreign = FALSE;
  if (place->folder < 0)
    return TRUE;
  if (!netns_file_read (place->folder, file_names[i], NETNS_FILE_OWN, MAX_SIZE, &text, &read_error)) {
    *is_foreign = g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
    return *is_foreign || g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND)
           || netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot read %s/%s: %s", place->path, file_names[i],
                            read_error->message);
  }
  *is_foreign = !netns_dns_is_ours (text);
  if (!*is_foreign)
    *contents = g_steal_pointer (&text);
  return TRUE;
}

/* @files: the files to write, which must not replace foreign ones; %NULL for none. */
static gboolean
look_at_place (const Place *place, const NetnsEtcFiles *files, NetnsEtcFiles *found, GError **error)
{
  found->parent = place->parent >= 0;
  found->folder = place->folder >= 0;
  for (guint i = 0; i < NETNS_ETC_N_FILES; i++) {
    g_autofree char *path = g_build_filename (place->path, file_names[i], NULL);
    gboolean is_foreign;

    if (!look_at_file (place, i, &found->contents[i], &is_foreign, error))
      return FALSE;
    if (!is_foreign || files == NULL || files->contents[i] == NULL)
      continue;
    set_foreign (error, path, "was not created by netnsd");
    return FALSE;
  }
  return TRUE;
}

static gboolean
write_file (const Place *place, guint i, const char *contents, GError **error)
{
  netns_autofd int fd = -1;

  unlinkat (place->folder, TEMPORARY, 0); /* left when the service was killed */
  fd = openat (place->folder, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd >= 0 && netns_file_fill (fd, contents)
      && renameat (place->folder, TEMPORARY, place->folder, file_names[i]) == 0)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot write %s/%s", place->path, file_names[i]);
  unlinkat (place->folder, TEMPORARY, 0);
  return FALSE;
}

static gboolean
change_file (const Place *place, guint i, const char *from, const char *to, GError **error)
{
  if (g_strcmp0 (from, to) == 0)
    return TRUE;
  if (to != NULL)
    return write_file (place, i, to, error);
  if (unlinkat (place->folder, file_names[i], 0) == 0 || errno == ENOENT)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot remove %s/%s", place->path, file_names[i]);
}

static gboolean
change_files (const Place *place, const NetnsEtcFiles *from, const NetnsEtcFiles *to, GError **error)
{
  for (guint i = 0; i < NETNS_ETC_N_FILES; i++) {
    if (change_file (place, i, from->contents[i], to->contents[i], error))
      continue;
    for (; i > 0; i--) {
      g_autoptr (GError) back_error = NULL;

      if (!change_file (place, i - 1, to->contents[i - 1], from->contents[i - 1], &back_error))
        g_warning ("%s", back_error->message);
    }
    return FALSE;
  }
  return TRUE;
}

/**
 * netns_etc_replace:
 * @grant: who may do it
 * @name: a namespace
 * @files: the wanted files; folders that it does not have are removed if they are empty
 * @before: (out caller-allocates): what they were
 * @error: `Exists` (a file of the administrator's), `KernelRefused`; nothing is changed then
 *
 * Returns: whether it was done
 */
gboolean
netns_etc_replace (const NetnsGrant *grant, const char *name, const NetnsEtcFiles *files, NetnsEtcFiles *before,
                   GError **error)
{
  g_auto (Place) place = { -1, -1, NULL, NULL };
  g_auto (NetnsEtcFiles) found = { 0 };
  gboolean any = files->contents[0] != NULL || files->contents[1] != NULL;

  if (!open_place (&place, name, any || files->folder, error) || !look_at_place (&place, files, &found, error))
    return FALSE;
  if ((any || files->folder) && !make_place (&place, name, &found, error))
    return FALSE;
  if (!change_files (&place, &found, files, error)) {
    remove_folders (&place, name, &found, NULL);
    return FALSE;
  }
  if (!remove_folders (&place, name, files, error)) {
    change_files (&place, files, &found, NULL);
    return FALSE;
  }
  *before = found;
  memset (&found, 0, sizeof found);
  return TRUE;
}

/**
 * netns_etc_get:
 * @name: a namespace
 * @files: (out caller-allocates): what the service has there
 * @error: `KernelRefused`
 *
 * Returns: whether it could be found out
 */
gboolean
netns_etc_get (const char *name, NetnsEtcFiles *files, GError **error)
{
  g_auto (Place) place = { -1, -1, NULL, NULL };
  g_auto (NetnsEtcFiles) found = { 0 };

  if (!open_place (&place, name, FALSE, error) || !look_at_place (&place, NULL, &found, error))
    return FALSE;
  *files = found;
  memset (&found, 0, sizeof found);
  return TRUE;
}
