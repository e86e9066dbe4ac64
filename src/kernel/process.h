/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which processes live in a namespace, from /proc. */
#pragma once

#include "kernel/netns.h"

/**
 * NetnsProcess:
 * @pid: process id as the service sees it
 * @uid: its effective uid
 * @command: its name (comm), at most 15 bytes
 */
typedef struct {
  guint pid;
  guint uid;
  char command[16];
} NetnsProcess;

GArray *netns_process_list (const NetnsFileId *id, guint limit, GError **error);
int netns_process_open (guint pid);
gboolean netns_process_has_ended (int pidfd);
void netns_process_try_each (const int *pidfds, guint n_pidfds, int number, int *error_numbers);
int netns_process_open_namespace (guint pid, int pidfd, GError **error);
guint64 netns_process_read_namespace (guint pid);
guint netns_process_get_user (guint pid);
guint netns_process_get_group (guint pid);
guint netns_process_get_real_user (guint pid);
guint netns_process_get_parent (guint pid);
gint64 netns_process_get_age (guint tid);
char *netns_process_read_groups (guint pid);
