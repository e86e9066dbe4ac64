/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/evaluation.h"

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
