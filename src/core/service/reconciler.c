/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/service/reconciler.h"

#include "common/later.h"
#include "common/names.h"

/* The first run may have begun before the call's change. */
#define RUNS_TO_WAIT 2

/* A call that is done and waits with its answer; @runs: how many have ended since. */
typedef struct {
  NetnsSettledFunc done;
  gpointer data;
  guint runs;
} Call;

static void
answer_calls (NetnsReconciler *reconciler)
{
  g_autoptr (GArray) calls = g_steal_pointer (&reconciler->calls);

  reconciler->calls = g_array_new (FALSE, FALSE, sizeof (Call));
  for (guint i = 0; i < calls->len; i++) {
    Call *call = &g_array_index (calls, Call, i);

    if (!reconciler->marked || ++call->runs == RUNS_TO_WAIT)
      call->done (call->data);
    else
      g_array_append_val (reconciler->calls, *call);
  }
}

static void enqueue (gpointer data);

/* Calls wait until nothing is left to do, but not for those who change things on and on; and for no pause. */
static void
end (NetnsReconciler *reconciler)
{
  reconciler->busy = FALSE;
  answer_calls (reconciler);
  if (reconciler->marked)
    netns_reconciler_mark (reconciler);
  if (reconciler->calls->len > 0)
    enqueue (reconciler);
}

static void
on_done (const GError *error, gpointer data)
{
  NetnsReconciler *reconciler = data;
  g_autoptr (NetnsPlan) plan = g_steal_pointer (&reconciler->plan);

  reconciler->class->done (reconciler, plan, error);
  reconciler->last = g_get_monotonic_time ();
  end (reconciler);
}

static void
run_next (gpointer data)
{
  NetnsReconciler *reconciler = data;

  reconciler->marked = FALSE;
  reconciler->plan = reconciler->class->plan (reconciler);
  if (reconciler->plan != NULL) {
    netns_core_run (reconciler->core, reconciler->plan, reconciler->grant, on_done, reconciler);
    return;
  }
  netns_core_skip (reconciler->core);
  end (reconciler);
}

static void
enqueue (gpointer data)
{
  NetnsReconciler *reconciler = data;

  if (reconciler->busy || !reconciler->marked)
    return;
  reconciler->busy = TRUE;
  netns_core_enqueue (reconciler->core, NETNS_UID_NOBODY, run_next, reconciler);
}

static void
on_due (gpointer data)
{
  NetnsReconciler *reconciler = data;

  if (reconciler->class->settle)
    netns_mirror_settle (netns_core_get_mirror (reconciler->core), enqueue, reconciler);
  else
    enqueue (reconciler);
}

void
netns_reconciler_init (NetnsReconciler *reconciler, const NetnsReconcilerClass *class, NetnsCore *core,
                       const NetnsGrant *grant)
{
  reconciler->class = class;
  reconciler->core = core;
  reconciler->grant = grant;
  reconciler->calls = g_array_new (FALSE, FALSE, sizeof (Call));
}

/* Nothing must change afterwards. */
void
netns_reconciler_clear (NetnsReconciler *reconciler)
{
  netns_later_clear (&reconciler->source);
  g_clear_pointer (&reconciler->plan, netns_plan_free);
  g_clear_pointer (&reconciler->calls, g_array_unref);
}

/* There may be something to do: at the end of this turn of the main loop, which may bring more news, or of the pause. */
void
netns_reconciler_mark (NetnsReconciler *reconciler)
{
  reconciler->marked = TRUE;
  if (!reconciler->busy)
    netns_later_at (&reconciler->source, reconciler->last + reconciler->class->pause, on_due, reconciler);
}

/* A NetnsHoldCallFunc: the call has changed something, the mirror knows it, and its answer is due. */
gboolean
netns_reconciler_hold_call (NetnsSettledFunc done, gpointer data, gpointer reconciler)
{
  NetnsReconciler *self = reconciler;
  const Call call = { done, data };

  if (!self->marked && !self->busy)
    return FALSE;
  g_array_append_val (self->calls, call);
  enqueue (self);
  return TRUE;
}
