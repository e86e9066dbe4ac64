/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/firewall-view.h"

#include "common/error.h"
#include "common/names.h"
#include "core/rule-words.h"

#include <string.h>

struct _NetnsFirewallView {
  JsonParser *parser;
  GPtrArray *chains;   /* NetnsChain, base chains in the order in which packets come by */
  GHashTable *by_name; /* family, table and name -> NetnsChain */
  GHashTable *sets;    /* the same of a set -> JsonArray, its elements */
};

static void
free_chain (gpointer data)
{
  NetnsChain *chain = data;

  g_ptr_array_unref (chain->rules);
  g_free (chain);
}

static char *
key_for (const char *family, const char *table, const char *name)
{
  return g_strdup_printf ("%s\n%s\n%s", family, table, name);
}

static char *
key_of (JsonObject *object, const char *name)
{
  return key_for (netns_rule_get_text (object, "family"), netns_rule_get_text (object, "table"),
                  netns_rule_get_text (object, name));
}

static const char *
text_or_null (JsonObject *object, const char *member)
{
  return json_object_has_member (object, member) ? netns_rule_get_text (object, member) : NULL;
}

static void
take_chain (NetnsFirewallView *view, JsonObject *object)
{
  NetnsChain *chain = g_new0 (NetnsChain, 1);

  chain->family = netns_rule_get_text (object, "family");
  chain->table = netns_rule_get_text (object, "table");
  chain->name = netns_rule_get_text (object, "name");
  chain->hook = text_or_null (object, "hook");
  chain->type = text_or_null (object, "type");
  chain->policy = text_or_null (object, "policy");
  chain->priority = json_object_get_int_member_with_default (object, "prio", 0);
  chain->rules = g_ptr_array_new ();
  g_ptr_array_add (view->chains, chain);
  g_hash_table_replace (view->by_name, key_of (object, "name"), chain);
}

static void
take_rule (NetnsFirewallView *view, JsonObject *object)
{
  g_autofree char *key = key_of (object, "chain");
  NetnsChain *chain = g_hash_table_lookup (view->by_name, key);

  if (chain != NULL)
    g_ptr_array_add (chain->rules, object);
}

static void
take_set (NetnsFirewallView *view, JsonObject *object)
{
  JsonNode *elements = json_object_get_member (object, "elem");

  if (elements != NULL && JSON_NODE_HOLDS_ARRAY (elements))
    g_hash_table_replace (view->sets, key_of (object, "name"), json_node_get_array (elements));
}

static void
take_item (NetnsFirewallView *view, JsonNode *node)
{
  static const struct {
    const char *type;
    void (*take) (NetnsFirewallView *view, JsonObject *object);
  } types[] = { { "chain", take_chain }, { "rule", take_rule }, { "set", take_set }, { "map", take_set } };
  JsonObject *item = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  for (gsize i = 0; item != NULL && i < G_N_ELEMENTS (types); i++) {
    JsonNode *value = json_object_get_member (item, types[i].type);

    if (value != NULL && JSON_NODE_HOLDS_OBJECT (value))
      types[i].take (view, json_node_get_object (value));
  }
}

static int
compare_chains (gconstpointer a, gconstpointer b)
{
  const NetnsChain *first = *(NetnsChain *const *) a, *second = *(NetnsChain *const *) b;

  return (first->priority > second->priority) - (first->priority < second->priority);
}

/**
 * netns_firewall_view_new:
 * @ruleset: what netns_nft_list_ruleset() gave
 * @error: `KernelRefused` when it makes no sense
 *
 * Returns: (transfer full) (nullable): the same, to be walked
 */
NetnsFirewallView *
netns_firewall_view_new (const char *ruleset, GError **error)
{
  g_autoptr (NetnsFirewallView) view = g_new0 (NetnsFirewallView, 1);
  g_autoptr (GError) parse_error = NULL;
  JsonArray *items;

  view->parser = json_parser_new ();
  view->chains = g_ptr_array_new_with_free_func (free_chain);
  view->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  view->sets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!json_parser_load_from_data (view->parser, ruleset, -1, &parse_error)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "Cannot understand what libnftables lists: %s",
                 parse_error->message);
    return NULL;
  }
  items = json_object_get_array_member (json_node_get_object (json_parser_get_root (view->parser)), "nftables");
  for (guint i = 0; items != NULL && i < json_array_get_length (items); i++)
    take_item (view, json_array_get_element (items, i));
  g_ptr_array_sort (view->chains, compare_chains);
  return g_steal_pointer (&view);
}

void
netns_firewall_view_free (NetnsFirewallView *view)
{
  g_ptr_array_unref (view->chains);
  g_hash_table_unref (view->by_name);
  g_hash_table_unref (view->sets);
  g_object_unref (view->parser);
  g_free (view);
}

