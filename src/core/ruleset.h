/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nftables table of one namespace, made anew from what is wanted: the same input is the same table, and whatever
 * happened to it in between is healed. Pure: nothing is asked, nothing is changed. */
#pragma once

#include "core/firewall.h"
#include "core/forward.h"
#include "core/nat.h"
#include "core/network.h"

/**
 * NetnsRules:
 * @networks: (element-type NetnsNetwork): networks of one namespace
 * @nats: (element-type NetnsNat): translations of the same namespace
 * @firewalls: (element-type NetnsFirewall): its firewall, if it has one
 * @forwards: (element-type NetnsForward): port forwards, if it is the host's
 */
typedef struct {
  GPtrArray *networks;
  GPtrArray *nats;
  GPtrArray *firewalls;
  GPtrArray *forwards;
} NetnsRules;

gboolean netns_ruleset_is_there (const char *commands, const char *ruleset);
gboolean netns_ruleset_wants_table (const NetnsRules *rules);
char *netns_ruleset_build (const NetnsRules *rules, gboolean with_elements);
char *netns_ruleset_build_change (GPtrArray *old, GPtrArray *new);
