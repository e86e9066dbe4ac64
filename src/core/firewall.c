/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/firewall.h"

#include "common/error.h"
#include "core/core.h"
#include "core/operations.h"
#include "core/wanted.h"

#include <string.h>

#define GROUP       "Firewall"
#define DROP        "Drop"
#define RULES       "Rules"
#define LAST_HANDLE "LastHandle"

/* The table is made anew with each change, by one thread for everybody. */
#define RULES_MAX 500

const char *const netns_firewall_chains[NETNS_FIREWALL_N_CHAINS + 1] = { "input", "forward", "output", NULL };

static GPtrArray *
new_rules (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
}

static gpointer
ref_rule (gconstpointer rule, gpointer data)
{
  return g_variant_ref ((GVariant *) rule);
}

static void
copy_firewall (NetnsDefinition *definition)
{
  NetnsFirewall *copy = (NetnsFirewall *) definition;

  copy->rules = g_ptr_array_copy (copy->rules, ref_rule, NULL);
}

static void
clear_firewall (NetnsDefinition *definition)
{
  g_clear_pointer (&((NetnsFirewall *) definition)->rules, g_ptr_array_unref);
}

static void
print_firewall (const NetnsDefinition *definition, GKeyFile *key_file)
{
  const NetnsFirewall *firewall = (const NetnsFirewall *) definition;
  g_autoptr (GPtrArray) rules = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) dropping = g_ptr_array_new ();

  for (guint i = 0; i < NETNS_FIREWALL_N_CHAINS; i++)
    if (firewall->drop[i])
      g_ptr_array_add (dropping, (gpointer) netns_firewall_chains[i]);
  for (guint i = 0; i < firewall->rules->len; i++)
    g_ptr_array_add (rules, g_variant_print (g_ptr_array_index (firewall->rules, i), TRUE));
  g_key_file_set_string_list (key_file, GROUP, DROP, (const char *const *) dropping->pdata, dropping->len);
  g_key_file_set_string_list (key_file, GROUP, RULES, (const char *const *) rules->pdata, rules->len);
  g_key_file_set_uint64 (key_file, GROUP, LAST_HANDLE, firewall->last_handle);
}

static gboolean
parse_firewall (NetnsDefinition *definition, GKeyFile *key_file, GError **error)
{
  NetnsFirewall *firewall = (NetnsFirewall *) definition;
  g_auto (GStrv) dropping = g_key_file_get_string_list (key_file, GROUP, DROP, NULL, NULL);
  g_auto (GStrv) rules = g_key_file_get_string_list (key_file, GROUP, RULES, NULL, NULL);

  firewall->rules = new_rules ();
  firewall->last_handle = g_key_file_get_uint64 (key_file, GROUP, LAST_HANDLE, NULL);
  for (guint i = 0; dropping != NULL && dropping[i] != NULL; i++) {
    NetnsFirewallChain chain;

    if (!netns_firewall_parse_chain (dropping[i], &chain, error))
      return FALSE;
    firewall->drop[chain] = TRUE;
  }
  for (guint i = 0; rules != NULL && rules[i] != NULL; i++) {
    g_autoptr (GVariant) rule = g_variant_parse (G_VARIANT_TYPE_VARDICT, rules[i], NULL, NULL, error);
    guint64 handle = 0;
    GVariant *checked;

    if (rule == NULL)
      return FALSE;
    g_variant_lookup (rule, "handle", "t", &handle);
    checked = netns_firewall_rule_check (rule, handle, error);
    if (checked == NULL)
      return FALSE;
    g_ptr_array_add (firewall->rules, checked);
  }
  return TRUE;
}

const NetnsDefinitionClass netns_firewall_class = {
  .folder = "firewalls",
  .group = GROUP,
  .size = sizeof (NetnsFirewall),
  .copy = copy_firewall,
  .clear = clear_firewall,
  .print = print_firewall,
  .parse = parse_firewall,
  .hidden = TRUE,
};

/* ---- changes */

