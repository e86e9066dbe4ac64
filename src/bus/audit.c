/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/audit.h"

#include "common/error.h"

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

/**
 * netns_audit:
 * @invocation: the call
 * @uid: the caller's
 * @plan: (nullable): what was to be done
 * @error: (nullable): why it was not
 */
void
netns_audit (GDBusMethodInvocation *invocation, guint uid, const NetnsPlan *plan, const GError *error)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  const char *path = g_dbus_method_invocation_get_object_path (invocation);
  const char *result = error == NULL ? "done" : error->domain == NETNS_ERROR ? netns_error_name (error) : "failed";
  g_autofree char *details = describe_details (plan), *uid_text = g_strdup_printf ("%u", uid);

  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, "NETNSD_METHOD", method, "NETNSD_OBJECT", path, "NETNSD_UID",
                    uid_text, "NETNSD_RESULT", result, "MESSAGE", "uid %u: %s on %s%s: %s%s%s", uid, method, path,
                    details, result, error ? ": " : "", error ? error->message : "");
}
