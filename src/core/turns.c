/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/turns.h"

typedef struct {
  NetnsTurnFunc turn;
  gpointer data;
} Waiting;

typedef struct {
  guint uid;
  GQueue waiting;
} User;

struct _NetnsTurns {
  GQueue users; /* those of whom anything waits, in their order */
};

static void
free_user (gpointer data)
{
  User *user = data;

  g_queue_clear_full (&user->waiting, g_free);
  g_free (user);
}

/**
 * netns_turns_new:
 *
 * Returns: (transfer full): a queue where nobody waits
 */
NetnsTurns *
netns_turns_new (void)
{
  return g_new0 (NetnsTurns, 1);
}

/**
 * netns_turns_free:
 * @turns: (transfer full): a queue; whoever still waits is never called
 */
void
netns_turns_free (NetnsTurns *turns)
{
  g_queue_clear_full (&turns->users, free_user);
  g_free (turns);
}

static int
compare_uid (gconstpointer user, gconstpointer uid)
{
  return ((const User *) user)->uid != GPOINTER_TO_UINT (uid);
}

/**
 * netns_turns_add:
 * @turns: a queue
 * @uid: who waits
 * @turn: (scope async): called by netns_turns_next()
 * @data: for @turn
 */
void
netns_turns_add (NetnsTurns *turns, guint uid, NetnsTurnFunc turn, gpointer data)
{
  GList *known = g_queue_find_custom (&turns->users, GUINT_TO_POINTER (uid), compare_uid);
  User *user = known ? known->data : g_new0 (User, 1);
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->turn = turn;
  waiting->data = data;
  g_queue_push_tail (&user->waiting, waiting);
  if (known != NULL)
    return;
  user->uid = uid;
  g_queue_push_tail (&turns->users, user);
}

/**
 * netns_turns_next:
 * @turns: a queue
 *
 * Calls the next one, who may add to the queue.
 *
 * Returns: whether there was one
 */
gboolean
netns_turns_next (NetnsTurns *turns)
{
  User *user = g_queue_pop_head (&turns->users);
  g_autofree Waiting *waiting = user ? g_queue_pop_head (&user->waiting) : NULL;

  if (waiting == NULL)
    return FALSE;
  if (g_queue_is_empty (&user->waiting))
    free_user (user);
  else
    g_queue_push_tail (&turns->users, user);
  waiting->turn (waiting->data);
  return TRUE;
}

gboolean
netns_turns_is_empty (const NetnsTurns *turns)
{
  return turns->users.length == 0;
}
