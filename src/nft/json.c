/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/json.h"

#include "common/error.h"

JsonObject *
netns_nft_as_object (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
as_array (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

const char *
netns_nft_as_text (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node)
           : NULL;
}

/* Returns: (transfer none) (nullable): a member that is an object */
JsonObject *
netns_nft_get_object (JsonObject *object, const char *member)
{
  return netns_nft_as_object (json_object_get_member (object, member));
}

/* Returns: (transfer none) (nullable): a member that is a list */
JsonArray *
netns_nft_get_array (JsonObject *object, const char *member)
{
  return as_array (json_object_get_member (object, member));
}

/* Returns: (transfer none): a member that is a text, empty if there is none */
const char *
netns_nft_get_text (JsonObject *object, const char *member)
{
  const char *text = netns_nft_as_text (json_object_get_member (object, member));

  return text ? text : "";
}

/**
 * netns_nft_parse:
 * @json: what libnftables lists, or commands
 * @error: `KernelRefused` when it makes no sense
 *
 * Returns: (transfer full) (nullable): the same, for netns_nft_foreach(); what is found there lives as long as this
 */
JsonNode *
netns_nft_parse (const char *json, GError **error)
{
  g_autoptr (GError) parse_error = NULL;
  JsonNode *list = json_from_string (json, &parse_error);

  if (netns_nft_as_object (list) != NULL)
    return list;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot parse the output of libnftables: %s",
               parse_error ? parse_error->message : "no object");
  g_clear_pointer (&list, json_node_unref);
  return NULL;
}

/* Calls @func for each member of @object that is an object itself. */
void
netns_nft_foreach_member (JsonObject *object, NetnsNftFunc func, gpointer data)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList *member = members; member != NULL; member = member->next)
    if (netns_nft_get_object (object, member->data) != NULL)
      func (member->data, netns_nft_get_object (object, member->data), data);
}

/* Calls @func for each item of a list. */
void
netns_nft_foreach (JsonNode *list, NetnsNftFunc func, gpointer data)
{
  JsonArray *items = netns_nft_get_array (json_node_get_object (list), "nftables");

  for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
    if (netns_nft_as_object (json_array_get_element (items, i)) != NULL)
      netns_nft_foreach_member (json_array_get_object_element (items, i), func, data);
}

/* Returns: (transfer container) (element-type JsonObject): the statements of a rule, in order */
GList *
netns_nft_list_statements (JsonObject *rule)
{
  JsonArray *array = netns_nft_get_array (rule, "expr");
  GList *statements = NULL;

  for (guint i = array ? json_array_get_length (array) : 0; i > 0; i--) {
    JsonObject *statement = netns_nft_as_object (json_array_get_element (array, i - 1));

    if (statement != NULL)
      statements = g_list_prepend (statements, statement);
  }
  return statements;
}

/**
 * netns_nft_count:
 * @counter: (nullable): a counter
 * @packets: (inout): its packets are added
 * @bytes: (inout): and bytes
 */
void
netns_nft_count (JsonObject *counter, guint64 *packets, guint64 *bytes)
{
  if (counter == NULL)
    return;
  *packets += (guint64) json_object_get_int_member_with_default (counter, "packets", 0);
  *bytes += (guint64) json_object_get_int_member_with_default (counter, "bytes", 0);
}
