/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The authority against a bus of its own and a polkit that is written here. What this polkit answers is the
 * last word of the action: `allow`, `deny`, `challenge`, `dismiss`, `fail`; a `hold` is a dialog that stays
 * open. */
#include "bus/authority.h"
#include "bus/questions.h"
#include "common/error.h"

#include <polkit/polkit.h>
#include <string.h>
#include <unistd.h>

#define ACTION   "org.example.NetNS1."
#define ANYBODY  1000
#define SOMEBODY 1001
#define DEADLINE 60 /* s, for the whole program */

#define wait_for(condition)                                                                                  \
  while (!(condition))                                                                                       \
  g_main_context_iteration (NULL, TRUE)

static const char polkit_xml[]
    = "<node><interface name='org.freedesktop.PolicyKit1.Authority'>"
      "<method name='CheckAuthorization'><arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/>"
      "<arg type='a{ss}' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>"
      "<arg type='(bba{ss})' direction='out'/></method>"
      "<method name='CancelCheckAuthorization'><arg type='s' direction='in'/></method>"
      "<property name='BackendName' type='s' access='read'/><property name='BackendVersion' type='s' "
      "access='read'/>"
      "<property name='BackendFeatures' type='u' access='read'/></interface></node>";

typedef struct {
  GDBusConnection *connection;
  GQueue held;      /* GDBusMethodInvocation, the oldest first */
  GPtrArray *asked; /* last words of the actions */
  GVariant *last;   /* parameters of the last question */
  guint cancelled;
} Polkit;

typedef struct {
  Polkit *polkit;
  GDBusConnection *connection; /* the service's */
  GDBusConnection *caller;
  NetnsAuthority *authority;
  gint uid_calls;
  gint owner_signals;
  gint matches_removed;
} Fixture;

typedef struct {
  guint count;
  guint uid;
  NetnsGrant *grant;
  GError *error;
} Answer;

static char *bus_address;

