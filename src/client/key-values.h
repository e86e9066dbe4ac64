/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments such as `mtu=1400`, which become the `a{sv}` of a call. Which keys there are, and what their values are, is
 * in the introspection files. */
#pragma once

#include <glib.h>

void netns_key_values_describe (GString *help, const char *methods);
GVariant *netns_key_values_parse (const char *methods, char **words, gboolean local_users, GError **error);
