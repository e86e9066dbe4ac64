/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes between the plan that takes a namespace its names and the answer. The kernel is asked first whether the
 * namespace has ended; only if it has not after a moment, others are looked for who still use it, and if there are any, it
 * gets its names back. Other calls have their turn meanwhile. */
#pragma once

#include "core/service/lingering.h"
#include "kernel/background.h"
#include "kernel/worker.h"

typedef struct _NetnsCore NetnsCore;

/**
 * NetnsEndingParts:
 * @mirror: what shows the end
 * @worker: who runs plans
 * @background: who looks for users
 * @lingering: where those are noted that did not end
 * @enqueue: calls a function when no plan runs, for a user
 * @skip: called when that function, or what it began, is done
 * @queue: for both
 */
typedef struct {
  NetnsMirror *mirror;
  NetnsWorker *worker;
  NetnsBackground *background;
  NetnsLingering *lingering;
  void (*enqueue) (NetnsCore *queue, guint uid, GSourceOnceFunc func, gpointer data);
  void (*skip) (NetnsCore *queue);
  NetnsCore *queue;
} NetnsEndingParts;

/**
 * NetnsEndingFunc:
 * @deleted: whether the names are gone; else all is as before
 * @error: (nullable): `Busy` when it has not ended, `RolledBack`, `KernelRefused`
 * @data: as given
 */
typedef void (*NetnsEndingFunc) (gboolean deleted, const GError *error, gpointer data);

typedef struct _NetnsEndings NetnsEndings;

NetnsEndings *netns_endings_new (const NetnsEndingParts *parts);
void netns_endings_free (NetnsEndings *endings);
void netns_endings_begin (NetnsEndings *endings, NetnsPlan *plan, const NetnsGrant *grant, guint uid,
                          NetnsEndingFunc func, gpointer data);
gboolean netns_endings_is_empty (const NetnsEndings *endings);
gboolean netns_endings_has (const NetnsEndings *endings, guint64 cookie);
gboolean netns_refuse_in_use (const char *name, const GArray *references, GError **error);
