/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* News of processes that begin, or become another program: the proc connector of the kernel. It tells nothing of namespaces,
 * but who has just begun can be looked at. */
#pragma once

#include <glib.h>

int netns_process_events_open (GError **error);
void netns_process_events_close (int *fd);
gboolean netns_process_events_read (int fd, GHashTable *pids);
