/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The authority against a polkit that answers what its test wants to hear. */
#include "bus/call/authority.h"
#include "common/error.h"
#include "private-bus.h"

#include <string.h>

#define ACTION   "org.example.NetNS1."
#define ANYBODY  1000
#define SOMEBODY 1001

typedef struct {
  MockPolkit *polkit;
  GDBusConnection *connection; /* the service's */
  GDBusConnection *caller;
  NetnsAuthority *authority;
} Fixture;

typedef struct {
  guint count;
  NetnsGrant *grant;
  GError *error;
} Answer;

static void
answer_clear (Answer *answer)
{
  g_clear_pointer (&answer->grant, netns_grant_free);
  g_clear_error (&answer->error);
  answer->count = 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->polkit = mock_polkit_new ();
  fixture->connection = connect_to_bus ();
  fixture->caller = connect_to_bus ();
  fixture->authority = netns_authority_new (fixture->connection);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->authority, netns_authority_free);
  wait_in_vain ();
  g_clear_pointer (&fixture->polkit, mock_polkit_free);
  disconnect (&fixture->caller);
  disconnect (&fixture->connection);
}

static void
take_answer (NetnsGrant *grant, const GError *error, gpointer data)
{
  Answer *answer = data;

  g_assert_true ((grant == NULL) != (error == NULL));
  answer->count++;
  answer->grant = grant;
  answer->error = error == NULL ? NULL : g_error_copy (error);
}

/* Asks about up to two actions of ours by their last words. */
static void
ask (Fixture *fixture, guint uid, gboolean interactive, const char *first, const char *second, Answer *answer)
{
  g_autofree char *first_action = first == NULL ? NULL : g_strconcat (ACTION, first, NULL);
  g_autofree char *second_action = second == NULL ? NULL : g_strconcat (ACTION, second, NULL);
  g_autoptr (GHashTable) details = g_hash_table_new (g_str_hash, g_str_equal);
  const char *actions[] = { first_action, second_action, NULL };
  NetnsQuestion question = {
    .sender = g_dbus_connection_get_unique_name (fixture->caller),
    .uid = uid,
    .interactive = interactive,
    .actions = actions,
    .details = details,
  };

  g_hash_table_insert (details, (gpointer) "verb", (gpointer) "delete");
  g_hash_table_insert (details, (gpointer) "namespace",
                       (gpointer) "w\xe9"
                                  "b");
  netns_authority_ask (fixture->authority, &question, take_answer, answer);
}

static void
assert_granted (Answer *answer)
{
  wait_for (answer->count > 0);
  g_assert_no_error (answer->error);
  g_assert_nonnull (answer->grant);
  g_assert_cmpuint (answer->count, ==, 1);
}

static void
assert_refused (Answer *answer, NetnsError code, const char *words)
{
  wait_for (answer->count > 0);
  g_assert_error (answer->error, NETNS_ERROR, (int) code);
  g_assert_nonnull (strstr (answer->error->message, words));
  g_assert_cmpuint (answer->count, ==, 1);
}

/* Answers. */

static void
test_root (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  ask (fixture, 0, FALSE, "deny", NULL, &answer);
  g_assert_cmpuint (answer.count, ==, 1);
  assert_granted (&answer);
  wait_in_vain ();
  g_assert_cmpuint (fixture->polkit->asked->len, ==, 0);
}

static void
test_no_action (Fixture *fixture, gconstpointer data)
{
  static const guint uids[] = { 0, ANYBODY };

  for (gsize i = 0; i < G_N_ELEMENTS (uids); i++) {
    g_auto (Answer) answer = { 0 };

    g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*no polkit action*");
    ask (fixture, uids[i], TRUE, NULL, NULL, &answer);
    g_test_assert_expected_messages ();
    g_assert_cmpuint (answer.count, ==, 1);
    assert_refused (&answer, NETNS_ERROR_ACCESS_DENIED, "no polkit action");
  }
}

static void
test_service (void)
{
  g_autoptr (NetnsGrant) grant = netns_authority_grant_service ();

  g_assert_nonnull (grant);
}

