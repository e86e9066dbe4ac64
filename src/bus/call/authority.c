/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Combines the clients on the bus (bus/call/senders.c), the queue (common/fair-queue.c) and polkit. Nothing in it blocks,
 * and each question is answered exactly once. */
#include "config.h"

#include "bus/call/authority.h"

#include "bus/call/actions.h"
#include "bus/call/senders.h"
#include "common/error.h"
#include "common/later.h"
#include "common/fair-queue.h"

#include <polkit/polkit.h>
#include <stdlib.h>
#include <string.h>

/* The library keeps one PolkitAuthority for the process, and a failed one too until a thread of its own lets
 * go of it, a moment after it said so. */
#define POLKIT_RETRY 100 /* ms */

static const NetnsFairQueueLimits limits
  = { NETNS_QUESTIONS_RUNNING, NETNS_QUESTIONS_RUNNING_PER_USER, NETNS_QUESTIONS_WAITING_PER_USER };

struct _NetnsGrant {
  guint uid;
  char **actions;
};

struct _NetnsAuthority {
  NetnsSenders *senders;
  NetnsFairQueue *questions;
  PolkitAuthority *polkit; /* NULL until it is needed */
  GQueue connecting; /* running questions that wait for @polkit */
  gboolean is_connecting;
  GSource *retry; /* after a failure */
  gboolean closed;
};

/* A question that waits or runs. */
typedef struct {
  NetnsAuthority *authority; /* not once it is answered */
  NetnsSenderWatch *watch;
  char *sender;
  guint uid;
  gboolean interactive;
  gboolean running;
  const GDBusMethodInfo *method;
  char **actions;
  guint next; /* index of the action that is asked about */
  PolkitDetails *details;
  NetnsAnsweredFunc answered; /* NULL once it is answered */
  gpointer data;
} Pending;

static void check_next (Pending *pending);
static void connect_to_polkit (gpointer data);

static void
pending_clear (gpointer data)
{
  Pending *pending = data;

  g_free (pending->sender);
  g_strfreev (pending->actions);
  g_object_unref (pending->details);
}

