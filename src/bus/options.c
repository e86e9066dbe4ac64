/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/options.h"

#include "common/error.h"

#include <string.h>

/* Everybody may have a plan made before polkit is asked, and each entry is compared with all others there are. */
#define LIST_MAX 64

static const NetnsOption *
find_option (const NetnsOption *known, const char *key)
{
  for (; known != NULL && known->key != NULL; known++)
    if (strcmp (known->key, key) == 0)
      return known;
  return NULL;
}

static char *
list_keys (const NetnsOption *known)
{
  g_autoptr (GString) keys = g_string_new (NULL);

  for (; known != NULL && known->key != NULL; known++)
    g_string_append_printf (keys, "%s%s", keys->len ? ", " : "", known->key);
  return keys->len ? g_string_free (g_steal_pointer (&keys), FALSE) : g_strdup ("none");
}

/**
 * netns_options_check:
 * @options: a{sv}
 * @known: (array zero-terminated=1) (nullable): keys that the method knows
 * @error: `InvalidArgument`, names the key
 *
 * Returns: whether all are known, of the right type, and given once
 */
gboolean
netns_options_check (GVariant *options, const NetnsOption *known, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value)) {
    const NetnsOption *option = find_option (known, key);
    g_autofree char *keys = NULL;

    if (option != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE (option->type))
        && g_hash_table_add (seen, (gpointer) key))
      continue;
    if (option == NULL) {
      keys = list_keys (known);
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "There is no option “%s”; known: %s", key, keys);
    } else if (g_hash_table_contains (seen, key)) {
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” is given twice", key);
    } else {
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” is of type %s, not %s", key,
                   option->type, g_variant_get_type_string (value));
    }
    g_variant_unref (value);
    return FALSE;
  }
  return TRUE;
}

/* The empty string if it is not given. */
const char *
netns_options_get_string (GVariant *options, const char *key)
{
  const char *value = "";

  g_variant_lookup (options, key, "&s", &value);
  return value;
}

gboolean
netns_options_get_boolean (GVariant *options, const char *key, gboolean missing)
{
  gboolean value = missing;

  g_variant_lookup (options, key, "b", &value);
  return value;
}

guint32
netns_options_get_uint32 (GVariant *options, const char *key, guint32 missing)
{
  guint32 value = missing;

  g_variant_lookup (options, key, "u", &value);
  return value;
}

gboolean
netns_options_has (GVariant *options, const char *key)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (options, key, NULL);

  return value != NULL;
}

/**
 * netns_parse_addresses:
 * @texts: as
 * @parse: how one is read
 * @error: `InvalidArgument`, also for more than 64
 *
 * Returns: (transfer full) (nullable) (element-type NetnsAddress): the addresses
 */
GArray *
netns_parse_addresses (GVariant *texts, NetnsParseAddressFunc parse, GError **error)
{
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
  GVariantIter iter;
  const char *text;

  if (g_variant_iter_init (&iter, texts) > LIST_MAX) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "At most %d addresses or subnets in one call, not %zu",
                 LIST_MAX, g_variant_n_children (texts));
    return NULL;
  }
  while (g_variant_iter_next (&iter, "&s", &text)) {
    NetnsAddress address;

    if (!parse (text, &address, error))
      return NULL;
    g_array_append_val (addresses, address);
  }
  return g_steal_pointer (&addresses);
}

/* As netns_parse_addresses(); none if the option is not given. */
GArray *
netns_options_get_addresses (GVariant *options, const char *key, NetnsParseAddressFunc parse, GError **error)
{
  g_autoptr (GVariant) texts = g_variant_lookup_value (options, key, G_VARIANT_TYPE ("as"));

  return texts ? netns_parse_addresses (texts, parse, error) : g_array_new (FALSE, FALSE, sizeof (NetnsAddress));
}
