/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

gboolean netns_outline_has_table (const char *tables, const char *family);
gboolean netns_outline_is_same (const char *commands, const char *ruleset);
gboolean netns_outline_is_same_guard (const char *script, const char *ruleset);