static void
answer_clear (Answer *answer)
{
  g_clear_pointer (&answer->grant, netns_grant_free);
  g_clear_error (&answer->error);
  answer->count = 0;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static GDBusConnection *
connect_to_bus (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
      bus_address,
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
      NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
disconnect (GDBusConnection **connection)
{
  if (*connection == NULL)
    return;
  g_dbus_connection_close_sync (*connection, NULL, NULL);
  g_clear_object (connection);
}

static gboolean
set_true (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/* Long enough for everything that ought not to happen. */
static void
wait_in_vain (void)
{
  gboolean over = FALSE;

  g_timeout_add (100, set_true, &over);
  wait_for (over);
}

/* The polkit of this test. */

static void
reply (GDBusMethodInvocation *invocation, const char *word)
{
  GVariantBuilder details;

  g_variant_builder_init (&details, G_VARIANT_TYPE ("a{ss}"));
  if (g_str_equal (word, "dismiss"))
    g_variant_builder_add (&details, "{ss}", "polkit.dismissed", "true");
  if (g_str_equal (word, "fail")) {
    g_variant_builder_clear (&details);
    g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.PolicyKit1.Error.Failed",
                                                "Action is not registered");
    return;
  }
  g_dbus_method_invocation_return_value (
      invocation,
      g_variant_new ("((bba{ss}))", g_str_equal (word, "allow"), g_str_equal (word, "challenge"), &details));
}

static void
cancel_held (Polkit *polkit, const char *id)
{
  for (GList *i = polkit->held.head; i != NULL; i = i->next) {
    g_autofree char *held_id = NULL;

    g_variant_get_child (g_dbus_method_invocation_get_parameters (i->data), 4, "s", &held_id);
    if (!g_str_equal (held_id, id))
      continue;
    g_dbus_method_invocation_return_dbus_error (i->data, "org.freedesktop.PolicyKit1.Error.Cancelled",
                                                "Cancelled");
    g_queue_delete_link (&polkit->held, i);
    polkit->cancelled++;
    return;
  }
}

static void
on_polkit_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  Polkit *polkit = data;
  const char *action, *word;

  if (g_str_equal (method, "CancelCheckAuthorization")) {
    g_variant_get (parameters, "(&s)", &action);
    cancel_held (polkit, action);
    g_dbus_method_invocation_return_value (invocation, NULL);
    return;
  }
  g_variant_get_child (parameters, 1, "&s", &action);
  word = strrchr (action, '.') + 1;
  g_ptr_array_add (polkit->asked, g_strdup (word));
  g_clear_pointer (&polkit->last, g_variant_unref);
  polkit->last = g_variant_ref (parameters);
  if (g_str_equal (word, "hold"))
    g_queue_push_tail (&polkit->held, invocation);
  else
    reply (invocation, word);
}

static GVariant *
on_polkit_get (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
               const char *property, GError **error, gpointer data)
{
  if (g_str_equal (property, "BackendFeatures"))
    return g_variant_new_uint32 (0);
  return g_variant_new_string ("test");
}

static Polkit *
polkit_start (void)
{
  static const GDBusInterfaceVTable functions = { on_polkit_call, on_polkit_get, NULL, { NULL } };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (polkit_xml, NULL);
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (GError) error = NULL;
  Polkit *polkit = g_new0 (Polkit, 1);

  polkit->asked = g_ptr_array_new_with_free_func (g_free);
  polkit->connection = connect_to_bus ();
  g_dbus_connection_register_object (polkit->connection, "/org/freedesktop/PolicyKit1/Authority",
                                     info->interfaces[0], &functions, polkit, NULL, &error);
  g_assert_no_error (error);
  owned = g_dbus_connection_call_sync (polkit->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "RequestName",
                                       g_variant_new ("(su)", "org.freedesktop.PolicyKit1", 0), NULL,
                                       G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  return polkit;
}

static void
polkit_stop (Polkit *polkit)
{
  disconnect (&polkit->connection);
  while (polkit->held.length > 0)
    g_object_unref (g_queue_pop_head (&polkit->held));
  g_ptr_array_unref (polkit->asked);
  g_clear_pointer (&polkit->last, g_variant_unref);
  g_free (polkit);
}

static void
release_one (Polkit *polkit, const char *word)
{
  reply (g_queue_pop_head (&polkit->held), word);
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

/* On a slow machine our polkit may be stopped before it heard that a check was cancelled; the library warns.
 */
static gboolean
is_fatal (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  return strstr (message, "Error cancelling authorization check") == NULL;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_test_log_set_fatal_handler (is_fatal, NULL);
  fixture->polkit = polkit_start ();
  fixture->connection = connect_to_bus ();
  fixture->caller = connect_to_bus ();
  g_dbus_connection_add_filter (fixture->connection, count_message, fixture, NULL);
  fixture->authority = netns_authority_new (fixture->connection);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->authority, netns_authority_free);
  wait_in_vain ();
  g_clear_pointer (&fixture->polkit, polkit_stop);
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

static void
take_uid (guint uid, const GError *error, gpointer data)
{
  Answer *answer = data;

  answer->count++;
  answer->uid = uid;
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
    { "deny", FALSE, NETNS_ERROR_ACCESS_DENIED, "Not authorized: " ACTION "deny (namespace w" },
    { "deny", TRUE, NETNS_ERROR_ACCESS_DENIED, "b, verb delete)" },
    { "challenge", FALSE, NETNS_ERROR_INTERACTION_REQUIRED,
      "call again with interactive authorization allowed" },
    { "challenge", TRUE, NETNS_ERROR_ACCESS_DENIED, "no agent" },
    { "dismiss", TRUE, NETNS_ERROR_AUTHORIZATION_DISMISSED, "dismissed" },
    { "fail", FALSE, NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked: Action is not registered" },
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
  g_clear_pointer (&fixture->polkit, polkit_stop);
  assert_refused (&running, NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked");
  ask (fixture, ANYBODY, TRUE, "allow", NULL, &absent);
  assert_refused (&absent, NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked");
  fixture->polkit = polkit_start ();
  ask (fixture, ANYBODY, TRUE, "allow", NULL, &again);
  assert_granted (&again);
}

static void
test_polkit_absent (Fixture *fixture, gconstpointer data)
{
  Answer answers[6] = { 0 };

  g_clear_pointer (&fixture->polkit, polkit_stop);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    ask (fixture, ANYBODY, FALSE, "allow", NULL, &answers[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    assert_refused (&answers[i], NETNS_ERROR_ACCESS_DENIED, "polkit could not be asked");
    answer_clear (&answers[i]);
  }
  fixture->polkit = polkit_start ();
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
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", bus_address, TRUE);
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
  release_one (fixture->polkit, "deny");
  wait_for (fixture->polkit->held.length == 4);
  assert_refused (&answers[0], NETNS_ERROR_ACCESS_DENIED, "Not authorized");
  g_assert_cmpuint (answers[4].count, ==, 0);
  for (gsize i = 1; i < G_N_ELEMENTS (answers); i++) {
    release_one (fixture->polkit, "allow");
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
    assert_refused (&answers[i], NETNS_ERROR_ACCESS_DENIED, "the service ends");
  }
  wait_for (fixture->polkit->cancelled == 4);
  wait_in_vain ();
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_assert_cmpuint (answers[i].count, ==, 1);
    answer_clear (&answers[i]);
  }
}

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
  wait_for (fixture->polkit->cancelled == 4);
  wait_for (fixture->polkit->held.length == 1);
  release_one (fixture->polkit, "allow");
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

static void
test_identify (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strdup (g_dbus_connection_get_unique_name (fixture->caller));
  Answer answers[4] = { 0 };
  GDBusConnection *other = NULL;

  for (gsize i = 0; i < 3; i++)
    netns_authority_identify (fixture->authority, name, take_uid, &answers[i]);
  g_assert_cmpuint (answers[0].count, ==, 0);
  wait_for (answers[0].count + answers[1].count + answers[2].count == 3);
  netns_authority_identify (fixture->authority, name, take_uid, &answers[3]);
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
  netns_authority_identify (fixture->authority, name, take_uid, &answers[0]);
  assert_refused (&answers[0], NETNS_ERROR_ACCESS_DENIED, "who the caller");
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
    netns_authority_identify (fixture->authority, g_dbus_connection_get_unique_name (callers[i]), take_uid,
                              &answer);
    wait_for (answer.count == 1);
    g_assert_no_error (answer.error);
  }
  wait_in_vain ();
  g_assert_cmpint (g_atomic_int_get (&fixture->matches_removed), ==, 12);
  for (gsize i = 0; i < G_N_ELEMENTS (callers); i++)
    disconnect (&callers[i]);
}

/* The end. */

static void
test_free_early (Fixture *fixture, gconstpointer data)
{
  g_auto (Answer) identified = { 0 }, answered = { 0 };

  netns_authority_identify (fixture->authority, g_dbus_connection_get_unique_name (fixture->caller), take_uid,
                            &identified);
  ask (fixture, ANYBODY, TRUE, "hold", NULL, &answered);
  g_clear_pointer (&fixture->authority, netns_authority_free);
  g_assert_cmpuint (identified.count, ==, 1);
  g_assert_cmpuint (answered.count, ==, 1);
  assert_refused (&identified, NETNS_ERROR_ACCESS_DENIED, "the service ends");
  assert_refused (&answered, NETNS_ERROR_ACCESS_DENIED, "the service ends");
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
  assert_refused (&chain.next, NETNS_ERROR_ACCESS_DENIED, "the service ends");
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
  alarm (DEADLINE);
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  bus_address = g_strdup (g_test_dbus_get_bus_address (bus));
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", bus_address, TRUE);

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
  g_test_add_func ("/questions/turns", test_turns);
  g_test_add_func ("/questions/all-running", test_all_running);
  add ("/authority/caller-leaves", test_caller_leaves);
  add ("/authority/caller-gone-before", test_caller_gone_before);
  add ("/authority/identify", test_identify);
  add ("/authority/many-callers", test_many_callers);
  add ("/authority/free-early", test_free_early);
  add ("/authority/ask-in-answer", test_ask_in_answer);
  result = g_test_run ();

  /* The library's own connection would end the process together with the bus. */
  connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  g_test_dbus_stop (bus);
  g_free (bus_address);
  return result;
}
