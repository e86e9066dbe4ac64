/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which polkit actions a change needs, and what rules and dialogs get to see of it. */
#pragma once

#include "core/plan/plan.h"

#include <gio/gio.h>

GPtrArray *netns_actions_list (const GDBusMethodInfo *info, NetnsAuthScope scope);
gboolean netns_actions_are_public (const GPtrArray *actions);
const char *netns_actions_get_message (const GDBusMethodInfo *info, const char *action);
void netns_actions_complete_details (const GDBusMethodInfo *info, NetnsAuthScope scope, GHashTable *details);
const char *netns_actions_get_logged (guint place);
gboolean netns_actions_cover (const NetnsPlan *asked, const NetnsPlan *plan);
