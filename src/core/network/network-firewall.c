/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plan does about foreign firewalls that block a network. */
#include "core/network/network-firewall.h"

#include "common/error.h"
#include "core/foreign/allow-steps.h"
#include "core/foreign/routing-steps.h"
#include "core/ruleset/desired.h"

#include <sys/socket.h>

typedef void (*PassFunc) (NetnsPlan *plan, const char *namespace_name, const NetnsFirewallAllow *pass);

static void
plan_step (NetnsPlan *plan, PassFunc func, NetnsNamespace *namespace, const NetnsNetwork *network, gboolean cure)
{
  g_autofree char *name = netns_network_print (network);

  func (plan, namespace->name,
        &(NetnsFirewallAllow) {
          .network = name,
          .bridge = network->bridge,
          .uplink = network->uplink,
          .subnets = network->subnets,
          .cure = cure,
        });
}

/* Whether something can be done about firewalls of others: @word is empty, `check` or `cure`. The error is
 * `InvalidArgument`. */
gboolean
netns_network_check_firewall (const char *word, gboolean nat, GError **error)
{
  if (*word == '\0' || nat)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Packets of a network without NAT are not forwarded, so there is no firewall to %s", word);
}

/* Checks that packets to the network reach its bridge, whose addresses are there. The step fails with `RoutedElsewhere`. */
void
netns_network_plan_routing_check (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network)
{
  netns_plan_routing_check (plan, namespace->name,
                            &(NetnsRoutingCheck) { .bridge = network->bridge, .gateways = network->gateways });
}

/* The step fails with `BlockedByFirewall` when no packet of a network with NAT can get through; with @cure, not even if
 * netns_network_plan_insert() is the plan's last step. */
void
netns_network_plan_allow (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network, gboolean cure)
{
  plan_step (plan, netns_plan_firewall_allow, namespace, network, cure);
}

/* Adds rules that accept the packets of the network where the firewall has a chain for that, and they are needed. */
void
netns_network_plan_insert (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network)
{
  plan_step (plan, netns_plan_firewall_insert, namespace, network, TRUE);
}

/* The step fails with `NotForwarded` when packets of a network with NAT are not forwarded, whatever firewalls say. */
void
netns_network_plan_check_forwarding (NetnsCore *core, NetnsPlan *plan, NetnsNamespace *namespace,
                                     const NetnsNetwork *network)
{
  g_autofree char *name = netns_network_print (network);
  NetnsForwardingCheck check = { .network = name, .ipv6 = netns_addresses_have_family (network->subnets, AF_INET6) };

  netns_desired_find_links (core, &network->base, &check.links);
  netns_plan_forwarding_check (plan, namespace->name, &check);
}

/* Takes back what netns_network_plan_insert() had done, if it had. */
void
netns_network_plan_disallow (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network)
{
  if (network->cured)
    plan_step (plan, netns_plan_firewall_disallow, namespace, network, TRUE);
}
