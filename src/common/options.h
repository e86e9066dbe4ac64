/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of methods, arguments of type a{sv}: checked against what the introspection file says of them, and read into
 * the members of a record. */
#pragma once

#include "common/fields.h"
#include "options-table.h"

typedef gboolean (*NetnsParseAddressFunc) (const char *text, NetnsAddress *address, GError **error);

gboolean netns_options_check (const NetnsOptionInfo *table, const char *kind, GVariant *values, GError **error);
GVariant *netns_options_complete (const NetnsOptionInfo *table, const char *kind, GVariant *values, GError **error);
gboolean netns_options_read (const NetnsOptionInfo *table, const char *kind, GVariant *values, const NetnsField *fields,
                             gpointer record, GError **error);
GArray *netns_addresses_parse (GVariant *texts, NetnsParseAddressFunc parse, GError **error);