static void
pending_unref (Pending *pending)
{
  g_rc_box_release_full (pending, pending_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pending, pending_unref)

static NetnsGrant *
grant_new (guint uid, const char *const *actions)
{
  NetnsGrant *grant = g_new0 (NetnsGrant, 1);

  grant->uid = uid;
  grant->actions = g_strdupv ((char **) actions);
  return grant;
}

static void
run_questions (NetnsAuthority *authority)
{
  Pending *pending;

  while (!authority->closed && (pending = netns_fair_queue_next (authority->questions)) != NULL) {
    pending->running = TRUE;
    check_next (pending);
  }
}

/* The caller's function comes last: it may ask the next question. */
static void
answer (Pending *pending, NetnsGrant *grant, const GError *error)
{
  g_autoptr (Pending) self = pending;
  NetnsAuthority *authority = pending->authority;
  NetnsAnsweredFunc answered = pending->answered;

  pending->answered = NULL;
  g_clear_pointer (&pending->watch, netns_senders_unwatch);
  if (pending->running)
    netns_fair_queue_done (authority->questions, pending->uid);
  else
    netns_fair_queue_remove (authority->questions, pending->uid, pending);
  run_questions (authority);
  answered (grant, error, pending->data);
}

/* polkitd watches the subject itself and closes the dialog when it leaves; its answer is then ignored. Cancelling the
 * check from here would race with that, and libpolkit warns of a check that is gone already. */
static void
on_left (const GError *error, gpointer data)
{
  answer (data, NULL, error);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* ` (namespace web, verb delete)`: which of many things it was that was refused. `change` and `place` repeat the others,
 * for dialogs. */
static char *
describe_details (PolkitDetails *details)
{
  static const char *const hidden[] = { "command", "change", "place", NULL };
  g_auto (GStrv) keys = polkit_details_get_keys (details);
  g_autoptr (GString) text = g_string_new (NULL);

  if (keys == NULL || keys[0] == NULL)
    return g_strdup ("");
  qsort (keys, g_strv_length (keys), sizeof *keys, compare_keys);
  /* The caller knows the command, but it must not be logged: its arguments can hold secrets. */
  for (guint i = 0; keys[i] != NULL; i++)
    if (!g_strv_contains (hidden, keys[i]) && *polkit_details_lookup (details, keys[i]) != '\0')
      g_string_append_printf (text, "%s%s %s", text->len == 0 ? " (" : ", ", keys[i],
                              polkit_details_lookup (details, keys[i]));
  if (text->len > 0)
    g_string_append_c (text, ')');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Translates polkit's answer for the caller. A challenge in spite of interaction means that the session has no
 * authentication agent; InteractiveAuthorizationRequired would have the caller set a flag that it has set already. */
static gboolean
judge (PolkitAuthorizationResult *result, const Pending *pending, GError **error)
{
  const char *action = pending->actions[pending->next];
  g_autofree char *details = NULL;

  if (polkit_authorization_result_get_is_authorized (result))
    return TRUE;
  details = describe_details (pending->details);
  if (polkit_authorization_result_get_dismissed (result))
    return netns_refuse (error, NETNS_ERROR_AUTHORIZATION_DISMISSED, "Authorization was dismissed: %s%s", action,
                         details);
  if (!polkit_authorization_result_get_is_challenge (result))
    return netns_refuse (error, NETNS_ERROR_ACCESS_DENIED, "Not authorized: %s%s", action, details);
  if (pending->interactive)
    return netns_refuse (
      error, NETNS_ERROR_ACCESS_DENIED,
      "Not authorized: %s%s: a password is needed, and the session has no polkit agent to ask for it", action, details);
  return netns_refuse (error, NETNS_ERROR_INTERACTION_REQUIRED,
                       "A password is needed: %s%s; call again with interactive authorization allowed", action,
                       details);
}

static void
answer_not_asked (Pending *pending, const GError *reason)
{
  g_autoptr (GError) error
    = g_error_new (NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED, "Not authorized: %s: polkit could not be asked: %s",
                   pending->actions[pending->next], reason->message);

  answer (pending, NULL, error);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Pending) pending = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitAuthorizationResult) checked
    = polkit_authority_check_authorization_finish (POLKIT_AUTHORITY (source), result, &error);

  if (pending->answered == NULL)
    return;
  if (checked == NULL) {
    g_dbus_error_strip_remote_error (error);
    answer_not_asked (pending, error);
  } else if (!judge (checked, pending, &error)) {
    answer (pending, NULL, error);
  } else {
    pending->next++;
    check_next (pending);
  }
}

/* The memory stays until polkit_authority_get_async() has called back. */
static void
authority_unref (NetnsAuthority *authority)
{
  g_rc_box_release (authority);
}

/* The PolkitAuthority is for ever. It finds polkit again whenever polkit comes back; and were it freed,
 * signals that its proxy still gets would be given to it (it does not disconnect them in
 * polkit_authority_finalize()). */
static void
on_polkit (GObject *source, GAsyncResult *result, gpointer data)
{
  NetnsAuthority *authority = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitAuthority) polkit = polkit_authority_get_finish (result, &error);
  GQueue connecting = authority->connecting;

  g_queue_init (&authority->connecting);
  authority->is_connecting = FALSE;
  if (polkit == NULL && !authority->closed)
    netns_later_after (&authority->retry, POLKIT_RETRY, connect_to_polkit, authority);
  authority->polkit = g_steal_pointer (&polkit);
  while (connecting.length > 0) {
    g_autoptr (Pending) pending = g_queue_pop_head (&connecting);

    if (pending->answered == NULL)
      continue;
    if (error == NULL)
      check_next (pending);
    else
      answer_not_asked (pending, error);
  }
  authority_unref (authority);
}

