/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/arguments.h"
#include "client/key-values.h"
#include "options-table.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
has_key (gconstpointer option, gconstpointer key)
{
  return strcmp (((const NetnsOptionInfo *) option)->key, key) == 0;
}

/* What there is for some methods; each key once, although several kinds of links may have one with different values. */
static GPtrArray *
list_options (const char *methods)
{
  GPtrArray *options = g_ptr_array_new ();
  g_auto (GStrv) names = g_strsplit (methods, " ", -1);

  for (char **name = names; *name != NULL; name++)
    for (const NetnsOptionTable *table = netns_option_tables; table->method != NULL; table++)
      for (const NetnsOptionInfo *option = table->options; option->key != NULL; option++)
        if (strcmp (table->method, *name) == 0
            && !g_ptr_array_find_with_equal_func (options, option->key, has_key, NULL))
          g_ptr_array_add (options, (gpointer) option);
  return options;
}

static char *
join_keys (const GPtrArray *options)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < options->len; i++)
    g_string_append_printf (list, "%s%s", i ? ", " : "", ((const NetnsOptionInfo *) options->pdata[i])->key);
  return g_string_free (list, FALSE);
}

/* What can stand behind the key: `on|off`, `68..65535`, `CIDR`. */
static char *
describe_value (const NetnsOptionInfo *option)
{
  if (option->words != NULL)
    return g_strjoinv ("|", (char **) option->words);
  if (strcmp (option->type, "b") == 0)
    return g_strdup ("on|off");
  if (option->form != NULL)
    return g_strdup_printf ("%s%s", option->form, *option->type == 'a' ? ",..." : "");
  if (option->max > 0)
    return g_strdup_printf ("%" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT, option->min, option->max);
  return g_strdup ("TEXT");
}

/* Appends a line for each key of @methods, as netns_key_values_parse() has them. What they mean is said in the words of the
 * introspection files, as in the manual. */
void
netns_key_values_describe (GString *help, const char *methods)
{
  g_autoptr (GPtrArray) options = list_options (methods);

  for (guint i = 0; i < options->len; i++) {
    const NetnsOptionInfo *option = options->pdata[i];
    g_autofree char *value = describe_value (option), *key = g_strdup_printf ("%s=%s", option->key, value);

    g_string_append_printf (help, "      %-26s %s", key, option->help);
    g_string_append_printf (help, *option->unit != '\0' ? " (%s)\n" : "\n", option->unit);
  }
}

static GVariant *
read_value (const NetnsOptionInfo *option, const char *text, gboolean local_users, GError **error)
{
  char type = *option->type;

  if (option->form != NULL && (strcmp (option->form, "NS") == 0 || strcmp (option->form, "USER") == 0))
    type = *option->form;
  return netns_argument_convert (type, option->key, text, local_users, error);
}

/* Returns: (transfer full) (nullable): the values of @words, each `KEY=VALUE`, as `a{sv}` in the order given. The keys
 * are the options of @methods, which stand there with their interfaces, such as `Manager.CreateBridge`, with blanks
 * between them. */
GVariant *
netns_key_values_parse (const char *methods, char **words, gboolean local_users, GError **error)
{
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GPtrArray) options = list_options (methods);
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (; *words != NULL; words++) {
    const char *equals = strchr (*words, '=');
    g_autofree char *key = g_strndup (*words, (gsize) (equals ? equals - *words : 0));
    const NetnsOptionInfo *option;
    GVariant *value;
    guint i;

    if (!g_ptr_array_find_with_equal_func (options, key, has_key, &i)) {
      g_autofree char *known = join_keys (options);

      return netns_usage_null (error, _ ("Cannot set “%s”; use KEY=VALUE with one of: %s"), *words, known);
    }
    option = options->pdata[i];
    if (!g_hash_table_add (seen, (gpointer) option))
      return netns_usage_null (error, _ ("“%s” is given twice; leave one out"), key);
    value = read_value (option, equals + 1, local_users, error);
    if (value == NULL)
      return NULL;
    g_variant_builder_add (&values, "{sv}", key, value);
  }
  return g_variant_ref_sink (g_variant_builder_end (&values));
}
