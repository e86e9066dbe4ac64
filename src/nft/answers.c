/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of a namespace in the few values that the service needs of them: it parses nothing that libnftables prints. */
#include "nft/answers.h"

#include "common/names.h"
#include "nft/counts.h"
#include "nft/drops.h"
#include "nft/evaluation.h"
#include "nft/legacy.h"
#include "nft/library.h"
#include "nft/outline.h"
#include "nft/walk.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define RULESET   "ruleset"
#define OUR_TABLE "inet " NETNS_TABLE
/* Chains of our table with users' rules, which the service knows itself. */
#define USER_CHAINS "firewall-"

static GVariant *
text_value (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  return g_variant_new_string (valid);
}

static GVariant *
list_texts (GVariant *parameter, GError **error)
{
  g_autoptr (NetnsFirewallView) view = NULL;
  g_auto (GVariantBuilder) chains = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sas}"));
  const GPtrArray *found;
  const char *commands;

  g_variant_get (parameter, "(&s)", &commands);
  if (!netns_library_apply (commands, error))
    return NULL;
  view = netns_firewall_view_read (error);
  if (view == NULL)
    return NULL;
  found = netns_firewall_view_get_chains (view);
  for (guint i = 0; i < found->len; i++) {
    const NetnsChain *chain = g_ptr_array_index (found, i);

    g_variant_builder_open (&chains, G_VARIANT_TYPE ("{sas}"));
    g_variant_builder_add_value (&chains, text_value (chain->name));
    g_variant_builder_open (&chains, G_VARIANT_TYPE ("as"));
    for (guint j = 0; j < chain->rules->len; j++) {
      g_autofree char *text = netns_firewall_view_get_text (view, g_ptr_array_index (chain->rules, j));

      g_variant_builder_add_value (&chains, text_value (text));
    }
    g_variant_builder_close (&chains);
    g_variant_builder_close (&chains);
  }
  return g_variant_new ("(a{sas})", &chains);
}

static GVariant *
list_ruleset (GVariant *parameter, GError **error)
{
  g_autofree char *json = netns_library_list (RULESET, NETNS_LIBRARY_JSON, error);

  return json ? g_variant_new ("(@s)", text_value (json)) : NULL;
}

static void
add_place (GVariantDict *entry, const NetnsChain *chain)
{
  g_variant_dict_insert (entry, "own", "b", FALSE);
  g_variant_dict_insert_value (entry, "family", text_value (netns_family_print (chain->family)));
  g_variant_dict_insert_value (entry, "table", text_value (chain->table));
  g_variant_dict_insert_value (entry, "chain", text_value (chain->name));
  g_variant_dict_insert_value (entry, "hook", text_value (netns_chain_print_hook (chain)));
}

static void
add_policy (GVariantBuilder *list, const NetnsChain *chain)
{
  g_auto (GVariantDict) entry = G_VARIANT_DICT_INIT (NULL);
  const char *policy = chain->drops ? "drop" : "accept";
  g_autofree char *text = g_strconcat ("policy ", policy, NULL);

  add_place (&entry, chain);
  g_variant_dict_insert_value (&entry, "policy", text_value (policy));
  g_variant_dict_insert_value (&entry, "text", text_value (text));
  g_variant_builder_add_value (list, g_variant_dict_end (&entry));
}

static void
add_rule (GVariantBuilder *list, const NetnsFirewallView *view, const NetnsRule *rule)
{
  g_auto (GVariantDict) entry = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *text = netns_firewall_view_get_text (view, rule);

  add_place (&entry, rule->chain);
  g_variant_dict_insert (&entry, "kernel-handle", "t", rule->handle);
  g_variant_dict_insert_value (&entry, "text", text_value (text));
  if (*rule->comment != '\0')
    g_variant_dict_insert_value (&entry, "comment", text_value (rule->comment));
  g_variant_builder_add_value (list, g_variant_dict_end (&entry));
}

/* Those of networks and NAT are shown with the others': they come and go with their networks. */
static GVariant *
list_rules (GVariant *parameter, GError **error)
{
  g_autoptr (NetnsFirewallView) view = netns_firewall_view_read (error);
  const GPtrArray *chains = view ? netns_firewall_view_get_chains (view) : NULL;
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; chains != NULL && i < chains->len; i++) {
    const NetnsChain *chain = g_ptr_array_index (chains, i);

    if (netns_chain_is_ours (chain) && g_str_has_prefix (chain->name, USER_CHAINS))
      continue;
    if (chain->is_base)
      add_policy (&list, chain);
    for (guint j = 0; j < chain->rules->len; j++)
      add_rule (&list, view, g_ptr_array_index (chain->rules, j));
  }
  return view ? g_variant_new ("(aa{sv})", &list) : NULL;
}

static const int families[] = { AF_INET, AF_INET6 };