static void
connect_to_polkit (gpointer data)
{
  NetnsAuthority *authority = data;

  if (authority->is_connecting || authority->retry != NULL || authority->connecting.length == 0)
    return;
  authority->is_connecting = TRUE;
  polkit_authority_get_async (NULL, on_polkit, g_rc_box_acquire (authority));
}

/* The message of the method instead of the action's, in the language of whom polkit asks, as it knows it. */
static PolkitDetails *
choose_details (const Pending *pending)
{
  const char *message
    = pending->method ? netns_actions_get_message (pending->method, pending->actions[pending->next]) : NULL;
  g_auto (GStrv) keys = polkit_details_get_keys (pending->details);
  PolkitDetails *details = polkit_details_new ();

  for (gsize i = 0; keys != NULL && keys[i] != NULL; i++)
    polkit_details_insert (details, keys[i], polkit_details_lookup (pending->details, keys[i]));
  if (message != NULL) {
    polkit_details_insert (details, "polkit.message", message);
    polkit_details_insert (details, "polkit.gettext_domain", GETTEXT_PACKAGE);
  }
  return details;
}

/* Asks for the next action, or grants if there is none. Calls back later, never at once, unless it grants. */
static void
check_next (Pending *pending)
{
  NetnsAuthority *authority = pending->authority;
  g_autoptr (PolkitSubject) subject = NULL;
  g_autoptr (PolkitDetails) details = NULL;

  if (pending->actions[pending->next] == NULL) {
    answer (pending, grant_new (pending->uid, (const char *const *) pending->actions), NULL);
    return;
  }
  if (authority->polkit == NULL) {
    g_queue_push_tail (&authority->connecting, g_rc_box_acquire (pending));
    connect_to_polkit (authority);
    return;
  }
  subject = polkit_system_bus_name_new (pending->sender);
  details = choose_details (pending);
  polkit_authority_check_authorization (authority->polkit, subject, pending->actions[pending->next], details,
                                        pending->interactive ? POLKIT_CHECK_AUTHORIZATION_FLAGS_ALLOW_USER_INTERACTION
                                                             : POLKIT_CHECK_AUTHORIZATION_FLAGS_NONE,
                                        NULL, on_checked, g_rc_box_acquire (pending));
}

/* Names of namespaces may come from the file system, which takes any bytes; polkit takes UTF-8 only. */
static PolkitDetails *
copy_details (GHashTable *table)
{
  PolkitDetails *details = polkit_details_new ();
  GHashTableIter iterator;
  gpointer key, value;

  if (table == NULL)
    return details;
  g_hash_table_iter_init (&iterator, table);
  while (g_hash_table_iter_next (&iterator, &key, &value)) {
    g_autofree char *valid = g_utf8_make_valid (value, -1);

    polkit_details_insert (details, key, valid);
  }
  return details;
}

static Pending *
pending_new (NetnsAuthority *authority, const NetnsQuestion *question, NetnsAnsweredFunc answered, gpointer data)
{
  Pending *pending = g_rc_box_new0 (Pending);

  pending->authority = authority;
  pending->sender = g_strdup (question->sender);
  pending->uid = question->uid;
  pending->interactive = question->interactive;
  pending->method = question->method;
  pending->actions = g_strdupv ((char **) question->actions);
  pending->details = copy_details (question->details);
  pending->answered = answered;
  pending->data = data;
  return pending;
}

/* Decides without polkit. The first case is a bug in the service: a method without an action must not become one that
 * every user may call. Root could do everything without this service. */
static gboolean
answer_at_once (NetnsAuthority *authority, const NetnsQuestion *question, NetnsAnsweredFunc answered, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (question->actions == NULL || question->actions[0] == NULL) {
    g_critical ("A call of %s names no polkit action: refused", question->sender);
    g_set_error_literal (&error, NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED,
                         "Not authorized: there is no polkit action for this (a bug in the service)");
  } else if (authority->closed) {
    g_set_error_literal (&error, NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED,
                         "Not authorized: the service is shutting down");
  } else if (question->uid != 0) {
    return FALSE;
  }
  answered (error == NULL ? grant_new (question->uid, question->actions) : NULL, error, data);
  return TRUE;
}

