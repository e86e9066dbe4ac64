/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network: a bridge with subnets, gateway addresses and, if wanted, NAT. This is what was asked for; what there is of
 * it in the kernel is looked up in the mirror each time. */
#pragma once

#include "core/state/definition.h"
#include "mirror/mirror.h"

/* The changes of a network; one bit for each property on the bus. */
typedef enum {
  NETNS_NETWORK_BRIDGE = 1 << 0,
  NETNS_NETWORK_NAT = 1 << 1,
  NETNS_NETWORK_LEASES = 1 << 2,
  NETNS_NETWORK_GUARD = 1 << 3,
  NETNS_NETWORK_UPLINK = 1 << 4,
} NetnsNetworkChanges;

/**
 * NetnsNetwork:
 * @base: what it is kept by (netns_network_key_for()), and where its bridge is
 * @bridge: name of the bridge
 * @bridge_made: whether the service made the bridge, and deletes it with the network
 * @subnets: (element-type NetnsAddress): its subnets
 * @gateways: (element-type NetnsAddress): addresses of the bridge in them, with prefix length
 * @gateways_kept: (element-type NetnsAddress): those that the bridge had before, and keeps
 * @ranges: (element-type NetnsAddress): first and last of what is given of a subnet, and so on; all of it where there is none
 * @nat: whether packets to the rest of the world are masqueraded
 * @uplink: the only link that NAT is done for, empty for any
 * @mtu_follows: whether its bridge has the MTU of the way out, because the caller named none
 * @shared: whether every user may connect
 * @cured: whether its packets were allowed in foreign firewalls, and must be again
 * @isolated: whether nothing is forwarded from or to it
 * @guarded: whether its members can use no other addresses than their own
 * @guard_given: whether the caller said so, or the opposite; else it comes with the second owner of members
 */
typedef struct {
  NetnsDefinition base;
  char *bridge;
  gboolean bridge_made;
  GArray *subnets;
  GArray *gateways;
  GArray *gateways_kept;
  GArray *ranges;
  gboolean nat;
  char *uplink;
  gboolean mtu_follows;
  gboolean shared;
  gboolean cured;
  gboolean isolated;
  gboolean guarded;
  gboolean guard_given;
} NetnsNetwork;

/* One address of a network in use. */
typedef struct {
  NetnsAddress address;
  NetnsLink *link;
} NetnsLease;

extern const NetnsDefinitionClass netns_network_class;

char *netns_network_key_for (const NetnsNamespace *namespace, const char *name);
const char *netns_network_get_name (const NetnsNetwork *network);
char *netns_network_print (const NetnsNetwork *network);
gboolean netns_network_has_rules (const NetnsNetwork *network);
gboolean netns_network_has_bridge (const NetnsNetwork *network, const NetnsLink *link);
NetnsLink *netns_network_find_bridge (NetnsMirror *mirror, const NetnsNetwork *network);
GPtrArray *netns_network_list_members (NetnsMirror *mirror, const NetnsNetwork *network);
GArray *netns_network_list_leases (NetnsMirror *mirror, const NetnsNetwork *network);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNetwork, netns_definition_free)
