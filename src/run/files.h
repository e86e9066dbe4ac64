/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of /etc/netns/NAME, and which of them a command gets. */
#pragma once

#include "run/order.h"

/**
 * NetnsFiles:
 * @parent: /etc/netns
 * @folder: /etc/netns/NAME, -1 if there is none
 */
typedef struct {
  int parent;
  int folder;
} NetnsFiles;

gboolean netns_files_open (NetnsFiles *files, const char *namespace_name, GError **error);
GPtrArray *netns_files_list (int directory);
gboolean netns_files_get (const NetnsFiles *files, const NetnsOrder *order, const char *name, int *fd, GError **error);
int netns_files_get_written (const NetnsFiles *files, const NetnsOrder *order, const char *name);
void netns_files_clear (NetnsFiles *files);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NetnsFiles, netns_files_clear)
