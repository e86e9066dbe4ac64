/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users that would keep a namespace alive after its names in /run/netns are gone. */
#pragma once

#include "kernel/references.h"

GArray *netns_remaining_references_list (int fd, gboolean search, guint limit, gboolean *complete, GError **error);
GArray *netns_remaining_references_find (const NetnsFileId *id, GHashTable *sockets, gboolean search, guint limit,
                                         gboolean *complete, GError **error);
int netns_remaining_reference_open (const NetnsReference *reference, GError **error);
char *netns_remaining_references_describe (const GArray *references);
