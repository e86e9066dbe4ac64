/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what the user typed. Wrong syntax is a usage error (domain G_OPTION_ERROR, exit status 2); whether names and
 * addresses make sense is the service's to say, so that there is one answer. */
#pragma once

#include <glib.h>

#define NETNS_HOST_WORD "@host" /* the host namespace, whose name on the bus is empty */

gboolean netns_usage_error (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* For a function that returns a pointer. */
#define netns_usage_null(...) (netns_usage_error (__VA_ARGS__), NULL)

gboolean netns_argument_namespace (const char *text, const char **name, GError **error);
gboolean netns_argument_number (const char *what, const char *text, guint32 *number, GError **error);
gboolean netns_argument_user (const char *text, gboolean local, guint32 *uid, GError **error);
GVariant *netns_argument_convert (char type, const char *what, const char *text, gboolean local_users, GError **error);
const char *netns_argument_for_namespace (const char *name);
