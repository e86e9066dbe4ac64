/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The values of properties that were announced last, to say only what is different, and of a list only what came and went. */
#pragma once

#include <glib.h>

typedef struct _NetnsAnnounced NetnsAnnounced;

NetnsAnnounced *netns_announced_new (void);
void netns_announced_free (NetnsAnnounced *announced);
gboolean netns_announced_take (NetnsAnnounced *announced, const char *path, const char *property, GVariant *value,
                               GVariant **before);
gboolean netns_announced_forget (NetnsAnnounced *announced, const char *path);
GPtrArray *netns_announced_list_missing (GVariant *list, GVariant *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsAnnounced, netns_announced_free)
