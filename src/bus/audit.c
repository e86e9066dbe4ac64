/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/audit.h"

#include "common/error.h"
#include "common/names.h"

#define LINE_LENGTH 1000

static char *
describe_details (const NetnsPlan *plan)
{
  static const char *const keys[] = { "namespace", "owner", "link", "kind", "network", "subnet" };
  GString *text = g_string_new (NULL);

  for (gsize i = 0; plan != NULL && i < G_N_ELEMENTS (keys); i++) {
    const char *value = g_hash_table_lookup (netns_plan_get_details (plan), keys[i]);

    if (value != NULL && *value != '\0')
      g_string_append_printf (text, " %s=%s", keys[i], value);
  }
  return g_string_free (text, FALSE);
}

/* One line, and not a long one: part of it is what the caller wrote, who may be anybody. */
static char *
make_line (const char *text)
{
  char *line = g_strndup (text, LINE_LENGTH);

  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return line;
}

/**
 * netns_audit:
 * @invocation: the call
 * @uid: the caller's, NETNS_UID_NOBODY if nobody could say
 * @plan: (nullable): what was to be done
 * @error: (nullable): why it was not
 */
void
netns_audit (GDBusMethodInvocation *invocation, guint uid, const NetnsPlan *plan, const GError *error)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  const char *path = g_dbus_method_invocation_get_object_path (invocation);
  const char *result = error == NULL ? "done" : error->domain == NETNS_ERROR ? netns_error_name (error) : "failed";
  g_autofree char *who = uid == NETNS_UID_NOBODY ? g_strdup ("unknown") : g_strdup_printf ("%u", uid);
  g_autofree char *details = describe_details (plan);
  g_autofree char *text = g_strdup_printf ("uid %s: %s on %s%s: %s%s%s", who, method, path, details, result,
                                           error ? ": " : "", error ? error->message : "");
  g_autofree char *line = make_line (text);

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "NETNSD_METHOD", method, "NETNSD_OBJECT", path, "NETNSD_UID", who,
                    "NETNSD_RESULT", result, "MESSAGE", "%s", line);
}
