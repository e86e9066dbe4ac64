/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that others may have put something else in the place of. The only way in which the service reads what is not the
 * kernel's own (/proc, /sys). */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef enum {
  NETNS_FILE_FOLLOW = 1 << 0, /* symbolic links on the last step */
  NETNS_FILE_OWN = 1 << 1, /* must belong to this user, who alone can write to it */
} NetnsFileFlags;

gboolean netns_file_read (int folder, const char *path, NetnsFileFlags flags, gsize limit, char **contents,
                          GError **error);
gboolean netns_file_check_folder (const char *path, GError **error);
gboolean netns_file_write (int fd, const char *data, gsize size);
gboolean netns_file_fill (int fd, const char *contents);
int netns_file_open_again (int path_fd, int flags);
const char *netns_file_describe_type (mode_t mode);
