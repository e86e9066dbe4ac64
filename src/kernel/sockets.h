/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which sockets there are in a namespace: each keeps it alive. */
#pragma once

#include "common/grant.h"

#include <glib.h>

int netns_sockets_open_namespace (guint pid, int fd, guint uid, GError **error);
GHashTable *netns_sockets_list (int fd, GError **error);
GHashTable *netns_sockets_destroy_orphans (const NetnsGrant *grant, int fd);
