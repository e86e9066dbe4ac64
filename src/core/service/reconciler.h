/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reconcilers look at what the service wants and what there is, without being called: news mark them, and when those of
 * a turn of the main loop are in, they wait until no call is about to change anything, plan and run. A call whose change
 * has to be reconciled can wait for that with its answer. */
#pragma once

#include "common/grant.h"
#include "core/service/core.h"

typedef struct _NetnsReconciler NetnsReconciler;

/**
 * NetnsReconcilerClass:
 * @pause: microseconds from the end of a run to the next one
 * @settle: whether the mirror has to know everything first
 * @plan: Returns: (transfer full) (nullable): what to run, %NULL for nothing
 * @done: (nullable): called when a plan was run
 */
typedef struct {
  gint64 pause;
  gboolean settle;
  NetnsPlan *(*plan) (NetnsReconciler *reconciler);
  void (*done) (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error);
} NetnsReconcilerClass;

/**
 * NetnsReconciler:
 * @class: what it does
 * @core: the service
 * @grant: (nullable): that of the service itself; must live as long as this
 * @source: waits for the end of the turn of the main loop, or of the pause
 * @last: when it last ran, monotonic
 * @marked: there may be something to do
 * @busy: is in the queue of calls, or runs
 * @plan: (nullable): what it runs
 * @calls: those that wait with their answers
 *
 * What all of them have: the first member of each.
 */
struct _NetnsReconciler {
  const NetnsReconcilerClass *class;
  NetnsCore *core;
  const NetnsGrant *grant;
  GSource *source;
  gint64 last;
  gboolean marked;
  gboolean busy;
  NetnsPlan *plan;
  GArray *calls;
};

void netns_reconciler_init (NetnsReconciler *reconciler, const NetnsReconcilerClass *class, NetnsCore *core,
                            const NetnsGrant *grant);
void netns_reconciler_clear (NetnsReconciler *reconciler);
void netns_reconciler_mark (NetnsReconciler *reconciler);
gboolean netns_reconciler_hold_call (NetnsSettledFunc done, gpointer data, gpointer reconciler);
