/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plan does about firewalls of others that stand in the way of a network. */
#include "core/network.h"

#include "common/error.h"
#include "common/validate.h"
#include "core/operations.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Empty if packets may leave anywhere. */
static const char *
find_way_out (NetnsNamespace *namespace, const NetnsNetwork *network, int family)
{
  if (*network->uplink != '\0')
    return network->uplink;
  for (guint i = 0; namespace->routes != NULL && i < namespace->routes->len; i++) {
    const NetnsRoute *route = &g_array_index (namespace->routes, NetnsRoute, i);
    const NetnsLink *link = netns_namespace_get_link (namespace, route->link);

    if (route->table == RT_TABLE_MAIN && route->destination.family == family && route->destination.prefix == 0)
      return link != NULL && netns_validate_link_name (link->info.name, NULL) ? link->info.name : "";
  }
  return "";
}

static void
plan_step (NetnsPlan *plan, const NetnsOperation *operation, NetnsNamespace *namespace, const NetnsNetwork *network,
           gboolean cure)
{
  g_auto (GVariantBuilder) subnets = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; i < network->subnets->len; i++)
    g_variant_builder_add (&subnets, "s",
                           netns_address_print (&g_array_index (network->subnets, NetnsAddress, i), text));
  netns_plan_add (plan, operation, namespace->name,
                  "{'network': <%s>, 'bridge': <%s>, 'uplink4': <%s>, 'uplink6': <%s>, 'subnets': <%*>, 'cure': <%b>}",
                  network->base.name, network->bridge, find_way_out (namespace, network, AF_INET),
                  find_way_out (namespace, network, AF_INET6), g_variant_builder_end (&subnets), cure);
}

/**
 * netns_network_parse_firewall:
 * @word: what to do about firewalls of others: empty, `check` or `cure`
 * @nat: whether the network has NAT
 * @error: `InvalidArgument`
 *
 * Returns: whether it can be done
 */
gboolean
netns_network_parse_firewall (const char *word, gboolean nat, GError **error)
{
  if (*word == '\0')
    return TRUE;
  if (strcmp (word, "check") != 0 && strcmp (word, "cure") != 0)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "“%s” is nothing to do about other firewalls; say check or cure", word);
  else if (!nat)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Packets of a network without NAT are not forwarded, so there is nothing to %s about firewalls", word);
  else
    return TRUE;
  return FALSE;
}

/**
 * netns_network_plan_pass:
 * @plan: a plan
 * @namespace: where the network is
 * @network: a network with NAT
 * @cure: whether to open the doors of firewalls that have some, or only to look
 *
 * The step fails with `BlockedByFirewall` when no packet can get through.
 */
void
netns_network_plan_pass (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network, gboolean cure)
{
  plan_step (plan, &netns_operation_firewall_pass, namespace, network, cure);
}

/* Takes back what netns_network_plan_pass() had done, if it had. */
void
netns_network_plan_unpass (NetnsPlan *plan, NetnsNamespace *namespace, const NetnsNetwork *network)
{
  if (network->cured)
    plan_step (plan, &netns_operation_firewall_unpass, namespace, network, TRUE);
}
