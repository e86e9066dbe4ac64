/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule that packets are at. */
#pragma once

#include "nft/load.h"

/* Besides those of the kernel: it is not known what happens to the packets; maybe nothing. */
#define NETNS_VERDICT_UNKNOWN G_MAXINT

/**
 * NetnsVerdict:
 * @code: NF_ACCEPT, NF_DROP, NFT_JUMP and so on
 * @chain: where to, for NFT_JUMP and NFT_GOTO
 */
typedef struct {
  int code;
  const char *chain;
} NetnsVerdict;

typedef enum {
  NETNS_EVALUATION_GOES_ON,
  NETNS_EVALUATION_ENDS,   /* the rule does not fit */
  NETNS_EVALUATION_ASKS,   /* it fits those that meet all conditions */
  NETNS_EVALUATION_DECIDES, /* there is a verdict */
} NetnsResult;

/**
 * NetnsEvaluation:
 * @view: all rules
 * @here: where the packets are
 * @rule: the rule
 * @packets: the packets; what is written to them changes
 * @registers: what was loaded
 * @conditions: (element-type NetnsCondition): what is asked of them; tags are interned texts for netns_verdict_parse(), or
 *   %NULL
 * @verdict: what happens to them
 */
typedef struct {
  NetnsFirewallView *view;
  const NetnsHere *here;
  const NetnsRule *rule;
  NetnsPackets *packets;
  NetnsByte registers[NETNS_REGISTERS];
  GPtrArray *conditions;
  NetnsVerdict verdict;
} NetnsEvaluation;

NetnsVerdict netns_verdict_parse (const char *tag);
NetnsVerdict netns_verdict_read (struct nlattr *data);
gboolean netns_rule_is_ours (const NetnsRule *rule);
NetnsResult netns_evaluation_ask (NetnsEvaluation *evaluation, NetnsCondition *condition);
NetnsResult netns_evaluation_ask_unknown (NetnsEvaluation *evaluation);
NetnsResult netns_evaluation_decide (NetnsEvaluation *evaluation, int code);
