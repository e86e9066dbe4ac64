/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the rules that a transaction made are still there, after news of them were lost. */
#include "nft/outline.h"

#include "common/names.h"
#include "nft/json.h"

#include <string.h>

static gboolean
is_ours (JsonObject *object, gboolean is_table)
{
  return strcmp (netns_nft_get_text (object, "family"), "inet") == 0
         && strcmp (netns_nft_get_text (object, is_table ? "name" : "table"), NETNS_TABLE) == 0;
}

/* A port forward is nothing but elements of maps, and of sets that tell callers apart. Those of other sets are merged by
 * the kernel as it likes. */
static void
note_elements (const char *type, GPtrArray *lines, JsonObject *object)
{
  JsonArray *elements = netns_nft_get_array (object, "elem");
  const char *name = netns_nft_get_text (object, "name");

  if (g_str_has_suffix (name, "-counted")
      || (strcmp (type, "set") == 0 && !g_str_has_suffix (name, "-away4") && !g_str_has_suffix (name, "-away6")))
    return;
  for (guint i = 0; elements != NULL && i < json_array_get_length (elements); i++)
    g_ptr_array_add (lines, g_strconcat ("element ", name, NULL));
}

/* One line for each part of a table: `rule forward network lan`. Contents of rules are left out, because the kernel
 * prints them differently. Of commands, all that they add after deleting the table; of a list, all of it. */
static void
note (const char *type, JsonObject *object, gpointer data)
{
  static const char *const types[] = { "table", "chain", "rule", "set", "map", NULL };
  static const char *const holders[] = { "element", "map", "set", NULL };
  static const char *const members[] = { "name", "chain", "hook", "policy", "comment" };
  GPtrArray *lines = data;
  g_autoptr (GString) line = NULL;

  if (strcmp (type, "delete") == 0)
    g_ptr_array_set_size (lines, 0);
  else if (strcmp (type, "add") == 0)
    netns_nft_foreach_member (object, note, lines);
  else if (!is_ours (object, strcmp (type, "table") == 0))
    return;
  if (g_strv_contains (holders, type))
    note_elements (type, lines, object);
  if (!g_strv_contains (types, type))
    return;
  line = g_string_new (type);
  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    g_string_append_printf (line, " %s", netns_nft_get_text (object, members[i]));
  g_ptr_array_add (lines, g_string_free (g_steal_pointer (&line), FALSE));
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static char *
join_sorted (GPtrArray *lines)
{
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **) lines->pdata);
}

static char *
outline (const char *json)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonNode) list = netns_nft_parse (json, NULL);

  if (list == NULL)
    return NULL;
  netns_nft_foreach (list, note, lines);
  return join_sorted (lines);
}

/* Returns: whether a list of libnftables has our table with all the chains, rules and sets that @commands make, and no
 * others */
gboolean
netns_outline_is_same (const char *commands, const char *ruleset)
{
  g_autofree char *desired = outline (commands), *found = outline (ruleset);

  return desired != NULL && g_strcmp0 (desired, found) == 0;
}

/* One line for each part of the table: `chain member`, `rule member`, `element macs lan-web . 02:00:00:00:00:01`. Of a
 * rule that there is one, because the kernel prints it differently. */
static char *
outline_script (const char *commands)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) all = g_strsplit (commands, "\n", -1);

  for (char **line = all; *line != NULL; line++) {
    g_auto (GStrv) words = g_strsplit (*line, " ", 6); /* add chain bridge netnsd NAME ... */
    char *begin = strchr (*line, '{'), *end = strrchr (*line, '}');

    if (!g_str_has_prefix (*line, "add ") || g_strv_length (words) < 5)
      continue;
    if (strcmp (words[1], "element") == 0 && begin != NULL && end != NULL) {
      g_autofree char *value = g_strndup (begin + 2, (gsize) (end - begin - 3));
      g_auto (GStrv) parts = g_strsplit (value, "\"", -1);
      g_autofree char *unquoted = g_strjoinv ("", parts);

      g_ptr_array_add (lines, g_strconcat ("element ", words[4], " ", unquoted, NULL));
    } else {
      g_ptr_array_add (lines, g_strconcat (words[1], " ", words[4], NULL));
    }
  }
  return join_sorted (lines);
}

static void
note_guard_elements (GPtrArray *lines, JsonObject *set)
{
  JsonArray *elements = netns_nft_get_array (set, "elem");

  for (guint i = 0; elements != NULL && i < json_array_get_length (elements); i++) {
    JsonNode *node = json_array_get_element (elements, i);
    JsonObject *object = netns_nft_as_object (node);
    JsonArray *parts = object ? netns_nft_get_array (object, "concat") : NULL;
    const char *text = netns_nft_as_text (node);
    GString *line = g_string_new ("element ");

    g_string_append_printf (line, "%s %s", netns_nft_get_text (set, "name"), text ? text : "");
    for (guint j = 0; parts != NULL && j < json_array_get_length (parts); j++) {
      const char *part = netns_nft_as_text (json_array_get_element (parts, j));

      g_string_append_printf (line, "%s%s", j ? " . " : "", part ? part : "");
    }
    g_ptr_array_add (lines, g_string_free (line, FALSE));
  }
}

static void
note_guard (const char *type, JsonObject *object, gpointer data)
{
  const gboolean is_rule = strcmp (type, "rule") == 0;

  if (strcmp (netns_nft_get_text (object, "family"), "bridge") != 0
      || strcmp (netns_nft_get_text (object, "table"), NETNS_TABLE) != 0)
    return;
  g_ptr_array_add (data, g_strconcat (type, " ", netns_nft_get_text (object, is_rule ? "chain" : "name"), NULL));
  if (strcmp (type, "set") == 0)
    note_guard_elements (data, object);
}

/* The same of our table of family bridge, and of a script in the language of nft, one command a line */
gboolean
netns_outline_is_same_guard (const char *script, const char *ruleset)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (JsonNode) list = netns_nft_parse (ruleset, NULL);
  g_autofree char *desired = outline_script (script), *found = NULL;

  if (list == NULL)
    return FALSE;
  netns_nft_foreach (list, note_guard, lines);
  found = join_sorted (lines);
  return strcmp (desired, found) == 0;
}

typedef struct {
  const char *family;
  gboolean found;
} Search;

static void
note_table (const char *type, JsonObject *object, gpointer data)
{
  Search *search = data;

  search->found |= strcmp (type, "table") == 0 && strcmp (netns_nft_get_text (object, "family"), search->family) == 0
                   && strcmp (netns_nft_get_text (object, "name"), NETNS_TABLE) == 0;
}

/* Returns: whether our table of that family is among @tables, as libnftables lists them */
gboolean
netns_outline_has_table (const char *tables, const char *family)
{
  g_autoptr (JsonNode) list = netns_nft_parse (tables, NULL);
  Search search = { .family = family };

  if (list != NULL)
    netns_nft_foreach (list, note_table, &search);
  return search.found;
}
