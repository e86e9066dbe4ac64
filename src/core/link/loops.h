/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bridges that veth pairs connect to each other, over all namespaces. A ring of them in which none speaks the spanning tree
 * protocol carries each broadcast round for ever, at the expense of the whole machine. Root can allow it: a ring through
 * such a bridge is none here. */
#pragma once

#include "core/service/core.h"

const NetnsLoopPermit *netns_loops_find_permit (NetnsCore *core, const NetnsLink *bridge);
gboolean netns_loops_are_allowed (NetnsCore *core, const NetnsLink *bridge);
gboolean netns_loops_are_broken_by (NetnsCore *core, const NetnsLink *bridge);
GPtrArray *netns_loops_find (NetnsCore *core, NetnsLink *port, NetnsLink *bridge, gboolean only_up);
char *netns_loops_name_bridges (const GPtrArray *ports, const char *separator);
gboolean netns_loops_check_port (NetnsCore *core, NetnsLink *port, NetnsLink *bridge, GError **error);
gboolean netns_loops_check_bridge (NetnsCore *core, NetnsLink *bridge, GError **error);
