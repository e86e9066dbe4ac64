/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The moment when the kernel gives a namespace up: its names can be gone long before. */
#include "mirror/private.h"

struct _NetnsEndWatch {
  NetnsMirror *mirror;
  int nsid;
  gboolean ended;
  GSource *timer;
  NetnsEndFunc func;
  gpointer data;
};

/**
 * netns_mirror_watch_end:
 * @mirror: the mirror
 * @namespace: a namespace that lives
 *
 * Begins to look out for its end; an id that is given up belongs to another namespace the next moment.
 *
 * Returns: (transfer full): the watch, which the mirror must outlive
 */
NetnsEndWatch *
netns_mirror_watch_end (NetnsMirror *mirror, const NetnsNamespace *namespace)
{
  NetnsEndWatch *watch = g_new0 (NetnsEndWatch, 1);

  watch->mirror = mirror;
  watch->nsid = namespace->nsid;
  g_ptr_array_add (mirror->end_watches, watch);
  return watch;
}

static void
stop_timer (NetnsEndWatch *watch)
{
  if (watch->timer != NULL)
    g_source_destroy (watch->timer);
  g_clear_pointer (&watch->timer, g_source_unref);
}

void
netns_end_watch_free (NetnsEndWatch *watch)
{
  stop_timer (watch);
  g_ptr_array_remove (watch->mirror->end_watches, watch);
  g_free (watch);
}

static void
finish (NetnsEndWatch *watch)
{
  NetnsEndFunc func = g_steal_pointer (&watch->func);

  stop_timer (watch);
  if (func != NULL)
    func (watch->ended, watch->data);
}

static gboolean
on_timer (gpointer data)
{
  NetnsEndWatch *watch = data;

  finish (watch);
  return G_SOURCE_REMOVE;
}

/**
 * netns_end_watch_wait:
 * @watch: a watch
 * @timeout: milliseconds
 * @func: (scope async): called when the namespace has ended, or time is up; not at once. May free the watch
 * @data: for @func
 */
void
netns_end_watch_wait (NetnsEndWatch *watch, guint timeout, NetnsEndFunc func, gpointer data)
{
  watch->func = func;
  watch->data = data;
  watch->timer = g_timeout_source_new (watch->ended ? 0 : timeout);
  g_source_set_callback (watch->timer, on_timer, watch, NULL);
  g_source_attach (watch->timer, g_main_context_get_thread_default ());
}

static void
note_end (NetnsMirror *mirror, int nsid)
{
  for (guint i = 0; i < mirror->end_watches->len; i++) {
    NetnsEndWatch *watch = g_ptr_array_index (mirror->end_watches, i);

    if (watch->nsid != nsid || watch->ended)
      continue;
    watch->ended = TRUE;
    /* Not from here: somebody up the stack may be looking at the mirror. */
    if (watch->timer != NULL)
      g_source_set_ready_time (watch->timer, 0);
  }
}

/* The host's id of a namespace is given up: nobody holds it any more. */
void
netns_mirror_take_end (NetnsMirror *mirror, const NetnsEvent *event)
{
  NetnsNamespace *namespace;

  if (event->nsid != mirror->host->nsid)
    return;
  note_end (mirror, event->gone_nsid);
  namespace = g_hash_table_lookup (mirror->by_nsid, GINT_TO_POINTER (event->gone_nsid));
  if (namespace != NULL && namespace != mirror->host)
    netns_mirror_drop_namespace (mirror, namespace);
}
