/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of users. A directory service can take seconds for one, or never answer, so it is asked in the background, and
 * for a name only, which dialogs, rules and the log show. */
#pragma once

#include <glib.h>

char *netns_users_print (const char *list);
gboolean netns_users_look_up (const char *list, GSourceOnceFunc func, gpointer data);
