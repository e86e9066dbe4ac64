/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources of the main loop, each kept at a place that its owner names: a #GSource * that is %NULL while nothing is due.
 * All run at the default priority, unless the owner changes it, in the calling thread's main context. */
#pragma once

#include <glib.h>

void netns_later_at (GSource **place, gint64 due, GSourceOnceFunc func, gpointer data);
void netns_later_after (GSource **place, guint milliseconds, GSourceOnceFunc func, gpointer data);
void netns_later_end_of_turn (GSource **place, GSourceOnceFunc func, gpointer data);
void netns_later_watch (GSource **place, int fd, GIOCondition condition, GSourceOnceFunc func, gpointer data);
void netns_later_clear (GSource **place);
void netns_later_in (GMainContext *context, GSourceOnceFunc func, gpointer data);
