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

static gboolean
store_value (const NetnsOption *option, const char *value, GVariantDict *values, GHashTable *lists, GError **error)
{
  const char *namespace_name;
  GPtrArray *list;

  switch (option->type) {
  case NETNS_OPTION_ON:
  case NETNS_OPTION_OFF:
    g_variant_dict_insert (values, option->key, "b", option->type == NETNS_OPTION_ON);
    return TRUE;
  case NETNS_OPTION_TEXT:
    g_variant_dict_insert (values, option->key, "s", value);
    return TRUE;
  case NETNS_OPTION_NAMESPACE:
    if (!netns_argument_namespace (value, &namespace_name, error))
      return FALSE;
    g_variant_dict_insert (values, option->key, "s", namespace_name);
    return TRUE;
  case NETNS_OPTION_LIST:
    list = g_hash_table_lookup (lists, option->key);
    if (list == NULL) {
      list = g_ptr_array_new ();
      g_hash_table_insert (lists, (gpointer) option->key, list);
    }
    g_ptr_array_add (list, (gpointer) value);
    return TRUE;
  }
  g_return_val_if_reached (FALSE);
}

/* Takes the option at @arguments[*@i] and moves *@i to the last argument that belongs to it. */
static gboolean
take_option (const NetnsOption *option, const char *glued, char **arguments, guint *i, GVariantDict *values,
             GHashTable *lists, GError **error)
{
  const char *value = glued;

  if (option->value == NULL && glued != NULL)
    return netns_usage_error (error, _ ("The option %s takes no value; leave out “%s”"), option->name, glued);
  if (option->value != NULL && value == NULL) {
    value = arguments[*i + 1];
    if (value == NULL)
      return netns_usage_error (error, _ ("The option %s needs a value; write %s=%s"), option->name, option->name,
                                option->value);
    (*i)++;
  }
  /* Everything that leaves this program goes over D-Bus, which carries nothing but UTF-8. */
  if (value != NULL && !g_utf8_validate (value, -1, NULL))
    return netns_usage_error (error, _ ("The value of %s is not UTF-8"), option->name);
  return store_value (option, value, values, lists, error);
}

static GVariant *
finish_values (GVariantDict *values, GHashTable *lists)
{
  GHashTableIter iter;
  gpointer key, list;

  g_hash_table_iter_init (&iter, lists);
  while (g_hash_table_iter_next (&iter, &key, &list)) {
    GPtrArray *texts = list;

    g_variant_dict_insert_value (values, key, g_variant_new_strv ((const char *const *) texts->pdata, texts->len));
  }
  return g_variant_ref_sink (g_variant_dict_end (values));
}

/**
 * netns_options_parse:
 * @options: what there is
 * @keep_unknown: whether other options are left for later instead of being refused
 * @arguments: (inout): arguments; on return those that are left
 * @error: a usage error
 *
 * Takes options out of @arguments wherever they stand in front of `--`.
 *
 * Returns: (transfer full) (nullable): their values as `a{sv}`
 */
GVariant *
netns_options_parse (const NetnsOption *options, gboolean keep_unknown, char ***arguments, GError **error)
{
  g_autoptr (GPtrArray) rest = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) lists
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  g_auto (GVariantDict) values = G_VARIANT_DICT_INIT (NULL);
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
    else if (!take_option (option, glued, *arguments, &i, &values, lists, error))
      return NULL;
  }
  result = finish_values (&values, lists);
  g_ptr_array_add (rest, NULL);
  g_strfreev (*arguments);
  *arguments = (char **) g_ptr_array_free (g_steal_pointer (&rest), FALSE);
  return result;
}