/* Returns: whether it is as if there were none */
gboolean
netns_firewall_is_empty (const NetnsFirewall *firewall)
{
  for (guint i = 0; i < NETNS_FIREWALL_N_CHAINS; i++)
    if (firewall->drop[i])
      return FALSE;
  return firewall->rules->len == 0;
}

/* Returns: (transfer none) (nullable): that of a namespace, %NULL if it never had one */
const NetnsFirewall *
netns_firewall_find (NetnsCore *core, const NetnsNamespace *namespace)
{
  g_autofree char *name = g_strdup_printf ("%" G_GUINT64_FORMAT, namespace->cookie);

  return g_hash_table_lookup (netns_core_get_definitions (core, &netns_firewall_class), name);
}

/* What there is, or a new one, to be changed. */
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
  new->rules = new_rules ();
  return new;
}

/* One that is empty again is kept, with its last handle: a handle never means another rule. */
static void
end_change (NetnsCore *core, NetnsPlan *plan, const NetnsFirewall *old, const NetnsFirewall *new)
{
  netns_wanted_replace (core, plan, (const NetnsDefinition *) old, (const NetnsDefinition *) new);
}

static gboolean
parse_policy (const char *policy, gboolean *drop, GError **error)
{
  *drop = strcmp (policy, "drop") == 0;
  if (*drop || strcmp (policy, "accept") == 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is no policy; say accept or drop", policy);
  return FALSE;
}

/**
 * netns_firewall_set_policy:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: a namespace, empty for the host
 * @chain: input, forward or output
 * @policy: accept or drop
 * @error: `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Firewall.SetPolicy
 */
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
  end_change (core, plan, old, new);
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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "There is no position %u in chain %s, which has %u rules; the last one is %u", position,
               netns_firewall_chains[chain], count, count + 1);
  return FALSE;
}

static gboolean
check_room (const NetnsFirewall *firewall, GError **error)
{
  if (firewall->rules->len < RULES_MAX)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_QUOTA_EXCEEDED, "A firewall has at most %d rules, and there are %u",
               RULES_MAX, firewall->rules->len);
  return FALSE;
}

/**
 * netns_firewall_add_rule:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: a namespace, empty for the host
 * @rule: a{sv}, all keys known and of the right type
 * @handle: (out): the number of the new rule
 * @error: `InvalidArgument`, `InvalidName`, `QuotaExceeded`
 *
 * Returns: (transfer full) (nullable): the plan for method Firewall.AddRule
 */
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

  new = begin_change (core, plan, caller, namespace_name, &old, error);
  if (new == NULL)
    return NULL;
  *handle = (guint) ++new->last_handle;
  checked = netns_firewall_rule_check (rule, new->last_handle, error);
  g_variant_lookup (rule, "position", "u", &position);
  if (checked == NULL || !check_room (new, error)
      || !find_place (new, netns_firewall_rule_get_chain (checked), position, &place, error))
    return NULL;
  g_ptr_array_insert (new->rules, (int) place, g_steal_pointer (&checked));
  end_change (core, plan, old, new);
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

/**
 * netns_firewall_remove_rule:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: a namespace, empty for the host
 * @handle: what netns_firewall_add_rule() gave
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Firewall.RemoveRule
 */
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
                 "There is no rule with handle %" G_GUINT64_FORMAT " of this service's; ListRules tells which there are",
                 handle);
    return NULL;
  }
  g_ptr_array_remove_index (new->rules, place);
  end_change (core, plan, old, new);
  return g_steal_pointer (&plan);
}

/**
 * netns_firewall_read:
 * @core: the service
 * @caller: uid that asks for it
 * @namespace_name: a namespace, empty for the host
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for methods Firewall.ListRules and Firewall.GetRuleset, whose result is
 *   the ruleset as JSON
 */
NetnsPlan *
netns_firewall_read (NetnsCore *core, guint caller, const char *namespace_name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, namespace_name, error) == NULL)
    return NULL;
  netns_plan_add (plan, &netns_operation_ruleset_list, namespace_name, "@a{sv} {}");
  return g_steal_pointer (&plan);
}
