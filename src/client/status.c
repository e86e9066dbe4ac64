/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl status */
#include "config.h"

#include "client/busctl.h"
#include "client/command.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"

/* The Manager is asked by itself: the object manager's own object is not among those that it manages. */
static const NetnsColumn columns[] = {
  { "host", N_ ("Host"), NULL, NULL },
  { "client-version", N_ ("Client version"), NULL, NULL },
  { "version", N_ ("Service version"), NULL, "Version" },
  { "forwarding4", N_ ("IPv4 forwarding"), NULL, "Forwarding4" },
  { "forwarding6", N_ ("IPv6 forwarding"), NULL, "Forwarding6" },
  { "foreign-firewalls", N_ ("Others that drop"), NULL, "ForeignFirewalls" },
  { "resync-count", N_ ("Read again"), NULL, "ResyncCount" },
  { "n-namespaces", N_ ("Namespaces"), NULL, NULL },
  { "n-links", N_ ("Links"), NULL, NULL },
  { "n-networks", N_ ("Networks"), NULL, NULL },
  { "n-nats", N_ ("NATs"), NULL, NULL },
  { "n-forwards", N_ ("Forwards"), NULL, NULL },
  { NULL },
};

static const char *const counted[] = {
  NETNS_INTERFACE_NAMESPACE,
  NETNS_INTERFACE_LINK,
  NETNS_INTERFACE_NETWORK,
  NETNS_INTERFACE_NAT,
  NETNS_INTERFACE_FORWARD,
};

static void
add_manager (NetnsTable *table, const NetnsObjects *objects, GVariant *properties)
{
  for (const NetnsColumn *column = columns; column->key != NULL; column++) {
    g_autoptr (GVariant) value = NULL;

    if (column->property == NULL)
      continue;
    value = g_variant_lookup_value (properties, column->property, NULL);
    netns_table_add_value (table, netns_value_to_json (objects, column->property, value));
  }
}

static gboolean
status (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  const NetnsSettings *settings = connection->settings;
  g_autoptr (GVariant) question = g_variant_ref_sink (g_variant_new ("(s)", NETNS_INTERFACE_MANAGER));
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (NetnsObjects) objects = NULL;
  g_autoptr (GVariant) reply = NULL, properties = NULL;

  if (settings->busctl) {
    netns_busctl_print (settings, NETNS_PATH, PROPERTIES_INTERFACE, "GetAll", question);
    netns_busctl_print (settings, NETNS_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                        NULL);
    return TRUE;
  }
  reply = netns_connection_read (connection, NETNS_PATH, PROPERTIES_INTERFACE, "GetAll", question, "(a{sv})",
                                 error);
  objects = reply ? netns_objects_read (connection, error) : NULL;
  if (objects == NULL)
    return FALSE;
  properties = g_variant_get_child_value (reply, 0);
  netns_table_add_value (table, netns_value_new_text (settings->host ? settings->host : g_get_host_name ()));
  netns_table_add_value (table, netns_value_new_text (PACKAGE_VERSION));
  add_manager (table, objects, properties);
  for (gsize i = 0; i < G_N_ELEMENTS (counted); i++) {
    g_autoptr (GPtrArray) paths = netns_objects_list (objects, counted[i]);

    netns_table_add_value (table, netns_value_new_number (paths->len));
  }
  return netns_table_print_details (table, settings, error);
}

const NetnsVerb netns_status_verbs[] = {
  { "", 0, 0, "", N_ ("Show what the service is and how much it sees"), status },
  { NULL },
};
