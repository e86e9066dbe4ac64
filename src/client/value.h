/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A property of the bus as a value for JSON, and that as text: object paths become names, uids users. Tables,
 * the details of one object and `monitor` all come through here, so they cannot tell different things. */
#pragma once

#include "client/objects.h"

#include <json-glib/json-glib.h>

JsonNode *netns_value_new_text (const char *text);
JsonNode *netns_value_new_number (gint64 number);
JsonNode *netns_value_new_object (JsonObject *object);
JsonNode *netns_value_new_array (JsonArray *array);
JsonNode *netns_value_link (const NetnsObjects *objects, const char *path);
JsonNode *netns_value_to_json (const NetnsObjects *objects, const char *property, GVariant *value);
GStrv netns_value_to_lines (JsonNode *node);
char *netns_value_to_text (JsonNode *node, const char *separator);
char *netns_value_key (const char *property);