static GVariant *
list_drops (GVariant *parameter, GError **error)
{
  g_autoptr (NetnsFirewallView) view = netns_firewall_view_read (error);
  g_autoptr (GPtrArray) drops = view ? netns_firewall_view_list_drops (view) : NULL;
  g_auto (GVariantBuilder) list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (guint i = 0; drops != NULL && i < drops->len; i++)
    g_variant_builder_add_value (&list, text_value (g_ptr_array_index (drops, i)));
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++) {
    g_autofree char *legacy = netns_legacy_describe (families[i]);

    if (legacy != NULL)
      g_variant_builder_add_value (&list, text_value (legacy));
  }
  return view ? g_variant_new ("(as)", &list) : NULL;
}

static const char *
text_or_null (const char *text)
{
  return *text != '\0' ? text : NULL;
}

static gboolean
parse_address (const char *text, NetnsAddress *address, GError **error)
{
  return *text == '\0' || netns_address_parse (text, address, error);
}

/* What is judged, each for itself. */
static const struct {
  const char *word;
  guint8 ipv4;
  guint8 ipv6;
} protocols[] = {
  { "TCP",  IPPROTO_TCP,  IPPROTO_TCP    },
  { "UDP",  IPPROTO_UDP,  IPPROTO_UDP    },
  { "ICMP", IPPROTO_ICMP, IPPROTO_ICMPV6 },
};

#define ALL_PROTOCOLS ((1u << G_N_ELEMENTS (protocols)) - 1)

/* What keeps packets from passing for sure. */
typedef struct {
  char *reason; /* of the first of them */
  gboolean is_certain;
  guint protocols; /* bits of those that do not pass for this reason */
} Block;

/* Rules that are not read may drop anything. */
static void
judge_legacy (int family, Block *block)
{
  if (block->reason == NULL)
    *block = (Block) { netns_legacy_describe (family), .protocols = ALL_PROTOCOLS };
}

/* What is dropped for sure counts more than what is not known. */
static void
judge (NetnsFirewallView *view, NetnsPassage *passage, Block *block)
{
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++) {
    g_autofree char *reason = NULL;
    gboolean is_certain;
    NetnsFate fate;

    passage->protocol = passage->family == AF_INET ? protocols[i].ipv4 : protocols[i].ipv6;
    fate = netns_firewall_view_judge (view, passage, &reason);
    is_certain = fate == NETNS_FATE_DROPPED;
    if (fate == NETNS_FATE_PASSES)
      continue;
    if (block->reason == NULL || (is_certain && !block->is_certain)) {
      g_free (block->reason);
      *block = (Block) { g_steal_pointer (&reason), is_certain, 1u << i };
    } else if (is_certain == block->is_certain && strcmp (block->reason, reason) == 0) {
      block->protocols |= 1u << i;
    }
  }
}

/* Returns: (transfer full): such as `TCP and UDP`, empty if it is all of them */
static char *
print_protocols (const Block *block)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (block->protocols & 1u << i && block->protocols != ALL_PROTOCOLS)
      g_string_append_printf (text, "%s%s", text->len > 0 ? " and " : "", protocols[i].word);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Returns: whether the parameter is right */
static gboolean
judge_all (NetnsFirewallView *view, GVariant *passages, int *family, Block *block, GError **error)
{
  const char *in, *out, *source, *destination;
  GVariantIter iter;
  NetnsPassage passage;
  guint number;

  g_clear_pointer (&block->reason, g_free);
  *block = (Block) { 0 };
  g_variant_iter_init (&iter, passages);
  while (g_variant_iter_next (&iter, "(&s&s&s&sub)", &in, &out, &source, &destination, &number, &passage.is_answer)) {
    passage.in = text_or_null (in);
    passage.out = text_or_null (out);
    passage.family = *family = (int) number;
    passage.source = passage.destination = (NetnsAddress) { 0 };
    if (!parse_address (source, &passage.source, error) || !parse_address (destination, &passage.destination, error))
      return FALSE;
    judge (view, &passage, block);
    judge_legacy (passage.family, block);
  }
  return TRUE;
}

static GVariant *
walk_passages (GVariant *parameter, GError **error)
{
  g_autoptr (NetnsFirewallView) view = netns_firewall_view_read (error);
  g_autoptr (GVariant) passages = NULL;
  g_autoptr (GVariantIter) chains = NULL;
  g_auto (GVariantBuilder) needed = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ab"));
  g_autofree char *reason = NULL, *words = NULL;
  const char *link, *family, *table, *name;
  int family_of_packets = AF_UNSPEC;
  Block block = { 0 };
  gboolean cure, done;

  if (view == NULL)
    return NULL;
  g_variant_get (parameter, "(@a(ssssub)a(sss)&sb)", &passages, &chains, &link, &cure);
  done = judge_all (view, passages, &family_of_packets, &block, error);
  while (g_variant_iter_next (chains, "(&s&s&s)", &family, &table, &name)) {
    const guint8 number = netns_family_parse (family);
    gboolean given = done && cure && block.reason != NULL && number == family_of_packets
                     && netns_firewall_view_accept (view, number, table, name, link);

    done = done && (!given || judge_all (view, passages, &family_of_packets, &block, error));
    g_variant_builder_add (&needed, "b", given);
  }
  reason = block.reason;
  words = print_protocols (&block);
  return done ? g_variant_new ("(@ssbab)", text_value (reason ? reason : ""), words, block.is_certain, &needed) : NULL;
}

