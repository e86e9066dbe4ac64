/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns and limits, without a bus. */
#include "bus/questions.h"

static void
test_turns (void)
{
  g_autoptr (NetnsQuestions) questions = netns_questions_new ();
  g_autoptr (GError) error = NULL;
  char first[8], second[2], third[1];

  for (gsize i = 0; i < G_N_ELEMENTS (first); i++)
    g_assert_true (netns_questions_add (questions, 1, &first[i], NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (second); i++)
    g_assert_true (netns_questions_add (questions, 2, &second[i], NULL));
  g_assert_true (netns_questions_add (questions, G_MAXUINT32 - 1, &third[0], NULL));
  g_assert_true (netns_questions_next (questions) == &first[0]);
  g_assert_true (netns_questions_next (questions) == &second[0]);
  g_assert_true (netns_questions_next (questions) == &third[0]);
  g_assert_true (netns_questions_next (questions) == &first[1]);
  g_assert_true (netns_questions_next (questions) == &second[1]);
  g_assert_true (netns_questions_next (questions) == &first[2]);
  g_assert_true (netns_questions_next (questions) == &first[3]);
  g_assert_null (netns_questions_next (questions));
  netns_questions_remove (questions, 1, &first[4]);
  netns_questions_done (questions, 2);
  g_assert_null (netns_questions_next (questions));
  netns_questions_done (questions, 1);
  g_assert_true (netns_questions_next (questions) == &first[5]);
  g_assert_null (netns_questions_next (questions));
}

static void
test_all_running (void)
{
  g_autoptr (NetnsQuestions) questions = netns_questions_new ();
  char items[20][NETNS_QUESTIONS_RUNNING_PER_USER];
  guint running = 0;

  for (guint uid = 0; uid < G_N_ELEMENTS (items); uid++)
    for (guint i = 0; i < G_N_ELEMENTS (items[uid]); i++)
      g_assert_true (netns_questions_add (questions, uid, &items[uid][i], NULL));
  while (netns_questions_next (questions) != NULL)
    running++;
  g_assert_cmpuint (running, ==, NETNS_QUESTIONS_RUNNING);
  netns_questions_done (questions, 7);
  g_assert_nonnull (netns_questions_next (questions));
  g_assert_null (netns_questions_next (questions));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/questions/turns", test_turns);
  g_test_add_func ("/questions/all-running", test_all_running);
  return g_test_run ();
}
