/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/expressions.h"

#include "nft/lookup.h"
#include "nft/xtables.h"

#include <netinet/in.h>
#include <string.h>

/* Returns: where a register begins in a file of bytes that has place for @length more; %NULL if there is none */
static NetnsByte *
find_register (NetnsEvaluation *evaluation, struct nlattr *attribute, guint length)
{
  guint number = netns_attribute_get_number (attribute, 0), offset;

  if (number >= NFT_REG_1 && number <= NFT_REG_4)
    offset = (number - NFT_REG_1) * NFT_REG_SIZE;
  else if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
    offset = (number - NFT_REG32_00) * NFT_REG32_SIZE;
  else
    return NULL;
  return length <= NETNS_REGISTERS - offset ? evaluation->registers + offset : NULL;
}

/* Returns: where an expression writes a value, NETNS_VALUE_MAX for one of any length, %NULL if nowhere. What has no place there
 * is not worked out: no register is known then. */
static NetnsByte *
find_target (NetnsEvaluation *evaluation, struct nlattr *attribute, guint length)
{
  NetnsByte *to = find_register (evaluation, attribute, length);

  if (attribute != NULL && to == NULL)
    netns_load_unknown (evaluation->registers, NETNS_REGISTERS);
  return to;
}

static const guint8 *
get_value (struct nlattr *data, guint *length)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_DATA_MAX);

  return netns_attribute_get_bytes (parts[NFTA_DATA_VALUE], length);
}

/* ---- verdicts */

static NetnsResult
evaluate_immediate (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_IMMEDIATE_MAX);
  NetnsByte *to;
  const guint8 *value;
  guint length;

  if (netns_attribute_get_number (parts[NFTA_IMMEDIATE_DREG], NFT_REG_VERDICT) == NFT_REG_VERDICT) {
    evaluation->verdict = netns_verdict_read (parts[NFTA_IMMEDIATE_DATA]);
    return NETNS_EVALUATION_DECIDES;
  }
  value = get_value (parts[NFTA_IMMEDIATE_DATA], &length);
  to = find_target (evaluation, parts[NFTA_IMMEDIATE_DREG], length);
  if (to != NULL && value != NULL)
    netns_load_fixed (to, value, length);
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
evaluate_drop (NetnsEvaluation *evaluation, struct nlattr *data)
{
  return netns_evaluation_decide (evaluation, NF_DROP);
}

static NetnsResult
evaluate_unknown_verdict (NetnsEvaluation *evaluation, struct nlattr *data)
{
  return netns_evaluation_decide (evaluation, NETNS_VERDICT_UNKNOWN);
}

static NetnsResult
evaluate_synproxy (NetnsEvaluation *evaluation, struct nlattr *data)
{
  if (evaluation->here->passage->protocol != IPPROTO_TCP)
    return NETNS_EVALUATION_ENDS;
  return netns_evaluation_decide (evaluation, NETNS_VERDICT_UNKNOWN);
}

/* ---- translation */

static void
rewrite (NetnsPackets *packets, NetnsVaries address, NetnsVaries port)
{
  packets->rewritten |= 1u << address | 1u << port;
}

static NetnsResult
evaluate_nat (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_NAT_MAX);

  if (netns_attribute_get_number (parts[NFTA_NAT_TYPE], NFT_NAT_SNAT) == NFT_NAT_DNAT) {
    rewrite (evaluation->packets, NETNS_VARIES_DESTINATION, NETNS_VARIES_DESTINATION_PORT);
    evaluation->packets->redirected = TRUE;
  } else {
    rewrite (evaluation->packets, NETNS_VARIES_SOURCE, NETNS_VARIES_SOURCE_PORT);
  }
  return netns_evaluation_decide (evaluation, NF_ACCEPT);
}

static NetnsResult
evaluate_masquerade (NetnsEvaluation *evaluation, struct nlattr *data)
{
  rewrite (evaluation->packets, NETNS_VARIES_SOURCE, NETNS_VARIES_SOURCE_PORT);
  return netns_evaluation_decide (evaluation, NF_ACCEPT);
}

