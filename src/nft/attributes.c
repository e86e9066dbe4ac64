/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/attributes.h"

#include <string.h>

void
netns_attributes_parse (struct nlattr *nested, struct nlattr **found, int max)
{
  memset (found, 0, sizeof *found * (gsize) (max + 1));
  if (nested != NULL)
    nla_parse_nested (found, max, nested, NULL);
}

/* Returns: one of 32 bits, @otherwise if there is none */
guint32
netns_attribute_get_number (struct nlattr *attribute, guint32 otherwise)
{
  guint32 number;

  if (attribute == NULL || nla_len (attribute) < (int) sizeof number)
    return otherwise;
  memcpy (&number, nla_data (attribute), sizeof number);
  return GUINT32_FROM_BE (number);
}

/* Returns: one of 64 bits, 0 if there is none */
guint64
netns_attribute_get_number64 (struct nlattr *attribute)
{
  guint64 number;

  if (attribute == NULL || nla_len (attribute) < (int) sizeof number)
    return 0;
  memcpy (&number, nla_data (attribute), sizeof number);
  return GUINT64_FROM_BE (number);
}

guint8
netns_attribute_get_byte (struct nlattr *attribute)
{
  return attribute != NULL && nla_len (attribute) >= 1 ? *(const guint8 *) nla_data (attribute) : 0;
}

/* Returns: (transfer none): empty if there is none */
const char *
netns_attribute_get_text (struct nlattr *attribute)
{
  if (attribute == NULL || memchr (nla_data (attribute), '\0', (gsize) nla_len (attribute)) == NULL)
    return "";
  return nla_data (attribute);
}

/* Returns: (transfer none) (nullable): what is in it, %NULL if there is none */
const guint8 *
netns_attribute_get_bytes (struct nlattr *attribute, guint *length)
{
  *length = attribute ? (guint) nla_len (attribute) : 0;
  return attribute ? nla_data (attribute) : NULL;
}
