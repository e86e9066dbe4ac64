/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that look whether firewalls of others let the packets of a network through, and where their makers left a chain to
 * users for that, tell them to. */
#pragma once

#include "core/plan/plan.h"
#include "kernel/nft.h"

/**
 * NetnsFirewallAllow:
 * @network: what a network is called (netns_network_print())
 * @bridge: its bridge
 * @uplink: the only link by which its packets leave, empty for that of the route
 * @subnets: (element-type NetnsAddress): its subnets
 * @cure: whether to tell them, or only to look
 */
typedef struct {
  const char *network;
  const char *bridge;
  const char *uplink;
  GArray *subnets;
  gboolean cure;
} NetnsFirewallAllow;

/* What the comment of each rule of ours in such a chain begins with; the name of the network follows. */
#define NETNS_ALLOW_COMMENT "netnsd network "

gboolean netns_allow_has_chain (NetnsNft *nft);
GVariant *netns_allow_print_chains (void);
const char *netns_firewall_find_blocked_by_firewalld (NetnsPlan *plan);
const char *netns_firewall_find_disallowed (NetnsPlan *plan);

NETNS_DECLARE_OPERATION (firewall_allow, NetnsFirewallAllow)
NETNS_DECLARE_OPERATION (firewall_disallow, NetnsFirewallAllow)
