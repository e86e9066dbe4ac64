/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl route */
#include "config.h"

#include "client/command.h"
#include "client/route.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "destination", N_ ("Destination"), NULL, NULL },
  { "gateway", N_ ("Gateway"), NULL, NULL },
  { "link", N_ ("Link"), NULL, NULL },
  { "metric", N_ ("Metric"), NULL, NULL },
  { NULL },
};

static gboolean
list (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  const char *path = objects ? netns_objects_find_namespace (objects, arguments[0], error) : NULL;
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GVariant) properties = NULL, value = NULL;
  g_autoptr (JsonNode) routes = NULL;
  JsonArray *array;

  if (path == NULL)
    return FALSE;
  properties = netns_objects_get (objects, path, NETNS_INTERFACE_NAMESPACE);
  value = g_variant_lookup_value (properties, "Routes", NULL);
  routes = netns_value_to_json (objects, "Routes", value);
  array = JSON_NODE_HOLDS_ARRAY (routes) ? json_node_get_array (routes) : NULL;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    netns_table_add_members (table, json_array_get_object_element (array, i));
  return netns_table_print_list (table, connection->settings, error);
}

/**
 * netns_route_parse:
 * @words: destination, then any of `via GATEWAY`, `dev LINK`, `metric N`, as ip-route(8) has them
 * @error: a usage error
 *
 * Returns: (transfer floating) (nullable): the arguments of AddRoute() and RemoveRoute()
 */
GVariant *
netns_route_parse (char **words, GError **error)
{
  g_auto (GVariantBuilder) options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const char *destination = words[0], *gateway = "";
  guint32 metric;

  for (words++; words[0] != NULL; words += 2) {
    if (words[1] == NULL) {
      netns_usage_error (error, _ ("There is no value after “%s”; say [via GATEWAY] [dev LINK] [metric N]"),
                         words[0]);
      return NULL;
    }
    if (strcmp (words[0], "via") == 0) {
      gateway = words[1];
    } else if (strcmp (words[0], "dev") == 0) {
      g_variant_builder_add (&options, "{sv}", "link", g_variant_new_string (words[1]));
    } else if (strcmp (words[0], "metric") == 0) {
      if (!netns_argument_number (words[0], words[1], &metric, error))
        return NULL;
      g_variant_builder_add (&options, "{sv}", "metric", g_variant_new_uint32 (metric));
    } else {
      netns_usage_error (
          error, _ ("“%s” is nothing that a route has; say [via GATEWAY] [dev LINK] [metric N]"), words[0]);
      return NULL;
    }
  }
  return g_variant_new ("(ss@a{sv})", destination, gateway, g_variant_builder_end (&options));
}

static gboolean
change (NetnsConnection *connection, const char *method, char **arguments, GError **error)
{
  GVariant *route = netns_route_parse (arguments + 1, error);
  g_autofree char *path = netns_path_for_namespace (arguments[0]);
  g_autofree char *missing = g_strdup_printf (_ ("There is no namespace “%s”"), arguments[0]);

  return route != NULL &&
         netns_objects_change (connection, path, NETNS_INTERFACE_NAMESPACE, method, route, missing, error);
}

static gboolean
add (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return change (connection, "AddRoute", arguments, error);
}

static gboolean
remove_from (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return change (connection, "RemoveRoute", arguments, error);
}

const NetnsVerb netns_route_verbs[] = {
  { "list", 1, 1, "NS", N_ ("List the routes of a namespace"), list, .reads_objects = TRUE },
  { "add", 2, 8, "NS DESTINATION [via GATEWAY] [dev LINK] [metric N]",
    N_ ("Add a route to “default”, a subnet or an address"), add },
  { "remove", 2, 8, "NS DESTINATION [via GATEWAY] [dev LINK] [metric N]", N_ ("Remove a route"),
    remove_from },
  { NULL },
};
