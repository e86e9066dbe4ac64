/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network: a bridge with subnets, gateway addresses and, if wanted, NAT. This is what was asked for; what there is of
 * it in the kernel is looked up in the mirror each time. */
#pragma once

#include "core/definition.h"
#include "core/plan.h"
#include "mirror/mirror.h"

typedef struct _NetnsCore NetnsCore;

/* What can change of a network; one bit for each property on the bus. */
typedef enum {
  NETNS_NETWORK_BRIDGE = 1 << 0,
  NETNS_NETWORK_NAT = 1 << 1,
  NETNS_NETWORK_LEASES = 1 << 2,
} NetnsNetworkChanges;

/**
 * NetnsNetwork:
 * @base: its name, and where its bridge is
 * @bridge: name of the bridge
 * @bridge_made: whether the service made the bridge, and deletes it with the network
 * @subnets: (element-type NetnsAddress): its subnets
 * @gateways: (element-type NetnsAddress): addresses of the bridge in them, with prefix length
 * @nat: whether packets to the rest of the world are masqueraded
 * @uplink: the only link that NAT is done for, empty for any
 * @shared: whether every user may connect
 * @cured: whether firewalls of others were told to let its packets through, and are told again
 * @isolated: whether nothing is forwarded from or to it
 */
typedef struct {
  NetnsDefinition base;
  char *bridge;
  gboolean bridge_made;
  GArray *subnets;
  GArray *gateways;
  gboolean nat;
  char *uplink;
  gboolean shared;
  gboolean cured;
  gboolean isolated;
} NetnsNetwork;

/**
 * NetnsNetworkOptions:
 * @subnets: (element-type NetnsAddress): subnets; empty for a free one
 * @ipv6: whether one of them shall be IPv6, a free unique local one if none is
 * @gateway: whether the bridge gets an address of each
 * @nat: whether to masquerade
 * @uplink: only through this link, empty for any
 * @mtu: bytes, 0 for that of the uplink
 * @bridge: name of the bridge, empty for the network's name
 * @namespace_name: where, empty for the host
 * @shared: whether every user may connect
 * @firewall: what to do about firewalls of others: empty, `check` or `cure`
 * @isolated: whether nothing is forwarded from or to it
 */
typedef struct {
  GArray *subnets;
  gboolean ipv6;
  gboolean gateway;
  gboolean nat;
  const char *uplink;
  guint32 mtu;
  const char *bridge;
  const char *namespace_name;
  gboolean shared;
  const char *firewall;
  gboolean isolated;
} NetnsNetworkOptions;

/* One address of a network in use. */
typedef struct {
  NetnsAddress address;
  NetnsLink *link;
} NetnsLease;

extern const NetnsDefinitionClass netns_network_class;

gboolean netns_network_has_rules (const NetnsNetwork *network);
NetnsLink *netns_network_find_bridge (NetnsMirror *mirror, const NetnsNetwork *network);
GPtrArray *netns_network_list_members (NetnsMirror *mirror, const NetnsNetwork *network);
GArray *netns_network_list_leases (NetnsMirror *mirror, const NetnsNetwork *network);

NetnsPlan *netns_network_create (NetnsCore *core, guint caller, const char *name, const NetnsNetworkOptions *options,
                                 GError **error);
NetnsPlan *netns_network_delete (NetnsCore *core, guint caller, const NetnsNetwork *network, GError **error);
NetnsPlan *netns_network_set_nat (NetnsCore *core, guint caller, const NetnsNetwork *network, gboolean nat,
                                  GError **error);
gboolean netns_network_parse_firewall (const char *word, gboolean nat, GError **error);
void netns_network_plan_pass (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network, gboolean cure);
void netns_network_plan_unpass (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network);
NetnsNetwork *netns_network_find (NetnsCore *core, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsNetwork, netns_definition_free)