static void
test_allowed (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) answer = { 0 };

  ask (fixture, ANYBODY, FALSE, "allow", NULL, &answer);
  g_assert_cmpuint (answer.count, ==, 0);
  assert_granted (&answer);
}

static void
test_question (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GVariant) subject = NULL, details = NULL;
  g_auto (Answer) answer = { 0 };
  g_autofree char *kind = NULL, *name = NULL;
  const char *word = NULL;
  guint flags = 0;

  for (gboolean interactive = FALSE; interactive <= TRUE; interactive++) {
    answer_clear (&answer);
    ask (fixture, ANYBODY, interactive, "allow", NULL, &answer);
    assert_granted (&answer);
    g_variant_get_child (fixture->polkit->last, 3, "u", &flags);
    g_assert_cmpuint (flags, ==, interactive ? 1 : 0);
  }
  g_variant_get_child (fixture->polkit->last, 0, "(s@a{sv})", &kind, &subject);
  g_assert_cmpstr (kind, ==, "system-bus-name");
  g_assert_true (g_variant_lookup (subject, "name", "s", &name));
  g_assert_cmpstr (name, ==, g_dbus_connection_get_unique_name (fixture->caller));
  details = g_variant_get_child_value (fixture->polkit->last, 2);
  g_assert_true (g_variant_lookup (details, "verb", "&s", &word));
  g_assert_cmpstr (word, ==, "delete");
  g_assert_true (g_variant_lookup (details, "namespace", "&s", &word));
  g_assert_cmpstr (word, ==,
                   "w\xef\xbf\xbd"
                   "b");
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *word;
    gboolean interactive;
    NetnsError code;
    const char *words;
  } cases[] = {
    { "deny",      FALSE, NETNS_ERROR_ACCESS_DENIED,           "Not authorized: " ACTION "deny (namespace w"         },
    { "deny",      TRUE,  NETNS_ERROR_ACCESS_DENIED,           "b, verb delete)"                                     },
    { "challenge", FALSE, NETNS_ERROR_INTERACTION_REQUIRED,    "call again with interactive authorization allowed"   },
    { "challenge", TRUE,  NETNS_ERROR_ACCESS_DENIED,           "no polkit agent"                                     },
    { "dismiss",   TRUE,  NETNS_ERROR_AUTHORIZATION_DISMISSED, "dismissed"                                           },
    { "fail",      FALSE, NETNS_ERROR_ACCESS_DENIED,           "polkit could not be asked: Action is not registered" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Answer) answer = { 0 };

    ask (fixture, ANYBODY, cases[i].interactive, cases[i].word, NULL, &answer);
    assert_refused (&answer, cases[i].code, cases[i].words);
  }
}

static void
test_two_actions (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) both = { 0 }, first = { 0 }, second = { 0 };

  ask (fixture, ANYBODY, FALSE, "allow", "allow", &both);
  assert_granted (&both);
  g_assert_cmpuint (fixture->polkit->asked->len, ==, 2);
  ask (fixture, ANYBODY, FALSE, "allow", "deny", &first);
  assert_refused (&first, NETNS_ERROR_ACCESS_DENIED, ACTION "deny");
  g_assert_cmpuint (fixture->polkit->asked->len, ==, 4);
  ask (fixture, ANYBODY, FALSE, "deny", "allow", &second);
  assert_refused (&second, NETNS_ERROR_ACCESS_DENIED, ACTION "deny");
  wait_in_vain ();
  g_assert_cmpuint (fixture->polkit->asked->len, ==, 5);
}

/* polkit that is not there. */

