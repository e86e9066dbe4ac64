/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that may take long, because of what others have made or do: neither the main loop nor the worker waits for it.
 * Each piece has a thread of its own; users take turns, so that whoever has much of it makes only themselves wait. */
#pragma once

#include <gio/gio.h>

typedef struct _NetnsBackground NetnsBackground;
typedef void (*NetnsBackgroundFunc) (gpointer data, GCancellable *cancellable);
typedef void (*NetnsBackgroundDone) (const GError *error, gpointer data);

/**
 * NetnsWork:
 * @NETNS_WORK_LIST: lists of the rules of a namespace, which take as long as its owner likes
 * @NETNS_WORK_LIST_HOST: lists of the host's rules, which only root makes
 * @NETNS_WORK_SEARCH: looking for the users of a namespace
 * @NETNS_WORK_END: what a namespace needs before it can end
 * @NETNS_WORK_ASK: waiting for neighbours to answer
 *
 * Kinds of work, each with limits of its own.
 */
typedef enum {
  NETNS_WORK_LIST,
  NETNS_WORK_LIST_HOST,
  NETNS_WORK_SEARCH,
  NETNS_WORK_END,
  NETNS_WORK_ASK,
} NetnsWork;

#define NETNS_N_WORKS (NETNS_WORK_ASK + 1)

NetnsBackground *netns_background_new (void);
void netns_background_free (NetnsBackground *background);
gboolean netns_background_push (NetnsBackground *background, NetnsWork work, guint uid, NetnsBackgroundFunc run,
                                NetnsBackgroundDone done, GDestroyNotify drop, gpointer data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsBackground, netns_background_free)