/* Returns: (transfer none) (element-type NetnsChain): all chains, by priority */
const GPtrArray *
netns_firewall_view_get_chains (const NetnsFirewallView *view)
{
  return view->chains;
}

/* Returns: (transfer none) (nullable): the chain of that name */
const NetnsChain *
netns_firewall_view_find_chain (const NetnsFirewallView *view, const char *family, const char *table, const char *name)
{
  g_autofree char *key = key_for (family, table, name);

  return g_hash_table_lookup (view->by_name, key);
}

/* Returns: (transfer none) (nullable): the elements of a set in the table of @chain, %NULL for an empty one */
JsonArray *
netns_firewall_view_find_set (const NetnsFirewallView *view, const NetnsChain *chain, const char *name)
{
  g_autofree char *key = key_for (chain->family, chain->table, name);

  return g_hash_table_lookup (view->sets, key);
}

gboolean
netns_chain_is_ours (const NetnsChain *chain)
{
  return strcmp (chain->family, "inet") == 0 && strcmp (chain->table, NETNS_TABLE) == 0;
}

/* Returns: (transfer full): such as `ip filter DOCKER-USER: iifname "lan" drop` */
char *
netns_chain_describe_rule (const NetnsChain *chain, JsonObject *rule)
{
  g_autofree char *words = netns_rule_words (rule);

  return g_strdup_printf ("%s %s %s: %s", chain->family, chain->table, chain->name, words);
}

/* Returns: (transfer full): such as `ip filter FORWARD: policy drop` */
char *
netns_chain_describe_policy (const NetnsChain *chain)
{
  return g_strdup_printf ("%s %s %s: policy %s", chain->family, chain->table, chain->name, chain->policy);
}

/* ---- what can drop */

typedef struct {
  const NetnsFirewallView *view;
  GPtrArray *drops;
  GHashTable *seen; /* chains that were walked, of several ways to one the first counts */
} Walk;

static void walk_chain (Walk *walk, const NetnsChain *chain);

static void
walk_statement (Walk *walk, const NetnsChain *chain, JsonObject *statement)
{
  static const char *const jumps[] = { "jump", "goto" };

  for (gsize i = 0; i < G_N_ELEMENTS (jumps); i++) {
    JsonNode *jump = json_object_get_member (statement, jumps[i]);
    const NetnsChain *target = NULL;

    if (jump != NULL && JSON_NODE_HOLDS_OBJECT (jump))
      target = netns_firewall_view_find_chain (walk->view, chain->family, chain->table,
                                               netns_rule_get_text (json_node_get_object (jump), "target"));
    if (target != NULL)
      walk_chain (walk, target);
  }
}

static void
walk_rule (Walk *walk, const NetnsChain *chain, JsonObject *rule)
{
  g_autoptr (GList) statements = netns_rule_list_statements (rule);
  gboolean drops = FALSE;

  for (GList *item = statements; item != NULL; item = item->next) {
    drops |= json_object_has_member (item->data, "drop") || json_object_has_member (item->data, "reject");
    walk_statement (walk, chain, item->data);
  }
  if (drops)
    g_ptr_array_add (walk->drops, netns_chain_describe_rule (chain, rule));
}

static void
walk_chain (Walk *walk, const NetnsChain *chain)
{
  if (!g_hash_table_add (walk->seen, (gpointer) chain))
    return;
  for (guint i = 0; i < chain->rules->len; i++)
    walk_rule (walk, chain, g_ptr_array_index (chain->rules, i));
}

/* Packets of a network go through these. What only the host itself sends or gets is looked at for its policy: each
 * firewall of a host has rules there. */
static gboolean
is_on_path (const NetnsChain *chain)
{
  static const char *const hooks[] = { "prerouting", "forward", "postrouting", NULL };

  return g_strv_contains (hooks, chain->hook);
}

/**
 * netns_firewall_view_list_drops:
 * @view: a picture of the host's firewall
 *
 * Returns: (transfer full) (element-type utf8): where others may drop packets of networks: policies and rules, each with
 *   family, table and chain
 */
GPtrArray *
netns_firewall_view_list_drops (const NetnsFirewallView *view)
{
  static const char *const families[] = { "ip", "ip6", "inet", NULL };
  Walk walk = { view, g_ptr_array_new_with_free_func (g_free), NULL };
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  walk.seen = seen;
  for (guint i = 0; i < view->chains->len; i++) {
    const NetnsChain *chain = g_ptr_array_index (view->chains, i);

    if (chain->hook == NULL || netns_chain_is_ours (chain) || !g_strv_contains (families, chain->family))
      continue;
    if (g_strcmp0 (chain->policy, "drop") == 0)
      g_ptr_array_add (walk.drops, netns_chain_describe_policy (chain));
    if (is_on_path (chain))
      walk_chain (&walk, chain);
  }
  return walk.drops;
}
