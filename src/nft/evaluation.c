/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/evaluation.h"

#include <string.h>

/* Returns: what stands in NFTA_DATA_VERDICT */
NetnsVerdict
netns_verdict_read (struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_DATA_MAX);
  NETNS_ATTRIBUTES (verdict, parts[NFTA_DATA_VERDICT], NFTA_VERDICT_MAX);

  return (
    NetnsVerdict) { (int) netns_attribute_get_number (verdict[NFTA_VERDICT_CODE], (guint32) NETNS_VERDICT_UNKNOWN),
                    netns_attribute_get_text (verdict[NFTA_VERDICT_CHAIN]) };
}

/* Whether it has the form of those that this service puts into chains of others: a link, a counter, accept. Its comment says
 * whether it is one. */
gboolean
netns_rule_is_ours (const NetnsRule *rule)
{
  static const char *const form[] = { "meta", "cmp", "counter", "immediate" };
  const NetnsExpression *expressions = (const NetnsExpression *) (gconstpointer) rule->expressions->data;

  if (rule->expressions->len != G_N_ELEMENTS (form))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (form); i++)
    if (strcmp (expressions[i].name, form[i]) != 0)
      return FALSE;
  NETNS_ATTRIBUTES (meta, expressions[0].data, NFTA_META_MAX);
  NETNS_ATTRIBUTES (comparison, expressions[1].data, NFTA_CMP_MAX);
  NETNS_ATTRIBUTES (immediate, expressions[3].data, NFTA_IMMEDIATE_MAX);
  const guint32 key = netns_attribute_get_number (meta[NFTA_META_KEY], NFT_META_MARK);

  return (key == NFT_META_IIFNAME || key == NFT_META_OIFNAME)
         && netns_attribute_get_number (comparison[NFTA_CMP_OP], NFT_CMP_NEQ) == NFT_CMP_EQ
         && netns_verdict_read (immediate[NFTA_IMMEDIATE_DATA]).code == NF_ACCEPT;
}

/* @tag: code and chain */
NetnsVerdict
netns_verdict_parse (const char *tag)
{
  char *end;
  gint64 code = g_ascii_strtoll (tag, &end, 10);

  return (NetnsVerdict) { (int) code, *end == ' ' ? end + 1 : "" };
}

/* Takes @condition. */
NetnsResult
netns_evaluation_ask (NetnsEvaluation *evaluation, NetnsCondition *condition)
{
  g_ptr_array_add (evaluation->conditions, condition);
  return NETNS_EVALUATION_ASKS;
}

/* Nobody knows whom this fits. */
NetnsResult
netns_evaluation_ask_unknown (NetnsEvaluation *evaluation)
{
  return netns_evaluation_ask (evaluation, netns_condition_new_maybe ());
}

NetnsResult
netns_evaluation_decide (NetnsEvaluation *evaluation, int code)
{
  evaluation->verdict = (NetnsVerdict) { code, "" };
  return NETNS_EVALUATION_DECIDES;
}
