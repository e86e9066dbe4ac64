/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/notices.h"

#include "bus/authority.h"
#include "bus/object.h"
#include "common/names.h"
#include "core/drift.h"
#include "core/follow.h"
#include "core/foreign-firewalls.h"
#include "core/restore.h"

struct _NetnsNotices {
  GDBusConnection *connection;
  NetnsGrant *grant;
  NetnsRestore *restore;
  NetnsDrift *drift;
  NetnsFollow *follow;
  NetnsForeignFirewalls *foreign;
};

static void
emit (NetnsNotices *notices, const char *signal, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;

  /* Only a connection that has closed refuses, and then the service ends anyway. */
  if (!g_dbus_connection_emit_signal (notices->connection, NULL, NETNS_PATH, NETNS_INTERFACE_MANAGER, signal,
                                      parameters, &error))
    g_debug ("%s", error->message);
}

static void
on_restored (const char *const *what, gpointer data)
{
  g_autofree char *list = g_strjoinv (", ", (char **) what);

  g_message ("Somebody changed rules that this service needs; put back those of: %s", list);
  emit (data, "RulesRestored", g_variant_new ("(^as)", what));
}

static void
on_drifted (NetnsDefinition *definition, GVariant *expected, GVariant *found, gpointer data)
{
  const NetnsObject object = netns_object_for_definition (definition);
  g_autofree char *path = netns_object_get_path (&object);

  emit (data, "Drifted", g_variant_new ("(o@a{sv}@a{sv})", path, expected, found));
}

/**
 * netns_notices_new:
 * @core: the service, settled
 * @connection: the bus
 *
 * Returns: (transfer full): who looks after the service's things from now on
 */
NetnsNotices *
netns_notices_new (NetnsCore *core, GDBusConnection *connection)
{
  NetnsNotices *notices = g_new0 (NetnsNotices, 1);

  notices->connection = g_object_ref (connection);
  notices->grant = netns_authority_grant_service ();
  notices->restore = netns_restore_new (core, notices->grant, on_restored, notices);
  notices->follow = netns_follow_new (core, notices->grant);
  notices->drift = netns_drift_new (core, on_drifted, notices);
  notices->foreign = netns_foreign_firewalls_new (core);
  return notices;
}

/**
 * netns_notices_free:
 * @notices: (transfer full): the notices; nothing may change any more
 */
void
netns_notices_free (NetnsNotices *notices)
{
  g_clear_pointer (&notices->foreign, netns_foreign_firewalls_free);
  g_clear_pointer (&notices->drift, netns_drift_free);
  g_clear_pointer (&notices->follow, netns_follow_free);
  g_clear_pointer (&notices->restore, netns_restore_free);
  g_clear_pointer (&notices->grant, netns_grant_free);
  g_object_unref (notices->connection);
  g_free (notices);
}
