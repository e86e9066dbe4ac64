/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records described by rows, as groups of key files. */
#include "common/fields.h"

static void
set_key (GKeyFile *key_file, const char *group, const char *key, GVariant *value)
{
  g_autofree const char **texts = NULL;
  g_autofree char *text = NULL;
  gsize n_texts;

  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_STRING:
    g_key_file_set_string (key_file, group, key, g_variant_get_string (value, NULL));
    break;
  case G_VARIANT_CLASS_ARRAY:
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING)) {
      text = g_strescape (g_variant_get_bytestring (value), NULL);
      g_key_file_set_string (key_file, group, key, text);
    } else {
      texts = g_variant_get_strv (value, &n_texts);
      g_key_file_set_string_list (key_file, group, key, texts, n_texts);
    }
    break;
  case G_VARIANT_CLASS_BYTE:
    g_key_file_set_uint64 (key_file, group, key, g_variant_get_byte (value));
    break;
  default: /* Numbers, true and false look the same in both. */
    text = g_variant_print (value, FALSE);
    g_key_file_set_value (key_file, group, key, text);
  }
}

/* Returns: (transfer full) (nullable): %NULL on error */
static GVariant *
get_key (GKeyFile *key_file, const char *group, const char *key, const char *signature, GError **error)
{
  g_auto (GStrv) texts = NULL;
  g_autofree char *text = NULL, *bytes = NULL;

  switch (*signature) {
  case 's':
    text = g_key_file_get_string (key_file, group, key, error);
    return text ? g_variant_take_ref (g_variant_new_string (text)) : NULL;
  case 'a':
    if (g_str_equal (signature, "as")) {
      texts = g_key_file_get_string_list (key_file, group, key, NULL, error);
      return texts ? g_variant_take_ref (g_variant_new_strv ((const char *const *) texts, -1)) : NULL;
    }
    text = g_key_file_get_string (key_file, group, key, error);
    bytes = text ? g_strcompress (text) : NULL;
    return bytes ? g_variant_take_ref (g_variant_new_bytestring (bytes)) : NULL;
  default:
    text = g_key_file_get_value (key_file, group, key, error);
    return text ? g_variant_parse (G_VARIANT_TYPE (signature), text, NULL, NULL, error) : NULL;
  }
}

/**
 * netns_fields_to_key_file, netns_fields_from_key_file:
 * @fields: its rows
 * @record: a record; one that is read has zeros or values of its own before, and is to be cleared in any case
 * @key_file: where to, or where from
 * @group: a group of it
 * @error: `InvalidArgument`, or an error of GKeyFile or of g_variant_parse()
 *
 * What is not given stays as it is, what has no row is not read.
 *
 * Returns: whether all that is given could be read
 */
void
netns_fields_to_key_file (const NetnsField *fields, gconstpointer record, GKeyFile *key_file, const char *group)
{
  g_autoptr (GVariant) values = g_variant_ref_sink (netns_fields_to_variant (fields, record));
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, values);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    set_key (key_file, group, key, value);
}

gboolean
netns_fields_from_key_file (const NetnsField *fields, gpointer record, GKeyFile *key_file, const char *group,
                            GError **error)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) values = NULL;

  for (const NetnsField *field = fields; field->name != NULL; field++) {
    g_autoptr (GVariant) value = NULL;

    if (!g_key_file_has_key (key_file, group, field->name, NULL))
      continue;
    value = get_key (key_file, group, field->name, netns_field_get_signature (field), error);
    if (value == NULL)
      return FALSE;
    g_variant_dict_insert_value (&dict, field->name, value);
  }
  values = g_variant_ref_sink (g_variant_dict_end (&dict));
  return netns_fields_from_variant (fields, record, values, error);
}
