/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that look whether firewalls of others let the packets of a network through, and where their makers left a chain to
 * users for that, tell them to. A plan with one of them can run when allow-question.h has found out what it must know. */
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
 * @known: whether it is known what follows
 * @blocked: (nullable): why packets do not get through, whatever is told, as an error says it; %NULL if they do
 * @firewalld: whether it is firewalld that blocks them, which can be asked to let them through
 * @chains: bits of the chains that need rules of ours, in the order of netns_allow_print_chains()
 * @rules: (nullable): rules of ours that are there, as &netns_query_find_rules finds them
 */
typedef struct {
  const char *network;
  const char *bridge;
  const char *uplink;
  GArray *subnets;
  gboolean cure;
  gboolean known;
  char *blocked;
  gboolean firewalld;
  guint chains;
  GVariant *rules;
} NetnsFirewallAllow;

/* What the comment of each rule of ours in such a chain begins with; the name of the network follows. */
#define NETNS_ALLOW_COMMENT "netnsd network "

gboolean netns_allow_has_chain (NetnsNft *nft);
GVariant *netns_allow_print_chains (void);
char *netns_allow_print_comment (const NetnsFirewallAllow *allow);
guint netns_allow_count_changes (void);
const char *netns_firewall_find_blocked_by_firewalld (NetnsPlan *plan);
gboolean netns_firewall_has_removed (NetnsPlan *plan);
const char *netns_firewall_find_disallowed (NetnsPlan *plan);

/* Only looks; fails with `BlockedByFirewall`. */
NETNS_DECLARE_OPERATION (firewall_allow, NetnsFirewallAllow)
/* Adds the rules that this has found to be needed; must be the last step. */
NETNS_DECLARE_OPERATION (firewall_insert, NetnsFirewallAllow)
NETNS_DECLARE_OPERATION (firewall_disallow, NetnsFirewallAllow)
