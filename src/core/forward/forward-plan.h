/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of port forwards, and the plans that create, change and delete them. */
#pragma once

#include "core/service/core.h"

NetnsPlan *netns_forward_create (NetnsCore *core, guint caller, const char *namespace_name, const char *protocol,
                                 guint16 target_port, GVariant *options, guint *number, GError **error);
NetnsPlan *netns_forward_delete (NetnsCore *core, guint caller, const NetnsForward *forward);
NetnsPlan *netns_forward_read_counters (NetnsCore *core, guint caller, const NetnsForward *forward);
void netns_forward_plan_hold (NetnsPlan *plan, const NetnsForward *forward, gboolean if_free);
void netns_forward_plan_move (NetnsCore *core, NetnsPlan *plan, GPtrArray *before, GPtrArray *after);
