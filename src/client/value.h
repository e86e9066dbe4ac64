/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A property of the bus as it is shown, as JSON or as text: object paths become names, uids users, structures objects
 * (`a{sv}`); none is an empty maybe. Tables, the details of one object and `monitor` all come through here, so they cannot
 * tell different things. */
#pragma once

#include "client/objects.h"

GVariant *netns_value_new_text (const char *text);
void netns_value_put (GVariantBuilder *object, const char *key, GVariant *value);
GVariant *netns_value_link (const NetnsObjects *objects, const char *path);
GVariant *netns_value_convert (const NetnsObjects *objects, const char *property, GVariant *value);
GVariant *netns_value_of_property (const NetnsObjects *objects, GVariant *properties, const char *property);
GVariant *netns_value_of_path (const NetnsObjects *objects, const char *path, const char *what);
gboolean netns_value_is_number (GVariant *value);
gboolean netns_value_is_none (GVariant *value);
GStrv netns_value_to_lines (GVariant *value);
char *netns_value_to_text (GVariant *value, const char *separator);
char *netns_value_key (const char *property);
