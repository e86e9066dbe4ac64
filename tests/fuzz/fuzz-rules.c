/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of nf_tables about chains, rules and sets, which whoever is root of a namespace can make: what netnsd-nft makes of
 * them. */
#include "nft/drops.h"
#include "nft/walk.h"

#include "fuzz.h"

#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#define TABLE "filter"

/* What the input is; the others are as they should be. */
typedef enum { CHAIN, RULE, SET, ELEMENTS, N_KINDS } Kind;

static const guint16 types[] = { NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM };

static struct nl_msg *
begin (Kind kind)
{
  struct nfgenmsg family = { .nfgen_family = NFPROTO_IPV4 };
  struct nl_msg *message = nlmsg_alloc_size (16384);

  nlmsg_put (message, 0, 0, NFNL_SUBSYS_NFTABLES << 8 | types[kind], 0, 0);
  nlmsg_append (message, &family, sizeof family, NLMSG_ALIGNTO);
  return message;
}

static void
put_number (struct nl_msg *message, int type, guint32 number)
{
  nla_put_u32 (message, type, GUINT32_TO_BE (number));
}

static void
put_value (struct nl_msg *message, int type, gconstpointer value, int length)
{
  struct nlattr *data = nla_nest_start (message, type);

  nla_put (message, NFTA_DATA_VALUE, length, value);
  nla_nest_end (message, data);
}

static void
put_verdict (struct nl_msg *message, int type, int code, const char *chain)
{
  struct nlattr *data = nla_nest_start (message, type), *verdict = nla_nest_start (message, NFTA_DATA_VERDICT);

  put_number (message, NFTA_VERDICT_CODE, (guint32) code);
  if (chain != NULL)
    nla_put_string (message, NFTA_VERDICT_CHAIN, chain);
  nla_nest_end (message, verdict);
  nla_nest_end (message, data);
}

/* ---- expressions */

static struct nlattr *outer, *inner; /* of the one that is written */

static void
begin_expression (struct nl_msg *message, const char *name)
{
  outer = nla_nest_start (message, NFTA_LIST_ELEM);
  nla_put_string (message, NFTA_EXPR_NAME, name);
  inner = nla_nest_start (message, NFTA_EXPR_DATA);
}

static void
end_expression (struct nl_msg *message)
{
  nla_nest_end (message, inner);
  nla_nest_end (message, outer);
}

