/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/counts.h"

#include "nft/json.h"

#include <string.h>

static void
count_rule (const char *type, JsonObject *rule, gpointer data)
{
  NetnsCount *count = data;
  g_autoptr (GList) statements = NULL;

  if (strcmp (type, "rule") != 0 || strcmp (netns_nft_get_text (rule, "comment"), count->comment) != 0)
    return;
  statements = netns_nft_list_statements (rule);
  for (GList *item = statements; item != NULL; item = item->next)
    netns_nft_count (netns_nft_get_object (item->data, "counter"), &count->packets, &count->bytes);
}

/* The last part of a key is the port, and that before it the protocol; before that comes the address, if there is one. */
static gboolean
is_wanted (const NetnsCount *count, JsonArray *key)
{
  guint length = key ? json_array_get_length (key) : 0;
  gint64 port;

  if (length < 2 || g_strcmp0 (netns_nft_as_text (json_array_get_element (key, length - 2)), count->protocol) != 0
      || !JSON_NODE_HOLDS_VALUE (json_array_get_element (key, length - 1)))
    return FALSE;
  port = json_array_get_int_element (key, length - 1);
  return port >= count->first_port && port < (gint64) count->first_port + count->n_ports
         && (length == 2 || g_strcmp0 (netns_nft_as_text (json_array_get_element (key, 0)), count->address) == 0);
}

static void
count_set (const char *type, JsonObject *set, gpointer data)
{
  JsonArray *elements = strcmp (type, "set") == 0 ? netns_nft_get_array (set, "elem") : NULL;
  NetnsCount *count = data;

  for (guint i = 0; elements != NULL && i < json_array_get_length (elements); i++) {
    JsonObject *item = netns_nft_as_object (json_array_get_element (elements, i));
    JsonObject *element = item ? netns_nft_get_object (item, "elem") : NULL;
    JsonObject *value = element ? netns_nft_get_object (element, "val") : NULL;

    if (value != NULL && is_wanted (count, netns_nft_get_array (value, "concat")))
      netns_nft_count (netns_nft_get_object (element, "counter"), &count->packets, &count->bytes);
  }
}

/**
 * netns_count_read:
 * @count: what counts; its numbers are added to
 * @list: a chain or a set, as libnftables lists it as JSON
 * @error: `KernelRefused` when it makes no sense
 *
 * Returns: whether it was counted
 */
gboolean
netns_count_read (NetnsCount *count, const char *list, GError **error)
{
  g_autoptr (JsonNode) node = netns_nft_parse (list, error);

  if (node != NULL)
    netns_nft_foreach (node, count->comment ? count_rule : count_set, count);
  return node != NULL;
}
