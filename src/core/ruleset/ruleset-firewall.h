/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules that the firewall of a namespace becomes. */
#pragma once

#include "core/state/firewall.h"

void netns_ruleset_add_firewall (GVariantBuilder *commands, const NetnsFirewall *firewall);
gboolean netns_ruleset_find_chain (const char *name, NetnsFirewallChain *chain);
