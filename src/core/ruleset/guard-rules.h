/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nftables table of family bridge that guards the networks of one namespace: what comes from a port of a member is
 * dropped unless it has the addresses that are bound to the port. The rules are the same however many members there
 * are; a member is a few elements of sets. Pure: it reads and changes nothing in the kernel. */
#pragma once

#include "core/state/binding.h"

char *netns_guard_rules_build (GPtrArray *bindings);
char *netns_guard_rules_build_removal (void);
char *netns_guard_rules_build_sets (void);
char *netns_guard_rules_build_change (GPtrArray *old, GPtrArray *new);
