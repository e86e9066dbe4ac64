/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/output.h"
#include "client/value.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <linux/if_addr.h>
#include <string.h>

/**
 * netns_value_new_text:
 * @text: (nullable): a text
 *
 * Returns: (transfer full): it; null for an empty one, as the bus has no other way to say "none"
 */
JsonNode *
netns_value_new_text (const char *text)
{
  JsonNode *node = json_node_new (JSON_NODE_NULL);

  return text == NULL || *text == '\0' ? node : json_node_init_string (node, text);
}

/**
 * netns_value_new_number:
 * @number: a number
 *
 * Returns: (transfer full): it
 */
JsonNode *
netns_value_new_number (gint64 number)
{
  return json_node_init_int (json_node_alloc (), number);
}

/**
 * netns_value_new_object:
 * @object: (transfer full): an object
 *
 * Returns: (transfer full): it
 */
JsonNode *
netns_value_new_object (JsonObject *object)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  json_node_take_object (node, object);
  return node;
}

/**
 * netns_value_new_array:
 * @array: (transfer full): an array
 *
 * Returns: (transfer full): it
 */
JsonNode *
netns_value_new_array (JsonArray *array)
{
  JsonNode *node = json_node_new (JSON_NODE_ARRAY);

  json_node_take_array (node, array);
  return node;
}

/**
 * netns_value_link:
 * @objects: objects
 * @path: path of a link, `/` for none
 *
 * Returns: (transfer full): `{"namespace": ..., "link": ...}`, which as text is what `veth create` takes
 */
JsonNode *
netns_value_link (const NetnsObjects *objects, const char *path)
{
  g_autofree char *namespace_name = NULL, *name = NULL;
  JsonObject *reference;

  if (strcmp (path, "/") == 0)
    return json_node_new (JSON_NODE_NULL);
  namespace_name = netns_objects_namespace_of (objects, path);
  name = netns_objects_name (objects, path);
  reference = json_object_new ();
  json_object_set_string_member (reference, "namespace", namespace_name);
  json_object_set_string_member (reference, "link", name);
  return netns_value_new_object (reference);
}

static JsonNode *
convert_owner (const NetnsObjects *objects, GVariant *value)
{
  return netns_value_new_text (netns_objects_user (objects, g_variant_get_uint32 (value)));
}

static JsonNode *
convert_nsid (const NetnsObjects *objects, GVariant *value)
{
  gint32 nsid = g_variant_get_int32 (value);

  return nsid < 0 ? json_node_new (JSON_NODE_NULL) : netns_value_new_number (nsid);
}

/* For what is in the same namespace anyhow. */
static JsonNode *
convert_name (const NetnsObjects *objects, GVariant *value)
{
  const char *path = g_variant_get_string (value, NULL);
  g_autofree char *name = strcmp (path, "/") == 0 ? NULL : netns_objects_name (objects, path);

  return netns_value_new_text (name);
}

static JsonNode *
convert_names (const NetnsObjects *objects, GVariant *value)
{
  JsonArray *names = json_array_new ();

  for (gsize i = 0; i < g_variant_n_children (value); i++) {
    g_autoptr (GVariant) path = g_variant_get_child_value (value, i);

    json_array_add_element (names, convert_name (objects, path));
  }
  return netns_value_new_array (names);
}

static JsonNode *
convert_link (const NetnsObjects *objects, GVariant *value)
{
  return netns_value_link (objects, g_variant_get_string (value, NULL));
}

static const char *
address_state (guint32 flags)
{
  if (flags & IFA_F_DADFAILED)
    return "duplicate";
  if (flags & IFA_F_TENTATIVE)
    return "tentative";
  return flags & IFA_F_DEPRECATED ? "deprecated" : "valid";
}

static JsonNode *
convert_addresses (const NetnsObjects *objects, GVariant *value)
{
  JsonArray *addresses = json_array_new ();
  GVariantIter iter;
  const char *address;
  guint32 flags;

  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "(&su)", &address, &flags)) {
    JsonObject *entry = json_object_new ();

    json_object_set_string_member (entry, "address", address);
    json_object_set_string_member (entry, "state", address_state (flags));
    json_object_set_boolean_member (entry, "permanent", (flags & IFA_F_PERMANENT) != 0);
    json_array_add_object_element (addresses, entry);
  }
  return netns_value_new_array (addresses);
}

static JsonNode *
convert_routes (const NetnsObjects *objects, GVariant *value)
{
  JsonArray *routes = json_array_new ();
  GVariantIter iter;
  const char *destination, *gateway, *link;
  guint32 metric;

  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "(&s&s&su)", &destination, &gateway, &link, &metric)) {
    JsonObject *route = json_object_new ();

    json_object_set_string_member (route, "destination", destination);
    json_object_set_member (route, "gateway", netns_value_new_text (gateway));
    json_object_set_member (route, "link", netns_value_new_text (link));
    json_object_set_int_member (route, "metric", metric);
    json_array_add_object_element (routes, route);
  }
  return netns_value_new_array (routes);
}

static JsonNode *
convert_leases (const NetnsObjects *objects, GVariant *value)
{
  JsonArray *leases = json_array_new ();
  GVariantIter iter;
  const char *address, *namespace_path, *link;

  g_variant_iter_init (&iter, value);
  while (g_variant_iter_next (&iter, "(&s&o&s)", &address, &namespace_path, &link)) {
    g_autofree char *namespace_name = netns_objects_namespace_of (objects, namespace_path);
    JsonObject *lease = json_object_new ();

    json_object_set_string_member (lease, "address", address);
    json_object_set_string_member (lease, "namespace", namespace_name);
    json_object_set_string_member (lease, "link", link);
    json_array_add_object_element (leases, lease);
  }
  return netns_value_new_array (leases);
}

