/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans for namespaces: one function for each method on the bus. */
#pragma once

#include "core/namespace/eviction.h"
#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;

gboolean netns_namespace_check_new_name (NetnsCore *core, const char *name, GError **error);
void netns_namespace_plan_owner (NetnsCore *core, NetnsPlan *plan, const char *name, guint owner);
NetnsPlan *netns_namespace_create (NetnsCore *core, guint caller, const char *name, GError **error);
NetnsPlan *netns_namespace_delete (NetnsCore *core, guint caller, const char *name, const NetnsEviction *eviction,
                                   GError **error);
NetnsPlan *netns_namespace_rename (NetnsCore *core, guint caller, const char *name, const char *new_name,
                                   GError **error);
NetnsPlan *netns_namespace_set_owner (NetnsCore *core, guint caller, const char *name, guint owner, GError **error);
