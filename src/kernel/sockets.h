/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which sockets there are in a namespace: each keeps it alive. */
#pragma once

#include <glib.h>

GHashTable *netns_sockets_list (int fd, GError **error);