/* ---- what is compared */

static NetnsCondition *
between (NetnsEvaluation *evaluation, const NetnsByte *bytes, const guint8 *first, const guint8 *last, guint length,
         gboolean inverted)
{
  NetnsCondition *condition = netns_condition_new (inverted);
  NetnsCase *of = netns_condition_add (condition);

  if (!netns_case_between (of, bytes, first, last, length, evaluation->here->sizes))
    netns_condition_drop (condition, of);
  return condition;
}

static NetnsResult
evaluate_compare (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_CMP_MAX);
  guint operator= netns_attribute_get_number (parts[NFTA_CMP_OP], G_MAXUINT), length;
  const guint8 *value = get_value (parts[NFTA_CMP_DATA], &length);
  const NetnsByte *bytes = find_register (evaluation, parts[NFTA_CMP_SREG], length);
  guint8 edge[NETNS_REGISTERS];
  NetnsCondition *condition;
  NetnsCase *of;

  if (bytes == NULL || value == NULL)
    return netns_evaluation_ask_unknown (evaluation);
  switch (operator) {
  case NFT_CMP_EQ:
  case NFT_CMP_NEQ:
    condition = netns_condition_new (operator== NFT_CMP_NEQ);
    of = netns_condition_add (condition);
    if (!netns_case_equal (of, bytes, value, length, evaluation->here->sizes))
      netns_condition_drop (condition, of);
    return netns_evaluation_ask (evaluation, condition);
  case NFT_CMP_LTE: /* what is not greater is not outside of 0 to the value */
  case NFT_CMP_GT:
    memset (edge, 0, sizeof edge);
    return netns_evaluation_ask (evaluation, between (evaluation, bytes, edge, value, length, operator== NFT_CMP_GT));
  case NFT_CMP_GTE:
  case NFT_CMP_LT:
    memset (edge, 0xff, sizeof edge);
    return netns_evaluation_ask (evaluation, between (evaluation, bytes, value, edge, length, operator== NFT_CMP_LT));
  default:
    return netns_evaluation_ask_unknown (evaluation);
  }
}

static NetnsResult
evaluate_range (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_RANGE_MAX);
  gboolean inverted = netns_attribute_get_number (parts[NFTA_RANGE_OP], NFT_RANGE_EQ) == NFT_RANGE_NEQ;
  guint length, last_length;
  const guint8 *first = get_value (parts[NFTA_RANGE_FROM_DATA], &length),
               *last = get_value (parts[NFTA_RANGE_TO_DATA], &last_length);
  const NetnsByte *bytes = find_register (evaluation, parts[NFTA_RANGE_SREG], length);

  if (bytes == NULL || first == NULL || last == NULL || length != last_length)
    return netns_evaluation_ask_unknown (evaluation);
  return netns_evaluation_ask (evaluation, between (evaluation, bytes, first, last, length, inverted));
}

static NetnsResult
evaluate_lookup (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_LOOKUP_MAX);
  NetnsSet *set = netns_firewall_view_find_set (evaluation->view, evaluation->rule->chain,
                                                netns_attribute_get_text (parts[NFTA_LOOKUP_SET]));
  gboolean inverted = (netns_attribute_get_number (parts[NFTA_LOOKUP_FLAGS], 0) & NFT_LOOKUP_F_INV) != 0;
  const NetnsByte *bytes = set ? find_register (evaluation, parts[NFTA_LOOKUP_SREG], set->key_length) : NULL;
  NetnsByte *to = find_register (evaluation, parts[NFTA_LOOKUP_DREG], 0);
  NetnsCondition *condition = NULL;

  if (bytes != NULL && set->elements != NULL)
    condition = netns_lookup (set, bytes, inverted, evaluation->here->sizes);
  if (to != NULL) /* the same register as that of the key, maybe */
    netns_load_unknown (to, (guint) (evaluation->registers + NETNS_REGISTERS - to));
  return condition ? netns_evaluation_ask (evaluation, condition) : netns_evaluation_ask_unknown (evaluation);
}

