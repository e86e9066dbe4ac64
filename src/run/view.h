/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file system as a command sees it: a mount namespace with the files of /etc/netns/NAME in place of those of /etc, as
 * with `ip netns exec`. The helper makes it, leaves it to the command, and keeps it up to date. */
#pragma once

#include "run/cover.h"
#include "run/resolvers.h"

/**
 * NetnsView:
 * @cover: /etc
 * @resolvers: programs that answer in place of name servers
 * @news: of changes on the host (inotify); -1 if all is as on the host anyway
 * @of_host: the watch on /etc
 * @of_files: the watch on /etc/netns/NAME
 * @clean_at: when what was replaced in @cover is taken away
 */
typedef struct {
  NetnsCover cover;
  NetnsResolvers resolvers;
  int news;
  int of_host;
  int of_files;
  gint64 clean_at;
} NetnsView;

gboolean netns_view_make (NetnsView *view, const NetnsOrder *order, GError **error);
gboolean netns_view_leave (const NetnsView *view, GError **error);
int netns_view_get_delay (const NetnsView *view);
gboolean netns_view_update (NetnsView *view, const NetnsOrder *order);