/* What is more than its type says. The type is checked, so that another version of the service cannot make
 * this program read a number as text. */
static const struct {
  const char *property, *type;
  JsonNode *(*convert) (const NetnsObjects *objects, GVariant *value);
} conversions[] = {
  { "Owner", "u", convert_owner },
  { "OwnerUser", "u", convert_owner },
  { "NsId", "i", convert_nsid },
  { "Namespace", "o", convert_name },
  { "PeerNamespace", "o", convert_name },
  { "Target", "o", convert_name },
  { "HostNamespace", "o", convert_name },
  { "Master", "o", convert_name },
  { "Links", "ao", convert_names },
  { "Ports", "ao", convert_names },
  { "Peer", "o", convert_link },
  { "Bridge", "o", convert_link },
  { "Addresses", "a(su)", convert_addresses },
  { "Routes", "a(sssu)", convert_routes },
  { "Leases", "a(sos)", convert_leases },
};

/**
 * netns_value_to_json:
 * @objects: objects, for the names of those that @value points to
 * @property: name of a property
 * @value: (nullable): its value
 *
 * Returns: (transfer full): it for JSON; null without @value, and for what the bus has a special value for
 * "none"
 */
JsonNode *
netns_value_to_json (const NetnsObjects *objects, const char *property, GVariant *value)
{
  if (value == NULL)
    return json_node_new (JSON_NODE_NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (conversions); i++)
    if (strcmp (conversions[i].property, property) == 0 &&
        g_variant_is_of_type (value, G_VARIANT_TYPE (conversions[i].type)))
      return conversions[i].convert (objects, value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return netns_value_new_text (g_variant_get_string (value, NULL));
  return json_gvariant_serialize (value);
}

static char *
route_to_text (JsonObject *route)
{
  GString *text = g_string_new (json_object_get_string_member (route, "destination"));
  const char *gateway = json_object_get_string_member_with_default (route, "gateway", NULL);
  const char *link = json_object_get_string_member_with_default (route, "link", NULL);
  gint64 metric = json_object_get_int_member (route, "metric");

  if (gateway != NULL)
    g_string_append_printf (text, " via %s", gateway);
  if (link != NULL)
    g_string_append_printf (text, " dev %s", link);
  if (metric != 0)
    g_string_append_printf (text, " metric %" G_GINT64_FORMAT, metric);
  return g_string_free (text, FALSE);
}

/* The four kinds of objects that are made above. */
static char *
object_to_text (JsonObject *object)
{
  const char *address, *link, *state;

  if (json_object_has_member (object, "destination"))
    return route_to_text (object);
  address = json_object_get_string_member_with_default (object, "address", NULL);
  link = json_object_get_string_member_with_default (object, "link", NULL);
  if (link == NULL) {
    state = json_object_get_string_member_with_default (object, "state", "valid");
    return strcmp (state, "valid") == 0 ? g_strdup (address) : g_strdup_printf ("%s(%s)", address, state);
  }
  return g_strdup_printf ("%s%s%s:%s", address ? address : "", address ? " " : "",
                          json_object_get_string_member (object, "namespace"), link);
}

static char *
scalar_to_text (JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    return object_to_text (json_node_get_object (node));
  switch (json_node_get_value_type (node)) {
  case G_TYPE_BOOLEAN:
    return g_strdup (json_node_get_boolean (node) ? _ ("yes") : _ ("no"));
  case G_TYPE_STRING:
    return json_node_dup_string (node);
  case G_TYPE_INT64:
    return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
  default:
    return g_strdup ("-");
  }
}

/**
 * netns_value_to_lines:
 * @node: a value of this file
 *
 * Returns: (transfer full): it as text, one line for each element of an array, `-` for none; every line can
 * be shown
 */
GStrv
netns_value_to_lines (JsonNode *node)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n_elements = array ? json_array_get_length (array) : 1;

  for (guint i = 0; i < n_elements; i++) {
    g_autofree char *text = scalar_to_text (array ? json_array_get_element (array, i) : node);
    g_autofree char *shown = netns_output_escape (text);

    g_strv_builder_add (lines, shown);
  }
  if (n_elements == 0)
    g_strv_builder_add (lines, "-");
  return g_strv_builder_end (lines);
}

/**
 * netns_value_to_text:
 * @node: a value of this file
 * @separator: what stands between elements of an array
 *
 * Returns: (transfer full): it in one line
 */
char *
netns_value_to_text (JsonNode *node, const char *separator)
{
  g_auto (GStrv) lines = netns_value_to_lines (node);

  return g_strjoinv (separator, lines);
}

/**
 * netns_value_key:
 * @property: name of a property, `MacAddress`
 *
 * Returns: (transfer full): its key in JSON, `mac-address`
 */
char *
netns_value_key (const char *property)
{
  GString *key = g_string_new (NULL);

  for (const char *c = property; *c != '\0'; c++) {
    if (g_ascii_isupper (*c) && c != property)
      g_string_append_c (key, '-');
    g_string_append_c (key, g_ascii_tolower (*c));
  }
  return g_string_free (key, FALSE);
}
