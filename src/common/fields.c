/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/fields.h"

#include "common/error.h"
#include "common/validate.h"

#include <string.h>
#include <sys/socket.h>

/**
 * Type:
 * @format: as g_variant_new() and g_variant_get() take it
 * @get: a floating value, %NULL if there is nothing to tell
 * @set: puts a value of that type into a member that is cleared
 * @size: of a number: its bytes, as many in the record as in a GVariant
 * @dup: (nullable): of a pointer: a copy of what it points to; of %NULL what the member is where nothing is given
 * @free: (nullable): frees that
 */
typedef struct {
  const char *format;
  GVariant *(*get) (const NetnsField *field, gconstpointer member);
  gboolean (*set) (const NetnsField *field, gpointer member, GVariant *value, GError **error);
  gsize size;
  gpointer (*dup) (gconstpointer pointer);
  GDestroyNotify free;
} Type;

static const Type *get_type (const NetnsField *field);

static gboolean
set_plain (const NetnsField *field, gpointer member, GVariant *value, GError **error)
{
  g_variant_get (value, get_type (field)->format, member);
  return TRUE;
}

static GVariant *
get_boolean (const NetnsField *field, gconstpointer member)
{
  return g_variant_new_boolean (*(const gboolean *) member);
}

static GVariant *
get_number (const NetnsField *field, gconstpointer member)
{
  g_autoptr (GBytes) bytes = g_bytes_new (member, get_type (field)->size);

  return g_variant_new_from_bytes (G_VARIANT_TYPE (get_type (field)->format), bytes, TRUE);
}

static GVariant *
get_pointer (const NetnsField *field, gconstpointer member)
{
  gconstpointer pointer = *(const gconstpointer *) member;

  return pointer ? g_variant_new (get_type (field)->format, pointer) : NULL;
}

static GVariant *
get_text (const NetnsField *field, gconstpointer member)
{
  const char *text = *(char *const *) member;

  /* Links that other programs named can have any bytes. */
  return text ? g_variant_new_take_string (g_utf8_make_valid (text, -1)) : NULL;
}

static gpointer
dup_text (gconstpointer text)
{
  return g_strdup (text ? text : "");
}

static gpointer
dup_maybe_text (gconstpointer text)
{
  return g_strdup (text);
}

static gpointer
dup_texts (gconstpointer texts)
{
  return texts ? g_strdupv ((char **) texts) : g_new0 (char *, 1);
}

static gpointer
dup_variant (gconstpointer variant)
{
  return variant ? g_variant_ref_sink ((GVariant *) variant) : NULL;
}

static GVariant *
get_name (const NetnsField *field, gconstpointer member)
{
  return g_variant_new_bytestring (member);
}

static gboolean
set_name (const NetnsField *field, gpointer member, GVariant *value, GError **error)
{
  const char *name = g_variant_get_bytestring (value);

  if (strlen (name) > NETNS_LINK_NAME_MAX)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” can have at most %d bytes", field->name,
                         NETNS_LINK_NAME_MAX);
  g_strlcpy (member, name, NETNS_LINK_NAME_MAX + 1);
  return TRUE;
}

static GVariant *
get_mac (const NetnsField *field, gconstpointer member)
{
  static const guint8 none[NETNS_MAC_LENGTH];

  return g_variant_new_take_string (memcmp (member, none, sizeof none) == 0 ? g_strdup ("") : netns_print_mac (member));
}

static gboolean
set_mac (const NetnsField *field, gpointer member, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);

  memset (member, 0, NETNS_MAC_LENGTH);
  return *text == '\0' || netns_parse_mac (text, member, error);
}

static GVariant *
get_address (const NetnsField *field, gconstpointer member)
{
  const NetnsAddress *address = member;
  char text[NETNS_ADDRESS_MAX_TEXT] = "";

  if (address->family != AF_UNSPEC && field->type == NETNS_FIELD_HOST)
    netns_address_print_host (address, text);
  else if (address->family != AF_UNSPEC)
    netns_address_print (address, text);
  return g_variant_new_string (text);
}

