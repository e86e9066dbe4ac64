/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sources that their owner keeps, and observers. */
#include "common/later.h"
#include "common/observers.h"

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <unistd.h>

typedef struct {
  GSource *source;
  guint calls;
  gboolean again;
  gboolean was_empty;
} Owner;

static void
on_call (gpointer data)
{
  Owner *owner = data;

  owner->calls++;
  owner->was_empty = owner->source == NULL;
  if (owner->again)
    netns_later_end_of_turn (&owner->source, on_call, owner);
  owner->again = FALSE;
}

static void
run_for (gint64 microseconds)
{
  gint64 end = g_get_monotonic_time () + microseconds;

  do {
    while (g_main_context_iteration (NULL, FALSE))
      continue;
    g_usleep (500);
  } while (g_get_monotonic_time () < end);
}

static void
test_end_of_turn (void)
{
  Owner owner = { .again = TRUE };

  netns_later_end_of_turn (&owner.source, on_call, &owner);
  netns_later_end_of_turn (&owner.source, on_call, &owner);
  g_assert_cmpuint (owner.calls, ==, 0);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (owner.calls, ==, 1);
  g_assert_true (owner.was_empty);
  g_assert_nonnull (owner.source);
  run_for (0);
  g_assert_cmpuint (owner.calls, ==, 2);
  g_assert_null (owner.source);
}

static void
test_clear (void)
{
  Owner owner = { 0 };

  netns_later_clear (&owner.source);
  netns_later_end_of_turn (&owner.source, on_call, &owner);
  netns_later_clear (&owner.source);
  g_assert_null (owner.source);
  run_for (0);
  g_assert_cmpuint (owner.calls, ==, 0);
}

static void
test_earlier (void)
{
  Owner owner = { 0 };

  netns_later_after (&owner.source, 3600 * 1000, on_call, &owner);
  run_for (2000);
  g_assert_cmpuint (owner.calls, ==, 0);
  netns_later_after (&owner.source, 1, on_call, &owner);
  netns_later_after (&owner.source, 3600 * 1000, on_call, &owner);
  run_for (20 * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpuint (owner.calls, ==, 1);
}

static void
on_byte (gpointer data)
{
  Owner *owner = data;

  if (++owner->calls == 2)
    netns_later_clear (&owner->source);
}

static void
test_watch (void)
{
  Owner owner = { 0 };
  int ends[2];

  g_assert_true (g_unix_open_pipe (ends, FD_CLOEXEC, NULL));
  netns_later_watch (&owner.source, ends[0], G_IO_IN, on_byte, &owner);
  run_for (0);
  g_assert_cmpuint (owner.calls, ==, 0);
  g_assert_cmpint (write (ends[1], "x", 1), ==, 1);
  run_for (0);
  g_assert_cmpuint (owner.calls, ==, 2);
  g_assert_null (owner.source);
  g_close (ends[0], NULL);
  g_close (ends[1], NULL);
}

static gpointer
call_main (gpointer data)
{
  netns_later_in (g_main_context_default (), on_call, data);
  return NULL;
}

static void
test_in (void)
{
  Owner owner = { 0 };
  GThread *thread = g_thread_new ("other", call_main, &owner);

  g_thread_join (thread);
  g_assert_cmpuint (owner.calls, ==, 0);
  run_for (0);
  g_assert_cmpuint (owner.calls, ==, 1);
}

typedef struct {
  void (*added) (int number, gpointer data);
  void (*removed) (int number, gpointer data);
} Functions;

static void
on_added (int number, gpointer data)
{
  *(int *) data += number;
}

static void
test_observers (void)
{
  static const Functions all = { on_added, on_added }, some = { .added = on_added };
  g_autoptr (GArray) observers = netns_observers_new ();
  int first = 0, second = 0;

  netns_observers_add (observers, &all, &first);
  netns_observers_add (observers, &some, &second);
  NETNS_OBSERVERS_NOTIFY (observers, Functions, added, 1);
  NETNS_OBSERVERS_NOTIFY (observers, Functions, removed, 10);
  g_assert_cmpint (first, ==, 11);
  g_assert_cmpint (second, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/later/end-of-turn", test_end_of_turn);
  g_test_add_func ("/later/clear", test_clear);
  g_test_add_func ("/later/earlier", test_earlier);
  g_test_add_func ("/later/watch", test_watch);
  g_test_add_func ("/later/in", test_in);
  g_test_add_func ("/observers", test_observers);
  return g_test_run ();
}
