/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc of a command whose namespace has files of its own in /etc/netns/NAME. A file system of ours covers the whole
 * directory, and in it are the namespace's files and all others of the host. A mount over a single file of /etc would
 * need that file, and would be gone as soon as the host replaces it by another one (vfs_rename() calls
 * detach_mounts()), and with it the namespace's name servers.
 *
 * The others are mounted one by one, and what the host does to their names is repeated. Links to another place where the
 * host's /etc is would need no repeating, but lead programs astray that are confined by path (AppArmor) or take a
 * link's target for a name (/etc/localtime); and an overlay shows what the host had when it was looked at first. */
#pragma once

#include "run/files.h"

/**
 * NetnsCover:
 * @files: the namespace's files
 * @outside: the mount namespace of the helper
 * @inside: that of the command
 * @host: the host's /etc, below what covers it; -1 if nothing does
 * @layer: the file system that covers it, where entries can be made
 * @top: the same as the command sees it: read-only
 * @n_spare: how many entries were replaced, of which some are still there for who was about to open them; 0 if none is
 * @n_old: the first ones, which can go the next time
 * @is_lost: whether the helper is in the mount namespace of the command and cannot leave it
 */
typedef struct {
  NetnsFiles files;
  int outside;
  int inside;
  int host;
  int layer;
  int top;
  guint n_spare;
  guint n_old;
  gboolean is_lost;
} NetnsCover;

gboolean netns_cover_make (NetnsCover *cover, const NetnsOrder *order, GError **error);
gboolean netns_cover_enter (NetnsCover *cover, gboolean inside);
gboolean netns_cover_has_own (const NetnsCover *cover, const char *name);
void netns_cover_update_own (NetnsCover *cover, const NetnsOrder *order, const char *name);
void netns_cover_update_host (NetnsCover *cover, const char *name);
void netns_cover_update_all (NetnsCover *cover);
void netns_cover_clean (NetnsCover *cover);
