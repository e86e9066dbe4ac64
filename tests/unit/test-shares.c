/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of an answer each of several users can have. */
#include "bus/tree/shares.h"

static guint64
find_limit (guint64 room, guint count, const guint64 *sizes)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (guint64));

  if (count > 0)
    g_array_append_vals (list, sizes, count);
  return netns_shares_find_limit (list, room);
}

static void
test_enough (void)
{
  g_assert_cmpuint (find_limit (100, 0, NULL), ==, G_MAXUINT64);
  g_assert_cmpuint (find_limit (100, 1, (guint64[]) { 100 }), ==, G_MAXUINT64);
  g_assert_cmpuint (find_limit (100, 3, (guint64[]) { 10, 20, 70 }), ==, G_MAXUINT64);
}

/* Who needs little has it all, whatever others have. */
static void
test_too_much (void)
{
  g_assert_cmpuint (find_limit (100, 1, (guint64[]) { 101 }), ==, 100);
  g_assert_cmpuint (find_limit (100, 3, (guint64[]) { 10, 20, 71 }), ==, 70);
  g_assert_cmpuint (find_limit (100, 3, (guint64[]) { 10, 46, 46 }), ==, 45);
  g_assert_cmpuint (find_limit (100, 2, (guint64[]) { 51, G_MAXUINT64 }), ==, 50);
  g_assert_cmpuint (find_limit (0, 2, (guint64[]) { 0, 1 }), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shares/enough", test_enough);
  g_test_add_func ("/shares/too-much", test_too_much);
  return g_test_run ();
}
