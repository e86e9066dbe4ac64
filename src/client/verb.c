/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/busctl.h"
#include "client/key-values.h"
#include "client/output.h"
#include "client/verb.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
list (NetnsConnection *connection, const NetnsVerb *verb, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  gboolean all = netns_property_flag (options, "all");
  g_autoptr (NetnsTable) table = netns_table_new (all ? verb->all_columns : verb->columns);
  g_autoptr (GPtrArray) paths = objects ? netns_objects_list (objects, verb->lists, all) : NULL;

  for (guint i = 0; paths != NULL && i < paths->len; i++)
    netns_table_add_properties (table, objects, paths->pdata[i]);
  return paths != NULL && netns_table_print_list (table, connection->settings, error);
}

static const char *
find_object (const NetnsObjects *objects, const char *interface, char **words, GError **error)
{
  if (words[0] != NULL && words[1] != NULL)
    return netns_objects_find_link (objects, words[0], words[1], error);
  if (strcmp (interface, NETNS_INTERFACE_NETWORK) == 0)
    return netns_objects_find_network (objects, words[0], error);
  return netns_objects_find_namespace (objects, words[0] ? words[0] : "", error);
}

static void
add_rows (NetnsTable *table, const NetnsObjects *objects, const char *path, const NetnsVerb *verb)
{
  g_autoptr (GVariant) properties = netns_objects_get (objects, path, verb->shows);
  g_autoptr (GVariant) rows = g_variant_take_ref (netns_value_of_property (objects, properties, verb->rows));
  g_auto (GStrv) paths = netns_property_paths (properties, verb->rows);

  for (guint i = 0; paths[i] != NULL; i++)
    if (g_hash_table_contains (objects->by_path, paths[i]))
      netns_table_add_properties (table, objects, paths[i]);
  for (gsize i = 0; g_variant_is_of_type (rows, G_VARIANT_TYPE ("aa{sv}")) && i < g_variant_n_children (rows); i++) {
    g_autoptr (GVariant) row = g_variant_get_child_value (rows, i);

    netns_table_add_properties (table, objects, path);
    netns_table_add_members (table, row);
  }
}

static void
add_rows_of_links (NetnsTable *table, const NetnsObjects *objects, const char *namespace_path, const NetnsVerb *verb)
{
  g_autoptr (GVariant) namespace = netns_objects_get (objects, namespace_path, NETNS_INTERFACE_NAMESPACE);
  g_auto (GStrv) links = netns_property_paths (namespace, "Links");

  for (guint i = 0; links[i] != NULL; i++)
    add_rows (table, objects, links[i], verb);
}

static gboolean
show (NetnsConnection *connection, const NetnsVerb *verb, char **words, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  g_autoptr (NetnsTable) table = netns_table_new (verb->columns);
  const char *path = objects ? find_object (objects, verb->shows, words, error) : NULL;
  g_autoptr (GVariant) properties = path ? netns_objects_get (objects, path, verb->shows) : NULL;

  if (path == NULL)
    return FALSE;
  if (properties == NULL && words[1] != NULL)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, _ ("“%s” is not a bridge"), words[1]);
  if (verb->rows == NULL) {
    netns_table_add_properties (table, objects, path);
    return netns_table_print_details (table, connection->settings, error);
  }
  if (properties != NULL)
    add_rows (table, objects, path, verb);
  else
    add_rows_of_links (table, objects, path, verb);
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
print_line (const NetnsSettings *settings, const char *text, GError **error)
{
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  return netns_output_write (settings, line, error);
}

static gboolean
print_members (const NetnsSettings *settings, const char *const *keys, GVariant *reply, GError **error)
{
  GVariantBuilder object;

  g_variant_builder_init (&object, G_VARIANT_TYPE_VARDICT);
  for (gsize i = 0; i < g_variant_n_children (reply); i++)
    netns_value_put (&object, keys[i], g_variant_get_child_value (reply, i));
  return netns_output_json (settings, g_variant_builder_end (&object), error);
}

/* Prints the created object. Users already know its name, if it has one; programs get its path. Who has no name has a
 * number, which nobody could tell later: a rule, a NAT or a forward. */
static gboolean
print_made (const NetnsSettings *settings, GVariant *reply, GError **error)
{
  static const char *const objects[] = { "object", "peer" }, *const handle[] = { "handle" };
  gboolean is_handle = g_variant_is_of_type (reply, G_VARIANT_TYPE ("(t)"));
  g_autoptr (GVariant) made = g_variant_get_child_value (reply, 0);
  g_autofree char *number = is_handle ? g_variant_print (made, FALSE) : NULL;
  const char *path = is_handle ? "" : g_variant_get_string (made, NULL);

  if (settings->format != NETNS_FORMAT_TEXT)
    return print_members (settings, is_handle ? handle : objects, reply, error);
  if (g_str_has_prefix (path, NETNS_PATH "/nat/") || g_str_has_prefix (path, NETNS_PATH "/forward/"))
    number = g_path_get_basename (path);
  return number == NULL || print_line (settings, number, error);
}

