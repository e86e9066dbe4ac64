/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/later.h"

#include <glib-unix.h>

typedef struct {
  GSource **place; /* NULL for one without a place */
  GSourceOnceFunc func;
  gpointer data;
} Call;

static Call *
call_new (GSource **place, GSourceOnceFunc func, gpointer data)
{
  Call *call = g_new (Call, 1);

  *call = (Call) { place, func, data };
  return call;
}

/* The place is empty before the function is called, which may fill it again, or free its owner. */
static gboolean
on_due (gpointer data)
{
  const Call *call = data;

  if (call->place != NULL)
    g_clear_pointer (call->place, g_source_unref);
  call->func (call->data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_ready (gint fd, GIOCondition condition, gpointer data)
{
  const Call *call = data;

  call->func (call->data);
  return G_SOURCE_CONTINUE;
}

/**
 * netns_later_at:
 * @place: where the source is kept
 * @due: monotonic time in microseconds; what is past is due in the next turn of the main loop
 * @func: (scope async): called once
 * @data: for @func
 *
 * If something is due at @place already, it stays, and comes at @due if that is earlier.
 */
void
netns_later_at (GSource **place, gint64 due, GSourceOnceFunc func, gpointer data)
{
  due = MAX (due, 0); /* less would be never */
  if (*place == NULL) {
    *place = g_timeout_source_new (0);
    g_source_set_ready_time (*place, due);
    g_source_set_callback (*place, on_due, call_new (place, func, data), g_free);
    g_source_attach (*place, g_main_context_get_thread_default ());
  } else if (g_source_get_ready_time (*place) > due) {
    g_source_set_ready_time (*place, due);
  }
}

/* The same, after a time from now. */
void
netns_later_after (GSource **place, guint milliseconds, GSourceOnceFunc func, gpointer data)
{
  netns_later_at (place, g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND, func, data);
}

/* The same, when everything that is happening now has happened. */
void
netns_later_end_of_turn (GSource **place, GSourceOnceFunc func, gpointer data)
{
  netns_later_at (place, 0, func, data);
}

/**
 * netns_later_watch:
 * @place: where the source is kept; it takes the place of what is there
 * @fd: a descriptor, which must stay open until netns_later_clear()
 * @condition: what to wait for
 * @func: (scope notified): called each time; it may clear @place, and free its owner
 * @data: for @func
 */
void
netns_later_watch (GSource **place, int fd, GIOCondition condition, GSourceOnceFunc func, gpointer data)
{
  netns_later_clear (place);
  *place = g_unix_fd_source_new (fd, condition);
  g_source_set_callback (*place, G_SOURCE_FUNC (on_ready), call_new (NULL, func, data), g_free);
  g_source_attach (*place, g_main_context_get_thread_default ());
}

/* A source at @place, if any, is removed without being called. */
void
netns_later_clear (GSource **place)
{
  if (*place != NULL)
    g_source_destroy (*place);
  g_clear_pointer (place, g_source_unref);
}

/* Calls @func once in the main context of another thread. Not g_main_context_invoke(): that would call it here whenever
 * the main loop is not running at the moment. */
void
netns_later_in (GMainContext *context, GSourceOnceFunc func, gpointer data)
{
  g_autoptr (GSource) source = g_timeout_source_new (0);

  g_source_set_callback (source, on_due, call_new (NULL, func, data), g_free);
  g_source_attach (source, context);
}