static void
add_payload (struct nl_msg *message, guint offset, guint length)
{
  begin_expression (message, "payload");
  put_number (message, NFTA_PAYLOAD_DREG, NFT_REG_1);
  put_number (message, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  put_number (message, NFTA_PAYLOAD_OFFSET, offset);
  put_number (message, NFTA_PAYLOAD_LEN, length);
  end_expression (message);
}

static void
add_compare (struct nl_msg *message, guint operator, gconstpointer value, int length)
{
  begin_expression (message, "cmp");
  put_number (message, NFTA_CMP_SREG, NFT_REG_1);
  put_number (message, NFTA_CMP_OP, operator);
  put_value (message, NFTA_CMP_DATA, value, length);
  end_expression (message);
}

static void
add_key (struct nl_msg *message, const char *name, int destination, int key, guint number)
{
  begin_expression (message, name);
  put_number (message, destination, NFT_REG_1);
  put_number (message, key, number);
  end_expression (message);
}

static void
add_lookup (struct nl_msg *message, gboolean leads)
{
  begin_expression (message, "lookup");
  nla_put_string (message, NFTA_LOOKUP_SET, "s");
  put_number (message, NFTA_LOOKUP_SREG, NFT_REG_1);
  if (leads)
    put_number (message, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
  end_expression (message);
}

static void
add_bitwise (struct nl_msg *message)
{
  static const guint8 mask[4] = { 0xff, 0xff, 0xff, 0x0f }, inversion[4] = { 0, 0, 0, 1 };

  begin_expression (message, "bitwise");
  put_number (message, NFTA_BITWISE_SREG, NFT_REG_1);
  put_number (message, NFTA_BITWISE_DREG, NFT_REG_1);
  put_number (message, NFTA_BITWISE_LEN, sizeof mask);
  put_value (message, NFTA_BITWISE_MASK, mask, sizeof mask);
  put_value (message, NFTA_BITWISE_XOR, inversion, sizeof inversion);
  end_expression (message);
}

static void
add_byteorder (struct nl_msg *message)
{
  begin_expression (message, "byteorder");
  put_number (message, NFTA_BYTEORDER_SREG, NFT_REG_1);
  put_number (message, NFTA_BYTEORDER_DREG, NFT_REG32_02);
  put_number (message, NFTA_BYTEORDER_LEN, 4);
  put_number (message, NFTA_BYTEORDER_SIZE, 2);
  end_expression (message);
}

static void
add_range (struct nl_msg *message)
{
  static const guint8 first[4] = { 10, 0, 0, 3 }, last[4] = { 10, 0, 0, 9 };

  begin_expression (message, "range");
  put_number (message, NFTA_RANGE_SREG, NFT_REG_1);
  put_number (message, NFTA_RANGE_OP, NFT_RANGE_NEQ);
  put_value (message, NFTA_RANGE_FROM_DATA, first, sizeof first);
  put_value (message, NFTA_RANGE_TO_DATA, last, sizeof last);
  end_expression (message);
}

static void
add_verdict (struct nl_msg *message, int code, const char *chain)
{
  begin_expression (message, "immediate");
  put_number (message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  put_verdict (message, NFTA_IMMEDIATE_DATA, code, chain);
  end_expression (message);
}

/* @name: of a match in small letters, or of a target in large ones */
static void
add_xtables (struct nl_msg *message, const char *name, guint revision)
{
  gboolean is_target = g_ascii_isupper (*name);
  guint8 info[400];

  for (guint i = 0; i < sizeof info; i++)
    info[i] = (guint8) (i % 3);
  begin_expression (message, is_target ? "target" : "match");
  nla_put_string (message, is_target ? NFTA_TARGET_NAME : NFTA_MATCH_NAME, name);
  put_number (message, is_target ? NFTA_TARGET_REV : NFTA_MATCH_REV, revision);
  nla_put (message, is_target ? NFTA_TARGET_INFO : NFTA_MATCH_INFO, sizeof info, info);
  end_expression (message);
}

/* ---- messages */

static void
put_chain (struct nl_msg *message)
{
  struct nlattr *hook;

  nla_put_string (message, NFTA_CHAIN_TABLE, TABLE);
  nla_put_string (message, NFTA_CHAIN_NAME, "FORWARD");
  hook = nla_nest_start (message, NFTA_CHAIN_HOOK);
  put_number (message, NFTA_HOOK_HOOKNUM, NF_INET_FORWARD);
  put_number (message, NFTA_HOOK_PRIORITY, 0);
  nla_nest_end (message, hook);
  put_number (message, NFTA_CHAIN_POLICY, NF_DROP);
  nla_put_string (message, NFTA_CHAIN_TYPE, "filter");
}

static const struct {
  const char *name;
  guint revision;
} extensions[] = {
  { "addrtype",   0 },
  { "addrtype",   1 },
  { "connlimit",  1 },
  { "connmark",   1 },
  { "conntrack",  1 },
  { "conntrack",  2 },
  { "conntrack",  3 },
  { "hashlimit",  1 },
  { "hashlimit",  2 },
  { "hashlimit",  3 },
  { "helper",     0 },
  { "icmp",       0 },
  { "iprange",    1 },
  { "mark",       1 },
  { "multiport",  1 },
  { "owner",      1 },
  { "physdev",    0 },
  { "pkttype",    0 },
  { "policy",     0 },
  { "recent",     0 },
  { "rpfilter",   0 },
  { "state",      0 },
  { "tcp",        0 },
  { "udp",        0 },
  { "unheard-of", 7 },
  { "CONNMARK",   1 },
  { "CONNMARK",   2 },
  { "CT",         2 },
  { "MARK",       2 },
  { "REJECT",     0 },
  { "UNHEARD",    0 },
};

/* @number: which seed: of iptables' matches and targets, or the others */
static void
put_rule (struct nl_msg *message, guint number)
{
  static const guint8 name[16] = "lan", addresses[8] = { 10, 0, 0, 1, 192, 0, 2, 1 };
  struct nlattr *expressions;

  nla_put_string (message, NFTA_RULE_TABLE, TABLE);
  nla_put_string (message, NFTA_RULE_CHAIN, "FORWARD");
  nla_put_u64 (message, NFTA_RULE_HANDLE, GUINT64_TO_BE (7));
  nla_put (message, NFTA_RULE_USERDATA, 6, "\0\4abc");
  expressions = nla_nest_start (message, NFTA_RULE_EXPRESSIONS);
  if (number < G_N_ELEMENTS (extensions)) {
    add_xtables (message, extensions[number].name, extensions[number].revision);
  } else {
    add_key (message, "meta", NFTA_META_DREG, NFTA_META_KEY, NFT_META_IIFNAME);
    add_compare (message, NFT_CMP_NEQ, name, 4);
    add_key (message, "ct", NFTA_CT_DREG, NFTA_CT_KEY, NFT_CT_STATE);
    add_bitwise (message);
    add_byteorder (message);
    add_key (message, "fib", NFTA_FIB_DREG, NFTA_FIB_FLAGS, NFTA_FIB_F_SADDR);
    add_payload (message, 12, 8);
    add_compare (message, NFT_CMP_EQ, addresses, sizeof addresses);
    add_compare (message, NFT_CMP_LT, addresses, 4);
    add_range (message);
    add_bitwise (message);
    add_lookup (message, FALSE);
    add_lookup (message, TRUE);
  }
  add_verdict (message, NFT_JUMP, "FORWARD");
  add_verdict (message, NF_ACCEPT, NULL);
  nla_nest_end (message, expressions);
}

static void
put_set (struct nl_msg *message)
{
  struct nlattr *description, *fields, *field;

  nla_put_string (message, NFTA_SET_TABLE, TABLE);
  nla_put_string (message, NFTA_SET_NAME, "s");
  put_number (message, NFTA_SET_FLAGS, NFT_SET_INTERVAL | NFT_SET_MAP);
  put_number (message, NFTA_SET_KEY_LEN, 4);
  put_number (message, NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
  description = nla_nest_start (message, NFTA_SET_DESC);
  fields = nla_nest_start (message, NFTA_SET_DESC_CONCAT);
  field = nla_nest_start (message, NFTA_LIST_ELEM);
  put_number (message, NFTA_SET_FIELD_LEN, 4);
  nla_nest_end (message, field);
  nla_nest_end (message, fields);
  nla_nest_end (message, description);
}

static void
put_elements (struct nl_msg *message)
{
  struct nlattr *list, *element;

  nla_put_string (message, NFTA_SET_ELEM_LIST_TABLE, TABLE);
  nla_put_string (message, NFTA_SET_ELEM_LIST_SET, "s");
  list = nla_nest_start (message, NFTA_SET_ELEM_LIST_ELEMENTS);
  for (guint8 i = 0; i < 4; i++) {
    const guint8 key[] = { 10, 0, 0, i }, end[] = { 10, 0, 1, i };

    element = nla_nest_start (message, NFTA_LIST_ELEM);
    put_value (message, NFTA_SET_ELEM_KEY, key, sizeof key);
    if (i == 3)
      put_value (message, NFTA_SET_ELEM_KEY_END, end, sizeof end);
    put_number (message, NFTA_SET_ELEM_FLAGS, i == 1 ? NFT_SET_ELEM_INTERVAL_END : 0);
    put_verdict (message, NFTA_SET_ELEM_DATA, i == 0 ? NF_DROP : NFT_JUMP, "FORWARD");
    nla_nest_end (message, element);
  }
  nla_nest_end (message, list);
}

static struct nl_msg *
make (Kind kind, guint number)
{
  struct nl_msg *message = begin (kind);

  if (kind == CHAIN)
    put_chain (message);
  else if (kind == RULE)
    put_rule (message, number);
  else if (kind == SET)
    put_set (message);
  else
    put_elements (message);
  return message;
}

/* ---- what is done with them */

/* @choice: which packets */
static void
judge (NetnsFirewallView *view, guint choice)
{
  static const guint8 protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
  g_autoptr (GPtrArray) drops = netns_firewall_view_list_drops (view);
  NetnsPassage passage
    = { "lan", "eth0", .family = AF_INET, .protocol = protocols[choice % 3], .is_answer = choice % 2 };
  g_autofree char *reason = NULL;

  g_assert_true (netns_address_parse ("10.0.0.0/24", &passage.source, NULL));
  g_assert_true ((netns_firewall_view_judge (view, &passage, &reason) == NETNS_FATE_PASSES) == (reason == NULL));
}

/* The first byte says what the others are, a message behind its headers, and what is judged. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (NetnsFirewallView) view = netns_firewall_view_new ();
  const gsize head = NLMSG_LENGTH (sizeof (struct nfgenmsg));

  if (size == 0)
    return 0;
  for (Kind kind = 0; kind < N_KINDS; kind++) {
    struct nl_msg *right = make (kind, G_N_ELEMENTS (extensions));
    g_autofree struct nlmsghdr *message = g_malloc0 (head + size - 1);

    memcpy (message, nlmsg_hdr (right), head);
    message->nlmsg_len = (guint32) (head + size - 1);
    memcpy ((guint8 *) message + head, data + 1, size - 1);
    netns_firewall_view_take (view, kind == data[0] % N_KINDS ? message : nlmsg_hdr (right));
    nlmsg_free (right);
  }
  netns_firewall_view_sort (view);
  judge (view, data[0] / N_KINDS);
  return 0;
}

const guint8 *
netns_fuzz_get_seed (guint number, gsize *size)
{
  static guint8 seed[4096];
  const gsize head = NLMSG_LENGTH (sizeof (struct nfgenmsg));
  const guint n_rules = G_N_ELEMENTS (extensions) + 1;
  const Kind others[] = { CHAIN, SET, ELEMENTS };
  struct nl_msg *message;

  if (number >= n_rules + G_N_ELEMENTS (others))
    return NULL;
  seed[0] = (guint8) (number < n_rules ? RULE : others[number - n_rules]);
  message = make (seed[0], number);
  seed[0] += (guint8) (N_KINDS * number);
  *size = 1 + nlmsg_hdr (message)->nlmsg_len - head;
  g_assert_cmpuint (*size, <=, sizeof seed);
  memcpy (seed + 1, (guint8 *) nlmsg_hdr (message) + head, *size - 1);
  nlmsg_free (message);
  return seed;
}
