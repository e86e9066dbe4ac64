/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the rules that a transaction made are still there, after news of them were lost. */
#include "core/ruleset.h"

#include "common/names.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const char *
member (JsonObject *object, const char *name)
{
  return json_object_get_string_member_with_default (object, name, "");
}

static gboolean
is_ours (JsonObject *object, gboolean is_table)
{
  return strcmp (member (object, "family"), "inet") == 0
         && strcmp (member (object, is_table ? "name" : "table"), NETNS_TABLE) == 0;
}

/* A port forward is nothing but elements of maps. Those of sets are merged by the kernel as it likes. */
static void
note_elements (GPtrArray *lines, JsonObject *object)
{
  JsonNode *elements = json_object_get_member (object, "elem");
  const char *name = member (object, "name");

  if (elements == NULL || !JSON_NODE_HOLDS_ARRAY (elements) || g_str_has_suffix (name, "-counted"))
    return;
  for (guint i = 0; i < json_array_get_length (json_node_get_array (elements)); i++)
    g_ptr_array_add (lines, g_strconcat ("element ", name, NULL));
}

/* One line for each thing that a packet or a user would miss: `rule forward network lan`. What a rule says is left out:
 * the kernel words it in another way than we do. */
static void
note (GPtrArray *lines, const char *type, JsonNode *node)
{
  static const char *const types[] = { "table", "chain", "rule", "set", "map", "element", NULL };
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  if (object == NULL || !g_strv_contains (types, type) || !is_ours (object, strcmp (type, "table") == 0))
    return;
  if (strcmp (type, "element") == 0 || strcmp (type, "map") == 0)
    note_elements (lines, object);
  if (strcmp (type, "element") == 0)
    return;
  g_ptr_array_add (lines, g_strdup_printf ("%s %s %s %s %s %s", type, member (object, "name"), member (object, "chain"),
                                           member (object, "hook"), member (object, "policy"),
                                           member (object, "comment")));
}

/* Of commands what they add after they have deleted the table; of a list all of it. */
static void
note_item (GPtrArray *lines, JsonObject *item)
{
  JsonObjectIter iter;
  const char *type;
  JsonNode *node;

  if (json_object_has_member (item, "delete"))
    g_ptr_array_set_size (lines, 0);
  if (json_object_has_member (item, "add"))
    item = json_object_get_object_member (item, "add");
  json_object_iter_init (&iter, item);
  while (json_object_iter_next (&iter, &type, &node))
    note (lines, type, node);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static char *
outline (const char *json)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *items;

  if (!json_parser_load_from_data (parser, json, -1, NULL))
    return NULL;
  items = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "nftables");
  for (guint i = 0; i < json_array_get_length (items); i++)
    note_item (lines, json_array_get_object_element (items, i));
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **) lines->pdata);
}

/**
 * netns_ruleset_is_there:
 * @commands: what netns_ruleset_build() made
 * @ruleset: what libnftables lists, as JSON
 *
 * Returns: whether the list has our table with all its chains, rules and sets, and no others
 */
gboolean
netns_ruleset_is_there (const char *commands, const char *ruleset)
{
  g_autofree char *wanted = outline (commands), *found = outline (ruleset);

  return wanted != NULL && g_strcmp0 (wanted, found) == 0;
}
