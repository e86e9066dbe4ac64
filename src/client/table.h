/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts in rows and columns, shown as a table, as the details of one thing, or as JSON: always the same
 * facts. */
#pragma once

#include "client/value.h"

#define NETNS_OF_PATH "" /* in place of an interface */

/**
 * NetnsColumn:
 * @key: its key in JSON, stable; %NULL ends the columns
 * @heading: what people read over it
 * @interface: (nullable): the interface that has it as a property, %NETNS_OF_PATH for what netns_value_of_path() knows, %NULL
 * if it is put in by itself
 * @property: (nullable): that property; without @interface, what netns_value_convert() has it for, and its key in a
 * dictionary, or several whose texts are joined with blanks
 */
typedef struct {
  const char *key;
  const char *heading;
  const char *interface;
  const char *property;
} NetnsColumn;

typedef struct _NetnsTable NetnsTable;

NetnsTable *netns_table_new (const NetnsColumn *columns);
void netns_table_free (NetnsTable *table);
void netns_table_add_value (NetnsTable *table, GVariant *value);
void netns_table_add_properties (NetnsTable *table, const NetnsObjects *objects, const char *path);
void netns_table_add_row (NetnsTable *table, const NetnsObjects *objects, GVariant *row);
void netns_table_add_members (NetnsTable *table, GVariant *object);
char *netns_table_format_list (const NetnsTable *table, const NetnsSettings *settings);
char *netns_table_format_details (const NetnsTable *table, const NetnsSettings *settings);
gboolean netns_table_print_list (const NetnsTable *table, const NetnsSettings *settings, GError **error);
gboolean netns_table_print_details (const NetnsTable *table, const NetnsSettings *settings, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsTable, netns_table_free)
