/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When events are taken in: as they come, before each look at the mirror, and not in the middle of a plan. */
#include "mirror/private.h"

#include <glib-unix.h>

/* How long events wait for a plan to end. News of others must be on the bus within 5 ms. */
#define HOLD_MAX 4 /* ms */

/**
 * netns_mirror_catch_up:
 * @mirror: the mirror
 *
 * Takes in all that the kernel has announced up to now. Due before each look at the mirror, so that a change which a
 * caller made by other means the moment before is seen.
 */
void
netns_mirror_catch_up (NetnsMirror *mirror)
{
  g_autoptr (GError) error = NULL;

  netns_dns_reader_drain (mirror->dns);
  if (!netns_event_socket_drain (mirror->events, &error))
    g_error ("%s", error->message); /* deaf: a restart is the only cure */
  if (netns_event_socket_take_overrun (mirror->events))
    netns_mirror_resync (mirror);
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gboolean
on_events (gint fd, GIOCondition condition, gpointer data)
{
  netns_mirror_catch_up (data);
  return G_SOURCE_CONTINUE;
}

/* Begins to take in events as they come. */
void
netns_mirror_follow (NetnsMirror *mirror)
{
  mirror->events_source = g_unix_fd_source_new (netns_event_socket_get_fd (mirror->events), G_IO_IN);
  g_source_set_callback (mirror->events_source, G_SOURCE_FUNC (on_events), mirror, NULL);
  g_source_attach (mirror->events_source, g_main_context_get_thread_default ());
  netns_dns_reader_follow (mirror->dns, TRUE);
}

void
netns_mirror_unfollow (NetnsMirror *mirror)
{
  clear_source (&mirror->events_source);
  clear_source (&mirror->hold_timer);
  if (mirror->dns != NULL) /* it may have failed to begin */
    netns_dns_reader_follow (mirror->dns, FALSE);
}

static gboolean
on_hold_over (gpointer data)
{
  NetnsMirror *mirror = data;

  g_clear_pointer (&mirror->hold_timer, g_source_unref);
  netns_mirror_follow (mirror);
  return G_SOURCE_REMOVE;
}

/**
 * netns_mirror_hold_events:
 * @mirror: the mirror
 *
 * A plan begins: what it does shall be taken in and announced at once and not in pieces. Whoever looks at the mirror
 * meanwhile sees what there is.
 */
void
netns_mirror_hold_events (NetnsMirror *mirror)
{
  netns_mirror_unfollow (mirror);
  mirror->hold_timer = g_timeout_source_new (HOLD_MAX);
  g_source_set_callback (mirror->hold_timer, on_hold_over, mirror, NULL);
  g_source_attach (mirror->hold_timer, g_main_context_get_thread_default ());
}

/**
 * netns_mirror_release_events:
 * @mirror: the mirror
 *
 * The plan has ended: takes in what came meanwhile.
 */
void
netns_mirror_release_events (NetnsMirror *mirror)
{
  clear_source (&mirror->hold_timer);
  if (mirror->events_source == NULL)
    netns_mirror_follow (mirror);
  netns_mirror_catch_up (mirror);
}