static gboolean
set_address (const NetnsField *field, gpointer member, GVariant *value, GError **error)
{
  const char *text = g_variant_get_string (value, NULL);

  memset (member, 0, sizeof (NetnsAddress));
  return *text == '\0'
         || (field->type == NETNS_FIELD_HOST ? netns_address_parse_host : netns_address_parse) (text, member, error);
}

static GVariant *
get_addresses (const NetnsField *field, gconstpointer member)
{
  g_auto (GVariantBuilder) texts = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  const GArray *addresses = *(GArray *const *) member;

  for (guint i = 0; addresses != NULL && i < addresses->len; i++) {
    char text[NETNS_ADDRESS_MAX_TEXT];

    g_variant_builder_add (&texts, "s", netns_address_print (&g_array_index (addresses, NetnsAddress, i), text));
  }
  return g_variant_builder_end (&texts);
}

static gboolean
set_addresses (const NetnsField *field, gpointer member, GVariant *value, GError **error)
{
  g_autofree const char **texts = g_variant_get_strv (value, NULL);
  g_autoptr (GArray) addresses = netns_addresses_new ();

  for (gsize i = 0; texts[i] != NULL; i++) {
    NetnsAddress address;

    if (!netns_address_parse (texts[i], &address, error))
      return FALSE;
    g_array_append_val (addresses, address);
  }
  *(GArray **) member = g_steal_pointer (&addresses);
  return TRUE;
}

static gpointer
dup_addresses (gconstpointer addresses)
{
  return addresses ? g_array_copy ((GArray *) addresses) : netns_addresses_new ();
}

static GPtrArray *
new_dicts (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
}

static GVariant *
get_dicts (const NetnsField *field, gconstpointer member)
{
  g_auto (GVariantBuilder) texts = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  const GPtrArray *dicts = *(GPtrArray *const *) member;

  for (guint i = 0; dicts != NULL && i < dicts->len; i++) {
    g_autofree char *text = g_variant_print (g_ptr_array_index (dicts, i), TRUE);

    g_variant_builder_add (&texts, "s", text);
  }
  return g_variant_builder_end (&texts);
}

static gboolean
set_dicts (const NetnsField *field, gpointer member, GVariant *value, GError **error)
{
  g_autofree const char **texts = g_variant_get_strv (value, NULL);
  g_autoptr (GPtrArray) dicts = new_dicts ();

  for (gsize i = 0; texts[i] != NULL; i++) {
    GVariant *dict = g_variant_parse (G_VARIANT_TYPE_VARDICT, texts[i], NULL, NULL, error);

    if (dict == NULL)
      return FALSE;
    g_ptr_array_add (dicts, dict);
  }
  *(GPtrArray **) member = g_steal_pointer (&dicts);
  return TRUE;
}

static gpointer
ref_dict (gconstpointer dict, gpointer data)
{
  return g_variant_ref ((GVariant *) dict);
}

static gpointer
dup_dicts (gconstpointer dicts)
{
  return dicts ? g_ptr_array_copy ((GPtrArray *) dicts, ref_dict, NULL) : new_dicts ();
}

static GVariant *
get_flags (const NetnsField *field, gconstpointer member)
{
  g_auto (GVariantBuilder) texts = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  const gboolean *flags = member;

  for (const NetnsWord *word = field->words; word->word != NULL; word++)
    if (flags[word->number])
      g_variant_builder_add (&texts, "s", word->word);
  return g_variant_builder_end (&texts);
}

static gboolean
find_word (const NetnsField *field, const char *text, guint32 *number, GError **error)
{
  if (netns_word_parse (field->words, text, number))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” cannot be “%s”", field->name, text);
}

static gboolean
set_flags (const NetnsField *field, gpointer member, GVariant *value, GError **error)
{
  g_autofree const char **texts = g_variant_get_strv (value, NULL);
  gboolean *flags = member;
  guint32 number;

  for (const NetnsWord *word = field->words; word->word != NULL; word++)
    flags[word->number] = FALSE;
  for (gsize i = 0; texts[i] != NULL; i++) {
    if (!find_word (field, texts[i], &number, error))
      return FALSE;
    flags[number] = TRUE;
  }
  return TRUE;
}

