/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one thread that enters network namespaces. It runs jobs one after another, each from beginning to end, so
 * changes never interleave and the main thread never waits for the kernel. */
#pragma once

#include <glib.h>

/* As the kernel names the thread to others: at most 15 bytes. */
#define NETNS_WORKER_NAME "netns-worker"

typedef struct _NetnsWorker NetnsWorker;
typedef void (*NetnsWorkerFunc) (gpointer data);

NetnsWorker *netns_worker_new (void);
void netns_worker_free (NetnsWorker *worker);
void netns_worker_push (NetnsWorker *worker, NetnsWorkerFunc run, NetnsWorkerFunc done, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsWorker, netns_worker_free)