/* ---- what is loaded */

/* The kernel fills the last register up. */
static void
clear (NetnsByte *bytes, guint length)
{
  static const guint8 zero[NFT_REG32_SIZE] = { 0 };

  netns_load_fixed (bytes + length / NFT_REG32_SIZE * NFT_REG32_SIZE, zero, NFT_REG32_SIZE);
}

static NetnsMark
read_mark (const NetnsByte *bytes)
{
  guint8 value[sizeof (guint32)], known[sizeof (guint32)];
  NetnsMark mark;

  for (guint i = 0; i < sizeof value; i++) {
    known[i] = (guint8) ~bytes[i].mask;
    value[i] = bytes[i].value & known[i];
  }
  memcpy (&mark.value, value, sizeof value);
  memcpy (&mark.known, known, sizeof known);
  return mark;
}

static NetnsResult
evaluate_meta (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_META_MAX);
  guint key = netns_attribute_get_number (parts[NFTA_META_KEY], G_MAXUINT);
  NetnsByte *to = find_target (evaluation, parts[NFTA_META_DREG], NETNS_VALUE_MAX),
            *from = find_register (evaluation, parts[NFTA_META_SREG], sizeof (guint32));

  if (from != NULL && key == NFT_META_MARK)
    evaluation->packets->mark = read_mark (from);
  if (to == NULL)
    return NETNS_EVALUATION_GOES_ON;
  clear (to, 0);
  return netns_load_meta (evaluation->here, evaluation->packets, key, to) ? NETNS_EVALUATION_GOES_ON
                                                                          : NETNS_EVALUATION_ENDS;
}

static NetnsResult
evaluate_connection (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_CT_MAX);
  guint key = netns_attribute_get_number (parts[NFTA_CT_KEY], G_MAXUINT);
  NetnsByte *to = find_target (evaluation, parts[NFTA_CT_DREG], NETNS_VALUE_MAX),
            *from = find_register (evaluation, parts[NFTA_CT_SREG], sizeof (guint32));

  if (from != NULL && key == NFT_CT_MARK && netns_here_is_tracked (evaluation->here, evaluation->packets))
    evaluation->packets->connection_mark = read_mark (from);
  if (to == NULL)
    return NETNS_EVALUATION_GOES_ON;
  clear (to, 0);
  return netns_load_connection (evaluation->here, evaluation->packets, key,
                                netns_attribute_get_byte (parts[NFTA_CT_DIRECTION]), to)
           ? NETNS_EVALUATION_GOES_ON
           : NETNS_EVALUATION_ENDS;
}

/* Whatever is written to a header: addresses and ports are looked for in vain then. */
static void
write_payload (NetnsEvaluation *evaluation, guint base, guint offset, guint length)
{
  NetnsByte bytes[NETNS_REGISTERS];

  netns_load_payload (evaluation->here, evaluation->packets, base, offset, MIN (length, NETNS_REGISTERS), bytes);
  for (guint i = 0; i < MIN (length, NETNS_REGISTERS); i++)
    if (bytes[i].origin >= 0)
      evaluation->packets->rewritten |= 1u << bytes[i].origin;
}

static NetnsResult
evaluate_payload (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_PAYLOAD_MAX);
  guint base = netns_attribute_get_number (parts[NFTA_PAYLOAD_BASE], G_MAXUINT),
        offset = netns_attribute_get_number (parts[NFTA_PAYLOAD_OFFSET], 0),
        length = netns_attribute_get_number (parts[NFTA_PAYLOAD_LEN], 0);
  NetnsByte *to = find_target (evaluation, parts[NFTA_PAYLOAD_DREG], length);

  if (parts[NFTA_PAYLOAD_SREG] != NULL)
    write_payload (evaluation, base, offset, length);
  if (to == NULL || length == 0)
    return NETNS_EVALUATION_GOES_ON;
  if (length % NFT_REG32_SIZE != 0)
    clear (to, length);
  netns_load_payload (evaluation->here, evaluation->packets, base, offset, length, to);
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
evaluate_route (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_FIB_MAX);
  NetnsByte *to = find_target (evaluation, parts[NFTA_FIB_DREG], NETNS_VALUE_MAX);

  if (to != NULL)
    netns_load_route (evaluation->here, netns_attribute_get_number (parts[NFTA_FIB_RESULT], 0),
                      netns_attribute_get_number (parts[NFTA_FIB_FLAGS], 0), to);
  return NETNS_EVALUATION_GOES_ON;
}

