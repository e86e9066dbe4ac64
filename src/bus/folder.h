/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folder of namespaces, whose introspection names those without a name too: to ask for it is to look at them. */
#pragma once

#include "bus/lookers.h"
#include "core/core.h"

typedef struct _NetnsFolder NetnsFolder;

NetnsFolder *netns_folder_new (NetnsCore *core, GDBusConnection *connection, NetnsLookers *lookers, GError **error);
void netns_folder_free (NetnsFolder *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsFolder, netns_folder_free)
