/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What AddRule() takes, and what it says of the rest. */
#include "common/error.h"
#include "core/state/firewall-rule.h"

#include <string.h>

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *rule = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return rule;
}

/* @rest: further keys of a rule that is good without them */
static GVariant *
check (const char *rest, GError **error)
{
  g_autofree char *text = g_strdup_printf ("{'chain': <'forward'>, 'action': <'accept'>%s%s}", *rest ? ", " : "", rest);
  g_autoptr (GVariant) rule = parse (text);

  return netns_firewall_rule_check (rule, 7, error);
}

static void
assert_taken (const char *rest)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) rule = check (rest, &error);

  if (rule == NULL)
    g_error ("%s: %s", rest, error->message);
}

static void
assert_refused (const char *rest, int code, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) rule = check (rest, &error);

  if (rule != NULL)
    g_error ("%s was taken", rest);
  g_assert_error (error, NETNS_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
assert_invalid (const char *rest, const char *words)
{
  assert_refused (rest, NETNS_ERROR_INVALID_ARGUMENT, words);
}

static void
test_result (void)
{
  g_autoptr (GVariant) rule = check ("'position': <uint32 3>, 'handle': <uint64 1>, 'comment': <'ä'>", NULL);
  g_autoptr (GVariant) expected
    = parse ("{'chain': <'forward'>, 'action': <'accept'>, 'comment': <'ä'>, 'handle': <uint64 7>}");
  g_autoptr (GVariant) again = netns_firewall_rule_check (rule, 7, NULL);
  g_autoptr (GVariantDict) dict = g_variant_dict_new (rule);
  guint64 handle = 0;

  g_assert_cmpuint (g_variant_n_children (rule), ==, g_variant_n_children (expected));
  g_assert_true (g_variant_dict_lookup (dict, "handle", "t", &handle));
  g_assert_cmpuint (handle, ==, 7);
  g_assert_false (g_variant_dict_contains (dict, "position"));
  g_assert_cmpint (netns_firewall_rule_get_chain (rule), ==, NETNS_FIREWALL_FORWARD);
  g_assert_nonnull (again);
}

static void
test_words (void)
{
  static const char *const rules[][2] = {
    { "{}",                                           "chain"                    },
    { "{'chain': <'forward'>}",                       "action"                   },
    { "{'chain': <'Forward'>, 'action': <'accept'>}", "input, forward or output" },
    { "{'chain': <'forward'>, 'action': <'deny'>}",   "accept, drop or reject"   },
  };
  NetnsFirewallChain chain;

  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++) {
    g_autoptr (GVariant) rule = parse (rules[i][0]);
    g_autoptr (GError) error = NULL;

    g_assert_null (netns_firewall_rule_check (rule, 1, &error));
    g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
    if (strstr (error->message, rules[i][1]) == NULL)
      g_error ("“%s” does not say “%s”", error->message, rules[i][1]);
  }
  for (guint i = 0; i < NETNS_FIREWALL_N_CHAINS; i++) {
    g_assert_true (netns_firewall_parse_chain (netns_firewall_chains[i], &chain, NULL));
    g_assert_cmpuint (chain, ==, i);
  }
  g_assert_false (netns_firewall_parse_chain ("", &chain, NULL));
}

static void
test_families (void)
{
  assert_taken ("'source': <'10.0.0.0/8'>, 'destination': <'192.0.2.1'>");
  assert_taken ("'source': <'fd00::/8'>, 'protocol': <'icmpv6'>");
  assert_taken ("'source': <'10.0.0.0/8'>, 'protocol': <'icmp'>");
  assert_taken ("'source': <'fd00::/8'>, 'protocol': <'esp'>");
  assert_invalid ("'source': <'10.0.0.0/8'>, 'destination': <'fd00::/8'>", "fd00::/8");
  assert_invalid ("'source': <'fd00::/8'>, 'destination': <'10.0.0.0/8'>", "10.0.0.0/8");
  assert_invalid ("'protocol': <'icmp'>, 'source': <'fd00::/8'>", "fd00::/8");
  assert_invalid ("'protocol': <'icmpv6'>, 'destination': <'10.0.0.0/8'>", "10.0.0.0/8");
  assert_invalid ("'source': <'10.0.0.1/8'>", "10.0.0");
  assert_invalid ("'source': <''>", "");
  assert_invalid ("'protocol': <'ospf'>", "tcp, udp, sctp");
}