/* Of the extension headers of IPv6 and the options of IPv4 there are none; those of TCP differ. */
static NetnsResult
evaluate_extension (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_EXTHDR_MAX);
  guint kind = netns_attribute_get_number (parts[NFTA_EXTHDR_OP], NFT_EXTHDR_OP_IPV6);
  NetnsByte *to = find_target (evaluation, parts[NFTA_EXTHDR_DREG], NETNS_VALUE_MAX);

  if (to == NULL) /* it changes an option */
    return NETNS_EVALUATION_GOES_ON;
  if (kind == NFT_EXTHDR_OP_TCPOPT && evaluation->here->passage->protocol == IPPROTO_TCP)
    netns_load_unknown (to, NETNS_VALUE_MAX);
  else if (netns_attribute_get_number (parts[NFTA_EXTHDR_FLAGS], 0) & NFT_EXTHDR_F_PRESENT)
    clear (to, 0);
  else
    return NETNS_EVALUATION_ENDS;
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
evaluate_routing (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_RT_MAX);
  NetnsByte *to = find_target (evaluation, parts[NFTA_RT_DREG], NETNS_VALUE_MAX);

  if (to != NULL && netns_attribute_get_number (parts[NFTA_RT_KEY], G_MAXUINT) == NFT_RT_XFRM)
    clear (to, 0);
  else if (to != NULL)
    netns_load_unknown (to, NETNS_VALUE_MAX);
  return NETNS_EVALUATION_GOES_ON;
}

/* ---- what is calculated */

static NetnsResult
evaluate_bitwise (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_BITWISE_MAX);
  guint length = netns_attribute_get_number (parts[NFTA_BITWISE_LEN], 0), mask_length, inversion_length;
  const guint8 *mask = get_value (parts[NFTA_BITWISE_MASK], &mask_length),
               *inversion = get_value (parts[NFTA_BITWISE_XOR], &inversion_length);
  const NetnsByte *from = find_register (evaluation, parts[NFTA_BITWISE_SREG], length);
  NetnsByte *to = find_register (evaluation, parts[NFTA_BITWISE_DREG], length);
  gboolean is_plain = netns_attribute_get_number (parts[NFTA_BITWISE_OP], 0) == 0 && mask != NULL && inversion != NULL
                      && mask_length >= length && inversion_length >= length;

  if (from == NULL || to == NULL)
    return netns_evaluation_ask_unknown (evaluation);
  for (guint i = 0; is_plain && i < length; i++)
    to[i] = (NetnsByte) { from[i].origin, from[i].index, from[i].mask & mask[i],
                          (guint8) ((from[i].value & mask[i]) ^ inversion[i]) };
  if (!is_plain)
    netns_load_unknown (to, length);
  return NETNS_EVALUATION_GOES_ON;
}

/* Both ways it is the same. Where registers overlap, the kernel turns again what it has turned (nft_byteorder_eval()). */
static NetnsResult
evaluate_byteorder (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_BYTEORDER_MAX);
  guint length = netns_attribute_get_number (parts[NFTA_BYTEORDER_LEN], 0),
        size = netns_attribute_get_number (parts[NFTA_BYTEORDER_SIZE], 0);
  const NetnsByte *from = find_register (evaluation, parts[NFTA_BYTEORDER_SREG], length);
  NetnsByte *to = find_register (evaluation, parts[NFTA_BYTEORDER_DREG], length), turned[NETNS_REGISTERS];

  if (from == NULL || to == NULL || size == 0)
    return netns_evaluation_ask_unknown (evaluation);
  if (to != from && to < from + length && from < to + length) {
    netns_load_unknown (to, length);
    return NETNS_EVALUATION_GOES_ON;
  }
  for (guint i = 0; i < length; i++)
    turned[i] = from[G_BYTE_ORDER == G_LITTLE_ENDIAN ? MIN (i / size * size + size - 1 - i % size, length - 1) : i];
  memcpy (to, turned, length * sizeof *turned);
  return NETNS_EVALUATION_GOES_ON;
}

