/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be done with bridges and their ports: one function for each method on the bus. Options are a{sv} of the right
 * types, with the keys `stp`, `vlan-filtering`, `forward-delay`, `ageing-time` and `multicast-snooping` of a bridge, and
 * `cost`, `hairpin`, `isolated` and `learning` of a port. */
#pragma once

#include "core/link.h"

gboolean netns_bridge_check_options (const NetnsLinkInfo *info, GVariant *options, GError **error);
void netns_bridge_plan_options (NetnsPlan *plan, const char *namespace_name, const char *link, GVariant *options);
NetnsPlan *netns_bridge_set_options (NetnsCore *core, guint caller, const NetnsLinkTarget *target, GVariant *options,
                                     GError **error);
NetnsPlan *netns_bridge_port_set_options (NetnsCore *core, guint caller, const NetnsLinkTarget *target,
                                          GVariant *options, GError **error);
NetnsPlan *netns_bridge_list_forwarding_entries (NetnsCore *core, guint caller, const NetnsLinkTarget *target,
                                                 GError **error);
