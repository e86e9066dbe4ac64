/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns and limits, without a bus. */
#include "common/fair-queue.h"

#define RUNNING  64
#define PER_USER 4

static const NetnsFairQueueLimits limits = { RUNNING, PER_USER, 64 };

static void
test_order (void)
{
  g_autoptr (NetnsFairQueue) queue = netns_fair_queue_new (&limits, NULL);
  char first[8], second[2], third[1];

  for (gsize i = 0; i < G_N_ELEMENTS (first); i++)
    g_assert_true (netns_fair_queue_add (queue, 1, &first[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (second); i++)
    g_assert_true (netns_fair_queue_add (queue, 2, &second[i]));
  g_assert_true (netns_fair_queue_add (queue, G_MAXUINT32 - 1, &third[0]));
  g_assert_true (netns_fair_queue_next (queue) == &first[0]);
  g_assert_true (netns_fair_queue_next (queue) == &second[0]);
  g_assert_true (netns_fair_queue_next (queue) == &third[0]);
  g_assert_true (netns_fair_queue_next (queue) == &first[1]);
  g_assert_true (netns_fair_queue_next (queue) == &second[1]);
  g_assert_true (netns_fair_queue_next (queue) == &first[2]);
  g_assert_true (netns_fair_queue_next (queue) == &first[3]);
  g_assert_null (netns_fair_queue_next (queue));
  netns_fair_queue_remove (queue, 1, &first[4]);
  netns_fair_queue_done (queue, 2);
  g_assert_null (netns_fair_queue_next (queue));
  netns_fair_queue_done (queue, 1);
  g_assert_true (netns_fair_queue_next (queue) == &first[5]);
  g_assert_null (netns_fair_queue_next (queue));
}

static void
test_all_running (void)
{
  g_autoptr (NetnsFairQueue) queue = netns_fair_queue_new (&limits, NULL);
  char items[20][PER_USER];
  guint running = 0;

  for (guint uid = 0; uid < G_N_ELEMENTS (items); uid++)
    for (guint i = 0; i < G_N_ELEMENTS (items[uid]); i++)
      g_assert_true (netns_fair_queue_add (queue, uid, &items[uid][i]));
  while (netns_fair_queue_next (queue) != NULL)
    running++;
  g_assert_cmpuint (running, ==, RUNNING);
  netns_fair_queue_done (queue, 7);
  g_assert_nonnull (netns_fair_queue_next (queue));
  g_assert_null (netns_fair_queue_next (queue));
}

static void
test_waiting (void)
{
  const NetnsFairQueueLimits few = { 1, G_MAXUINT, 2 };
  NetnsFairQueue *queue = netns_fair_queue_new (&few, g_free);

  g_assert_true (netns_fair_queue_add (queue, 1, g_strdup ("a")));
  g_assert_false (netns_fair_queue_is_running (queue));
  g_free (netns_fair_queue_next (queue));
  g_assert_true (netns_fair_queue_is_running (queue));
  g_assert_true (netns_fair_queue_add (queue, 1, g_strdup ("b")));
  g_assert_true (netns_fair_queue_add (queue, 1, g_strdup ("c")));
  g_assert_false (netns_fair_queue_add (queue, 1, queue));
  g_assert_true (netns_fair_queue_add (queue, 2, g_strdup ("e")));
  g_assert_null (netns_fair_queue_next (queue));
  netns_fair_queue_done (queue, 1);
  g_assert_false (netns_fair_queue_is_running (queue));
  netns_fair_queue_free (queue); /* with all that wait */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/queue/order", test_order);
  g_test_add_func ("/queue/all-running", test_all_running);
  g_test_add_func ("/queue/waiting", test_waiting);
  return g_test_run ();
}
