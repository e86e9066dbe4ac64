/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows packets through the chains of others, to find out whether they get through. */
#pragma once

#include "nft/load.h"

/**
 * NetnsFate:
 * @NETNS_FATE_PASSES: those to one port at least get through, between most addresses: rules may pick others
 * @NETNS_FATE_DROPPED: most do not, to any port, whatever is not known
 * @NETNS_FATE_UNKNOWN: it depends on a rule of which is not known what it does
 */
typedef enum {
  NETNS_FATE_PASSES,
  NETNS_FATE_DROPPED,
  NETNS_FATE_UNKNOWN,
} NetnsFate;

NetnsFate netns_firewall_view_judge (NetnsFirewallView *view, const NetnsPassage *passage, char **reason);