static void
test_ports (void)
{
  g_autoptr (GString) list = g_string_new ("'1'");

  assert_taken ("'protocol': <'tcp'>, 'destination-ports': <['1', '65535']>, 'source-ports': <['1024-65535']>");
  assert_taken ("'protocol': <'udplite'>, 'destination-ports': <['5-5', '6-9']>");
  assert_taken ("'protocol': <'tcp'>, 'destination-ports': <@as []>");
  assert_taken ("'protocol': <'icmp'>, 'destination-ports': <@as []>");
  assert_invalid ("'destination-ports': <['80']>", "tcp, udp");
  assert_invalid ("'protocol': <'icmp'>, 'source-ports': <['80']>", "source-ports");
  assert_invalid ("'protocol': <'tcp'>, 'source-ports': <['90-80']>", "90-80");
  /* Sets of nf_tables have no overlaps. */
  assert_invalid ("'protocol': <'tcp'>, 'source-ports': <['80', '80']>", "overlap");
  assert_invalid ("'protocol': <'tcp'>, 'source-ports': <['80-90', '1', '90-99']>", "90-99");
  assert_invalid ("'protocol': <'tcp'>, 'source-ports': <['85', '80-90']>", "overlap");
  for (guint i = 2; i <= 64; i++)
    g_string_append_printf (list, ", '%u'", i);
  for (guint count = 64; count <= 65; count++) {
    g_autofree char *rest = g_strdup_printf ("'protocol': <'tcp'>, 'source-ports': <[%s]>", list->str);

    if (count == 64)
      assert_taken (rest);
    else
      assert_invalid (rest, "64");
    g_string_append (list, ", '65'");
  }
}

static void
test_parse_ports (void)
{
  static const char *const bad[] = { "",      "-",        "80-",   "-80",  "0",
                                     "65536", "80-65536", "0-80",  "+80",  " 80",
                                     "80 ",   "8o",       "1-2-3", "0x50", "99999999999999999999" };
  guint first, last;

  g_assert_true (netns_firewall_parse_ports ("80", &first, &last, NULL));
  g_assert_cmpuint (first, ==, 80);
  g_assert_cmpuint (last, ==, 80);
  g_assert_true (netns_firewall_parse_ports ("1-65535", &first, &last, NULL));
  g_assert_cmpuint (first, ==, 1);
  g_assert_cmpuint (last, ==, 65535);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    if (netns_firewall_parse_ports (bad[i], &first, &last, &error))
      g_error ("“%s” was taken", bad[i]);
    g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
  }
}

static void
test_links (void)
{
  static const char *const rules[][2] = {
    { "{'chain': <'input'>, 'action': <'drop'>, 'out-link': <'a'>}", "out-link" },
    { "{'chain': <'output'>, 'action': <'drop'>, 'in-link': <'a'>}", "in-link"  },
  };

  assert_taken ("'in-link': <'eth0'>, 'out-link': <'fifteen-bytes-x'>");
  assert_refused ("'in-link': <'sixteen-bytes-xx'>", NETNS_ERROR_INVALID_NAME, "alternative");
  assert_refused ("'in-link': <'eth*'>", NETNS_ERROR_INVALID_NAME, "eth*");
  assert_refused ("'out-link': <'@set'>", NETNS_ERROR_INVALID_NAME, "@set");
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++) {
    g_autoptr (GVariant) rule = parse (rules[i][0]);
    g_autoptr (GError) error = NULL;

    g_assert_null (netns_firewall_rule_check (rule, 1, &error));
    g_assert_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT);
    g_assert_nonnull (strstr (error->message, rules[i][1]));
  }
}

static void
test_rest (void)
{
  g_autofree char *longest = g_strnfill (100, 'a');
  g_autofree char *good = g_strdup_printf ("'comment': <'%s'>", longest);
  g_autofree char *bad = g_strdup_printf ("'comment': <'%sa'>", longest);

  assert_taken ("'connection-state': <['new', 'established', 'related', 'invalid', 'untracked']>");
  assert_invalid ("'connection-state': <['new', 'old']>", "old");
  assert_taken ("'comment': <''>");
  assert_taken (good);
  assert_invalid (bad, "100");
  assert_invalid ("'comment': <'a\"b'>", "quotation");
  assert_invalid ("'comment': <'a\\nb'>", "line");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/firewall-rule/result", test_result);
  g_test_add_func ("/firewall-rule/words", test_words);
  g_test_add_func ("/firewall-rule/families", test_families);
  g_test_add_func ("/firewall-rule/ports", test_ports);
  g_test_add_func ("/firewall-rule/parse-ports", test_parse_ports);
  g_test_add_func ("/firewall-rule/links", test_links);
  g_test_add_func ("/firewall-rule/rest", test_rest);
  return g_test_run ();
}
