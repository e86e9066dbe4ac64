/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that may keep a packet from a namespace or let it in: our policies and rules with their handles, and everybody
 * else's. */
#include "core/firewall.h"

#include "common/names.h"
#include "core/core.h"
#include "core/firewall-view.h"
#include "core/rule-words.h"

#include <string.h>

#define OUR_CHAINS "firewall-"

static GVariant *
text_value (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  return g_variant_new_string (valid);
}

static void
add_place (GVariantDict *entry, gboolean own, const char *family, const char *table, const char *chain, const char *hook)
{
  g_variant_dict_insert (entry, "own", "b", own);
  g_variant_dict_insert_value (entry, "family", text_value (family));
  g_variant_dict_insert_value (entry, "table", text_value (table));
  g_variant_dict_insert_value (entry, "chain", text_value (chain));
  g_variant_dict_insert_value (entry, "hook", text_value (hook ? hook : ""));
}

static void
add_policy (GVariantBuilder *list, GVariantDict *entry, const char *policy)
{
  g_autofree char *words = g_strconcat ("policy ", policy, NULL);

  g_variant_dict_insert_value (entry, "policy", text_value (policy));
  g_variant_dict_insert_value (entry, "text", text_value (words));
  g_variant_builder_add_value (list, g_variant_dict_end (entry));
}

static char *
own_words (GVariant *rule)
{
  g_autoptr (GVariant) object = g_variant_ref_sink (
    g_variant_new_parsed ("{'expr': <%@aa{sv}>}", netns_firewall_rule_to_statements (rule, TRUE)));
  g_autoptr (JsonNode) node = json_gvariant_serialize (object);

  return netns_rule_words (json_node_get_object (node));
}

static void
add_own_rule (GVariantBuilder *list, GVariant *rule, const char *chain)
{
  g_autofree char *words = own_words (rule);
  g_auto (GVariantDict) entry = G_VARIANT_DICT_INIT (rule);

  add_place (&entry, TRUE, "inet", NETNS_TABLE, chain, chain);
  g_variant_dict_insert_value (&entry, "text", text_value (words));
  g_variant_builder_add_value (list, g_variant_dict_end (&entry));
}

static void
add_own (GVariantBuilder *list, const NetnsFirewall *firewall)
{
  for (guint chain = 0; chain < NETNS_FIREWALL_N_CHAINS; chain++) {
    const char *name = netns_firewall_chains[chain];
    g_auto (GVariantDict) policy = G_VARIANT_DICT_INIT (NULL);

    add_place (&policy, TRUE, "inet", NETNS_TABLE, name, name);
    add_policy (list, &policy, firewall != NULL && firewall->drop[chain] ? "drop" : "accept");
    for (guint i = 0; firewall != NULL && i < firewall->rules->len; i++)
      if (netns_firewall_rule_get_chain (g_ptr_array_index (firewall->rules, i)) == chain)
        add_own_rule (list, g_ptr_array_index (firewall->rules, i), name);
  }
}

static void
add_foreign_rule (GVariantBuilder *list, const NetnsChain *chain, JsonObject *rule)
{
  const char *comment = netns_rule_get_text (rule, "comment");
  g_auto (GVariantDict) entry = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *words = netns_rule_words (rule);

  add_place (&entry, FALSE, chain->family, chain->table, chain->name, chain->hook);
  g_variant_dict_insert (&entry, "kernel-handle", "t",
                         (guint64) json_object_get_int_member_with_default (rule, "handle", 0));
  g_variant_dict_insert_value (&entry, "text", text_value (words));
  if (*comment != '\0')
    g_variant_dict_insert_value (&entry, "comment", text_value (comment));
  g_variant_builder_add_value (list, g_variant_dict_end (&entry));
}

/* Those of networks and translations are shown with the others': they come and go with their networks. */
static void
add_foreign (GVariantBuilder *list, const NetnsChain *chain)
{
  g_auto (GVariantDict) policy = G_VARIANT_DICT_INIT (NULL);

  if (netns_chain_is_ours (chain) && g_str_has_prefix (chain->name, OUR_CHAINS))
    return;
  if (chain->policy != NULL) {
    add_place (&policy, FALSE, chain->family, chain->table, chain->name, chain->hook);
    add_policy (list, &policy, chain->policy);
  }
  for (guint i = 0; i < chain->rules->len; i++)
    add_foreign_rule (list, chain, g_ptr_array_index (chain->rules, i));
}

/**
 * netns_firewall_list:
 * @core: the service
 * @namespace_name: a namespace, empty for the host
 * @ruleset: what libnftables lists there, as JSON
 * @error: `NotFound` when the namespace is gone meanwhile, `KernelRefused`
 *
 * Returns: (transfer floating) (nullable): aa{sv} as method Firewall.ListRules answers
 */
GVariant *
netns_firewall_list (NetnsCore *core, const char *namespace_name, const char *ruleset, GError **error)
{
  NetnsNamespace *namespace = netns_core_find_namespace (core, namespace_name, error);
  g_autoptr (NetnsFirewallView) view = namespace ? netns_firewall_view_new (ruleset, error) : NULL;
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  const GPtrArray *chains;

  if (view == NULL)
    return NULL;
  chains = netns_firewall_view_get_chains (view);
  add_own (&list, netns_firewall_find (core, namespace));
  for (guint i = 0; i < chains->len; i++)
    add_foreign (&list, g_ptr_array_index (chains, i));
  return g_variant_builder_end (&list);
}