static const Type types[] = {
  [NETNS_FIELD_BOOLEAN] = { "b", get_boolean, set_plain },
  [NETNS_FIELD_UINT8] = { "y", get_number, set_plain, sizeof (guint8) },
  [NETNS_FIELD_UINT16] = { "q", get_number, set_plain, sizeof (guint16) },
  [NETNS_FIELD_UINT32] = { "u", get_number, set_plain, sizeof (guint32) },
  [NETNS_FIELD_UINT64] = { "t", get_number, set_plain, sizeof (guint64) },
  [NETNS_FIELD_TEXT] = { "s", get_text, set_plain, .dup = dup_text, .free = g_free },
  [NETNS_FIELD_MAYBE_TEXT] = { "s", get_text, set_plain, .dup = dup_maybe_text, .free = g_free },
  [NETNS_FIELD_BYTES] = { "^ay", get_pointer, set_plain, .dup = dup_maybe_text, .free = g_free },
  [NETNS_FIELD_TEXTS] = { "^as", get_pointer, set_plain, .dup = dup_texts, .free = (GDestroyNotify) g_strfreev },
  [NETNS_FIELD_VARIANT] = { "v", get_pointer, set_plain, .dup = dup_variant, .free = (GDestroyNotify) g_variant_unref },
  [NETNS_FIELD_NAME] = { "ay", get_name, set_name },
  [NETNS_FIELD_MAC] = { "s", get_mac, set_mac },
  [NETNS_FIELD_ADDRESS] = { "s", get_address, set_address },
  [NETNS_FIELD_HOST] = { "s", get_address, set_address },
  [NETNS_FIELD_ADDRESSES]
  = { "as", get_addresses, set_addresses, .dup = dup_addresses, .free = (GDestroyNotify) g_array_unref },
  [NETNS_FIELD_DICTS] = { "as", get_dicts, set_dicts, .dup = dup_dicts, .free = (GDestroyNotify) g_ptr_array_unref },
  [NETNS_FIELD_FLAGS] = { "as", get_flags, set_flags },
};

static const Type *
get_type (const NetnsField *field)
{
  return &types[field->type];
}

#define MEMBER(field, record) ((char *) (record) + (field)->offset)

/* Returns: (transfer none) (nullable): the word for a number; behind all words is a row with %NULL */
const char *
netns_word_print (const NetnsWord *words, guint32 number)
{
  while (words->word != NULL && words->number != number)
    words++;
  return words->word;
}

/* Returns: whether @text is one of the words, whose number is @number then */
gboolean
netns_word_parse (const NetnsWord *words, const char *text, guint32 *number)
{
  while (words->word != NULL && strcmp (words->word, text) != 0)
    words++;
  *number = words->number;
  return words->word != NULL;
}

static gboolean
is_word (const NetnsField *field)
{
  return field->words != NULL && field->type != NETNS_FIELD_FLAGS;
}

/* Returns: the type of a member in a GVariant */
const char *
netns_field_get_signature (const NetnsField *field)
{
  const char *format = is_word (field) ? "s" : get_type (field)->format;

  return *format == '^' ? format + 1 : format;
}

static guint32
get_small_number (const NetnsField *field, gconstpointer member)
{
  return field->type == NETNS_FIELD_UINT8    ? *(const guint8 *) member
         : field->type == NETNS_FIELD_UINT16 ? *(const guint16 *) member
                                             : *(const guint32 *) member;
}

/* Returns: (transfer floating) (nullable): %NULL if there is nothing to tell, or no word for a number */
static GVariant *
get_value (const NetnsField *field, gconstpointer record)
{
  const char *word;

  if (!is_word (field))
    return get_type (field)->get (field, MEMBER (field, record));
  word = netns_word_print (field->words, get_small_number (field, MEMBER (field, record)));
  return word ? g_variant_new_string (word) : NULL;
}

