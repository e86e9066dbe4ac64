/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments of type a{sv} named `options`: every key is known and of the right type, or the call is refused. */
#pragma once

#include "common/address.h"

/**
 * NetnsOption:
 * @key: a key
 * @type: the type of its value
 */
typedef struct {
  const char *key;
  const char *type;
} NetnsOption;

typedef gboolean (*NetnsParseAddressFunc) (const char *text, NetnsAddress *address, GError **error);

gboolean netns_options_check (GVariant *options, const NetnsOption *known, GError **error);
const char *netns_options_get_string (GVariant *options, const char *key);
gboolean netns_options_get_boolean (GVariant *options, const char *key, gboolean missing);
guint32 netns_options_get_uint32 (GVariant *options, const char *key, guint32 missing);
gboolean netns_options_has (GVariant *options, const char *key);
GArray *netns_options_get_addresses (GVariant *options, const char *key, NetnsParseAddressFunc parse, GError **error);
GArray *netns_parse_addresses (GVariant *texts, NetnsParseAddressFunc parse, GError **error);
