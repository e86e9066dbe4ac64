/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl firewall */
#include "client/verb.h"

#include <glib/gi18n.h>
#include <string.h>

#define RULE_USAGE                                                                                                     \
  "NS CHAIN [PROTOCOL [PORTS]] [from ADDRESS] [to ADDRESS] [sport PORTS] [dport PORTS] [state STATES] "                \
  "[in LINK] [out LINK] ACTION"

static const NetnsColumn columns[] = {
  { "handle", N_ ("Handle"), NULL, "handle" },
  { "table", N_ ("Table"), NULL, "family table" },
  { "chain", N_ ("Chain"), NULL, "chain" },
  { "hook", N_ ("Hook"), NULL, "hook" },
  { "rule", N_ ("Rule"), NULL, "text" },
  { "comment", N_ ("Comment"), NULL, "comment" },
  { NULL },
};

/* Words with a value behind them. */
static const struct {
  const char *word;
  const char *key;
  char type;
} words[] = {
  { "from",  "source",            's' },
  { "to",    "destination",       's' },
  { "sport", "source-ports",      'a' },
  { "dport", "destination-ports", 'a' },
  { "state", "connection-state",  'a' },
  { "in",    "in-link",           's' },
  { "out",   "out-link",          's' },
};

/* Texts and lists of them, which are always valid here. */
static void
add_text (GVariantBuilder *rule, const char *key, char type, const char *text)
{
  g_variant_builder_add (rule, "{sv}", key, netns_argument_convert (type, key, text, FALSE, NULL));
}

/* The action is the last word; the protocol and its ports are those that stand in front without a word of their own. */
static GVariant *
parse_rule (char **arguments, GVariant *options, GError **error)
{
  g_auto (GVariantBuilder) rule = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint last = g_strv_length (arguments) - 1, plain = 0;

  add_text (&rule, "chain", 's', arguments[0]);
  for (guint i = 1; i < last; i++) {
    gsize word = 0;

    while (word < G_N_ELEMENTS (words) && strcmp (words[word].word, arguments[i]) != 0)
      word++;
    if (word < G_N_ELEMENTS (words)) {
      if (i + 1 == last)
        return netns_usage_null (
          error, _ ("Missing value after “%s”. Usage: netnsctl firewall NS add CHAIN ... ACTION"), arguments[i]);
      add_text (&rule, words[word].key, words[word].type, arguments[++i]);
      plain = 2;
    } else if (plain == 0) {
      add_text (&rule, "protocol", 's', arguments[i]);
      plain = 1;
    } else if (plain == 1) {
      add_text (&rule, "destination-ports", 'a', arguments[i]);
      plain = 2;
    } else {
      return netns_usage_null (error, _ ("Unexpected “%s”; expected from, to, sport, dport, state, in or out"),
                               arguments[i]);
    }
  }
  add_text (&rule, "action", 's', arguments[last]);
  for (gsize i = 0; i < g_variant_n_children (options); i++) {
    g_autoptr (GVariant) option = g_variant_get_child_value (options, i);

    g_variant_builder_add_value (&rule, option);
  }
  return g_variant_new ("(a{sv})", &rule);
}

static const NetnsOption add_options[] = {
  { "--comment", 0, "TEXT", "comment", NETNS_OPTION_TEXT, N_ ("Comment on the rule") },
  { "--position", 0, "N", "position", NETNS_OPTION_NUMBER,
   N_ ("Position in the chain, from 1; by default after all others") },
  { NULL },
};

const NetnsVerb netns_firewall_verbs[] = {
  { "show", 1, 1, "NS", N_ ("List policies and rules, including those made by nft and iptables"),
   .method = "Firewall.ListRules", .reply = "(aa{sv})", .columns = columns },
  { "policy", 3, 3, "NS CHAIN POLICY", N_ ("Accept or drop packets that no rule matches"),
   .method = "Firewall.SetPolicy", .arguments = "ss" },
  { "add", 3, 19, RULE_USAGE, N_ ("Add a rule: accept, drop or reject; prints its handle"), .options = add_options,
   .method = "Firewall.AddRule", .parse = parse_rule, .reply = "(t)" },
  { "remove", 2, 2, "NS HANDLE", N_ ("Remove a rule"), .method = "Firewall.RemoveRule", .arguments = "h" },
  { "ruleset", 1, 1, "NS", N_ ("Print the whole ruleset as JSON, like nft"), .method = "Firewall.GetRuleset",
   .reply = "(s)" },
  { NULL },
};
