/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of links for libnftables, without rtnetlink. */
#pragma once

#include <glib.h>

gboolean netns_links_read (GError **error);
guint netns_links_find (const char *name);
