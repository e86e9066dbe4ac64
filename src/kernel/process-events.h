/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* News of processes that begin, or become another program: the proc connector of the kernel. It tells nothing of namespaces,
 * but who has just begun can be looked at. */
#pragma once

#include <glib.h>

typedef struct _NetnsProcessEvents NetnsProcessEvents;

NetnsProcessEvents *netns_process_events_new (GError **error);
void netns_process_events_free (NetnsProcessEvents *events);
int netns_process_events_get_fd (const NetnsProcessEvents *events);
gboolean netns_process_events_read (NetnsProcessEvents *events, GHashTable *pids);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsProcessEvents, netns_process_events_free)
