/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who looks at namespaces without a name. It costs something to find them, so that it is done only for those who asked,
 * until they leave the bus. */
#pragma once

#include "mirror/mirror.h"

#include <gio/gio.h>

typedef struct _NetnsLookers NetnsLookers;

NetnsLookers *netns_lookers_new (NetnsMirror *mirror, GDBusConnection *connection);
void netns_lookers_free (NetnsLookers *lookers);
void netns_lookers_look (NetnsLookers *lookers, const char *sender, gboolean again, NetnsSettledFunc looked,
                         gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsLookers, netns_lookers_free)
