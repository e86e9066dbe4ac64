/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl address */
#include "config.h"

#include "client/command.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>

static const NetnsColumn columns[] = {
  { "link", N_ ("Link"), NULL, NULL },
  { "address", N_ ("Address"), NULL, NULL },
  { "state", N_ ("State"), NULL, NULL },
  { "permanent", N_ ("Permanent"), NULL, NULL },
  { NULL },
};

static void
add_addresses (NetnsTable *table, const NetnsObjects *objects, const char *path)
{
  g_autoptr (GVariant) link = netns_objects_get (objects, path, NETNS_INTERFACE_LINK);
  g_autoptr (GVariant) value = link ? g_variant_lookup_value (link, "Addresses", NULL) : NULL;
  g_autoptr (JsonNode) addresses = netns_value_to_json (objects, "Addresses", value);
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (addresses) ? json_node_get_array (addresses) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    netns_table_add_value (table, netns_value_new_text (netns_property_text (link, "Name")));
    netns_table_add_members (table, json_array_get_object_element (array, i));
  }
}

static gboolean
list (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GVariant) properties = NULL;
  g_auto (GStrv) links = NULL;
  const char *path;

  if (objects == NULL)
    return FALSE;
  path = arguments[1] ? netns_objects_find_link (objects, arguments[0], arguments[1], error)
                      : netns_objects_find_namespace (objects, arguments[0], error);
  if (path == NULL)
    return FALSE;
  if (arguments[1] != NULL) {
    add_addresses (table, objects, path);
  } else {
    properties = netns_objects_get (objects, path, NETNS_INTERFACE_NAMESPACE);
    links = netns_property_paths (properties, "Links");
    for (guint i = 0; links[i] != NULL; i++)
      add_addresses (table, objects, links[i]);
  }
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
add (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_connection_change_link (connection, arguments, "AddAddress",
                                       g_variant_new ("(s@a{sv})", arguments[2], options), error);
}

static gboolean
remove_from (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_connection_change_link (connection, arguments, "RemoveAddress",
                                       g_variant_new ("(s)", arguments[2]), error);
}

const NetnsVerb netns_address_verbs[] = {
  { "list", 1, 2, "NS [LINK]", N_ ("List the addresses of a link, or of all links of a namespace"), list,
    .reads_objects = TRUE },
  { "add", 3, 3, "NS LINK CIDR", N_ ("Give a link an address with prefix length"), add },
  { "remove", 3, 3, "NS LINK CIDR", N_ ("Take an address away from a link"), remove_from },
  { NULL },
};
