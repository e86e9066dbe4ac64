/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "private-bus.h"

#include <string.h>
#include <unistd.h>

#define DEADLINE 60 /* s, for the whole program */

static const char polkit_xml[]
  = "<node><interface name='org.freedesktop.PolicyKit1.Authority'>"
    "<method name='CheckAuthorization'><arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='a{ss}' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='(bba{ss})' direction='out'/></method>"
    "<property name='BackendName' type='s' access='read'/><property name='BackendVersion' type='s' "
    "access='read'/>"
    "<property name='BackendFeatures' type='u' access='read'/></interface></node>";

static char *bus_address;

/* Starts a bus that is the system bus as well. */
GTestDBus *
private_bus_start (void)
{
  GTestDBus *bus = g_test_dbus_new (G_TEST_DBUS_NONE);

  alarm (DEADLINE);
  g_test_dbus_up (bus);
  bus_address = g_strdup (g_test_dbus_get_bus_address (bus));
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", bus_address, TRUE);
  return bus;
}

void
private_bus_stop (GTestDBus *bus)
{
  g_test_dbus_stop (bus);
  g_clear_pointer (&bus_address, g_free);
}

const char *
private_bus_address (void)
{
  return bus_address;
}

GDBusConnection *
connect_to_bus (void)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
    bus_address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
    NULL, &error);

  g_assert_no_error (error);
  return connection;
}

void
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
void
wait_in_vain (void)
{
  gboolean over = FALSE;

  g_timeout_add (100, set_true, &over);
  wait_for (over);
}

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
    invocation, g_variant_new ("((bba{ss}))", g_str_equal (word, "allow"), g_str_equal (word, "challenge"), &details));
}

static void
on_polkit_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  MockPolkit *polkit = data;
  const char *action, *word;

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

MockPolkit *
mock_polkit_new (void)
{
  static const GDBusInterfaceVTable functions = { on_polkit_call, on_polkit_get, NULL, { NULL } };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (polkit_xml, NULL);
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (GError) error = NULL;
  MockPolkit *polkit = g_new0 (MockPolkit, 1);

  polkit->asked = g_ptr_array_new_with_free_func (g_free);
  polkit->connection = connect_to_bus ();
  g_dbus_connection_register_object (polkit->connection, "/org/freedesktop/PolicyKit1/Authority", info->interfaces[0],
                                     &functions, polkit, NULL, &error);
  g_assert_no_error (error);
  owned = g_dbus_connection_call_sync (
    polkit->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
    g_variant_new ("(su)", "org.freedesktop.PolicyKit1", 0), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
  return polkit;
}

void
mock_polkit_free (MockPolkit *polkit)
{
  disconnect (&polkit->connection);
  while (polkit->held.length > 0)
    g_object_unref (g_queue_pop_head (&polkit->held));
  g_ptr_array_unref (polkit->asked);
  g_clear_pointer (&polkit->last, g_variant_unref);
  g_free (polkit);
}

void
mock_polkit_release (MockPolkit *polkit, const char *word)
{
  reply (g_queue_pop_head (&polkit->held), word);
}
