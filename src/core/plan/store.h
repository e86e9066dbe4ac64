/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files in /run/netnsd: what the service must not forget while the machine runs. Replaced atomically, so that a
 * reader, or the service after a crash, finds the old contents or the new. What cannot be one of them is set aside. */
#pragma once

#include <glib.h>

void netns_store_begin (void);
gboolean netns_store_read (const char *file, char **contents, GError **error);
gboolean netns_store_write (const char *file, const char *contents, GError **error);
void netns_store_set_aside (const char *file, const char *why);
GPtrArray *netns_store_list (const char *folder);
