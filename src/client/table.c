/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/output.h"
#include "client/table.h"

#include <glib/gi18n.h>
#include <string.h>

#define GAP 2 /* columns on the screen between two of the table */

struct _NetnsTable {
  const NetnsColumn *columns;
  guint n_columns;
  GPtrArray *cells;    /* JsonNode, row by row */
  GHashTable *missing; /* cells whose object has not got that interface at all */
};

/**
 * netns_table_new:
 * @columns: its columns
 *
 * Returns: (transfer full): a table without rows
 */
NetnsTable *
netns_table_new (const NetnsColumn *columns)
{
  NetnsTable *table = g_new0 (NetnsTable, 1);

  table->columns = columns;
  while (columns[table->n_columns].key != NULL)
    table->n_columns++;
  table->cells = g_ptr_array_new_with_free_func ((GDestroyNotify)json_node_unref);
  table->missing = g_hash_table_new (NULL, NULL);
  return table;
}

/**
 * netns_table_free:
 * @table: (transfer full): a table
 *
 * Forgets it.
 */
void
netns_table_free (NetnsTable *table)
{
  g_hash_table_unref (table->missing);
  g_ptr_array_unref (table->cells);
  g_free (table);
}

/**
 * netns_table_add_value:
 * @table: a table
 * @value: (transfer full): what stands in the next cell
 *
 * Rows fill up from the left.
 */
void
netns_table_add_value (NetnsTable *table, JsonNode *value)
{
  g_ptr_array_add (table->cells, value);
}

/**
 * netns_table_add_properties:
 * @table: a table
 * @objects: objects
 * @path: one of them
 *
 * Fills the rest of a row with the properties that the columns name.
 */
void
netns_table_add_properties (NetnsTable *table, const NetnsObjects *objects, const char *path)
{
  guint filled = table->cells->len % table->n_columns;

  for (const NetnsColumn *column = table->columns + filled; column->key != NULL && column->interface != NULL;
       column++) {
    g_autoptr (GVariant) properties = netns_objects_get (objects, path, column->interface);
    g_autoptr (GVariant) value =
        properties ? g_variant_lookup_value (properties, column->property, NULL) : NULL;
    JsonNode *node = netns_value_to_json (objects, column->property, value);

    if (properties == NULL)
      g_hash_table_add (table->missing, node);
    netns_table_add_value (table, node);
  }
}

/**
 * netns_table_add_members:
 * @table: a table
 * @object: a JSON object
 *
 * Fills the rest of a row with the members that have the columns' keys.
 */
void
netns_table_add_members (NetnsTable *table, JsonObject *object)
{
  guint filled = table->cells->len % table->n_columns;

  for (const NetnsColumn *column = table->columns + filled; column->key != NULL; column++) {
    JsonNode *member = json_object_get_member (object, column->key);

    netns_table_add_value (table, member ? json_node_copy (member) : json_node_new (JSON_NODE_NULL));
  }
}

static guint
n_rows (const NetnsTable *table)
{
  return table->cells->len / table->n_columns;
}

static JsonNode *
cell (const NetnsTable *table, guint row, guint column)
{
  return table->cells->pdata[row * table->n_columns + column];
}

static JsonNode *
row_to_json (const NetnsTable *table, guint row)
{
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < table->n_columns; i++)
    json_object_set_member (object, table->columns[i].key, json_node_copy (cell (table, row, i)));
  return netns_value_new_object (object);
}

/* On the screen, where a Chinese character takes the room of two and a combining one none. */
static guint
display_width (const char *text)
{
  guint width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text)) {
    gunichar c = g_utf8_get_char (text);

    if (!g_unichar_iszerowidth (c))
      width += g_unichar_iswide (c) ? 2 : 1;
  }
  return width;
}

static void
append_padded (GString *line, const char *text, guint width, gboolean to_the_right)
{
  guint padding = width - MIN (width, display_width (text));

  if (!to_the_right)
    g_string_append (line, text);
  for (guint i = 0; i < padding; i++)
    g_string_append_c (line, ' ');
  if (to_the_right)
    g_string_append (line, text);
}

static void
append_line (GString *output, GString *line)
{
  while (line->len > 0 && line->str[line->len - 1] == ' ')
    g_string_truncate (line, line->len - 1);
  g_string_append_printf (output, "%s\n", line->str);
  g_string_truncate (line, 0);
}

static gboolean
holds_numbers (const NetnsTable *table, guint column)
{
  gboolean found = FALSE;

  for (guint row = 0; row < n_rows (table); row++) {
    JsonNode *node = cell (table, row, column);

    if (JSON_NODE_HOLDS_NULL (node))
      continue;
    found = TRUE;
    if (json_node_get_value_type (node) != G_TYPE_INT64)
      return FALSE;
  }
  return found;
}

