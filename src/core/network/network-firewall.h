/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether firewalls of others let the packets of a network with NAT through, and what is done about it. */
#pragma once

#include "core/service/core.h"

gboolean netns_network_check_firewall (const char *word, gboolean nat, GError **error);
void netns_network_plan_routing_check (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network);
void netns_network_plan_allow (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network, gboolean cure);
void netns_network_plan_insert (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network);
void netns_network_plan_check_forwarding (NetnsCore *core, NetnsPlan *plan, NetnsNamespace *namespace,
                                          const NetnsNetwork *network);
void netns_network_plan_disallow (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network);
