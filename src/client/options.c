/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/options.h"
#include "client/arguments.h"

#include <glib/gi18n.h>
#include <string.h>

/* Finds the option that @argument is, and the value if it is glued to it (`--json=short`, `-Hserver`). */
static const NetnsOption *
find_option (const NetnsOption *options, const char *argument, const char **glued)
{
  gsize length = strcspn (argument, "=");

  *glued = NULL;
  for (const NetnsOption *option = options; option->name != NULL; option++) {
    if (strlen (option->name) == length && strncmp (option->name, argument, length) == 0) {
      *glued = argument[length] == '=' ? argument + length + 1 : NULL;
      return option;
    }
    if (option->letter != '\0' && argument[1] == option->letter) {
      *glued = argument[2] != '\0' ? argument + 2 : NULL;
      return option;
    }
  }
  return NULL;
}

/* The last of several values counts, as with most programs, and all of them where the option is a list. */
static GVariant *
make_value (const NetnsOption *option, const char *text, GVariant *before, GError **error)
{
  g_autofree const char **texts = NULL;
  const char *namespace_name;
  guint32 number;
  gsize n_texts;

  switch (option->type) {
  case NETNS_OPTION_ON:
  case NETNS_OPTION_OFF:
    return g_variant_new_boolean (option->type == NETNS_OPTION_ON);
  case NETNS_OPTION_TEXT:
    return g_variant_new_string (text);
  case NETNS_OPTION_NUMBER:
    return netns_argument_number (option->key, text, &number, error) ? g_variant_new_uint32 (number) : NULL;
  case NETNS_OPTION_NAMESPACE:
    return netns_argument_namespace (text, &namespace_name, error) ? g_variant_new_string (namespace_name)
                                                                   : NULL;
  case NETNS_OPTION_LIST:
    if (before == NULL)
      return g_variant_new_strv (&text, 1);
    texts = g_variant_get_strv (before, &n_texts);
    texts = g_renew (const char *, texts, n_texts + 1);
    texts[n_texts] = text;
    return g_variant_new_strv (texts, (gssize)n_texts + 1);
  }
  g_return_val_if_reached (NULL);
}

/* Takes the option at @arguments[*@i] and moves *@i to the last argument that belongs to it. */
static gboolean
take_option (const NetnsOption *option, const char *glued, char **arguments, guint *i, GHashTable *values,
             GError **error)
{
  const char *value = glued;
  GVariant *made;

  if (option->value == NULL && glued != NULL)
    return netns_usage_error (error, _ ("The option %s takes no value; leave out “%s”"), option->name, glued);
  if (option->value != NULL && value == NULL) {
    value = arguments[*i + 1];
    if (value == NULL)
      return netns_usage_error (error, _ ("The option %s needs a value; write %s=%s"), option->name,
                                option->name, option->value);
    (*i)++;
  }
  /* Everything that leaves this program goes over D-Bus, which carries nothing but UTF-8. */
  if (value != NULL && !g_utf8_validate (value, -1, NULL))
    return netns_usage_error (error, _ ("The value of %s is not UTF-8"), option->name);
  made = make_value (option, value, g_hash_table_lookup (values, option->key), error);
  if (made == NULL)
    return FALSE;
  g_hash_table_replace (values, (gpointer)option->key, g_variant_ref_sink (made));
  return TRUE;
}

/* In the order of the table, so that what `--busctl` prints is the same each time. */
static GVariant *
gather_values (const NetnsOption *options, GHashTable *values)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (const NetnsOption *option = options; option->name != NULL; option++) {
    GVariant *value = g_hash_table_lookup (values, option->key);

    if (value != NULL)
      g_variant_builder_add (&builder, "{sv}", option->key, value);
  }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/**
 * netns_options_parse:
 * @options: what there is
 * @keep_unknown: whether other options are left for later instead of being refused
 * @command_word: (nullable): a first argument after which only one more is ours, and all the others are a command line
 * of its own
 * @arguments: (inout): arguments; on return those that are left
 * @error: a usage error
 *
 * Takes options out of @arguments wherever they stand in front of `--`.
 *
 * Returns: (transfer full) (nullable): their values as `a{sv}`
 */
GVariant *
netns_options_parse (const NetnsOption *options, gboolean keep_unknown, const char *command_word, char ***arguments,
                     GError **error)
{
  g_autoptr (GPtrArray) rest = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) values =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_variant_unref);
  gboolean ended = FALSE;
  GVariant *result;

  for (guint i = 0; (*arguments)[i] != NULL; i++) {
    const char *argument = (*arguments)[i], *glued = NULL;
    const NetnsOption *option = NULL;

    /* A lone dash is a value: nobody, as owner. */
    if (!ended && argument[0] == '-' && argument[1] != '\0') {
      if (strcmp (argument, "--") == 0) {
        ended = TRUE;
        if (!keep_unknown)
          continue;
      } else {
        option = find_option (options, argument, &glued);
        if (option == NULL && !keep_unknown) {
          netns_usage_error (error, _ ("There is no option “%s” here; see “netnsctl --help”"), argument);
          return NULL;
        }
      }
    }
    if (option == NULL)
      g_ptr_array_add (rest, g_strdup (argument));
    if (option == NULL && rest->len > 2 && g_strcmp0 (rest->pdata[0], command_word) == 0)
      ended = TRUE;
    if (option != NULL && !take_option (option, glued, *arguments, &i, values, error))
      return NULL;
  }
  result = gather_values (options, values);
  g_ptr_array_add (rest, NULL);
  g_strfreev (*arguments);
  *arguments = (char **)g_ptr_array_free (g_steal_pointer (&rest), FALSE);
  return result;
}