/* ---- limits: packets are within them, as long as there are few */

static NetnsResult
within (gboolean inverted)
{
  return inverted ? NETNS_EVALUATION_ENDS : NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
evaluate_limit (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_LIMIT_MAX);

  return within ((netns_attribute_get_number (parts[NFTA_LIMIT_FLAGS], 0) & NFT_LIMIT_F_INV) != 0);
}

static NetnsResult
evaluate_quota (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_QUOTA_MAX);
  gboolean inverted = (netns_attribute_get_number (parts[NFTA_QUOTA_FLAGS], 0) & NFT_QUOTA_F_INV) != 0,
           is_used_up = netns_attribute_get_number64 (parts[NFTA_QUOTA_CONSUMED])
                        >= netns_attribute_get_number64 (parts[NFTA_QUOTA_BYTES]);

  return within (inverted != is_used_up);
}

static NetnsResult
evaluate_connection_limit (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_CONNLIMIT_MAX);
  gboolean inverted = (netns_attribute_get_number (parts[NFTA_CONNLIMIT_FLAGS], 0) & NFT_CONNLIMIT_F_INV) != 0,
           is_used_up = netns_attribute_get_number (parts[NFTA_CONNLIMIT_COUNT], 1) == 0;

  return within (inverted != is_used_up);
}

/* The kernel takes no update of a set in another. */
static NetnsResult
evaluate_inside (NetnsEvaluation *evaluation, struct nlattr *expression)
{
  NETNS_ATTRIBUTES (parts, expression, NFTA_EXPR_MAX);
  const char *name = netns_attribute_get_text (parts[NFTA_EXPR_NAME]);

  if (strcmp (name, "dynset") == 0)
    return netns_evaluation_ask_unknown (evaluation);
  return netns_expression_evaluate (evaluation, &(NetnsExpression) { name, parts[NFTA_EXPR_DATA] });
}

/* What is counted for each element of a set. */
static NetnsResult
evaluate_dynamic_set (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_DYNSET_MAX);
  gboolean inverted = (netns_attribute_get_number (parts[NFTA_DYNSET_FLAGS], 0) & NFT_DYNSET_F_INV) != 0;
  struct nlattr *item;
  int left;

  if (inverted)
    return netns_evaluation_ask_unknown (evaluation);
  if (parts[NFTA_DYNSET_EXPR] != NULL)
    return evaluate_inside (evaluation, parts[NFTA_DYNSET_EXPR]);
  if (parts[NFTA_DYNSET_EXPRESSIONS] != NULL)
    nla_for_each_nested (item, parts[NFTA_DYNSET_EXPRESSIONS], left)
    {
      NetnsResult result = evaluate_inside (evaluation, item);

      if (result != NETNS_EVALUATION_GOES_ON)
        return result;
    }
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
evaluate_object (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_OBJREF_MAX);

  switch (netns_attribute_get_number (parts[NFTA_OBJREF_IMM_TYPE], NFT_OBJECT_UNSPEC)) {
  case NFT_OBJECT_COUNTER:
  case NFT_OBJECT_CT_HELPER:
  case NFT_OBJECT_CT_TIMEOUT:
  case NFT_OBJECT_CT_EXPECT:
  case NFT_OBJECT_SECMARK:
  case NFT_OBJECT_TUNNEL:
    return NETNS_EVALUATION_GOES_ON;
  case NFT_OBJECT_SYNPROXY:
    return evaluate_synproxy (evaluation, data);
  default: /* limits, and what a map says */
    return netns_evaluation_ask_unknown (evaluation);
  }
}

