/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks that let each member use its own addresses only. What belongs to a member is remembered as the binding of its
 * port; what the link inside has is not asked, but for members that were there before the guard. */
#pragma once

#include "core/service/core.h"

const NetnsBinding *netns_guard_find_binding (NetnsCore *core, const NetnsLink *port);
GArray *netns_guard_list_addresses (NetnsCore *core, const NetnsLink *bridge);
gboolean netns_guard_check_address (NetnsCore *core, NetnsLink *link, const NetnsAddress *address, GError **error);
gboolean netns_guard_check_mac (NetnsCore *core, NetnsLink *link, const guint8 mac[NETNS_MAC_LENGTH], GError **error);
gboolean netns_guard_has_owners (NetnsCore *core, const NetnsNetwork *network, const NetnsNamespace *joining);
void netns_guard_collect_members (NetnsCore *core, const NetnsNetwork *network, gboolean only_users, GPtrArray *new);

void netns_guard_plan_connect (NetnsCore *core, NetnsPlan *plan, const NetnsNetwork *network, const char *port,
                               const guint8 mac[NETNS_MAC_LENGTH], const GArray *addresses, guint owner);
void netns_guard_plan_disconnect (NetnsCore *core, NetnsPlan *plan, const NetnsLink *port);
void netns_guard_plan_address (NetnsCore *core, NetnsPlan *plan, NetnsLink *link, const NetnsAddress *address,
                               gboolean add);
void netns_guard_plan_mac (NetnsCore *core, NetnsPlan *plan, NetnsLink *link, const guint8 mac[NETNS_MAC_LENGTH]);
