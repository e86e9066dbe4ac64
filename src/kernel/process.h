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

GArray *netns_process_list (const NetnsFileId *id, GError **error);
int netns_process_open (guint pid);
gboolean netns_process_has_ended (int pidfd);
gboolean netns_process_signal (const NetnsGrant *grant, int pidfd, int signal_number, GError **error);
int netns_process_open_namespace (guint pid, int pidfd, GError **error);
guint64 netns_process_read_namespace (guint pid);
guint netns_process_get_user (guint pid);
char *netns_process_read_groups (guint pid);