static void
test_polkit_dies (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) running = { 0 }, absent = { 0 }, again = { 0 };

  ask (fixture, ANYBODY, TRUE, "hold", NULL, &running);
  wait_for (fixture->polkit->held.length == 1);
  g_clear_pointer (&fixture->polkit, mock_polkit_free);
  assert_refused (&running, NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked");
  ask (fixture, ANYBODY, TRUE, "allow", NULL, &absent);
  assert_refused (&absent, NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked");
  fixture->polkit = mock_polkit_new ();
  ask (fixture, ANYBODY, TRUE, "allow", NULL, &again);
  assert_granted (&again);
}

static void
test_polkit_absent (Fixture *fixture, gconstpointer data)
{
  Answer answers[6] = { 0 };

  g_clear_pointer (&fixture->polkit, mock_polkit_free);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    ask (fixture, ANYBODY, FALSE, "allow", NULL, &answers[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    assert_refused (&answers[i], NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked");
    answer_clear (&answers[i]);
  }
  fixture->polkit = mock_polkit_new ();
  ask (fixture, ANYBODY, FALSE, "allow", NULL, &answers[0]);
  assert_granted (&answers[0]);
  answer_clear (&answers[0]);
}

/* After the library's authority failed, the next question gets a new one. That one stays for the whole
 * process, so this is the first test. */
static void
test_polkit_unreachable (Fixture *fixture, gconstpointer data)
{
  Answer answers[6] = { 0 };
  g_auto (Answer) again = { 0 };

  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    ask (fixture, ANYBODY, FALSE, "allow", NULL, &answers[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    assert_refused (&answers[i], NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked");
    answer_clear (&answers[i]);
  }
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", private_bus_address (), TRUE);
  ask (fixture, ANYBODY, FALSE, "allow", NULL, &again);
  assert_granted (&again);
}

/* Limits. */

static void
test_fifth_waits (Fixture *fixture, gconstpointer data)
{
  Answer answers[5] = { 0 };
  g_auto (Answer) other = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    ask (fixture, ANYBODY, TRUE, "hold", NULL, &answers[i]);
  ask (fixture, SOMEBODY, FALSE, "allow", NULL, &other);
  assert_granted (&other);
  wait_in_vain ();
  g_assert_cmpuint (fixture->polkit->held.length, ==, 4);
  mock_polkit_release (fixture->polkit, "deny");
  wait_for (fixture->polkit->held.length == 4);
  assert_refused (&answers[0], NETNS_ERROR_ACCESS_DENIED, "Not authorized");
  g_assert_cmpuint (answers[4].count, ==, 0);
  for (gsize i = 1; i < G_N_ELEMENTS (answers); i++) {
    mock_polkit_release (fixture->polkit, "allow");
    assert_granted (&answers[i]);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    answer_clear (&answers[i]);
}

static void
test_too_many (Fixture *fixture, gconstpointer data)
{
  Answer answers[NETNS_QUESTIONS_RUNNING_PER_USER + NETNS_QUESTIONS_WAITING_PER_USER] = { 0 };
  g_auto (Answer) refused = { 0 }, other = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    ask (fixture, ANYBODY, TRUE, "hold", NULL, &answers[i]);
  ask (fixture, ANYBODY, TRUE, "allow", NULL, &refused);
  g_assert_cmpuint (refused.count, ==, 1);
  assert_refused (&refused, NETNS_ERROR_LIMITS_EXCEEDED, "wait");
  ask (fixture, SOMEBODY, FALSE, "allow", NULL, &other);
  assert_granted (&other);
  wait_for (fixture->polkit->held.length == 4);
  g_clear_pointer (&fixture->authority, netns_authority_free);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_assert_cmpuint (answers[i].count, ==, 1);
    assert_refused (&answers[i], NETNS_ERROR_ACCESS_DENIED, "the service is shutting down");
  }
  while (fixture->polkit->held.length > 0)
    mock_polkit_release (fixture->polkit, "allow");
  wait_in_vain ();
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_assert_cmpuint (answers[i].count, ==, 1);
    answer_clear (&answers[i]);
  }
}

/* Callers. */

static void
test_caller_leaves (Fixture *fixture, gconstpointer data)
{
  GDBusConnection *leaving = fixture->caller;
  Answer answers[6] = { 0 };
  g_auto (Answer) other = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    ask (fixture, ANYBODY, TRUE, "hold", NULL, &answers[i]);
  fixture->caller = connect_to_bus ();
  ask (fixture, ANYBODY, TRUE, "hold", NULL, &other);
  wait_for (fixture->polkit->held.length == 4);
  disconnect (&leaving);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    assert_refused (&answers[i], NETNS_ERROR_ACCESS_DENIED, "left the bus");
    answer_clear (&answers[i]);
  }
  /* What polkit says now finds nobody, but for the one who waited for a place. */
  wait_for (fixture->polkit->held.length == 5);
  while (fixture->polkit->held.length > 0)
    mock_polkit_release (fixture->polkit, "allow");
  assert_granted (&other);
  wait_in_vain ();
  g_assert_cmpuint (fixture->polkit->asked->len, ==, 5);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    g_assert_cmpuint (answers[i].count, ==, 0);
}

static void
test_caller_gone_before (Fixture *fixture, gconstpointer data)
{
  GDBusConnection *gone = fixture->caller;
  g_auto (Answer) answer = { 0 };

  g_dbus_connection_close_sync (gone, NULL, NULL);
  ask (fixture, ANYBODY, TRUE, "hold", NULL, &answer);
  assert_refused (&answer, NETNS_ERROR_ACCESS_DENIED, "caller");
}

/* The end. */

static void
test_free_early (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) answered = { 0 };

  ask (fixture, ANYBODY, TRUE, "hold", NULL, &answered);
  g_clear_pointer (&fixture->authority, netns_authority_free);
  g_assert_cmpuint (answered.count, ==, 1);
  assert_refused (&answered, NETNS_ERROR_ACCESS_DENIED, "the service is shutting down");
  wait_in_vain ();
  g_assert_cmpuint (fixture->polkit->asked->len, ==, 0);
}

typedef struct {
  Fixture *fixture;
  Answer next;
} Chain;

static void
ask_again (NetnsGrant *grant, const GError *error, gpointer data)
{
  Chain *chain = data;

  netns_grant_free (grant);
  ask (chain->fixture, ANYBODY, FALSE, "allow", NULL, &chain->next);
}

static void
ask_chain (Fixture *fixture, const char *action, Chain *chain)
{
  const char *actions[] = { action, NULL };
  NetnsQuestion question = {
    .sender = g_dbus_connection_get_unique_name (fixture->caller),
    .uid = ANYBODY,
    .actions = actions,
  };

  chain->fixture = fixture;
  netns_authority_ask (fixture->authority, &question, ask_again, chain);
}

static void
test_ask_in_answer (Fixture *fixture, gconstpointer data)
{
  Chain chain = { 0 };

  ask_chain (fixture, ACTION "deny", &chain);
  assert_granted (&chain.next);
  answer_clear (&chain.next);
  ask_chain (fixture, ACTION "hold", &chain);
  wait_for (fixture->polkit->held.length == 1);
  netns_authority_free (fixture->authority);
  fixture->authority = NULL;
  g_assert_cmpuint (chain.next.count, ==, 1);
  assert_refused (&chain.next, NETNS_ERROR_ACCESS_DENIED, "the service is shutting down");
  answer_clear (&chain.next);
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
  g_autoptr (GDBusConnection) connection = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  bus = private_bus_start ();

  add ("/authority/polkit-unreachable", test_polkit_unreachable);
  add ("/authority/root", test_root);
  add ("/authority/no-action", test_no_action);
  g_test_add_func ("/authority/service", test_service);
  add ("/authority/allowed", test_allowed);
  add ("/authority/question", test_question);
  add ("/authority/refused", test_refused);
  add ("/authority/two-actions", test_two_actions);
  add ("/authority/polkit-dies", test_polkit_dies);
  add ("/authority/polkit-absent", test_polkit_absent);
  add ("/authority/fifth-waits", test_fifth_waits);
  add ("/authority/too-many", test_too_many);
  add ("/authority/caller-leaves", test_caller_leaves);
  add ("/authority/caller-gone-before", test_caller_gone_before);
  add ("/authority/free-early", test_free_early);
  add ("/authority/ask-in-answer", test_ask_in_answer);
  result = g_test_run ();

  /* The library's own connection would end the process together with the bus. */
  connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  private_bus_stop (bus);
  return result;
}
