/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How anything gets onto the screen: through a pager where one helps, in the terminal's charset, and never
 * with bytes that would drive the terminal, because links' names and descriptions can be anybody's. */
#pragma once

#include "client/settings.h"

#include <json-glib/json-glib.h>

char *netns_output_escape (const char *text);
char *netns_output_encode (const char *text);
void netns_output_print_error (const char *line);
gboolean netns_output_write (const NetnsSettings *settings, const char *text, GError **error);
char *netns_output_format_json (const NetnsSettings *settings, JsonNode *node);
gboolean netns_output_json (const NetnsSettings *settings, JsonNode *node, GError **error);
gboolean netns_output_object (const NetnsSettings *settings, const char *path, GError **error);
