/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scope of authorization of a plan: whose things it touches. It decides what the caller has to be authorized for, and
 * what dialogs and rules get to see of it. */
#pragma once

#include "core/service/core.h"

NetnsNamespace *netns_core_use_namespace (NetnsCore *core, NetnsPlan *plan, guint caller, const char *name,
                                          GError **error);
gboolean netns_core_check_named (const NetnsNamespace *namespace, GError **error);
void netns_core_add_foreign (NetnsPlan *plan, const char *namespace_name, guint owner);
guint netns_core_get_link_owner (NetnsCore *core, NetnsLink *link);