/* ---- the rest */

static NetnsResult
go_on (NetnsEvaluation *evaluation, struct nlattr *data)
{
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
end (NetnsEvaluation *evaluation, struct nlattr *data)
{
  return NETNS_EVALUATION_ENDS;
}

static NetnsResult
evaluate_notrack (NetnsEvaluation *evaluation, struct nlattr *data)
{
  evaluation->packets->untracked = TRUE;
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
load_unknown (NetnsEvaluation *evaluation, struct nlattr *data)
{
  netns_load_unknown (evaluation->registers, NETNS_REGISTERS);
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
evaluate_match (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_MATCH_MAX);
  guint length;
  const guint8 *info = netns_attribute_get_bytes (parts[NFTA_MATCH_INFO], &length);

  return netns_xtables_match (evaluation, netns_attribute_get_text (parts[NFTA_MATCH_NAME]),
                              netns_attribute_get_number (parts[NFTA_MATCH_REV], 0), info, length);
}

static NetnsResult
evaluate_target (NetnsEvaluation *evaluation, struct nlattr *data)
{
  NETNS_ATTRIBUTES (parts, data, NFTA_TARGET_MAX);
  guint length;
  const guint8 *info = netns_attribute_get_bytes (parts[NFTA_TARGET_INFO], &length);

  return netns_xtables_target (evaluation, netns_attribute_get_text (parts[NFTA_TARGET_NAME]),
                               netns_attribute_get_number (parts[NFTA_TARGET_REV], 0), info, length);
}

/* By name; what is not here may do anything. @decides: whether packets may fare otherwise after it, else only others of its
 * rule do. */
static const struct {
  const char *name;
  NetnsResult (*evaluate) (NetnsEvaluation *evaluation, struct nlattr *data);
  gboolean decides;
} kinds[] = {
  { "bitwise", evaluate_bitwise },
  { "byteorder", evaluate_byteorder },
  { "cmp", evaluate_compare },
  { "connlimit", evaluate_connection_limit },
  { "counter", go_on },
  { "ct", evaluate_connection },
  { "dup", go_on },
  { "dynset", evaluate_dynamic_set },
  { "exthdr", evaluate_extension },
  { "fib", evaluate_route },
  { "flow_offload", go_on },
  { "hash", load_unknown },
  { "immediate", evaluate_immediate },
  { "last", go_on },
  { "limit", evaluate_limit },
  { "log", go_on },
  { "lookup", evaluate_lookup },
  { "match", evaluate_match },
  { "meta", evaluate_meta },
  { "notrack", evaluate_notrack, TRUE },
  { "numgen", load_unknown },
  { "objref", evaluate_object },
  { "osf", load_unknown },
  { "payload", evaluate_payload },
  { "quota", evaluate_quota },
  { "range", evaluate_range },
  { "rt", evaluate_routing },
  { "socket", end }, /* there is none for what is forwarded */
  { "tunnel", load_unknown },
  { "xfrm", end },
  { "masq", evaluate_masquerade, TRUE },
  { "nat", evaluate_nat, TRUE },
  { "queue", evaluate_unknown_verdict, TRUE },
  { "redir", evaluate_unknown_verdict, TRUE }, /* to the host itself */
  { "reject", evaluate_drop, TRUE },
  { "synproxy", evaluate_synproxy, TRUE },
  { "target", evaluate_target, TRUE },
  { "tproxy", evaluate_unknown_verdict, TRUE },
};

/* Returns: what comes of an expression; it may write to registers and packets */
NetnsResult
netns_expression_evaluate (NetnsEvaluation *evaluation, const NetnsExpression *expression)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, expression->name) == 0)
      return kinds[i].evaluate (evaluation, expression->data);
  load_unknown (evaluation, NULL);
  return netns_evaluation_decide (evaluation, NETNS_VERDICT_UNKNOWN);
}

/* Returns: whether packets may fare otherwise after it */
gboolean
netns_expression_decides (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, name) == 0)
      return kinds[i].decides;
  return TRUE;
}
