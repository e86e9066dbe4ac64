/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that create and delete a NAT, and read how often it was used. */
#include "core/network/nat-plan.h"

#include "common/error.h"
#include "common/options.h"
#include "core/network/pool.h"
#include "core/ruleset/desired.h"
#include "core/ruleset/listing.h"
#include "core/service/lookup.h"
#include "core/service/quota.h"
#include "core/service/auth-scope.h"

#include <sys/socket.h>

/* Options of a new NAT. */
typedef struct {
  char *uplink;
  NetnsAddress to_address;
} Options;

static const NetnsField fields[] = {
  { "uplink", NETNS_FIELD_TEXT, offsetof (Options, uplink) },
  { "to-address", NETNS_FIELD_HOST, offsetof (Options, to_address) },
  { NULL },
};

NETNS_DEFINE_AUTO_RECORD (Options, fields)

/* Two NATs for one packet: only one can be meant. */
static gboolean
check_source (NetnsCore *core, const char *namespace_name, const NetnsAddress *source, GError **error)
{
  g_autoptr (GPtrArray) definitions = netns_core_list_definitions (core, NULL, namespace_name);
  g_autofree char *name = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  netns_address_print (source, text);
  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);
    const NetnsNetwork *network = (const NetnsNetwork *) definition;

    if (definition->class == &netns_network_class && network->nat
        && netns_addresses_find (network->subnets, netns_address_overlaps, source) != NULL) {
      name = netns_network_print (network);
      return netns_refuse (error, NETNS_ERROR_SUBNET_CONFLICT, "Packets from %s are already translated by network “%s”",
                           text, name);
    }
    if (definition->class == &netns_nat_class
        && netns_addresses_find (((const NetnsNat *) definition)->sources, netns_address_overlaps, source) != NULL)
      return netns_refuse (error, NETNS_ERROR_SUBNET_CONFLICT, "Packets from %s are already translated by NAT %s", text,
                           definition->name);
  }
  return TRUE;
}

static gboolean
check_sources (NetnsCore *core, const char *namespace_name, const GArray *sources, const NetnsAddress *to_address,
               GError **error)
{
  if (sources->len == 0)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Specify at least one source subnet");
  for (guint i = 0; i < sources->len; i++) {
    const NetnsAddress *source = &g_array_index (sources, NetnsAddress, i);

    if (to_address->family != AF_UNSPEC && to_address->family != source->family)
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                           "The SNAT address must be of the same family as all source subnets");
    if (!check_source (core, namespace_name, source, error))
      return FALSE;
  }
  return TRUE;
}

/* The plan for method Manager.CreateNat, with the subnets as @source_texts and a{sv} @values; @number is then that of
 * the new NAT. Errors are `InvalidName`, `InvalidArgument`, `NotFound` and `SubnetConflict`. */
NetnsPlan *
netns_nat_create (NetnsCore *core, guint caller, const char *namespace_name, GVariant *source_texts, GVariant *values,
                  guint *number, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_auto (Options) options = { 0 };
  g_autoptr (GArray) sources = NULL;
  g_autoptr (NetnsNat) nat = NULL;
  NetnsNamespace *namespace = NULL;
  g_autofree char *uplink_name = NULL, *name = NULL;

  if (netns_options_read (netns_options_manager_create_nat, NULL, values, fields, &options, error))
    sources = netns_addresses_parse (source_texts, netns_address_parse_subnet, error);
  if (sources != NULL) {
    namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  }
  if (namespace == NULL || !netns_core_check_named (namespace, error)
      || !netns_core_check_definitions (core, caller, &netns_nat_class, error)
      || !check_sources (core, namespace->name, sources, &options.to_address, error)
      || !netns_pool_find_uplink (namespace, options.uplink, &uplink_name, error))
    return NULL;
  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_NAT);
  netns_pool_set_detail (plan, sources);
  *number = netns_core_find_free_number (core, &netns_nat_class);
  name = g_strdup_printf ("%u", *number);
  nat = netns_definition_new (&netns_nat_class, name, namespace->name, namespace->cookie, caller);
  nat->sources = g_array_copy (sources);
  nat->uplink = g_steal_pointer (&uplink_name);
  nat->to_address = options.to_address;
  netns_desired_replace (core, plan, NULL, &nat->base);
  return g_steal_pointer (&plan);
}

/* The plan for method Nat.Delete. Its error is `NotFound`. */
NetnsPlan *
netns_nat_delete (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, nat->base.namespace_name, error) == NULL)
    return NULL;
  netns_plan_use_identity (plan, nat->base.identity);
  netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_NAT);
  if (nat->base.owner != caller)
    netns_core_add_foreign (plan, NULL, nat->base.owner);
  netns_desired_replace (core, plan, &nat->base, NULL);
  return g_steal_pointer (&plan);
}

/* The plan for method Nat.GetCounters, whose result is its answer. Its error is `NotFound`. */
NetnsPlan *
netns_nat_read_counters (NetnsCore *core, guint caller, const NetnsNat *nat, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_find_namespace (core, nat->base.namespace_name, error);
  g_autofree char *comment = NULL;

  if (namespace == NULL)
    return NULL;
  comment = netns_nat_get_comment (nat);
  netns_plan_use_namespace (plan, namespace);
  netns_plan_use_identity (plan, nat->base.identity);
  if (nat->base.owner == caller)
    netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_OWN);
  else
    netns_core_add_foreign (plan, namespace->name, nat->base.owner);
  netns_listing_plan (plan, namespace->name, &netns_query_count_rules, g_variant_new ("(ss)", "postrouting", comment));
  return g_steal_pointer (&plan);
}
