/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/output.h"
#include "client/table.h"

#include <glib/gi18n.h>
#include <string.h>

#define GAP 2 /* columns on the screen between two of the table */

struct _NetnsTable {
  const NetnsColumn *columns;
  guint n_columns;
  GPtrArray *cells;    /* GVariant, row by row */
  GHashTable *missing; /* cells whose object has not got that interface at all */
};

NetnsTable *
netns_table_new (const NetnsColumn *columns)
{
  NetnsTable *table = g_new0 (NetnsTable, 1);

  table->columns = columns;
  while (columns[table->n_columns].key != NULL)
    table->n_columns++;
  table->cells = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  table->missing = g_hash_table_new (NULL, NULL);
  return table;
}

void
netns_table_free (NetnsTable *table)
{
  g_hash_table_unref (table->missing);
  g_ptr_array_unref (table->cells);
  g_free (table);
}

/* Fills the next cell, from the left; @value is taken as g_variant_take_ref() does. */
void
netns_table_add_value (NetnsTable *table, GVariant *value)
{
  g_ptr_array_add (table->cells, g_variant_take_ref (value));
}

/* Fills the rest of a row with the properties that the columns name. */
void
netns_table_add_properties (NetnsTable *table, const NetnsObjects *objects, const char *path)
{
  guint filled = table->cells->len % table->n_columns;

  for (const NetnsColumn *column = table->columns + filled; column->key != NULL && column->interface != NULL;
       column++) {
    g_autoptr (GVariant) properties = netns_objects_get (objects, path, column->interface);
    gboolean of_path = strcmp (column->interface, NETNS_OF_PATH) == 0;
    GVariant *value = of_path ? netns_value_of_path (objects, path, column->property)
                              : netns_value_of_property (objects, properties, column->property);

    if (properties == NULL && !of_path)
      g_hash_table_add (table->missing, value);
    netns_table_add_value (table, value);
  }
}

/* `family table`: the texts of both. */
static GVariant *
member_of (const NetnsObjects *objects, GVariant *dictionary, const char *keys)
{
  g_auto (GStrv) words = g_strsplit (keys, " ", -1);
  g_autofree char *joined = NULL;

  if (words[1] == NULL) {
    g_autoptr (GVariant) boxed = g_variant_lookup_value (dictionary, keys, NULL);

    return netns_value_convert (objects, keys, boxed);
  }
  for (char **word = words; *word != NULL; word++) {
    char *text;

    if (!g_variant_lookup (dictionary, *word, "s", &text))
      text = g_strdup ("");
    g_free (*word);
    *word = text;
  }
  joined = g_strjoinv (" ", words);
  return netns_value_new_text (joined);
}

/* Adds a row of an answer: a structure with a member for each column, or a dictionary. */
void
netns_table_add_row (NetnsTable *table, const NetnsObjects *objects, GVariant *row)
{
  gboolean is_dictionary = g_variant_is_of_type (row, G_VARIANT_TYPE_DICTIONARY);

  for (guint i = 0; i < table->n_columns; i++) {
    const char *property = table->columns[i].property;
    g_autoptr (GVariant) member = is_dictionary ? NULL : g_variant_get_child_value (row, i);

    netns_table_add_value (table, is_dictionary ? member_of (objects, row, property)
                                                : netns_value_convert (objects, property ? property : "", member));
  }
}

/* Fills the rest of a row with the members of an `a{sv}` that have the columns' keys. */
void
netns_table_add_members (NetnsTable *table, GVariant *object)
{
  guint filled = table->cells->len % table->n_columns;

  for (const NetnsColumn *column = table->columns + filled; column->key != NULL; column++) {
    GVariant *member = g_variant_lookup_value (object, column->key, NULL);

    netns_table_add_value (table, member ? member : netns_value_new_text (NULL));
  }
}

static guint
n_rows (const NetnsTable *table)
{
  return table->cells->len / table->n_columns;
}

static GVariant *
cell (const NetnsTable *table, guint row, guint column)
{
  return table->cells->pdata[row * table->n_columns + column];
}

static GVariant *
row_to_object (const NetnsTable *table, guint row)
{
  GVariantBuilder object;

  g_variant_builder_init (&object, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < table->n_columns; i++)
    g_variant_builder_add (&object, "{sv}", table->columns[i].key, cell (table, row, i));
  return g_variant_builder_end (&object);
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
    GVariant *value = cell (table, row, column);

    if (netns_value_is_none (value))
      continue;
    found = TRUE;
    if (!netns_value_is_number (value))
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
  g_autoptr (GPtrArray) columns = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
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
    GVariant *value = cell (table, 0, i);
    g_auto (GStrv) lines = netns_value_to_lines (value);

    if (g_hash_table_contains (table->missing, value))
      continue;
    for (guint j = 0; lines[j] != NULL; j++) {
      append_padded (line, j == 0 ? _ (table->columns[i].heading) : "", width, TRUE);
      g_string_append_printf (line, "%s %s", j == 0 ? ":" : " ", lines[j]);
      append_line (output, line);
    }
  }
  return g_string_free (output, FALSE);
}

/* Returns: (transfer full): aligned columns in the terminal's charset, or a JSON array */
char *
netns_table_format_list (const NetnsTable *table, const NetnsSettings *settings)
{
  g_autofree char *text = settings->format == NETNS_FORMAT_TEXT ? format_aligned (table, settings->legend) : NULL;
  GVariantBuilder rows;

  if (text != NULL)
    return netns_output_encode (text);
  g_variant_builder_init (&rows, G_VARIANT_TYPE ("aa{sv}"));
  for (guint row = 0; row < n_rows (table); row++)
    g_variant_builder_add_value (&rows, row_to_object (table, row));
  return netns_output_format_json (settings, g_variant_builder_end (&rows));
}

/* Returns: (transfer full): of a table with one row, lines for each column in that charset, or a JSON object */
char *
netns_table_format_details (const NetnsTable *table, const NetnsSettings *settings)
{
  g_autofree char *text = NULL;

  g_return_val_if_fail (n_rows (table) == 1, NULL);
  if (settings->format != NETNS_FORMAT_TEXT)
    return netns_output_format_json (settings, row_to_object (table, 0));
  text = format_labelled (table);
  return netns_output_encode (text);
}

gboolean
netns_table_print_list (const NetnsTable *table, const NetnsSettings *settings, GError **error)
{
  g_autofree char *text = netns_table_format_list (table, settings);

  return netns_output_write (settings, text, error);
}

gboolean
netns_table_print_details (const NetnsTable *table, const NetnsSettings *settings, GError **error)
{
  g_autofree char *text = netns_table_format_details (table, settings);

  return netns_output_write (settings, text, error);
}
