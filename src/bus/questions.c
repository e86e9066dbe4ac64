/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue for each user, and a queue of the users that have something to run: they take turns. */
#include "bus/questions.h"
#include "common/error.h"

typedef struct {
  GQueue waiting;
  guint running;
  gboolean has_turn; /* is in the queue of turns */
} User;

struct _NetnsQuestions {
  GHashTable *users; /* uid → User, only those that wait or run */
  GQueue turns;
  guint running;
};

static void
user_free (gpointer data)
{
  User *user = data;

  g_queue_clear (&user->waiting);
  g_free (user);
}

/* To be called after each change of a user: keeps the queue of turns right, and forgets who wants nothing
 * more. */
static void
update_user (NetnsQuestions *questions, guint uid, User *user)
{
  gboolean can_run = user->waiting.length > 0 && user->running < NETNS_QUESTIONS_RUNNING_PER_USER;

  if (can_run && !user->has_turn)
    g_queue_push_tail (&questions->turns, GUINT_TO_POINTER (uid));
  else if (!can_run && user->has_turn)
    g_queue_remove (&questions->turns, GUINT_TO_POINTER (uid));
  user->has_turn = can_run;
  if (user->waiting.length == 0 && user->running == 0)
    g_hash_table_remove (questions->users, GUINT_TO_POINTER (uid));
}

static User *
get_user (NetnsQuestions *questions, guint uid)
{
  return g_hash_table_lookup (questions->users, GUINT_TO_POINTER (uid));
}

/**
 * netns_questions_new:
 *
 * Returns: (transfer full): an empty queue
 */
NetnsQuestions *
netns_questions_new (void)
{
  NetnsQuestions *questions = g_new0 (NetnsQuestions, 1);

  questions->users = g_hash_table_new_full (NULL, NULL, NULL, user_free);
  return questions;
}

/**
 * netns_questions_free:
 * @questions: (transfer full): a queue; what still waits in it stays with the caller
 */
void
netns_questions_free (NetnsQuestions *questions)
{
  g_hash_table_unref (questions->users);
  g_queue_clear (&questions->turns);
  g_free (questions);
}

/**
 * netns_questions_add:
 * @questions: a queue
 * @uid: whose question it is
 * @question: anything but %NULL; the queue does not own it
 * @error: `LimitsExceeded`
 *
 * Puts a question behind the others of this user. Call netns_questions_next() until it has nothing more.
 *
 * Returns: %FALSE if too many questions of this user wait
 */
gboolean
netns_questions_add (NetnsQuestions *questions, guint uid, gpointer question, GError **error)
{
  User *user = get_user (questions, uid);

  if (user == NULL) {
    user = g_new0 (User, 1);
    g_hash_table_insert (questions->users, GUINT_TO_POINTER (uid), user);
  }
  if (user->waiting.length >= NETNS_QUESTIONS_WAITING_PER_USER) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_LIMITS_EXCEEDED,
                 "Already %d calls of user %u wait for authorization", NETNS_QUESTIONS_WAITING_PER_USER, uid);
    return FALSE;
  }
  g_queue_push_tail (&user->waiting, question);
  update_user (questions, uid, user);
  return TRUE;
}

/**
 * netns_questions_next:
 * @questions: a queue
 *
 * Takes the next question that may run now. Each user's questions come in their order, and users take turns.
 *
 * Returns: (nullable): a question that counts as running until netns_questions_done(), %NULL if none may run
 */
gpointer
netns_questions_next (NetnsQuestions *questions)
{
  gpointer question;
  User *user;
  guint uid;

  if (questions->running >= NETNS_QUESTIONS_RUNNING || questions->turns.length == 0)
    return NULL;
  uid = GPOINTER_TO_UINT (g_queue_pop_head (&questions->turns));
  user = get_user (questions, uid);
  user->has_turn = FALSE;
  question = g_queue_pop_head (&user->waiting);
  user->running++;
  questions->running++;
  update_user (questions, uid, user);
  return question;
}

/**
 * netns_questions_done:
 * @questions: a queue
 * @uid: whose question ended, one that netns_questions_next() had given
 */
void
netns_questions_done (NetnsQuestions *questions, guint uid)
{
  User *user = get_user (questions, uid);

  user->running--;
  questions->running--;
  update_user (questions, uid, user);
}

/**
 * netns_questions_remove:
 * @questions: a queue
 * @uid: whose question it is
 * @question: one that still waits
 */
void
netns_questions_remove (NetnsQuestions *questions, guint uid, gpointer question)
{
  User *user = get_user (questions, uid);

  g_queue_remove (&user->waiting, question);
  update_user (questions, uid, user);
}
