/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nftables table of one namespace, always generated as a whole: the same input gives the same table, and changes by
 * others are undone. Pure: it reads and changes nothing in the kernel. */
#pragma once

#include "core/state/binding.h"
#include "core/state/firewall.h"
#include "core/state/forward.h"
#include "core/state/nat.h"
#include "core/state/network.h"

gboolean netns_ruleset_has_rules (const NetnsDefinition *definition);
gboolean netns_ruleset_wants_table (GPtrArray *definitions);
char *netns_ruleset_build (GPtrArray *definitions, gboolean with_elements);
char *netns_ruleset_build_maps (void);
char *netns_ruleset_build_change (GPtrArray *old, GPtrArray *new);
