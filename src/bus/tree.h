/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The object tree as GDBus wants to be told of it: which nodes there are, and which interfaces each has. */
#pragma once

#include "core/core.h"

#include <gio/gio.h>

typedef struct _NetnsTree NetnsTree;

NetnsTree *netns_tree_new (NetnsCore *core, GDBusConnection *connection, const GDBusInterfaceVTable *vtable,
                           gpointer vtable_data, GError **error);
void netns_tree_free (NetnsTree *tree);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsTree, netns_tree_free)
