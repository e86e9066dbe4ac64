/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for what keeps a namespace alive, and ending it if that is wanted, so that the namespace can be deleted.
 *
 * Who lives in it, has it open or has a socket in it is asked to end (SIGTERM) and killed after five seconds; what is
 * mounted elsewhere is unmounted there afterwards. Processes that only see a mount are left alone, and so are process 1,
 * the bus and the service itself: if one of these holds it, nothing is done at all. */
#pragma once

#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;
typedef struct _NetnsEviction NetnsEviction;
typedef void (*NetnsEvictionFunc) (const GError *error, gpointer data);

NetnsEviction *netns_eviction_new (NetnsCore *core, guint caller, const NetnsNamespace *namespace,
                                   gboolean kill_processes);
void netns_eviction_free (NetnsEviction *eviction);
void netns_eviction_survey (NetnsEviction *eviction, NetnsEvictionFunc func, gpointer data);
void netns_eviction_touch (const NetnsEviction *eviction, NetnsPlan *plan);
void netns_eviction_run (NetnsEviction *eviction, const NetnsGrant *grant, gboolean may_foreign, NetnsEvictionFunc func,
                         gpointer data);
void netns_eviction_spare (guint pid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsEviction, netns_eviction_free)
