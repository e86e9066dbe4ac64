/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/effects.h"

#include "nft/expressions.h"
#include "nft/xtables.h"

#include <string.h>

static gboolean
writes (const NetnsExpression *expression)
{
  NETNS_ATTRIBUTES (meta, expression->data, NFTA_META_MAX);
  NETNS_ATTRIBUTES (ct, expression->data, NFTA_CT_MAX);

  if (strcmp (expression->name, "meta") == 0)
    return meta[NFTA_META_SREG] != NULL && netns_attribute_get_number (meta[NFTA_META_KEY], 0) == NFT_META_MARK;
  return strcmp (expression->name, "ct") == 0 && ct[NFTA_CT_SREG] != NULL
         && netns_attribute_get_number (ct[NFTA_CT_KEY], 0) == NFT_CT_MARK;
}

static gboolean
can_decide (const NetnsExpression *expression)
{
  NETNS_ATTRIBUTES (immediate, expression->data, NFTA_IMMEDIATE_MAX);
  NETNS_ATTRIBUTES (lookup, expression->data, NFTA_LOOKUP_MAX);
  NETNS_ATTRIBUTES (payload, expression->data, NFTA_PAYLOAD_MAX);
  NETNS_ATTRIBUTES (target, expression->data, NFTA_TARGET_MAX);

  if (strcmp (expression->name, "immediate") == 0)
    return netns_attribute_get_number (immediate[NFTA_IMMEDIATE_DREG], NFT_REG_VERDICT) == NFT_REG_VERDICT;
  if (strcmp (expression->name, "lookup") == 0)
    return lookup[NFTA_LOOKUP_DREG] != NULL
           && netns_attribute_get_number (lookup[NFTA_LOOKUP_DREG], 0) == NFT_REG_VERDICT;
  if (strcmp (expression->name, "payload") == 0)
    return payload[NFTA_PAYLOAD_SREG] != NULL;
  if (strcmp (expression->name, "target") == 0)
    return netns_xtables_can_decide (netns_attribute_get_text (target[NFTA_TARGET_NAME]));
  return netns_expression_decides (expression->name) || writes (expression);
}

/* Returns: whether it makes any difference to packets that @rule fits them, but for what is counted and logged */
gboolean
netns_rule_can_decide (const NetnsRule *rule)
{
  for (guint i = 0; i < rule->expressions->len; i++)
    if (can_decide (&g_array_index (rule->expressions, NetnsExpression, i)))
      return TRUE;
  return FALSE;
}

/* Returns: whether answers may have another mark than none because of @rule */
gboolean
netns_rule_sets_connection_mark (const NetnsRule *rule)
{
  for (guint i = 0; i < rule->expressions->len; i++) {
    const NetnsExpression *expression = &g_array_index (rule->expressions, NetnsExpression, i);
    NETNS_ATTRIBUTES (target, expression->data, NFTA_TARGET_MAX);

    if ((strcmp (expression->name, "ct") == 0 && writes (expression))
        || (strcmp (expression->name, "target") == 0
            && strcmp (netns_attribute_get_text (target[NFTA_TARGET_NAME]), "CONNMARK") == 0))
      return TRUE;
  }
  return FALSE;
}
