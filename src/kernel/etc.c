/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* No symbolic link is followed on the way to what is written, and no file is written in place: one that is not there
 * or that the service made is replaced, all others are the administrator's. */
#include "kernel/etc.h"
#include "common/cleanup.h"
#include "common/dns.h"
#include "common/error.h"
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_SIZE  (64 * 1024) /* of a file that is read */
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

static char *
read_descriptor (int fd)
{
  g_autoptr (GString) contents = g_string_new (NULL);
  char buffer[4096];
  gssize size;

  while ((size = read (fd, buffer, sizeof buffer)) > 0 && contents->len < MAX_SIZE)
    g_string_append_len (contents, buffer, size);
  return size < 0 ? NULL : g_string_free (g_steal_pointer (&contents), FALSE);
}

/* Whatever lies there must not keep the service waiting, as a FIFO would. */
static int
open_plain (int folder, const char *path, int flags)
{
  netns_autofd int fd = openat (folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
  struct stat status;

  if (fd < 0 || fstat (fd, &status) < 0)
    return -1;
  if (S_ISREG (status.st_mode))
    return g_steal_fd (&fd);
  errno = EINVAL;
  return -1;
}

/**
 * netns_etc_read:
 * @path: a configuration file
 *
 * As a resolver reads it: symbolic links are followed.
 *
 * Returns: (transfer full) (nullable): what is in it, %NULL if it cannot be read
 */
char *
netns_etc_read (const char *path)
{
  netns_autofd int fd = open_plain (AT_FDCWD, path, 0);

  return fd >= 0 ? read_descriptor (fd) : NULL;
}

static void
set_foreign (GError **error, const char *path, const char *what)
{
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "%s is %s; netnsd does not touch it", path, what);
}

/* Returns a folder, or -1: without an error if it is not there. */
static int
open_folder (int parent, const char *name, const char *path, GError **error)
{
  int fd = openat (parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
    set_foreign (error, path, "no folder but a link or file of the administrator's");
  else if (fd < 0 && errno != ENOENT)
    netns_error_set_errno (error, errno, "Cannot open %s", path);
  return fd;
}

static int
make_folder (int parent, const char *name, const char *path, GError **error)
{
  if (mkdirat (parent, name, 0755) == 0 || errno == EEXIST)
    return open_folder (parent, name, path, error);
  netns_error_set_errno (error, errno, "Cannot make %s", path);
  return -1;
}

/* /etc/netns and the namespace's folder in it. */
typedef struct {
  int parent;
  int folder;
  char *path;
} Place;

static void
place_clear (Place *place)
{
  netns_close_fd (&place->parent);
  netns_close_fd (&place->folder);
  g_free (place->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

/* @to_write: whether it must be the service's; otherwise nothing of it is in what is somebody else's. */
static gboolean
open_place (Place *place, const char *name, gboolean to_write, GError **error)
{
  g_autoptr (GError) open_error = NULL;

  place->path = g_build_filename (NETNS_ETC_DIR, name, NULL);
  place->parent = open_folder (AT_FDCWD, NETNS_ETC_DIR, NETNS_ETC_DIR, &open_error);
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
  netns_error_set_errno (error, errno, "Cannot remove %s", path);
  return FALSE;
}

/* A folder that @files does not have is taken away if nothing is in it. */
static gboolean
remove_folders (const Place *place, const char *name, const NetnsEtcFiles *files, GError **error)
{
  if (!files->folder && place->parent >= 0 && !remove_folder (place->parent, name, place->path, error))
    return FALSE;
  return files->parent || remove_folder (AT_FDCWD, NETNS_ETC_DIR, NETNS_ETC_DIR, error);
}

static gboolean
make_place (Place *place, const char *name, const NetnsEtcFiles *before, GError **error)
{
  if (place->parent < 0)
    place->parent = make_folder (AT_FDCWD, NETNS_ETC_DIR, NETNS_ETC_DIR, error);
  if (place->parent >= 0 && place->folder < 0)
    place->folder = make_folder (place->parent, name, place->path, error);
  if (place->folder >= 0)
    return TRUE;
  remove_folders (place, name, before, NULL);
  return FALSE;
}

/* @is_foreign: whether somebody else's is there. */
static gboolean
look_at_file (const Place *place, guint i, char **contents, gboolean *is_foreign, GError **error)
{
  netns_autofd int fd = place->folder >= 0 ? open_plain (place->folder, file_names[i], O_NOFOLLOW) : -1;
  g_autofree char *text = NULL;
  struct stat status;

  *contents = NULL;
  *is_foreign = FALSE;
  if (place->folder < 0
      || (fd < 0 && fstatat (place->folder, file_names[i], &status, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT))
    return TRUE;
  text = fd >= 0 ? read_descriptor (fd) : NULL;
  if (fd >= 0 && text == NULL) {
    netns_error_set_errno (error, errno, "Cannot read %s/%s", place->path, file_names[i]);
    return FALSE;
  }
  *is_foreign = text == NULL || !netns_dns_is_ours (text);
  if (!*is_foreign)
    *contents = g_steal_pointer (&text);
  return TRUE;
}

/* @files: what is to be written, where somebody else's must not be; %NULL for nothing. */
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
    set_foreign (error, path, "the administrator's own");
    return FALSE;
  }
  return TRUE;
}

static gboolean
write_all (int fd, const char *contents)
{
  gsize length = strlen (contents), done = 0;

  while (done < length) {
    gssize size = write (fd, contents + done, length - done);

    if (size < 0)
      return FALSE;
    done += (gsize) size;
  }
  /* 0644 whatever the service's umask is: users read it. */
  return fchmod (fd, 0644) == 0 && fsync (fd) == 0;
}

static gboolean
write_file (const Place *place, guint i, const char *contents, GError **error)
{
  netns_autofd int fd = -1;

  unlinkat (place->folder, TEMPORARY, 0); /* left when the service was killed */
  fd = openat (place->folder, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd >= 0 && write_all (fd, contents)
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
  netns_error_set_errno (error, errno, "Cannot remove %s/%s", place->path, file_names[i]);
  return FALSE;
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
 * @files: what its files shall be; folders that it does not have are removed when nothing is in them
 * @before: (out caller-allocates): what they were
 * @error: `Exists` (a file of the administrator's), `KernelRefused`; nothing is changed then
 *
 * Returns: whether it was done
 */
gboolean
netns_etc_replace (const NetnsGrant *grant, const char *name, const NetnsEtcFiles *files, NetnsEtcFiles *before,
                   GError **error)
{
  g_auto (Place) place = { -1, -1, NULL };
  g_auto (NetnsEtcFiles) found = { { NULL, NULL }, FALSE, FALSE };
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
  g_auto (Place) place = { -1, -1, NULL };
  g_auto (NetnsEtcFiles) found = { { NULL, NULL }, FALSE, FALSE };

  if (!open_place (&place, name, FALSE, error) || !look_at_place (&place, NULL, &found, error))
    return FALSE;
  *files = found;
  memset (&found, 0, sizeof found);
  return TRUE;
}
