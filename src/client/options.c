/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
  static const char types[] = {
    [NETNS_OPTION_TEXT] = 's',
    [NETNS_OPTION_NUMBER] = 'u',
    [NETNS_OPTION_NAMESPACE] = 'N',
  };
  g_autofree const char **texts = NULL;
  gsize n_texts = 0;

  if (option->type == NETNS_OPTION_ON || option->type == NETNS_OPTION_OFF)
    return g_variant_new_boolean (option->type == NETNS_OPTION_ON);
  if (option->type != NETNS_OPTION_LIST)
    return netns_argument_convert (types[option->type], option->key, text, TRUE, error);
  texts = before ? g_variant_get_strv (before, &n_texts) : NULL;
  texts = g_renew (const char *, texts, n_texts + 1);
  texts[n_texts] = text;
  return g_variant_new_strv (texts, (gssize) n_texts + 1);
}

/* Takes the option at @arguments[*@i] and moves *@i to the last argument that belongs to it. */
static gboolean
take_option (const NetnsOption *option, const char *glued, char **arguments, guint *i, GHashTable *values,
             GError **error)
{
  const char *value = glued;
  GVariant *made;

  if (option->value == NULL && glued != NULL)
    return netns_usage_error (error, _ ("Option %s takes no value; leave out “%s”"), option->name, glued);
  if (option->value != NULL && value == NULL) {
    value = arguments[*i + 1];
    if (value == NULL)
      return netns_usage_error (error, _ ("Option %s needs a value; write %s=%s"), option->name, option->name,
                                option->value);
    (*i)++;
  }
  /* Everything that leaves this program goes over D-Bus, which carries nothing but UTF-8. */
  if (value != NULL && !g_utf8_validate (value, -1, NULL))
    return netns_usage_error (error, _ ("The value of %s is not UTF-8"), option->name);
  made = make_value (option, value, g_hash_table_lookup (values, option->key), error);
  if (made == NULL)
    return FALSE;
  g_hash_table_replace (values, (gpointer) option->key, g_variant_ref_sink (made));
  return TRUE;
}

/* In the order of the table, so that what `--busctl` prints is the same each time. Two options can have one key, as
 * --guard and --no-guard do. */
static GVariant *
gather_values (const NetnsOption *options, GHashTable *values)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  for (const NetnsOption *option = options; option->name != NULL; option++) {
    g_autoptr (GVariant) value = NULL;

    if (g_hash_table_steal_extended (values, option->key, NULL, (gpointer *) &value))
      g_variant_builder_add (&builder, "{sv}", option->key, value);
  }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* Takes options out of @arguments wherever they stand in front of `--`, and leaves the others there with @keep_unknown.
 * Behind a first argument that is @command_word only one more is ours: all others are a command line of its own.
 * Returns: (transfer full) (nullable): their values as `a{sv}` */
GVariant *
netns_options_parse (const NetnsOption *options, gboolean keep_unknown, const char *command_word, char ***arguments,
                     GError **error)
{
  g_autoptr (GPtrArray) rest = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) values
    = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_variant_unref);
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
        if (option == NULL && !keep_unknown)
          return netns_usage_null (error, _ ("Unknown option “%s”; see “netnsctl --help”"), argument);
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
  *arguments = (char **) g_ptr_array_free (g_steal_pointer (&rest), FALSE);
  return result;
}
