/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/options.h"

#include "common/error.h"
#include "common/validate.h"

#include <string.h>

/* Any user can have a plan made before polkit is asked, and each entry is compared with all existing ones. */
#define LIST_MAX 64

static gboolean
is_of_kind (const NetnsOptionInfo *option, const char *kind)
{
  return option->kinds == NULL || (kind != NULL && g_strv_contains (option->kinds, kind));
}

static const NetnsOptionInfo *
find_option (const NetnsOptionInfo *table, const char *kind, const char *key)
{
  for (; table->key != NULL; table++)
    if (strcmp (table->key, key) == 0 && is_of_kind (table, kind))
      return table;
  return NULL;
}

static gboolean
refuse_unknown (const NetnsOptionInfo *table, const char *kind, const char *key, GError **error)
{
  g_autoptr (GString) keys = g_string_new (NULL);

  for (; table->key != NULL; table++)
    if (is_of_kind (table, kind))
      g_string_append_printf (keys, "%s%s", keys->len ? ", " : "", table->key);
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Unknown option “%s”; valid options: %s", key,
                       keys->len ? keys->str : "none");
}

/* `accept, drop or reject` */
static char *
list_words (const char *const *words)
{
  GString *list = g_string_new (words[0]);

  for (gsize i = 1; words[0] != NULL && words[i] != NULL; i++)
    g_string_append_printf (list, "%s%s", words[i + 1] ? ", " : " or ", words[i]);
  return g_string_free (list, FALSE);
}

static gboolean
check_word (const NetnsOptionInfo *option, const char *word, GError **error)
{
  g_autofree char *words = list_words (option->words);

  if (g_strv_contains (option->words, word))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid value “%s” for option “%s”; use %s", word,
                       option->key, words);
}

static NetnsParseAddressFunc
get_parser (const NetnsOptionInfo *option)
{
  static const struct {
    const char *form;
    NetnsParseAddressFunc parse;
  } parsers[] = {
    { "ADDRESS", netns_address_parse_host   },
    { "CIDR",    netns_address_parse        },
    { "SUBNET",  netns_address_parse_subnet },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (parsers); i++)
    if (g_strcmp0 (option->form, parsers[i].form) == 0)
      return parsers[i].parse;
  return NULL;
}

/* Where any text is good, an empty one is the same as none; so it is for a hardware address. */
static gboolean
check_text (const NetnsOptionInfo *option, const char *text, GError **error)
{
  NetnsParseAddressFunc parse = get_parser (option);
  guint8 mac[NETNS_MAC_LENGTH];
  NetnsAddress address;

  if (option->may_be_empty && *text == '\0')
    return TRUE;
  if (parse != NULL)
    return parse (text, &address, error);
  if (option->words != NULL)
    return check_word (option, text, error);
  return g_strcmp0 (option->form, "MAC") != 0 || *text == '\0' || netns_parse_mac (text, mac, error);
}

static gboolean
check_texts (const NetnsOptionInfo *option, GVariant *texts, GError **error)
{
  NetnsParseAddressFunc parse = get_parser (option);
  g_autoptr (GArray) addresses = parse ? netns_addresses_parse (texts, parse, error) : NULL;
  GVariantIter iter;
  const char *text;

  if (parse != NULL)
    return addresses != NULL;
  g_variant_iter_init (&iter, texts);
  while (option->words != NULL && g_variant_iter_next (&iter, "&s", &text))
    if (!check_word (option, text, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_number (const NetnsOptionInfo *option, guint64 number, GError **error)
{
  if (number >= option->min && number <= option->max)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Option “%s” must be between %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT
                       "%s%s, not %" G_GUINT64_FORMAT,
                       option->key, option->min, option->max, *option->unit ? " " : "", option->unit, number);
}

static gboolean
check_value (const NetnsOptionInfo *option, GVariant *value, GError **error)
{
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE (option->type)))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” must be of type %s, not %s", option->key,
                         option->type, g_variant_get_type_string (value));
  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_STRING:
    return check_text (option, g_variant_get_string (value, NULL), error);
  case G_VARIANT_CLASS_ARRAY:
    return check_texts (option, value, error);
  case G_VARIANT_CLASS_UINT16:
    return check_number (option, g_variant_get_uint16 (value), error);
  case G_VARIANT_CLASS_UINT32:
    return check_number (option, g_variant_get_uint32 (value), error);
  default:
    return TRUE;
  }
}

