/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All policies and rules that can accept or drop a packet: our own with their handles, and those of other programs. */
#include "core/foreign/firewall-list.h"

#include "common/error.h"
#include "common/names.h"
#include "core/ruleset/firewall-plan.h"
#include "core/ruleset/listing.h"
#include "core/ruleset/ruleset-firewall.h"
#include "core/service/core.h"
#include "core/state/firewall-rule.h"

static void
add_place (GVariantDict *entry, const char *chain)
{
  g_variant_dict_insert (entry, "own", "b", TRUE);
  g_variant_dict_insert (entry, "family", "s", "inet");
  g_variant_dict_insert (entry, "table", "s", NETNS_TABLE);
  g_variant_dict_insert (entry, "chain", "s", chain);
  g_variant_dict_insert (entry, "hook", "s", chain);
}

static void
add_policy (GVariantBuilder *list, const char *chain, const char *policy)
{
  g_autofree char *text = g_strconcat ("policy ", policy, NULL);
  g_auto (GVariantDict) entry = G_VARIANT_DICT_INIT (NULL);

  add_place (&entry, chain);
  g_variant_dict_insert (&entry, "policy", "s", policy);
  g_variant_dict_insert (&entry, "text", "s", text);
  g_variant_builder_add_value (list, g_variant_dict_end (&entry));
}

static void
add_rule (GVariantBuilder *list, GVariant *rule, const char *chain, const char *text)
{
  g_auto (GVariantDict) entry = G_VARIANT_DICT_INIT (rule);

  add_place (&entry, chain);
  g_variant_dict_insert (&entry, "text", "s", text);
  g_variant_builder_add_value (list, g_variant_dict_end (&entry));
}

/* Returns: (transfer container) (nullable): texts of the rules of a chain, those of users first; of the same
 * transaction that made it */
static const char **
find_texts (GVariant *texts, NetnsFirewallChain chain)
{
  const char *name, **found;
  GVariantIter iter;

  if (texts == NULL)
    return NULL;
  g_variant_iter_init (&iter, texts);
  while (g_variant_iter_next (&iter, "{&s^a&s}", &name, &found)) {
    NetnsFirewallChain which;

    if (netns_ruleset_find_chain (name, &which) && which == chain)
      return found;
    g_free (found);
  }
  return NULL;
}

static void
add_own (GVariantBuilder *list, const NetnsFirewall *firewall, GVariant *texts)
{
  for (guint chain = 0; chain < NETNS_FIREWALL_N_CHAINS; chain++) {
    const char *name = netns_firewall_chains[chain];
    g_autofree const char **words = find_texts (texts, chain);
    guint count = 0, n_words = words ? g_strv_length ((GStrv) words) : 0;

    add_policy (list, name, firewall != NULL && firewall->drop[chain] ? "drop" : "accept");
    for (guint i = 0; firewall != NULL && i < firewall->rules->len; i++) {
      GVariant *rule = g_ptr_array_index (firewall->rules, i);

      if (netns_firewall_rule_get_chain (rule) != chain)
        continue;
      add_rule (list, rule, name, count < n_words ? words[count] : "");
      count++;
    }
  }
}

typedef struct {
  NetnsFirewall *firewall; /* as it was when its texts were asked for; NULL for none */
  GVariant *foreign;
  NetnsFirewallListFunc func;
  gpointer data;
} Listing;

static void
finish (Listing *listing, GVariant *texts, const GError *error)
{
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  GVariant *entry;
  GVariantIter iter;

  add_own (&list, listing->firewall, texts);
  g_variant_iter_init (&iter, listing->foreign);
  while ((entry = g_variant_iter_next_value (&iter)) != NULL) {
    g_variant_builder_add_value (&list, entry);
    g_variant_unref (entry);
  }
  listing->func (error ? NULL : g_variant_builder_end (&list), error, listing->data);
  g_clear_pointer (&listing->firewall, netns_definition_free);
  g_variant_unref (listing->foreign);
  g_free (listing);
}

static void
on_texts (GVariant *answer, const GError *error, gpointer data)
{
  g_autoptr (GVariant) texts = answer ? g_variant_get_child_value (answer, 0) : NULL;

  finish (data, texts, error);
}

static const NetnsNamespace *
find_namespace (NetnsCore *core, guint64 cookie, GError **error)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));

  for (guint i = 0; i < namespaces->len; i++) {
    const NetnsNamespace *namespace = g_ptr_array_index (namespaces, i);

    if (namespace->cookie == cookie)
      return namespace;
  }
  return netns_refuse_null (error, NETNS_ERROR_NAMESPACE_GONE, "The namespace was deleted meanwhile");
}

/**
 * netns_firewall_list:
 * @core: the service
 * @uid: who wants to know
 * @cookie: of a namespace
 * @foreign: (aa{sv}), the answer to netns_query_rules there
 * @func: (scope async): gets aa{sv} as method Firewall.ListRules answers, floating, maybe at once; `NamespaceGone`
 * @data: for @func
 *
 * Our own rules get their texts from nft as well, in an empty namespace: what others do here does not change them.
 */
void
netns_firewall_list (NetnsCore *core, guint uid, guint64 cookie, GVariant *foreign, NetnsFirewallListFunc func,
                     gpointer data)
{
  g_autoptr (GError) error = NULL;
  const NetnsNamespace *namespace = find_namespace (core, cookie, &error);
  const NetnsFirewall *firewall = namespace ? netns_firewall_find (core, namespace) : NULL;
  g_autofree char *commands = NULL;
  Listing *listing;

  if (namespace == NULL) {
    func (NULL, error, data);
    return;
  }
  listing = g_new0 (Listing, 1);
  listing->func = func;
  listing->data = data;
  listing->foreign = g_variant_get_child_value (foreign, 0);
  listing->firewall = firewall ? netns_definition_copy (firewall) : NULL;
  if (firewall == NULL || firewall->rules->len == 0) {
    finish (listing, NULL, NULL);
    return;
  }
  commands = netns_firewall_print (firewall);
  netns_listing_read (core, uid, -1, &netns_query_texts, g_variant_new ("(s)", commands), on_texts, listing);
}
