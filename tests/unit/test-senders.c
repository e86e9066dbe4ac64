/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who leaves, and what it costs to know: every question to the bus and every wake-up is counted. */
#include "bus/call/senders.h"
#include "common/error.h"
#include "private-bus.h"

#include <string.h>

typedef struct {
  GDBusConnection *connection; /* the service's */
  GDBusConnection *caller;
  NetnsSenders *senders;
  gint questions;
  gint answers;
  gint owner_signals;
  gint matches_removed;
} Fixture;

static void
note_end (const GError *error, gpointer data)
{
  guint *ends = data;

  g_assert_error (error, NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED);
  (*ends)++;
}

/* Counts what the service says and hears on the bus; runs in GDBus' thread. */
static GDBusMessage *
count_message (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  Fixture *fixture = data;
  const char *member = g_dbus_message_get_member (message);

  if (!incoming && g_strcmp0 (member, "GetNameOwner") == 0)
    g_atomic_int_inc (&fixture->questions);
  if (incoming && g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN
      && strcmp (g_dbus_message_get_signature (message), "s") == 0)
    g_atomic_int_inc (&fixture->answers);
  if (!incoming && g_strcmp0 (member, "RemoveMatch") == 0)
    g_atomic_int_inc (&fixture->matches_removed);
  if (incoming && g_strcmp0 (member, "NameOwnerChanged") == 0)
    g_atomic_int_inc (&fixture->owner_signals);
  return message;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->connection = connect_to_bus ();
  fixture->caller = connect_to_bus ();
  g_dbus_connection_add_filter (fixture->connection, count_message, fixture, NULL);
  fixture->senders = netns_senders_new (fixture->connection);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  netns_senders_free (fixture->senders);
  wait_in_vain ();
  disconnect (&fixture->caller);
  disconnect (&fixture->connection);
}

/* One question and one match rule for all watches of a sender, and no wake-up when others leave. */
static void
test_watch (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strdup (g_dbus_connection_get_unique_name (fixture->caller));
  NetnsSenderWatch *watches[4];
  guint ends[4] = { 0 };
  GDBusConnection *other = NULL;

  for (gsize i = 0; i < 3; i++)
    watches[i] = netns_senders_watch (fixture->senders, name, note_end, &ends[i]);
  wait_in_vain ();
  netns_senders_unwatch (watches[2]);
  g_assert_cmpint (g_atomic_int_get (&fixture->questions), ==, 1);

  other = connect_to_bus ();
  disconnect (&other);
  wait_in_vain ();
  g_assert_cmpint (g_atomic_int_get (&fixture->owner_signals), ==, 0);

  disconnect (&fixture->caller);
  wait_for (g_atomic_int_get (&fixture->owner_signals) == 1);
  wait_for (ends[0] == 1 && ends[1] == 1);
  wait_in_vain ();
  g_assert_cmpuint (ends[2], ==, 0);
  g_assert_cmpint (g_atomic_int_get (&fixture->matches_removed), ==, 1);
  watches[3] = netns_senders_watch (fixture->senders, name, note_end, &ends[3]);
  wait_for (ends[3] == 1);
  g_assert_cmpint (g_atomic_int_get (&fixture->questions), ==, 2);
  for (gsize i = 0; i < G_N_ELEMENTS (watches); i++)
    if (i != 2)
      netns_senders_unwatch (watches[i]);
}

/* Whoever opens many connections must not use up the match rules that the bus gives the service. */
static void
test_many_callers (Fixture *fixture, gconstpointer data)
{
  GDBusConnection *callers[140];

  for (gsize i = 0; i < G_N_ELEMENTS (callers); i++) {
    NetnsSenderWatch *watch;
    guint ends = 0;

    callers[i] = connect_to_bus ();
    watch = netns_senders_watch (fixture->senders, g_dbus_connection_get_unique_name (callers[i]), note_end, &ends);
    wait_for (g_atomic_int_get (&fixture->answers) == (gint) i + 1);
    netns_senders_unwatch (watch);
    g_assert_cmpuint (ends, ==, 0);
  }
  wait_in_vain ();
  g_assert_cmpint (g_atomic_int_get (&fixture->matches_removed), ==, 12);
  for (gsize i = 0; i < G_N_ELEMENTS (callers); i++)
    disconnect (&callers[i]);
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add_vtable (path, sizeof (Fixture), NULL, (GTestFixtureFunc) set_up, (GTestFixtureFunc) test,
                     (GTestFixtureFunc) tear_down);
}

int
main (int argc, char **argv)
{
  g_autoptr (GTestDBus) bus = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  bus = private_bus_start ();
  add ("/senders/watch", test_watch);
  add ("/senders/many", test_many_callers);
  result = g_test_run ();
  private_bus_stop (bus);
  return result;
}
