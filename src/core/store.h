/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small files in /run/netnsd: what the service must not forget while the machine runs. Replaced atomically, so that a
 * reader, or the service after a crash, finds the old contents or the new. */
#pragma once

#include <glib.h>

gboolean netns_store_read (const char *file, char **contents, GError **error);
gboolean netns_store_write (const char *file, const char *contents, GError **error);
GPtrArray *netns_store_list (const char *folder);
