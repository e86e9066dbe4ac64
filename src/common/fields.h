/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A record described by rows, one for each member. From the rows come copying, clearing and comparing, and the forms in
 * which it leaves the process: a GVariant of type a{sv}, also as text, and a group of a key file. */
#pragma once

#include "common/address.h"

/**
 * NetnsFieldType:
 * @NETNS_FIELD_BOOLEAN: gboolean
 * @NETNS_FIELD_UINT8: guint8
 * @NETNS_FIELD_UINT16: guint16
 * @NETNS_FIELD_UINT32: guint32, guint or an enumeration
 * @NETNS_FIELD_UINT64: guint64
 * @NETNS_FIELD_TEXT: char *, UTF-8; of a record that was copied or read it is never %NULL
 * @NETNS_FIELD_MAYBE_TEXT: char *, UTF-8; %NULL is not the same as an empty one
 * @NETNS_FIELD_BYTES: char *, whatever the kernel or a file had; %NULL is not the same as an empty one
 * @NETNS_FIELD_TEXTS: char **; of a record that was copied or read it is never %NULL
 * @NETNS_FIELD_VARIANT: GVariant *, of any type; %NULL for none
 * @NETNS_FIELD_NAME: char[NETNS_LINK_NAME_MAX + 1], whatever the kernel had
 * @NETNS_FIELD_MAC: guint8[NETNS_MAC_LENGTH], all 0 for none
 * @NETNS_FIELD_ADDRESS: NetnsAddress, family AF_UNSPEC for none
 * @NETNS_FIELD_HOST: NetnsAddress of a single host, family AF_UNSPEC for none; printed without prefix length
 * @NETNS_FIELD_ADDRESSES: GArray of NetnsAddress; of a record that was copied or read it is never %NULL
 * @NETNS_FIELD_DICTS: GPtrArray of GVariant a{sv}, each a text outside; of a record that was copied or read it is never
 *   %NULL
 * @NETNS_FIELD_FLAGS: array of gboolean, outside the words for those that are set
 */
typedef enum {
  NETNS_FIELD_BOOLEAN,
  NETNS_FIELD_UINT8,
  NETNS_FIELD_UINT16,
  NETNS_FIELD_UINT32,
  NETNS_FIELD_UINT64,
  NETNS_FIELD_TEXT,
  NETNS_FIELD_MAYBE_TEXT,
  NETNS_FIELD_BYTES,
  NETNS_FIELD_TEXTS,
  NETNS_FIELD_VARIANT,
  NETNS_FIELD_NAME,
  NETNS_FIELD_MAC,
  NETNS_FIELD_ADDRESS,
  NETNS_FIELD_HOST,
  NETNS_FIELD_ADDRESSES,
  NETNS_FIELD_DICTS,
  NETNS_FIELD_FLAGS,
} NetnsFieldType;

/* A word and the number that stands for it. */
typedef struct {
  const char *word;
  guint32 number;
} NetnsWord;

/**
 * NetnsField:
 * @name: its key in the forms outside, %NULL in the row behind the last one
 * @type: its type
 * @offset: where it is in the record
 * @words: (nullable): for a number that is a word outside: all words, and a row with %NULL behind them
 * @change: what a difference of this member means, as bits of the record's owner
 */
typedef struct {
  const char *name;
  NetnsFieldType type;
  gsize offset;
  const NetnsWord *words;
  guint change;
} NetnsField;

/**
 * NetnsRecord:
 * @size: of the record
 * @fields: its rows
 */
typedef struct {
  gsize size;
  const NetnsField *fields;
} NetnsRecord;

#define NETNS_RECORD(Type, fields) { sizeof (Type), fields }

const char *netns_field_get_signature (const NetnsField *field);
GVariant *netns_field_to_variant (const NetnsField *field, gconstpointer record);
void netns_fields_copy (const NetnsField *fields, gpointer copy);
void netns_fields_clear (const NetnsField *fields, gpointer record);
guint netns_fields_compare (const NetnsField *fields, gconstpointer a, gconstpointer b);
GVariant *netns_fields_to_variant (const NetnsField *fields, gconstpointer record);
gboolean netns_fields_from_variant (const NetnsField *fields, gpointer record, GVariant *variant, GError **error);
void netns_fields_to_key_file (const NetnsField *fields, gconstpointer record, GKeyFile *key_file, const char *group);
gboolean netns_fields_from_key_file (const NetnsField *fields, gpointer record, GKeyFile *key_file, const char *group,
                                     GError **error);
const char *netns_word_print (const NetnsWord *words, guint32 number);
gboolean netns_word_parse (const NetnsWord *words, const char *text, guint32 *number);

/* Has g_auto (Type) clear a record by its rows. */
#define NETNS_DEFINE_AUTO_RECORD(Type, fields)                                                                         \
  static inline void netns_clear_##Type (Type *record)                                                                 \
  {                                                                                                                    \
    netns_fields_clear (fields, record);                                                                               \
  }                                                                                                                    \
  G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Type, netns_clear_##Type)