/* Rows are structures, whose members are in the order of the columns, or dictionaries. */
static gboolean
print_table (NetnsConnection *connection, const NetnsColumn *columns, GVariant *reply, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_new (NULL, connection->settings->host == NULL);
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GVariant) rows = g_variant_get_child_value (reply, 0);
  gboolean is_dictionary = g_variant_is_of_type (rows, G_VARIANT_TYPE_DICTIONARY);

  if (!g_variant_is_of_type (rows, G_VARIANT_TYPE_ARRAY) || is_dictionary) {
    netns_table_add_row (table, objects, is_dictionary ? rows : reply);
    return netns_table_print_details (table, connection->settings, error);
  }
  for (gsize i = 0; i < g_variant_n_children (rows); i++) {
    g_autoptr (GVariant) row = g_variant_get_child_value (rows, i);

    netns_table_add_row (table, objects, row);
  }
  return netns_table_print_list (table, connection->settings, error);
}

/* Calls a method such as `Manager.CreateForward` of the object that @words name, and prints what was made. */
gboolean
netns_verb_call (NetnsConnection *connection, const char *method, char **words, GVariant *arguments,
                 const char *reply_type, GError **error)
{
  g_autoptr (GVariant) reply = NULL;

  return netns_call (connection, method, words, arguments, reply_type, &reply, error)
         && (reply == NULL || print_made (connection->settings, reply, error));
}

static GVariant *
read_switch (const char *word, GError **error)
{
  if (strcmp (word, "on") == 0 || strcmp (word, "off") == 0)
    return g_variant_new_boolean (strcmp (word, "on") == 0);
  return netns_usage_null (error, _ ("Invalid value “%s” for NAT; use on or off"), word);
}

/* Returns: (transfer floating) (nullable): the argument that a letter of NetnsVerb.arguments stands for */
static GVariant *
read_argument (const NetnsVerb *verb, char letter, char **words, GVariant *options, gboolean local, GError **error)
{
  switch (letter) {
  case 'l':
    return g_variant_new_strv ((const char *const *) words, -1);
  case 'p':
    return netns_argument_convert ('u', _ ("process ID"), *words, local, error);
  case 'h':
    return netns_argument_convert ('t', _ ("handle"), *words, local, error);
  case 'n':
    return read_switch (*words, error);
  case 'k':
    return netns_key_values_parse (verb->keys ? verb->keys : verb->method, words, local, error);
  case 'o':
    return g_variant_ref (options);
  default:
    return netns_argument_convert (letter, NULL, *words, local, error);
  }
}

/* Returns: (transfer floating) (nullable): a tuple */
static GVariant *
read_arguments (const NetnsVerb *verb, char **words, GVariant *options, gboolean local, GError **error)
{
  g_auto (GVariantBuilder) tuple = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_TUPLE);

  if (verb->parse != NULL)
    return verb->parse (words, options, error);
  for (const char *letter = verb->arguments ? verb->arguments : ""; *letter != '\0'; letter++) {
    GVariant *argument = read_argument (verb, *letter, words, options, local, error);
    g_autoptr (GVariant) owned = argument ? g_variant_take_ref (argument) : NULL;

    if (owned == NULL)
      return NULL;
    g_variant_builder_add_value (&tuple, owned);
    words += *words != NULL;
  }
  return g_variant_builder_end (&tuple);
}

static gboolean
call (NetnsConnection *connection, const NetnsVerb *verb, char **words, GVariant *options, GError **error)
{
  char **rest = words + netns_call_n_target_words (verb->method);
  GVariant *arguments = read_arguments (verb, rest, options, connection->settings->host == NULL, error);
  g_autoptr (GVariant) reply = NULL;
  const char *text;

  if (arguments == NULL || !netns_call (connection, verb->method, words, arguments, verb->reply, &reply, error))
    return FALSE;
  if (reply == NULL || verb->reply == NULL)
    return TRUE;
  if (verb->columns != NULL)
    return print_table (connection, verb->columns, reply, error);
  if (verb->after != NULL && !verb->after (connection, words, options, reply, error))
    return FALSE;
  if (!g_variant_is_of_type (reply, G_VARIANT_TYPE ("(s)")))
    return print_made (connection->settings, reply, error);
  g_variant_get (reply, "(&s)", &text);
  return print_line (connection->settings, text, error);
}

gboolean
netns_verb_run (NetnsConnection *connection, const NetnsVerb *verb, char **arguments, GVariant *options, GError **error)
{
  if ((verb->reads_objects || verb->lists || verb->shows) && connection->settings->busctl) {
    netns_busctl_print (connection->settings, NETNS_PATH, NETNS_OBJECT_MANAGER, "GetManagedObjects", NULL);
    return TRUE;
  }
  if (verb->run != NULL)
    return verb->run (connection, arguments, options, error);
  if (verb->lists != NULL)
    return list (connection, verb, options, error);
  if (verb->shows != NULL)
    return show (connection, verb, arguments, error);
  return call (connection, verb, arguments, options, error);
}
