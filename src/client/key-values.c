/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/arguments.h"
#include "client/key-values.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsKey *
find_key (const NetnsKey *keys, const char *word, gsize length)
{
  for (; keys->key != NULL; keys++)
    if (strlen (keys->key) == length && strncmp (keys->key, word, length) == 0)
      return keys;
  return NULL;
}

static char *
list_keys (const NetnsKey *keys)
{
  GString *list = g_string_new (NULL);

  for (; keys->key != NULL; keys++)
    g_string_append_printf (list, "%s%s", list->len ? ", " : "", keys->key);
  return g_string_free (list, FALSE);
}

static GVariant *
read_flag (const char *key, const char *text, GError **error)
{
  static const char *const on[] = { "on", "yes", "true", NULL }, *const off[] = { "off", "no", "false", NULL };

  if (g_strv_contains (on, text))
    return g_variant_new_boolean (TRUE);
  if (g_strv_contains (off, text))
    return g_variant_new_boolean (FALSE);
  netns_usage_error (error, _ ("“%s” cannot be the %s; say on or off"), text, key);
  return NULL;
}

static GVariant *
read_port (const char *key, const char *text, GError **error)
{
  guint32 number;

  if (!netns_argument_number (key, text, &number, error))
    return NULL;
  if (number <= G_MAXUINT16)
    return g_variant_new_uint16 ((guint16)number);
  netns_usage_error (error, _ ("“%s” cannot be the %s; give a number from 0 to %u"), text, key, G_MAXUINT16);
  return NULL;
}

static GVariant *
read_texts (const char *text)
{
  g_auto (GStrv) texts = g_strsplit (text, ",", -1);

  return g_variant_new_strv ((const char *const *)texts, -1);
}

static GVariant *
read_value (const NetnsKey *key, const char *text, gboolean local_users, GError **error)
{
  const char *name;
  guint32 number;

  switch (key->type) {
  case NETNS_KEY_TEXT:
    return g_variant_new_string (text);
  case NETNS_KEY_TEXTS:
    return read_texts (text);
  case NETNS_KEY_FLAG:
    return read_flag (key->key, text, error);
  case NETNS_KEY_NUMBER:
    return netns_argument_number (key->key, text, &number, error) ? g_variant_new_uint32 (number) : NULL;
  case NETNS_KEY_PORT:
    return read_port (key->key, text, error);
  case NETNS_KEY_NAMESPACE:
    return netns_argument_namespace (text, &name, error) ? g_variant_new_string (name) : NULL;
  case NETNS_KEY_USER:
    return netns_argument_user (text, local_users, &number, error) ? g_variant_new_uint32 (number) : NULL;
  }
  g_return_val_if_reached (NULL);
}

/**
 * netns_key_values_parse:
 * @keys: what there is
 * @words: arguments, each `KEY=VALUE`
 * @local_users: whether the service has the same users as this program
 * @error: a usage error
 *
 * Returns: (transfer full) (nullable): their values as `a{sv}`, in the order given
 */
GVariant *
netns_key_values_parse (const NetnsKey *keys, char **words, gboolean local_users, GError **error)
{
  g_auto (GVariantBuilder) values = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (; *words != NULL; words++) {
    gsize length = strcspn (*words, "=");
    const NetnsKey *key = find_key (keys, *words, length);
    GVariant *value;

    if (key == NULL || (*words)[length] == '\0') {
      g_autofree char *known = list_keys (keys);

      netns_usage_error (error, _ ("“%s” cannot be set; say KEY=VALUE with one of: %s"), *words, known);
      return NULL;
    }
    if (!g_hash_table_add (seen, (gpointer)key)) {
      netns_usage_error (error, _ ("“%s” is given twice; leave one out"), key->key);
      return NULL;
    }
    value = read_value (key, *words + length + 1, local_users, error);
    if (value == NULL)
      return NULL;
    g_variant_builder_add (&values, "{sv}", key->key, value);
  }
  return g_variant_ref_sink (g_variant_builder_end (&values));
}