/**
 * netns_authority_new:
 * @connection: the system bus, or the bus that is used instead of it
 *
 * polkit itself is looked for when the first question is asked, on the system bus (or what
 * `DBUS_SYSTEM_BUS_ADDRESS` says).
 *
 * Returns: (transfer full): an authority, to be used in the main thread only
 */
NetnsAuthority *
netns_authority_new (GDBusConnection *connection)
{
  NetnsAuthority *authority = g_rc_box_new0 (NetnsAuthority);

  authority->senders = netns_senders_new (connection);
  authority->questions = netns_fair_queue_new (&limits, NULL);
  return authority;
}

/**
 * netns_authority_free:
 * @authority: (transfer full): an authority
 *
 * All pending questions are answered with `AccessDenied` before this returns; later answers of polkit are ignored. Not
 * to be called from within a callback of @authority.
 */
void
netns_authority_free (NetnsAuthority *authority)
{
  authority->closed = TRUE;
  netns_senders_free (authority->senders);
  netns_fair_queue_free (authority->questions);
  netns_later_clear (&authority->retry);
  while (authority->connecting.length > 0)
    pending_unref (g_queue_pop_head (&authority->connecting));
  authority_unref (authority);
}

/**
 * netns_authority_ask:
 * @authority: an authority
 * @question: who wants to do what; copied
 * @answered: called once with a grant or an error
 * @data: for @answered
 *
 * Asks polkit for all actions, one after another, until one is refused. Root, a question without an action, and a
 * caller with too many questions are answered before this returns, all others later.
 *
 * Of one user at most %NETNS_QUESTIONS_RUNNING_PER_USER questions run and %NETNS_QUESTIONS_WAITING_PER_USER
 * wait. A caller who leaves the bus meanwhile is refused, and polkit's dialog closed. If polkit cannot be
 * asked, this is a refusal too, and the next question tries again.
 *
 * Errors: `AccessDenied`, `InteractiveAuthorizationRequired` (only if @question does not allow interaction),
 * `AuthorizationDismissed`, `LimitsExceeded`
 */
void
netns_authority_ask (NetnsAuthority *authority, const NetnsQuestion *question, NetnsAnsweredFunc answered,
                     gpointer data)
{
  g_autoptr (Pending) pending = NULL;
  g_autoptr (GError) error = NULL;

  if (answer_at_once (authority, question, answered, data))
    return;
  pending = pending_new (authority, question, answered, data);
  if (!netns_fair_queue_add (authority->questions, question->uid, pending)) {
    g_set_error (&error, NETNS_ERROR, NETNS_ERROR_LIMITS_EXCEEDED, "Already %d calls of user %u wait for authorization",
                 NETNS_QUESTIONS_WAITING_PER_USER, question->uid);
    answered (NULL, error, data);
    return;
  }
  pending->watch = netns_senders_watch (authority->senders, question->sender, on_left, pending);
  g_steal_pointer (&pending);
  run_questions (authority);
}

/**
 * netns_authority_grant_service:
 *
 * For repairs that the service does of itself, as when it comes back after a crash. Never for a call from the
 * bus.
 *
 * Returns: (transfer full): a grant without a question
 */
NetnsGrant *
netns_authority_grant_service (void)
{
  static const char *const actions[] = { "service", NULL };

  return grant_new (0, actions);
}

/**
 * netns_grant_free:
 * @grant: (transfer full) (nullable): a grant
 */
void
netns_grant_free (NetnsGrant *grant)
{
  if (grant == NULL)
    return;
  g_strfreev (grant->actions);
  g_free (grant);
}
