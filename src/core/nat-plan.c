/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is done to make and delete a translation. */
#include "core/nat.h"

#include "common/error.h"
#include "core/core.h"
#include "core/definition.h"
#include "core/pool.h"
#include "core/wanted.h"

#include <string.h>
#include <sys/socket.h>

static gboolean
overlaps (const GArray *sources, const NetnsAddress *source)
{
  for (guint i = 0; i < sources->len; i++)
    if (netns_address_overlaps (&g_array_index (sources, NetnsAddress, i), source))
      return TRUE;
  return FALSE;
}

/* Two translations of one packet: only one can be meant. */
static gboolean
check_source (NetnsCore *core, const char *namespace_name, const NetnsAddress *source, GError **error)
{
  char text[NETNS_ADDRESS_MAX_TEXT];
  GHashTableIter iter;
  NetnsNetwork *network;
  NetnsNat *nat;

  netns_address_print (source, text);
  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_nat_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &nat)) {
    if (strcmp (nat->base.namespace_name, namespace_name) != 0 || !overlaps (nat->sources, source))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_SUBNET_CONFLICT, "Packets from %s are translated already, by nat %s",
                 text, nat->base.name);
    return FALSE;
  }
  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network)) {
    if (!network->nat || strcmp (network->base.namespace_name, namespace_name) != 0
        || !overlaps (network->subnets, source))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_SUBNET_CONFLICT,
                 "Packets from %s are translated already, by network “%s”", text, network->base.name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_sources (NetnsCore *core, const char *namespace_name, const GArray *sources, const NetnsAddress *to_address,
               GError **error)
{
  if (sources->len == 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Name at least one subnet to translate");
    return FALSE;
  }
  for (guint i = 0; i < sources->len; i++) {
    const NetnsAddress *source = &g_array_index (sources, NetnsAddress, i);

    if (to_address->family != AF_UNSPEC && to_address->family != source->family) {
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                   "The address to translate to must be of the same family as all sources");
      return FALSE;
    }
    if (!check_source (core, namespace_name, source, error))
      return FALSE;
  }
  return TRUE;
}

/**
 * netns_nat_create:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: the namespace that forwards
 * @sources: (element-type NetnsAddress): subnets whose packets are translated
 * @uplink: only packets leaving by this link, empty for any
 * @to_address: address to put in, family AF_UNSPEC for that of the leaving link
 * @number: (out): number of the new translation
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `SubnetConflict`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.CreateNat
 */
NetnsPlan *
netns_nat_create (NetnsCore *core, guint caller, const char *namespace_name, GArray *sources, const char *uplink,
                  const NetnsAddress *to_address, guint *number, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  g_autoptr (NetnsNat) nat = NULL;
  g_autofree char *uplink_name = NULL, *name = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (namespace == NULL || !netns_core_check_named (namespace, error)
      || !check_sources (core, namespace->name, sources, to_address, error)
      || !netns_pool_find_uplink (namespace, uplink, &uplink_name, error))
    return NULL;
  netns_plan_add_reach (plan, NETNS_REACH_NAT);
  for (guint i = 0; i < sources->len; i++)
    netns_plan_add_detail (plan, "subnet", netns_address_print (&g_array_index (sources, NetnsAddress, i), text), i == 0);
  *number = netns_core_find_free_number (core, &netns_nat_class);
  name = g_strdup_printf ("%u", *number);
  nat = netns_definition_new (&netns_nat_class, name, namespace->name, namespace->cookie, caller);
  nat->sources = netns_definition_copy_addresses (sources);
  nat->uplink = g_steal_pointer (&uplink_name);
  nat->to_address = *to_address;
  netns_wanted_replace (core, plan, NULL, &nat->base);
  return g_steal_pointer (&plan);
}

/**
 * netns_nat_delete:
 * @core: the service
 * @caller: uid that asks for it
 * @nat: a translation
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Nat.Delete
 */
NetnsPlan *
netns_nat_delete (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, nat->base.namespace_name, error) == NULL)
    return NULL;
  netns_plan_add_reach (plan, NETNS_REACH_NAT);
  if (nat->base.owner != caller)
    netns_core_add_foreign (plan, NULL, nat->base.owner);
  netns_wanted_replace (core, plan, &nat->base, NULL);
  return g_steal_pointer (&plan);
}
