/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnftables, of which this is the only user: lists rules, and says what commands become. */
#pragma once

#include <glib.h>

typedef enum {
  NETNS_LIBRARY_JSON,
  NETNS_LIBRARY_JSON_WITHOUT_ELEMENTS,
  NETNS_LIBRARY_TEXT, /* without elements of sets and counters */
} NetnsLibraryForm;

gboolean netns_library_is_there (GError **error);
gboolean netns_library_apply (const char *commands, GError **error);
char *netns_library_list (const char *object, NetnsLibraryForm form, GError **error);
GBytes *netns_library_compile (const char *commands, GError **error);
