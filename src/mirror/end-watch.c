/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/end-watch.h"

#include "common/later.h"
#include "mirror/state.h"

/* The kernel takes the far ends of veth pairs away after the end of a namespace, all at once (default_device_exit_batch() in
 * net/core/dev.c). */
#define FAR_ENDS_TIMEOUT 5000 /* ms */

struct _NetnsEndWatch {
  NetnsMirrorState *state;
  int nsid;
  GHashTable *far_ends; /* of its veth pairs, in other namespaces: key_for(), as a set */
  gboolean ended;
  GSource *timer;
  NetnsEndFunc func;
  gpointer data;
};

static gint64
key_for (int nsid, guint index)
{
  return ((gint64) nsid << 32) | index;
}

/* Begins to look out for the end of a namespace that lives; an id that is given up belongs to another one the next
 * moment. Returns: (transfer full): the watch, which the mirror must outlive */
NetnsEndWatch *
netns_end_watch_new (NetnsMirrorState *state, const NetnsNamespace *namespace)
{
  NetnsEndWatch *watch = g_new0 (NetnsEndWatch, 1);

  watch->state = state;
  watch->nsid = namespace->nsid;
  watch->far_ends = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_ptr_array_add (state->end_watches, watch);
  return watch;
}

/* @link: the far end, in another namespace, of a veth pair of the namespace */
void
netns_end_watch_add_far_end (NetnsEndWatch *watch, const NetnsLink *link)
{
  gint64 key = key_for (link->namespace->nsid, link->info.index);

  g_hash_table_add (watch->far_ends, g_memdup2 (&key, sizeof key));
}

void
netns_end_watch_free (NetnsEndWatch *watch)
{
  netns_later_clear (&watch->timer);
  g_ptr_array_remove (watch->state->end_watches, watch);
  g_hash_table_unref (watch->far_ends);
  g_free (watch);
}

static gboolean
is_over (const NetnsEndWatch *watch)
{
  return watch->ended && g_hash_table_size (watch->far_ends) == 0;
}

static void
finish (gpointer data)
{
  NetnsEndWatch *watch = data;
  NetnsEndFunc func = g_steal_pointer (&watch->func);

  netns_later_clear (&watch->timer);
  if (func != NULL)
    func (watch->ended, watch->data);
}

static void
on_time_over (gpointer data)
{
  NetnsEndWatch *watch = data;

  if (!watch->ended || is_over (watch)) {
    finish (watch);
  } else {
    netns_later_clear (&watch->timer);
    netns_later_after (&watch->timer, FAR_ENDS_TIMEOUT, finish, watch);
  }
}

/**
 * netns_end_watch_wait:
 * @watch: a watch
 * @timeout: milliseconds
 * @func: (scope async): called when the namespace has ended, and the far ends of its veth pairs are gone so that their names
 *   are free; or when it has not ended in time. Not called at once; may free the watch
 * @data: for @func
 */
void
netns_end_watch_wait (NetnsEndWatch *watch, guint timeout, NetnsEndFunc func, gpointer data)
{
  watch->func = func;
  watch->data = data;
  netns_later_after (&watch->timer, is_over (watch) ? 0 : timeout, on_time_over, watch);
}

gboolean
netns_end_watch_has_ended (const NetnsEndWatch *watch)
{
  return watch->ended;
}

/* Not from here: a caller up the stack may be reading the mirror. */
static void
check (NetnsEndWatch *watch)
{
  if (is_over (watch) && watch->timer != NULL) {
    netns_later_clear (&watch->timer);
    netns_later_end_of_turn (&watch->timer, finish, watch);
  }
}

static gboolean
is_in (gpointer key, gpointer value, gpointer nsid)
{
  return (int) (*(const gint64 *) key >> 32) == GPOINTER_TO_INT (nsid);
}

/* The namespace with this id has ended. */
void
netns_end_watches_note (NetnsMirrorState *state, int nsid)
{
  for (guint i = 0; i < state->end_watches->len; i++) {
    NetnsEndWatch *watch = g_ptr_array_index (state->end_watches, i);

    g_hash_table_foreach_remove (watch->far_ends, is_in, GINT_TO_POINTER (nsid));
    watch->ended |= watch->nsid == nsid;
    check (watch);
  }
}

/* A link has gone, or to another place. */
void
netns_end_watches_note_link (NetnsMirrorState *state, const NetnsLink *link)
{
  gint64 key = key_for (link->namespace->nsid, link->info.index);

  for (guint i = 0; i < state->end_watches->len; i++) {
    NetnsEndWatch *watch = g_ptr_array_index (state->end_watches, i);

    if (g_hash_table_remove (watch->far_ends, &key))
      check (watch);
  }
}