static GPtrArray *
texts_of_column (const NetnsTable *table, guint column, guint *width)
{
  GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (texts, g_utf8_strup (_ (table->columns[column].heading), -1));
  for (guint row = 0; row < n_rows (table); row++)
    g_ptr_array_add (texts, netns_value_to_text (cell (table, row, column), " "));
  *width = 0;
  for (guint i = 0; i < texts->len; i++)
    *width = MAX (*width, display_width (texts->pdata[i]));
  return texts;
}

static char *
format_aligned (const NetnsTable *table, gboolean legend)
{
  GString *output = g_string_new (NULL);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GPtrArray) columns = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  g_autofree guint *widths = g_new0 (guint, table->n_columns);
  g_autofree gboolean *numbers = g_new0 (gboolean, table->n_columns);

  for (guint i = 0; i < table->n_columns; i++) {
    numbers[i] = holds_numbers (table, i);
    g_ptr_array_add (columns, texts_of_column (table, i, &widths[i]));
  }
  for (guint row = legend ? 0 : 1; row <= n_rows (table); row++) {
    for (guint i = 0; i < table->n_columns; i++) {
      GPtrArray *texts = columns->pdata[i];

      append_padded (line, texts->pdata[row], widths[i], numbers[i]);
      append_padded (line, "", GAP, FALSE);
    }
    append_line (output, line);
  }
  return g_string_free (output, FALSE);
}

/**
 * netns_table_format_list:
 * @table: a table
 * @settings: the settings of this run
 *
 * Returns: (transfer full): aligned columns in the terminal's charset, or a JSON array
 */
char *
netns_table_format_list (const NetnsTable *table, const NetnsSettings *settings)
{
  g_autoptr (JsonNode) rows = NULL;
  g_autofree char *text = NULL;
  JsonArray *array;

  if (settings->format == NETNS_FORMAT_TEXT) {
    text = format_aligned (table, settings->legend);
    return netns_output_encode (text);
  }
  array = json_array_new ();
  for (guint row = 0; row < n_rows (table); row++)
    json_array_add_element (array, row_to_json (table, row));
  rows = netns_value_new_array (array);
  return netns_output_format_json (settings, rows);
}

static char *
format_labelled (const NetnsTable *table)
{
  GString *output = g_string_new (NULL);
  g_autoptr (GString) line = g_string_new (NULL);
  guint width = 0;

  for (guint i = 0; i < table->n_columns; i++)
    if (!g_hash_table_contains (table->missing, cell (table, 0, i)))
      width = MAX (width, display_width (_ (table->columns[i].heading)));
  for (guint i = 0; i < table->n_columns; i++) {
    JsonNode *node = cell (table, 0, i);
    g_auto (GStrv) lines = netns_value_to_lines (node);

    if (g_hash_table_contains (table->missing, node))
      continue;
    for (guint j = 0; lines[j] != NULL; j++) {
      append_padded (line, j == 0 ? _ (table->columns[i].heading) : "", width, TRUE);
      g_string_append_printf (line, "%s %s", j == 0 ? ":" : " ", lines[j]);
      append_line (output, line);
    }
  }
  return g_string_free (output, FALSE);
}

/**
 * netns_table_format_details:
 * @table: a table with one row
 * @settings: the settings of this run
 *
 * Returns: (transfer full): a line or more for each column in the terminal's charset, or a JSON object
 */
char *
netns_table_format_details (const NetnsTable *table, const NetnsSettings *settings)
{
  g_autoptr (JsonNode) object = NULL;
  g_autofree char *text = NULL;

  g_return_val_if_fail (n_rows (table) == 1, NULL);
  if (settings->format == NETNS_FORMAT_TEXT) {
    text = format_labelled (table);
    return netns_output_encode (text);
  }
  object = row_to_json (table, 0);
  return netns_output_format_json (settings, object);
}

/**
 * netns_table_print_list:
 * @table: a table
 * @settings: the settings of this run
 * @error: why it cannot be written
 *
 * Returns: whether it was written
 */
gboolean
netns_table_print_list (const NetnsTable *table, const NetnsSettings *settings, GError **error)
{
  g_autofree char *text = netns_table_format_list (table, settings);

  return netns_output_write (settings, text, error);
}

/**
 * netns_table_print_details:
 * @table: a table with one row
 * @settings: the settings of this run
 * @error: why it cannot be written
 *
 * Returns: whether it was written
 */
gboolean
netns_table_print_details (const NetnsTable *table, const NetnsSettings *settings, GError **error)
{
  g_autofree char *text = netns_table_format_details (table, settings);

  return netns_output_write (settings, text, error);
}
