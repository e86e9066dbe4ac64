/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/firewall-plan.h"

#include "common/error.h"
#include "common/options.h"
#include "core/ruleset/desired.h"
#include "core/ruleset/listing.h"
#include "core/ruleset/ruleset.h"
#include "core/service/quota.h"
#include "core/service/auth-scope.h"
#include "core/state/firewall-rule.h"

#include <string.h>

/* The table is replaced with each change, by one thread for all users. */
#define RULES_MAX 500

/* Returns: (transfer none) (nullable): that of a namespace, %NULL if it never had one */
const NetnsFirewall *
netns_firewall_find (NetnsCore *core, const NetnsNamespace *namespace)
{
  g_autofree char *name = g_strdup_printf ("%" G_GUINT64_FORMAT, namespace->cookie);

  return g_hash_table_lookup (netns_core_get_definitions (core, &netns_firewall_class), name);
}

/* A copy of the existing firewall, or a new one, to be changed. One that is empty again is kept, with its last handle: a
 * handle never means another rule. */
static NetnsFirewall *
begin_change (NetnsCore *core, NetnsPlan *plan, guint caller, const char *namespace_name, const NetnsFirewall **old,
              GError **error)
{
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, namespace_name, error);
  g_autofree char *name = NULL;
  NetnsFirewall *new;

  if (namespace == NULL || !netns_core_check_named (namespace, error))
    return NULL;
  *old = netns_firewall_find (core, namespace);
  if (*old != NULL)
    return netns_definition_copy (*old);
  name = g_strdup_printf ("%" G_GUINT64_FORMAT, namespace->cookie);
  new = netns_definition_new (&netns_firewall_class, name, namespace->name, namespace->cookie, caller);
  new->rules = netns_firewall_rules_new ();
  return new;
}

static gboolean
parse_policy (const char *policy, gboolean *drop, GError **error)
{
  *drop = strcmp (policy, "drop") == 0;
  if (*drop || strcmp (policy, "accept") == 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid policy “%s”; use accept or drop", policy);
}

/* The plan for method Firewall.SetPolicy. Its error is `InvalidArgument`. */
NetnsPlan *
netns_firewall_set_policy (NetnsCore *core, guint caller, const char *namespace_name, const char *chain,
                           const char *policy, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (NetnsFirewall) new = NULL;
  const NetnsFirewall *old = NULL;
  NetnsFirewallChain which;
  gboolean drop;

  if (!netns_firewall_parse_chain (chain, &which, error) || !parse_policy (policy, &drop, error))
    return NULL;
  new = begin_change (core, plan, caller, namespace_name, &old, error);
  if (new == NULL)
    return NULL;
  if (new->drop[which] == drop)
    return g_steal_pointer (&plan);
  new->drop[which] = drop;
  netns_desired_replace (core, plan, (const NetnsDefinition *) old, &new->base);
  return g_steal_pointer (&plan);
}

/* Where a rule goes among all rules, so that it is at @position of its chain, from 1; 0 for behind the others. */
static gboolean
find_place (const NetnsFirewall *firewall, NetnsFirewallChain chain, guint position, guint *place, GError **error)
{
  guint count = 0;

  *place = firewall->rules->len;
  for (guint i = 0; i < firewall->rules->len; i++) {
    if (netns_firewall_rule_get_chain (g_ptr_array_index (firewall->rules, i)) != chain)
      continue;
    count++;
    if (count == position)
      *place = i;
  }
  if (position <= count + 1)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Invalid position %u in chain %s, which has %u rules; the last valid position is %u", position,
                       netns_firewall_chains[chain], count, count + 1);
}

static gboolean
check_room (NetnsCore *core, guint caller, const NetnsFirewall *firewall, GError **error)
{
  if (firewall->rules->len < RULES_MAX)
    return netns_core_check_rules (core, caller, error);
  return netns_refuse (error, NETNS_ERROR_QUOTA_EXCEEDED, "A firewall can have at most %d rules; this one has %u",
                       RULES_MAX, firewall->rules->len);
}

/* The plan for method Firewall.AddRule; @handle is then the number of the new rule. Errors are `InvalidArgument`,
 * `InvalidName` and `QuotaExceeded`. */
NetnsPlan *
netns_firewall_add_rule (NetnsCore *core, guint caller, const char *namespace_name, GVariant *rule, guint *handle,
                         GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (NetnsFirewall) new = NULL;
  g_autoptr (GVariant) checked = NULL;
  const NetnsFirewall *old = NULL;
  guint32 position = 0;
  guint place;

  if (!netns_options_check (netns_options_firewall_add_rule, NULL, rule, error))
    return NULL;
  new = begin_change (core, plan, caller, namespace_name, &old, error);
  if (new == NULL)
    return NULL;
  *handle = (guint)++ new->last_handle;
  checked = netns_firewall_rule_check (rule, new->last_handle, error);
  g_variant_lookup (rule, "position", "u", &position);
  if (checked == NULL || !check_room (core, caller, new, error)
      || !find_place (new, netns_firewall_rule_get_chain (checked), position, &place, error))
    return NULL;
  g_ptr_array_insert (new->rules, (int) place, g_steal_pointer (&checked));
  netns_desired_replace (core, plan, (const NetnsDefinition *) old, &new->base);
  return g_steal_pointer (&plan);
}

static gboolean
find_rule (const NetnsFirewall *firewall, guint64 handle, guint *place)
{
  for (*place = 0; *place < firewall->rules->len; (*place)++) {
    guint64 own;

    if (g_variant_lookup (g_ptr_array_index (firewall->rules, *place), "handle", "t", &own) && own == handle)
      return TRUE;
  }
  return FALSE;
}

/* The plan for method Firewall.RemoveRule. Its error is `NotFound`. */
NetnsPlan *
netns_firewall_remove_rule (NetnsCore *core, guint caller, const char *namespace_name, guint64 handle, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  g_autoptr (NetnsFirewall) new = NULL;
  const NetnsFirewall *old = NULL;
  guint place;

  new = begin_change (core, plan, caller, namespace_name, &old, error);
  if (new == NULL)
    return NULL;
  if (!find_rule (new, handle, &place)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND,
                 "There is no rule with handle %" G_GUINT64_FORMAT " in the service's table", handle);
    return NULL;
  }
  g_ptr_array_remove_index (new->rules, place);
  netns_desired_replace (core, plan, (const NetnsDefinition *) old, &new->base);
  return g_steal_pointer (&plan);
}

/* The plan for methods Firewall.ListRules and Firewall.GetRuleset, whose result is the answer to @query. */
NetnsPlan *
netns_firewall_read (NetnsCore *core, guint caller, const char *namespace_name, const NetnsNftQuery *query,
                     GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, namespace_name, error) == NULL)
    return NULL;
  netns_listing_plan (plan, namespace_name, query, NULL);
  return g_steal_pointer (&plan);
}

/* Returns: (transfer full): commands that make the rules of a firewall, and nothing else, in our table */
char *
netns_firewall_print (const NetnsFirewall *firewall)
{
  g_autoptr (GPtrArray) only = g_ptr_array_new ();

  g_ptr_array_add (only, (gpointer) firewall);
  return netns_ruleset_build (only, TRUE);
}
