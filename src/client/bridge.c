/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl bridge */
#include "config.h"

#include "client/command.h"
#include "client/key-values.h"
#include "client/link.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn port_columns[] = {
  { "name", N_ ("Name"), NETNS_INTERFACE_LINK, "Name" },
  { "kind", N_ ("Kind"), NETNS_INTERFACE_LINK, "Kind" },
  { "enabled", N_ ("Enabled"), NETNS_INTERFACE_LINK, "Enabled" },
  { "state", N_ ("State"), NETNS_INTERFACE_BRIDGE_PORT, "State" },
  { "cost", N_ ("Cost"), NETNS_INTERFACE_BRIDGE_PORT, "Cost" },
  { "hairpin", N_ ("Hairpin"), NETNS_INTERFACE_BRIDGE_PORT, "Hairpin" },
  { "isolated", N_ ("Isolated"), NETNS_INTERFACE_BRIDGE_PORT, "Isolated" },
  { "learning", N_ ("Learning"), NETNS_INTERFACE_BRIDGE_PORT, "Learning" },
  { "peer", N_ ("Peer"), NETNS_INTERFACE_VETH, "Peer" },
  { NULL },
};

static const NetnsColumn entry_columns[] = {
  { "mac-address", N_ ("MAC"), NULL, NULL },
  { "link", N_ ("Link"), NULL, NULL },
  { "vlan", N_ ("VLAN"), NULL, NULL },
  { "permanent", N_ ("Permanent"), NULL, NULL },
  { NULL },
};

static const NetnsKey create_keys[] = {
  { "addresses", NETNS_KEY_TEXTS }, { "mtu", NETNS_KEY_NUMBER }, { "mac-address", NETNS_KEY_TEXT },
  { "up", NETNS_KEY_FLAG },         NETNS_BRIDGE_KEYS,           { NULL },
};
static const NetnsKey bridge_keys[] = { NETNS_BRIDGE_KEYS, { NULL } };
static const NetnsKey port_keys[] = {
  { "cost", NETNS_KEY_NUMBER },   { "hairpin", NETNS_KEY_FLAG }, { "isolated", NETNS_KEY_FLAG },
  { "learning", NETNS_KEY_FLAG }, { NULL },
};

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) values = netns_key_values_parse (create_keys, arguments + 2, FALSE, error);

  return values != NULL &&
         netns_link_create (connection, "CreateBridge",
                            g_variant_new ("(ss@a{sv})", arguments[0], arguments[1], values), error);
}

/* Calls a method that only some links have; what a service answers for others is no text for people. */
static gboolean
call_kind (NetnsConnection *connection, char **namespace_and_link, const char *interface, const char *method,
           GVariant *parameters, const char *reply_type, GVariant **reply, GError **error)
{
  g_autoptr (GVariant) tuple = parameters ? g_variant_ref_sink (parameters) : NULL;
  g_autofree char *path =
      netns_connection_find_link (connection, namespace_and_link[0], namespace_and_link[1], error);
  g_autoptr (GError) reason = NULL;

  if (path == NULL)
    return FALSE;
  if (netns_connection_change (connection, path, interface, method, tuple, reply_type, reply, &reason))
    return TRUE;
  if (g_error_matches (reason, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE) ||
      g_error_matches (reason, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD))
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 strcmp (interface, NETNS_INTERFACE_BRIDGE) == 0 ? _ ("“%s” is no bridge")
                                                                 : _ ("“%s” is no port of a bridge"),
                 namespace_and_link[1]);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static gboolean
set (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) values = netns_key_values_parse (bridge_keys, arguments + 2, FALSE, error);

  return values != NULL && call_kind (connection, arguments, NETNS_INTERFACE_BRIDGE, "SetOptions",
                                      g_variant_new ("(@a{sv})", values), "()", NULL, error);
}

static gboolean
set_port (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) values = netns_key_values_parse (port_keys, arguments + 2, FALSE, error);

  return values != NULL &&
         call_kind (connection, arguments, NETNS_INTERFACE_BRIDGE_PORT, "SetOptions",
                    g_variant_new ("(@a{sv})", values), "()", NULL, error);
}

static gboolean
entries (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsTable) table = netns_table_new (entry_columns);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) rows = NULL;
  const char *mac, *link, *vlan;
  gboolean stays;

  if (!call_kind (connection, arguments, NETNS_INTERFACE_BRIDGE, "ListForwardingEntries", NULL, "(a(sssb))", &reply,
                  error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(a(sssb))", &rows);
  while (g_variant_iter_next (rows, "(&s&s&sb)", &mac, &link, &vlan, &stays)) {
    netns_table_add_value (table, netns_value_new_text (mac));
    netns_table_add_value (table, netns_value_new_text (link));
    if (*vlan != '\0')
      netns_table_add_value (table, netns_value_new_number (g_ascii_strtoll (vlan, NULL, 10)));
    else
      netns_table_add_value (table, netns_value_new_text (NULL));
    netns_table_add_value (table, json_node_init_boolean (json_node_alloc (), stays));
  }
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
attach (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *bridge = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  char *namespace_and_link[] = { arguments[0], arguments[2], NULL };

  return bridge != NULL && netns_connection_change_link (connection, namespace_and_link, "AttachTo",
                                                         g_variant_new ("(o)", bridge), error);
}

static gboolean
detach (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_connection_change_link (connection, arguments, "Detach", NULL, error);
}

static gboolean
ports (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  const char *path = objects ? netns_objects_find_link (objects, arguments[0], arguments[1], error) : NULL;
  g_autoptr (GVariant) bridge = NULL;
  g_auto (GStrv) paths = NULL;

  if (path == NULL)
    return FALSE;
  bridge = netns_objects_get (objects, path, NETNS_INTERFACE_BRIDGE);
  if (bridge == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, _ ("“%s” is no bridge"), arguments[1]);
    return FALSE;
  }
  paths = netns_property_paths (bridge, "Ports");
  return netns_link_print_list (connection, port_columns, objects, paths, error);
}

const NetnsVerb netns_bridge_verbs[] = {
  { "create", 2, NETNS_ANY_NUMBER, "NS NAME [KEY=VALUE]...", N_ ("Make a bridge"), create },
  { "set", 3, NETNS_ANY_NUMBER, "NS BRIDGE KEY=VALUE...", N_ ("Change a bridge: all of it, or nothing"), set },
  { "port", 3, NETNS_ANY_NUMBER, "NS LINK KEY=VALUE...", N_ ("Change a port of a bridge: all of it, or nothing"),
    set_port },
  { "attach", 3, 3, "NS BRIDGE LINK", N_ ("Make a link a port of a bridge"), attach },
  { "detach", 2, 2, "NS LINK", N_ ("Take a link off its bridge"), detach },
  { "ports", 2, 2, "NS BRIDGE", N_ ("List the ports of a bridge"), ports, .reads_objects = TRUE },
  { "entries", 2, 2, "NS BRIDGE", N_ ("List which addresses a bridge knows behind which port"), entries },
  { NULL },
};
