/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/drops.h"

#include "nft/evaluation.h"
#include "nft/xtables.h"

#include <string.h>

typedef struct {
  NetnsFirewallView *view;
  GPtrArray *drops;
  GHashTable *seen; /* chains that were walked, of several ways to one the first counts */
} Walk;

static void walk_chain (Walk *walk, const NetnsChain *chain);

/* Returns: whether that is to drop */
static gboolean
follow (Walk *walk, const NetnsChain *chain, NetnsVerdict verdict)
{
  const NetnsChain *target = verdict.code == NFT_JUMP || verdict.code == NFT_GOTO
                               ? netns_firewall_view_find_chain (walk->view, chain->family, chain->table, verdict.chain)
                               : NULL;

  if (target != NULL)
    walk_chain (walk, target);
  return verdict.code == NF_DROP;
}

static gboolean
follow_map (Walk *walk, const NetnsChain *chain, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_LOOKUP_MAX);
  const NetnsSet *set
    = parts[NFTA_LOOKUP_DREG] != NULL
        ? netns_firewall_view_find_set (walk->view, chain, netns_attribute_get_text (parts[NFTA_LOOKUP_SET]))
        : NULL;
  gboolean drops = FALSE;

  for (guint i = 0; set != NULL && set->leads && set->elements != NULL && i < set->elements->len; i++)
    drops |= follow (walk, chain, netns_verdict_read (g_array_index (set->elements, NetnsElement, i).data));
  return drops;
}

static gboolean
walk_expression (Walk *walk, const NetnsChain *chain, const NetnsExpression *expression)
{
  NETNS_ATTRIBUTES (immediate, expression->data, NFTA_IMMEDIATE_MAX);
  NETNS_ATTRIBUTES (target, expression->data, NFTA_TARGET_MAX);

  if (strcmp (expression->name, "immediate") == 0)
    return netns_attribute_get_number (immediate[NFTA_IMMEDIATE_DREG], NFT_REG_VERDICT) == NFT_REG_VERDICT
           && follow (walk, chain, netns_verdict_read (immediate[NFTA_IMMEDIATE_DATA]));
  if (strcmp (expression->name, "lookup") == 0)
    return follow_map (walk, chain, expression->data);
  if (strcmp (expression->name, "target") == 0)
    return netns_xtables_drops (netns_attribute_get_text (target[NFTA_TARGET_NAME]));
  return strcmp (expression->name, "reject") == 0;
}

static void
walk_chain (Walk *walk, const NetnsChain *chain)
{
  if (!g_hash_table_add (walk->seen, (gpointer) chain))
    return;
  for (guint i = 0; i < chain->rules->len; i++) {
    const NetnsRule *rule = g_ptr_array_index (chain->rules, i);
    gboolean drops = FALSE;

    for (guint j = 0; j < rule->expressions->len; j++)
      drops |= walk_expression (walk, chain, &g_array_index (rule->expressions, NetnsExpression, j));
    if (drops)
      g_ptr_array_add (walk->drops, netns_firewall_view_describe_rule (walk->view, rule));
  }
}

/**
 * netns_firewall_view_list_drops:
 * @view: a picture of the host's firewall
 *
 * Returns: (transfer full) (element-type utf8): where others may drop packets of networks: policies and rules, each with
 *   family, table and chain
 */
GPtrArray *
netns_firewall_view_list_drops (NetnsFirewallView *view)
{
  const GPtrArray *chains = netns_firewall_view_get_chains (view);
  Walk walk = { view, g_ptr_array_new_with_free_func (g_free), NULL };
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  walk.seen = seen;
  for (guint i = 0; i < chains->len; i++) {
    const NetnsChain *chain = g_ptr_array_index (chains, i);

    if (!chain->is_base || netns_chain_is_ours (chain)
        || (chain->family != NFPROTO_INET && chain->family != NFPROTO_IPV4 && chain->family != NFPROTO_IPV6))
      continue;
    if (chain->drops)
      g_ptr_array_add (walk.drops, netns_chain_describe_policy (chain));
    /* In the chains of the host's own traffic only the policy is checked, because each firewall of a host has rules
     * there. */
    if (netns_chain_is_on_path (chain))
      walk_chain (&walk, chain);
  }
  return walk.drops;
}
