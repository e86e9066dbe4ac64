/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output to the screen: through a pager where useful, in the terminal's charset, and never with control bytes, because
 * any user can choose names and descriptions of links. */
#pragma once

#include "client/settings.h"

#include <glib.h>

char *netns_output_escape (const char *text);
char *netns_output_encode (const char *text);
void netns_output_warn (const char *text);
gboolean netns_output_write (const NetnsSettings *settings, const char *text, GError **error);
char *netns_output_format_json (const NetnsSettings *settings, GVariant *value);
gboolean netns_output_json (const NetnsSettings *settings, GVariant *value, GError **error);
