/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registers that expressions of hostile rules name: those that there are not, those too near to the end, and those that
 * overlap. Nothing beside the registers is written, and what is not worked out is not known afterwards. */
#include "nft/expressions.h"

#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#define KNOWN 0x5a /* in each byte of each register before */

/* A file of registers between two things that must stay as they are, as the compiler puts it. */
typedef struct {
  NetnsPassage passage;
  NetnsChain chain;
  NetnsHere here;
  NetnsEvaluation evaluation;
} Fixture;

static Fixture *
set_up (void)
{
  Fixture *fixture = g_new0 (Fixture, 1);
  guint8 known[NETNS_REGISTERS];

  fixture->passage = (NetnsPassage) { .in = "lan", .out = "eth0", .family = AF_INET, .protocol = IPPROTO_TCP };
  fixture->chain = (NetnsChain) { .family = NFPROTO_IPV4, .is_base = TRUE, .hook = NF_INET_FORWARD, .type = "filter" };
  fixture->here = (NetnsHere) { .passage = &fixture->passage, .chain = &fixture->chain };
  netns_here_set_sizes (&fixture->here);
  fixture->evaluation.here = &fixture->here;
  fixture->evaluation.packets = netns_passage_get_packets (&fixture->passage);
  fixture->evaluation.conditions = g_ptr_array_new_with_free_func ((GDestroyNotify) netns_condition_free);
  memset (known, KNOWN, sizeof known);
  netns_load_fixed (fixture->evaluation.registers, known, sizeof known);
  return fixture;
}

static void
tear_down (Fixture *fixture)
{
  g_ptr_array_unref (fixture->evaluation.conditions);
  netns_packets_free (fixture->evaluation.packets);
  g_free (fixture);
}

/* @reads, @writes: attributes with a register, 0 for none */
typedef struct {
  const char *name;
  int reads;
  int writes;
  struct {
    int type;
    guint32 number;
  } numbers[4];
  int value; /* an attribute with @length bytes of ones */
  guint length;
} Row;

static void
put_number (struct nl_msg *message, int type, guint32 number)
{
  if (type != 0)
    nla_put_u32 (message, type, GUINT32_TO_BE (number));
}

static NetnsResult
evaluate (Fixture *fixture, const Row *row, guint32 reads, guint32 writes)
{
  guint8 ones[NETNS_REGISTERS];
  struct nl_msg *message = nlmsg_alloc ();
  struct nlattr *data = nla_nest_start (message, NFTA_EXPR_DATA), *value;
  NetnsEvaluation before = fixture->evaluation;
  NetnsResult result;

  put_number (message, row->reads, reads);
  put_number (message, row->writes, writes);
  for (gsize i = 0; i < G_N_ELEMENTS (row->numbers); i++)
    put_number (message, row->numbers[i].type, row->numbers[i].number);
  if (row->value != 0) {
    memset (ones, 1, sizeof ones);
    value = nla_nest_start (message, row->value);
    nla_put (message, NFTA_DATA_VALUE, (int) row->length, ones);
    nla_nest_end (message, value);
  }
  nla_nest_end (message, data);
  result = netns_expression_evaluate (&fixture->evaluation, &(NetnsExpression) { row->name, data });
  memcpy (before.registers, fixture->evaluation.registers, sizeof before.registers);
  g_assert_true (memcmp (&before, &fixture->evaluation, sizeof before) == 0);
  nlmsg_free (message);
  return result;
}

static gboolean
is_as_before (const NetnsByte *byte)
{
  return byte->origin == NETNS_BYTE_FIXED && byte->value == KNOWN;
}

static gboolean
is_unknown (const NetnsByte *byte)
{
  return byte->origin == NETNS_BYTE_UNKNOWN && byte->mask == 0xff;
}

/* How many bytes from @first on are so. */
static guint
count (const Fixture *fixture, gboolean (*is) (const NetnsByte *byte), guint first)
{
  guint found = 0;

  for (guint i = first; i < NETNS_REGISTERS; i++)
    found += is (&fixture->evaluation.registers[i]);
  return found;
}

/* Numbers of 16 bytes, then of 4; 0 is the verdict. */
static const guint32 none[] = { 0, 5, 6, 7, 24, 25, 100, G_MAXINT32, G_MAXUINT32 };

