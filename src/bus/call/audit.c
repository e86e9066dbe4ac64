/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/audit.h"

#include "bus/call/actions.h"
#include "common/error.h"
#include "common/names.h"
#include "common/text.h"
#include "core/service/users.h"

#include <string.h>

#define LINE_LENGTH 1000

/* Any user can cause refusals at any rate, and journald drops the lines of all users above its own limit
 * (RateLimitBurst= in journald.conf). So only this many refusals of one user are logged in each span of time. */
#define REFUSALS_MAX  100
#define REFUSALS_SPAN (30 * G_TIME_SPAN_SECOND)

struct _NetnsAudit {
  GHashTable *refusals; /* uid -> Refusals */
};

/* Of one user, in the present span. */
typedef struct {
  gint64 since;
  guint written;
  guint left_out;
} Refusals;

/* Returns: (transfer full): an audit without a past */
NetnsAudit *
netns_audit_new (void)
{
  NetnsAudit *audit = g_new0 (NetnsAudit, 1);

  audit->refusals = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return audit;
}

void
netns_audit_free (NetnsAudit *audit)
{
  g_hash_table_unref (audit->refusals);
  g_free (audit);
}

/* Whether one more refusal of @uid is written. The first one of a new span says how many were not in the last one. */
static gboolean
take_refusal (NetnsAudit *audit, guint uid)
{
  Refusals *refusals = g_hash_table_lookup (audit->refusals, GUINT_TO_POINTER (uid));
  gint64 now = g_get_monotonic_time ();

  if (refusals == NULL) {
    refusals = g_new0 (Refusals, 1);
    refusals->since = now;
    g_hash_table_insert (audit->refusals, GUINT_TO_POINTER (uid), refusals);
  }
  if (now - refusals->since > REFUSALS_SPAN) {
    if (refusals->left_out > 0)
      g_message ("uid %u: %u more calls were refused or failed", uid, refusals->left_out);
    *refusals = (Refusals) { .since = now };
  }
  if (refusals->written < REFUSALS_MAX) {
    refusals->written++;
    return TRUE;
  }
  if (refusals->left_out++ == 0)
    g_message ("uid %u: more than %u calls were refused or failed in %d s; further ones are not logged", uid,
               REFUSALS_MAX, (int) (REFUSALS_SPAN / G_TIME_SPAN_SECOND));
  return FALSE;
}

static char *
describe_details (const NetnsPlan *plan)
{
  GString *text = g_string_new (NULL);
  const char *key;

  for (guint i = 0; plan != NULL && (key = netns_actions_get_logged (i)) != NULL; i++) {
    const char *value = g_hash_table_lookup (netns_plan_get_details (plan), key);

    if (value != NULL && *value != '\0') {
      g_autofree char *shown = strcmp (key, "owner") == 0 ? netns_users_print (value) : g_strdup (value);

      g_string_append_printf (text, " %s=%s", key, shown);
    }
  }
  return g_string_free (text, FALSE);
}

/* One short line, because part of its text comes from the caller, who may be any user. */
static char *
make_line (const char *text)
{
  g_autofree char *short_text = g_strndup (text, LINE_LENGTH);
  g_autofree char *shown = netns_text_escape (short_text, "");

  return g_strndup (shown, LINE_LENGTH);
}

/**
 * netns_audit_write:
 * @audit: the audit
 * @invocation: the call
 * @uid: the caller's, NETNS_UID_NOBODY if unknown
 * @plan: (nullable): what was to be done
 * @error: (nullable): why it was not
 */
void
netns_audit_write (NetnsAudit *audit, const NetnsInvocation *invocation, guint uid, const NetnsPlan *plan,
                   const GError *error)
{
  const char *method = invocation->member, *path = invocation->path;
  const char *result = error == NULL ? "done" : error->domain == NETNS_ERROR ? netns_error_name (error) : "failed";
  g_autofree char *who = uid == NETNS_UID_NOBODY ? g_strdup ("unknown") : g_strdup_printf ("%u", uid);
  g_autofree char *details = describe_details (plan);
  g_autofree char *text = g_strdup_printf ("uid %s: %s on %s%s: %s%s%s", who, method, path, details, result,
                                           error ? ": " : "", error ? error->message : "");
  g_autofree char *line = make_line (text);

  if (error != NULL && uid != 0 && !take_refusal (audit, uid))
    return;
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "NETNSD_METHOD", method, "NETNSD_OBJECT", path, "NETNSD_UID",
                    who, "NETNSD_RESULT", result, "MESSAGE", "%s", line);
}