static gboolean
set_word (const NetnsField *field, gpointer member, const char *text, GError **error)
{
  guint32 number;

  if (!find_word (field, text, &number, error))
    return FALSE;
  if (field->type == NETNS_FIELD_UINT8)
    *(guint8 *) member = (guint8) number;
  else if (field->type == NETNS_FIELD_UINT16)
    *(guint16 *) member = (guint16) number;
  else
    *(guint32 *) member = number;
  return TRUE;
}

static void
clear_member (const NetnsField *field, gpointer record)
{
  if (get_type (field)->free != NULL)
    g_clear_pointer ((gpointer *) MEMBER (field, record), get_type (field)->free);
}

/* @value is of the right type. */
static gboolean
set_value (const NetnsField *field, gpointer record, GVariant *value, GError **error)
{
  gpointer member = MEMBER (field, record);

  if (is_word (field))
    return set_word (field, member, g_variant_get_string (value, NULL), error);
  clear_member (field, record);
  return get_type (field)->set (field, member, value, error);
}

/* Returns: (transfer floating): the member; where there is nothing to tell the empty text, and of a number without a
 * word the first of all words */
GVariant *
netns_field_to_variant (const NetnsField *field, gconstpointer record)
{
  GVariant *value = get_value (field, record);

  return value ? value : g_variant_new_string (field->words ? field->words[0].word : "");
}

/* Gives a record that was copied byte by byte pointers of its own, where it has those of the original. */
void
netns_fields_copy (const NetnsField *fields, gpointer copy)
{
  for (; fields->name != NULL; fields++)
    if (get_type (fields)->dup != NULL) {
      gpointer *member = (gpointer *) MEMBER (fields, copy);

      *member = get_type (fields)->dup (*member);
    }
}

/* Frees what a record points to that owns it. A second time does nothing. */
void
netns_fields_clear (const NetnsField *fields, gpointer record)
{
  for (; fields->name != NULL; fields++)
    clear_member (fields, record);
}

static gboolean
is_equal (const NetnsField *field, gconstpointer a, gconstpointer b)
{
  g_autoptr (GVariant) first = get_value (field, a), second = get_value (field, b);

  return first == second || (first != NULL && second != NULL && g_variant_equal (first, second));
}

/* Returns: what all members mean that are not the same in two records */
guint
netns_fields_compare (const NetnsField *fields, gconstpointer a, gconstpointer b)
{
  guint changes = 0;

  for (; fields->name != NULL; fields++)
    if (fields->change != 0 && !is_equal (fields, a, b))
      changes |= fields->change;
  return changes;
}

/* Returns: (transfer floating): all that there is, as a{sv}. g_variant_print() with type annotations makes a text of it
 * that g_variant_parse() reads */
GVariant *
netns_fields_to_variant (const NetnsField *fields, gconstpointer record)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  for (; fields->name != NULL; fields++) {
    GVariant *value = get_value (fields, record);

    if (value != NULL)
      g_variant_builder_add (&builder, "{sv}", fields->name, value);
  }
  return g_variant_builder_end (&builder);
}

/**
 * netns_fields_from_variant:
 * @fields: its rows
 * @record: a record, of zeros or with values of its own
 * @variant: a{sv}
 * @error: `InvalidArgument`
 *
 * What is not given stays as it is, what has no row is not read.
 *
 * Returns: whether all that is given could be read; @record is to be cleared in any case
 */
gboolean
netns_fields_from_variant (const NetnsField *fields, gpointer record, GVariant *variant, GError **error)
{
  for (; fields->name != NULL; fields++) {
    g_autoptr (GVariant) value = g_variant_lookup_value (variant, fields->name, NULL);
    const char *signature = netns_field_get_signature (fields);

    if (value == NULL && get_type (fields)->dup != NULL && *(gpointer *) MEMBER (fields, record) == NULL)
      *(gpointer *) MEMBER (fields, record) = get_type (fields)->dup (NULL);
    if (value == NULL)
      continue;
    if (!g_variant_is_of_type (value, G_VARIANT_TYPE (signature)))
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” must be of type %s, not %s", fields->name,
                           signature, g_variant_get_type_string (value));
    if (!set_value (fields, record, value, error))
      return FALSE;
  }
  return TRUE;
}