/* What may write a value of any length, or of that of a row. */
static void
test_writes (void)
{
  static const Row rows[] = {
    { "meta", 0, NFTA_META_DREG, { { NFTA_META_KEY, NFT_META_IIFNAME } } },
    { "meta", 0, NFTA_META_DREG, { { NFTA_META_KEY, NFT_META_MARK } } },
    { "meta", 0, NFTA_META_DREG, { { NFTA_META_KEY, 1000 } } },
    { "ct", 0, NFTA_CT_DREG, { { NFTA_CT_KEY, NFT_CT_STATE } } },
    { "ct", 0, NFTA_CT_DREG, { { NFTA_CT_KEY, 1000 } } },
    { "fib", 0, NFTA_FIB_DREG, { { NFTA_FIB_RESULT, NFT_FIB_RESULT_OIFNAME }, { NFTA_FIB_FLAGS, NFTA_FIB_F_SADDR } } },
    { "exthdr", 0, NFTA_EXTHDR_DREG, { { NFTA_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT } } },
    { "rt", 0, NFTA_RT_DREG, { { NFTA_RT_KEY, NFT_RT_CLASSID } } },
    { "rt", 0, NFTA_RT_DREG, { { NFTA_RT_KEY, NFT_RT_XFRM } } },
    { "payload",
     0, NFTA_PAYLOAD_DREG,
     { { NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER }, { NFTA_PAYLOAD_OFFSET, 12 }, { NFTA_PAYLOAD_LEN, 16 } } },
    { "payload",
     0, NFTA_PAYLOAD_DREG,
     { { NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER }, { NFTA_PAYLOAD_OFFSET, 12 }, { NFTA_PAYLOAD_LEN, 13 } } },
    { "immediate", 0, NFTA_IMMEDIATE_DREG, { { 0 } }, NFTA_IMMEDIATE_DATA, 16 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    for (gsize j = 1; j < G_N_ELEMENTS (none); j++) {
      Fixture *fixture = set_up ();

      g_assert_cmpint (evaluate (fixture, &rows[i], 0, none[j]), ==, NETNS_EVALUATION_GOES_ON);
      g_assert_cmpuint (count (fixture, is_unknown, 0), ==, NETNS_REGISTERS);
      tear_down (fixture);
    }
    for (guint32 number = NFT_REG32_00; number <= NFT_REG32_15; number++) {
      const guint offset = (number - NFT_REG32_00) * NFT_REG32_SIZE;
      Fixture *fixture = set_up ();

      evaluate (fixture, &rows[i], 0, number);
      if (offset + NETNS_VALUE_MAX > NETNS_REGISTERS) {
        g_assert_cmpuint (count (fixture, is_unknown, 0), ==, NETNS_REGISTERS);
      } else {
        g_assert_false (is_as_before (&fixture->evaluation.registers[offset]));
        g_assert_cmpuint (count (fixture, is_as_before, offset + NETNS_VALUE_MAX), ==,
                          NETNS_REGISTERS - offset - NETNS_VALUE_MAX);
        g_assert_cmpuint (count (fixture, is_as_before, 0), >=, NETNS_REGISTERS - NETNS_VALUE_MAX);
      }
      tear_down (fixture);
    }
  }
}

/* The longest value of a payload is that of all registers. */
static void
test_long_payload (void)
{
  static const guint32 lengths[] = { NETNS_REGISTERS + 1, 255, G_MAXINT32, G_MAXUINT32 };

  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++) {
    const Row row = {
      "payload",
      0,
      NFTA_PAYLOAD_DREG,
      { { NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER }, { NFTA_PAYLOAD_LEN, lengths[i] } }
    };
    Fixture *fixture = set_up ();

    evaluate (fixture, &row, 0, NFT_REG_1);
    g_assert_cmpuint (count (fixture, is_unknown, 0), ==, NETNS_REGISTERS);
    tear_down (fixture);
  }
}

/* What reads where nothing is: it may be so or not. */
static void
test_reads (void)
{
  static const Row rows[] = {
    { "cmp", NFTA_CMP_SREG, 0, { { NFTA_CMP_OP, NFT_CMP_EQ } }, NFTA_CMP_DATA, 5 },
    { "cmp", NFTA_CMP_SREG, 0, { { NFTA_CMP_OP, NFT_CMP_LT } }, NFTA_CMP_DATA, 16 },
    { "cmp", NFTA_CMP_SREG, 0, { { NFTA_CMP_OP, NFT_CMP_GT } }, NFTA_CMP_DATA, 64 },
    { "bitwise", NFTA_BITWISE_SREG, NFTA_BITWISE_DREG, { { NFTA_BITWISE_LEN, 8 } } },
    { "byteorder",
     NFTA_BYTEORDER_SREG, NFTA_BYTEORDER_DREG,
     { { NFTA_BYTEORDER_LEN, 8 }, { NFTA_BYTEORDER_SIZE, 2 } } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize j = 0; j <= G_N_ELEMENTS (none); j++) {
      guint32 number = j < G_N_ELEMENTS (none) ? none[j] : NFT_REG32_15;

      for (int reads = FALSE; reads <= (rows[i].writes != 0); reads++) {
        Fixture *fixture = set_up ();

        g_assert_cmpint (evaluate (fixture, &rows[i], reads ? NFT_REG_1 : number, reads ? number : NFT_REG_1), ==,
                         NETNS_EVALUATION_ASKS);
        g_assert_cmpuint (count (fixture, is_as_before, 0), ==, NETNS_REGISTERS);
        tear_down (fixture);
      }
    }
}

/* What is turned in place is known; what the kernel would turn twice is not. */
static void
test_overlap (void)
{
  static const Row row = {
    "byteorder", NFTA_BYTEORDER_SREG, NFTA_BYTEORDER_DREG, { { NFTA_BYTEORDER_LEN, 8 }, { NFTA_BYTEORDER_SIZE, 4 } }
  };

  for (guint32 to = NFT_REG32_00; to <= NFT_REG32_05; to++) {
    gboolean overlaps = to == NFT_REG32_01 || to == NFT_REG32_03;
    Fixture *fixture = set_up ();

    g_assert_cmpint (evaluate (fixture, &row, NFT_REG32_02, to), ==, NETNS_EVALUATION_GOES_ON);
    g_assert_cmpuint (count (fixture, is_unknown, 0), ==, overlaps ? 8 : 0);
    g_assert_cmpuint (count (fixture, is_as_before, 0), ==, NETNS_REGISTERS - (overlaps ? 8 : 0));
    tear_down (fixture);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/expressions/writes", test_writes);
  g_test_add_func ("/expressions/long-payload", test_long_payload);
  g_test_add_func ("/expressions/reads", test_reads);
  g_test_add_func ("/expressions/overlap", test_overlap);
  return g_test_run ();
}