static GVariant *
find_rules (GVariant *parameter, GError **error)
{
  g_auto (GVariantBuilder) found = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sssst)"));
  g_autoptr (NetnsFirewallView) view = netns_firewall_view_read (error);
  g_autoptr (GVariantIter) chains = NULL;
  const char *prefix, *family, *table, *name;

  if (view == NULL)
    return NULL;
  g_variant_get (parameter, "(&sa(sss))", &prefix, &chains);
  while (g_variant_iter_next (chains, "(&s&s&s)", &family, &table, &name)) {
    const NetnsChain *chain = netns_firewall_view_find_chain (view, netns_family_parse (family), table, name);

    for (guint i = 0; chain != NULL && i < chain->rules->len; i++) {
      const NetnsRule *rule = g_ptr_array_index (chain->rules, i);

      if (netns_rule_is_ours (rule) && g_str_has_prefix (rule->comment, prefix)
          && g_utf8_validate (rule->comment, -1, NULL))
        g_variant_builder_add (&found, "(sssst)", rule->comment + strlen (prefix), family, table, name, rule->handle);
    }
  }
  return g_variant_new ("(a(sssst))", &found);
}

/* All of others' tables is left out: sets can have very many elements. Without elements libnftables lists no tables by
 * themselves in less than all.
 *
 * Returns: (transfer full) (nullable): our table of that family, an empty list if there is none */
static char *
list_our_table (const char *family, const char *tables, GError **error)
{
  g_autofree char *object = g_strconcat ("table ", family, " " NETNS_TABLE, NULL);

  return netns_outline_has_table (tables, family) ? netns_library_list (object, NETNS_LIBRARY_JSON, error)
                                                  : g_strdup ("{\"nftables\": []}");
}

static GVariant *
compare (GVariant *parameter, GError **error)
{
  g_autofree char *tables = netns_library_list ("tables", NETNS_LIBRARY_JSON_WITHOUT_ELEMENTS, error);
  g_autofree char *inet = tables ? list_our_table ("inet", tables, error) : NULL;
  g_autofree char *bridge = inet ? list_our_table ("bridge", tables, error) : NULL;
  g_auto (GStrv) parts = NULL;
  const char *commands;

  g_variant_get (parameter, "(&s)", &commands);
  parts = g_strsplit (commands, "\n", 2);
  return bridge ? g_variant_new ("(b)", netns_outline_is_same (parts[0], inet)
                                          && (parts[1] == NULL || netns_outline_is_same_guard (parts[1], bridge)))
                : NULL;
}

static GVariant *
sum_up (const char *kind, const char *name, NetnsCount *count, GError **error)
{
  g_autofree char *object = g_strdup_printf ("%s " OUR_TABLE " %s", kind, name);
  g_autofree char *json = netns_library_list (object, NETNS_LIBRARY_JSON, error);

  return json && netns_count_read (count, json, error) ? g_variant_new ("(tt)", count->packets, count->bytes) : NULL;
}

static GVariant *
count_rules (GVariant *parameter, GError **error)
{
  NetnsCount count = { 0 };
  const char *chain;

  g_variant_get (parameter, "(&s&s)", &chain, &count.comment);
  return sum_up ("chain", chain, &count, error);
}

static GVariant *
count_elements (GVariant *parameter, GError **error)
{
  NetnsCount count = { 0 };
  const char *set;

  g_variant_get (parameter, "(&s&suu&s)", &set, &count.protocol, &count.first_port, &count.n_ports, &count.address);
  return sum_up ("set", set, &count, error);
}

static const struct {
  const NetnsNftQuery *query;
  GVariant *(*answer) (GVariant *parameter, GError **error);
} answers[] = {
  { &netns_query_texts,          list_texts     },
  { &netns_query_ruleset,        list_ruleset   },
  { &netns_query_rules,          list_rules     },
  { &netns_query_drops,          list_drops     },
  { &netns_query_passages,       walk_passages  },
  { &netns_query_find_rules,     find_rules     },
  { &netns_query_compare,        compare        },
  { &netns_query_count_rules,    count_rules    },
  { &netns_query_count_elements, count_elements },
};

/**
 * netns_answer:
 * @query: what is asked, in this namespace
 * @parameter: (nullable): of the query's type
 * @error: `KernelRefused`, with the words of libnftables
 *
 * Returns: (transfer floating) (nullable): the answer, of the query's type
 */
GVariant *
netns_answer (const NetnsNftQuery *query, GVariant *parameter, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    if (answers[i].query == query)
      return answers[i].answer (parameter, error);
  g_assert_not_reached ();
}
