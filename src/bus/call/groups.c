/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/groups.h"

#include "common/error.h"
#include "common/names.h"
#include "kernel/process.h"

typedef struct {
  NetnsCall *call;
  NetnsDoneFunc done;
  gpointer data;
} Finding;

/* The bus knows all groups of the caller but not which of them is the first. Its process tells; a number of a process can
 * pass to another one, so what it tells counts only if the bus knows it, too. */
static guint
choose_group (GVariant *groups, guint pid)
{
  gsize n_groups;
  const guint32 *list = g_variant_get_fixed_array (groups, &n_groups, sizeof *list);
  guint group = pid != 0 ? netns_process_get_group (pid) : (guint) -1;

  for (gsize i = 0; i < n_groups; i++)
    if (list[i] == group)
      return group;
  return list[0];
}

static gboolean
take (NetnsCall *call, GVariant *credentials)
{
  guint uid = NETNS_UID_NOBODY, pid = 0;

  call->groups = g_variant_lookup_value (credentials, "UnixGroupIDs", G_VARIANT_TYPE ("au"));
  g_variant_lookup (credentials, "UnixUserID", "u", &uid);
  g_variant_lookup (credentials, "ProcessID", "u", &pid);
  if (uid != call->uid || call->groups == NULL || g_variant_n_children (call->groups) == 0)
    return FALSE;
  call->gid = choose_group (call->groups, pid);
  return TRUE;
}

static void
on_credentials (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Finding *finding = data;
  g_autoptr (GError) error = NULL, denied = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GVariant) credentials = reply ? g_variant_get_child_value (reply, 0) : NULL;

  if (credentials == NULL || !take (finding->call, credentials)) {
    if (error != NULL)
      g_dbus_error_strip_remote_error (error);
    denied = g_error_new (NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED,
                          "Not authorized: cannot determine the groups of the caller%s%s", error ? ": " : "",
                          error ? error->message : "");
  }
  finding->done (denied, finding->data);
}

/**
 * netns_groups_find:
 * @call: a call whose uid is known; must live until @done. Gets its gid and its groups
 * @done: (scope async): called with `AccessDenied` if the bus does not know them
 * @data: for @done
 */
void
netns_groups_find (NetnsCall *call, NetnsDoneFunc done, gpointer data)
{
  Finding *finding = g_new0 (Finding, 1);

  finding->call = call;
  finding->done = done;
  finding->data = data;
  g_dbus_connection_call (call->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionCredentials", g_variant_new ("(s)", call->sender), G_VARIANT_TYPE ("(a{sv})"),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_credentials, finding);
}
