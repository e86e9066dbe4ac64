/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans for bridges and their ports: one function for each method on the bus. Options are a{sv}. */
#pragma once

#include "core/link/link-ref.h"
#include "core/link/link.h"

gboolean netns_bridge_check_options (const NetnsLinkInfo *info, GVariant *options, GError **error);
void netns_bridge_plan_options (NetnsPlan *plan, const char *namespace_name, const NetnsLinkRef *link,
                                GVariant *options);
NetnsPlan *netns_bridge_set_options (NetnsCore *core, guint caller, NetnsLink *link, GVariant *options, GError **error);
NetnsPlan *netns_bridge_port_set_options (NetnsCore *core, guint caller, NetnsLink *link, GVariant *options,
                                          GError **error);
NetnsPlan *netns_bridge_list_forwarding_entries (NetnsCore *core, guint caller, NetnsLink *link, GError **error);