static gboolean
check_needed (const NetnsOptionInfo *option, const char *kind, GVariant *values, GError **error)
{
  g_autoptr (GVariant) value = NULL;
  g_autofree char *words = NULL;

  if (!option->needed || !is_of_kind (option, kind))
    return TRUE;
  value = g_variant_lookup_value (values, option->key, NULL);
  if (value != NULL && (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) || *g_variant_get_string (value, NULL)))
    return TRUE;
  words = option->words ? list_words (option->words) : NULL;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” is required: %s", option->key,
                       words ? words : option->help);
}

/**
 * netns_options_check, netns_options_complete, netns_options_read:
 * @table: what options there are
 * @kind: (nullable): of what kind the thing is, where that decides
 * @values: a{sv}
 * @fields: members of the record, named by keys
 * @record: a record, of zeros or with values of its own; it is to be cleared in any case
 * @error: `InvalidArgument`, names the key
 *
 * An option that is not given has its default, or else leaves the record as it is.
 *
 * Returns: whether all are known, given once, and good, and those are given that must be; or (transfer full) (nullable)
 * @values with the defaults of those that are not given, for several records
 */
gboolean
netns_options_check (const NetnsOptionInfo *table, const char *kind, GVariant *values, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  gsize count = g_variant_n_children (values);

  for (gsize i = 0; i < count; i++) {
    g_autoptr (GVariant) value = NULL;
    const NetnsOptionInfo *option;
    const char *key;

    g_variant_get_child (values, i, "{&sv}", &key, &value);
    option = find_option (table, kind, key);
    if (option == NULL)
      return refuse_unknown (table, kind, key, error);
    if (!g_hash_table_add (seen, (gpointer) option->key))
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Option “%s” is given twice", key);
    if (!check_value (option, value, error))
      return FALSE;
  }
  for (; table->key != NULL; table++)
    if (!check_needed (table, kind, values, error))
      return FALSE;
  return TRUE;
}

/* Returns: (transfer full) */
static GVariant *
parse_initial (const NetnsOptionInfo *option)
{
  if (strcmp (option->type, "s") == 0)
    return g_variant_ref_sink (g_variant_new_string (option->initial));
  return g_variant_parse (G_VARIANT_TYPE (option->type), option->initial, NULL, NULL, NULL);
}

GVariant *
netns_options_complete (const NetnsOptionInfo *table, const char *kind, GVariant *values, GError **error)
{
  GVariantDict complete;

  if (!netns_options_check (table, kind, values, error))
    return NULL;
  g_variant_dict_init (&complete, values);
  for (; table->key != NULL; table++)
    if (table->initial != NULL && is_of_kind (table, kind) && !g_variant_dict_contains (&complete, table->key)) {
      g_autoptr (GVariant) initial = parse_initial (table);

      g_variant_dict_insert_value (&complete, table->key, initial);
    }
  return g_variant_ref_sink (g_variant_dict_end (&complete));
}

gboolean
netns_options_read (const NetnsOptionInfo *table, const char *kind, GVariant *values, const NetnsField *fields,
                    gpointer record, GError **error)
{
  g_autoptr (GVariant) complete = netns_options_complete (table, kind, values, error);

  return complete != NULL && netns_fields_from_variant (fields, record, complete, error);
}

/* Returns: (transfer full) (nullable) (element-type NetnsAddress): the addresses in @texts (`as`), at most 64, each
 * read by @parse; @error: `InvalidArgument` */
GArray *
netns_addresses_parse (GVariant *texts, NetnsParseAddressFunc parse, GError **error)
{
  g_autoptr (GArray) addresses = netns_addresses_new ();
  GVariantIter iter;
  const char *text;

  if (g_variant_iter_init (&iter, texts) > LIST_MAX) {
    netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "At most %d addresses or subnets in one call, not %zu", LIST_MAX,
                  g_variant_n_children (texts));
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
