/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls, and what it costs to know: every question to the bus and every wake-up is counted. */
#include "bus/senders.h"
#include "common/error.h"
#include "private-bus.h"

#include <unistd.h>

typedef struct {
  GDBusConnection *connection; /* the service's */
  GDBusConnection *caller;
  NetnsSenders *senders;
  gint uid_calls;
  gint owner_signals;
  gint matches_removed;
} Fixture;

typedef struct {
  guint count;
  guint uid;
  GError *error;
} Answer;

static void
answer_clear (Answer *answer)
{
  g_clear_error (&answer->error);
  answer->count = 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
take_uid (guint uid, const GError *error, gpointer data)
{
  Answer *answer = data;

  answer->count++;
  answer->uid = uid;
  answer->error = error == NULL ? NULL : g_error_copy (error);
}

/* Counts what the service says and hears on the bus; runs in GDBus' thread. */
static GDBusMessage *
count_message (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  Fixture *fixture = data;
  const char *member = g_dbus_message_get_member (message);

  if (!incoming && g_strcmp0 (member, "GetConnectionUnixUser") == 0)
    g_atomic_int_inc (&fixture->uid_calls);
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

static void
test_identify (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strdup (g_dbus_connection_get_unique_name (fixture->caller));
  Answer answers[4] = { 0 };
  GDBusConnection *other = NULL;

  for (gsize i = 0; i < 3; i++)
    netns_senders_identify (fixture->senders, name, take_uid, &answers[i]);
  g_assert_cmpuint (answers[0].count, ==, 0);
  wait_for (answers[0].count + answers[1].count + answers[2].count == 3);
  netns_senders_identify (fixture->senders, name, take_uid, &answers[3]);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_assert_cmpuint (answers[i].count, ==, 1);
    g_assert_no_error (answers[i].error);
    g_assert_cmpuint (answers[i].uid, ==, getuid ());
    answer_clear (&answers[i]);
  }
  g_assert_cmpint (g_atomic_int_get (&fixture->uid_calls), ==, 1);

  other = connect_to_bus ();
  disconnect (&other);
  wait_in_vain ();
  g_assert_cmpint (g_atomic_int_get (&fixture->owner_signals), ==, 0);

  disconnect (&fixture->caller);
  wait_for (g_atomic_int_get (&fixture->owner_signals) == 1);
  wait_in_vain ();
  g_assert_cmpint (g_atomic_int_get (&fixture->matches_removed), ==, 1);
  netns_senders_identify (fixture->senders, name, take_uid, &answers[0]);
  wait_for (answers[0].count > 0);
  g_assert_error (answers[0].error, NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED);
  g_assert_cmpint (g_atomic_int_get (&fixture->uid_calls), ==, 2);
  answer_clear (&answers[0]);
}

/* Whoever opens many connections must not use up the match rules that the bus gives the service. */
static void
test_many_callers (Fixture *fixture, gconstpointer data)
{
  GDBusConnection *callers[140];

  for (gsize i = 0; i < G_N_ELEMENTS (callers); i++) {
    g_auto (Answer) answer = { 0 };

    callers[i] = connect_to_bus ();
    netns_senders_identify (fixture->senders, g_dbus_connection_get_unique_name (callers[i]), take_uid,
                            &answer);
    wait_for (answer.count == 1);
    g_assert_no_error (answer.error);
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
  add ("/senders/identify", test_identify);
  add ("/senders/many", test_many_callers);
  result = g_test_run ();
  private_bus_stop (bus);
  return result;
}
