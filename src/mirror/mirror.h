/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The current state of the kernel: every network namespace in /run/netns and the host, and while a client watches also
 * those without a name there, with their links, addresses and routes, followed live. Read-only, and without decisions:
 * what is not here is not in the kernel.
 *
 * The main thread owns it. Links and addresses come through the event socket; routes need a socket inside the
 * namespace, so the worker reads them whenever they may have changed. */
#pragma once

#include "kernel/netlink.h"
#include "kernel/worker.h"
#include "mirror/end-watch.h"
#include "mirror/namespace.h"
#include "mirror/types.h"

typedef struct _NetnsMirror NetnsMirror;

NetnsMirror *netns_mirror_new (NetnsWorker *worker, int receive_buffer, GError **error);
void netns_mirror_free (NetnsMirror *mirror);
void netns_mirror_observe (NetnsMirror *mirror, const NetnsObserver *observer, gpointer data);
void netns_mirror_catch_up (NetnsMirror *mirror);
void netns_mirror_settle (NetnsMirror *mirror, NetnsSettledFunc settled, gpointer data);
void netns_mirror_resync (NetnsMirror *mirror);

NetnsNamespace *netns_mirror_get_host (NetnsMirror *mirror);
NetnsNamespace *netns_mirror_find_namespace (NetnsMirror *mirror, const char *name, guint64 cookie);
NetnsNamespace *netns_mirror_get_namespace (NetnsMirror *mirror, const char *name);
GPtrArray *netns_mirror_list_namespaces (NetnsMirror *mirror);
gboolean netns_mirror_get_forwarding (NetnsMirror *mirror, int family);
guint64 netns_mirror_get_resync_count (NetnsMirror *mirror);

void netns_mirror_watch (NetnsMirror *mirror, gboolean watched);
gboolean netns_mirror_is_complete (NetnsMirror *mirror);
void netns_mirror_search (NetnsMirror *mirror, NetnsSettledFunc searched, gpointer data);

guint64 netns_mirror_get_generation (NetnsMirror *mirror);
void netns_mirror_hold_events (NetnsMirror *mirror);
void netns_mirror_release_events (NetnsMirror *mirror);
void netns_mirror_reserve_name (NetnsMirror *mirror, const char *name, gboolean reserved);
void netns_mirror_hold_name (NetnsMirror *mirror, const char *name);
void netns_mirror_release_name (NetnsMirror *mirror, const char *name);
void netns_mirror_refresh_name (NetnsMirror *mirror, const char *name, NetnsNetlink *connection);
void netns_mirror_refresh_addresses (NetnsMirror *mirror, const char *namespace_name);
void netns_mirror_refresh_link (NetnsMirror *mirror, const char *namespace_name, guint index, const char *name);

NetnsEndWatch *netns_mirror_watch_end (NetnsMirror *mirror, const NetnsNamespace *namespace);
GPtrArray *netns_mirror_list_own_dns (NetnsMirror *mirror);
const NetnsDns *netns_mirror_get_dns (NetnsMirror *mirror, const char *name);
NetnsLink *netns_mirror_get_peer (NetnsMirror *mirror, const NetnsLink *link);
gboolean netns_mirror_read_statistics (NetnsMirror *mirror, const NetnsLink *link, GHashTable *counters,
                                       GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsMirror, netns_mirror_free)
