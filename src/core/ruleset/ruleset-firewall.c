/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/ruleset-firewall.h"

#include "common/address.h"
#include "common/protocol.h"
#include "core/ruleset/nft-json.h"
#include "core/state/firewall-rule.h"

/* ---- what a user's rule says */

static GVariant *
match_link (GVariant *rule, const char *key, const char *meta)
{
  const char *name = netns_firewall_rule_get (rule, key);

  return *name != '\0' ? netns_nft_match_link (meta, name) : NULL;
}

static GVariant *
match_address (GVariant *rule, const char *key, const char *field)
{
  const char *text = netns_firewall_rule_get (rule, key);
  NetnsAddress address;

  if (*text == '\0' || !netns_address_parse_subnet (text, &address, NULL))
    return NULL;
  return netns_nft_match ("==", netns_nft_payload (netns_nft_family (address.family), field),
                          netns_nft_prefix (&address));
}

static GVariant *
ports_value (const char *text)
{
  guint first = 0, last = 0;

  netns_firewall_parse_ports (text, &first, &last, NULL);
  if (first == last)
    return g_variant_new_uint32 (first);
  return netns_nft_word ("range", netns_nft_list (g_variant_new_uint32 (first), g_variant_new_uint32 (last)));
}

static GVariant *
match_ports (GVariant *rule, const char *const *ports, const char *field)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  GVariant *any;

  for (guint i = 0; ports[i] != NULL; i++)
    g_ptr_array_add (values, ports_value (ports[i]));
  if (values->len == 0)
    return NULL;
  any = values->len == 1 ? values->pdata[0]
                         : netns_nft_word ("set", netns_nft_list_of ((GVariant **) values->pdata, values->len));
  return netns_nft_match ("==", netns_nft_payload (netns_firewall_rule_get (rule, "protocol"), field), any);
}

/* By number: their names come from a file that a small system does not have. */
static GVariant *
match_protocol (const char *name)
{
  const NetnsProtocol *protocol = netns_protocol_find (name);

  if (protocol == NULL)
    return NULL;
  return netns_nft_match ("==", netns_nft_meta ("l4proto"), g_variant_new_uint32 (protocol->number));
}

/* Returns: (transfer floating): a rule as libnftables-json(5) has it */
static GVariant *
print_rule (GVariant *rule)
{
  g_autofree const char **from = netns_firewall_rule_get_list (rule, "source-ports"),
                        **to = netns_firewall_rule_get_list (rule, "destination-ports"),
                        **states = netns_firewall_rule_get_list (rule, "connection-state");
  gboolean has_ports = from[0] != NULL || to[0] != NULL; /* which say of which protocol they are */

  return netns_nft_list (
    match_link (rule, "in-link", "iifname"), match_link (rule, "out-link", "oifname"),
    match_address (rule, "source", "saddr"), match_address (rule, "destination", "daddr"),
    has_ports ? NULL : match_protocol (netns_firewall_rule_get (rule, "protocol")), match_ports (rule, from, "sport"),
    match_ports (rule, to, "dport"),
    states[0] ? netns_nft_match ("in", netns_nft_connection ("state"), g_variant_new_strv (states, -1)) : NULL,
    netns_nft_statement (netns_firewall_rule_get (rule, "action")));
}

/* ---- chains */

static const char *const chain_names[NETNS_FIREWALL_N_CHAINS] = {
  [NETNS_FIREWALL_INPUT] = "firewall-input",
  [NETNS_FIREWALL_FORWARD] = "firewall-forward",
  [NETNS_FIREWALL_OUTPUT] = "firewall-output",
};

/* Whether a chain of our table is one of those that hold users' rules, and which; they are its first ones, in order. */
gboolean
netns_ruleset_find_chain (const char *name, NetnsFirewallChain *chain)
{
  for (guint i = 0; i < NETNS_FIREWALL_N_CHAINS; i++) {
    *chain = (NetnsFirewallChain) i;
    if (g_str_equal (chain_names[i], name))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_rules (const NetnsFirewall *firewall, guint chain)
{
  for (guint i = 0; i < firewall->rules->len; i++)
    if (netns_firewall_rule_get_chain (g_ptr_array_index (firewall->rules, i)) == chain)
      return TRUE;
  return FALSE;
}

static void
add_rules (GVariantBuilder *commands, const NetnsFirewall *firewall, guint chain)
{
  for (guint i = 0; i < firewall->rules->len; i++) {
    GVariant *rule = g_ptr_array_index (firewall->rules, i);
    g_autofree char *comment = NULL;
    guint64 handle = 0;

    if (netns_firewall_rule_get_chain (rule) != chain)
      continue;
    g_variant_lookup (rule, "handle", "t", &handle);
    comment = *netns_firewall_rule_get (rule, "comment") != '\0' ? g_strdup (netns_firewall_rule_get (rule, "comment"))
                                                                 : g_strdup_printf ("rule %" G_GUINT64_FORMAT, handle);
    netns_nft_add_rule (commands, chain_names[chain], comment, print_rule (rule));
  }
}

/* A policy that drops incoming packets is not meant for loopback traffic, replies, or neighbour discovery, without
 * which IPv6 does not work; ufw and firewalld do the same. These rules come after the user's rules, which can override
 * them. */
static void
add_exceptions (GVariantBuilder *commands, guint chain)
{
  static const char *const itself[NETNS_FIREWALL_N_CHAINS] = {
    [NETNS_FIREWALL_INPUT] = "iifname",
    [NETNS_FIREWALL_OUTPUT] = "oifname",
  };
  GVariant *const matches[] = {
    itself[chain] ? netns_nft_match_link (itself[chain], "lo") : NULL,
    netns_nft_match ("in", netns_nft_connection ("state"), netns_nft_texts ("established", "related")),
    itself[chain]
      ? netns_nft_match (
          "==", netns_nft_payload ("icmpv6", "type"),
          netns_nft_word ("set", netns_nft_texts ("nd-router-solicit", "nd-router-advert", "nd-neighbor-solicit",
                                                  "nd-neighbor-advert", "mld-listener-query", "mld-listener-report",
                                                  "mld-listener-done", "mld2-listener-report")))
      : NULL,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (matches); i++)
    if (matches[i] != NULL)
      netns_nft_add_rule (commands, chain_names[chain], "beside the policy",
                          netns_nft_list (matches[i], netns_nft_statement ("accept")));
}

/* A chain of its own for each hook, because what networks refuse must stay refused: to be accepted, a packet must get
 * through all. */
void
netns_ruleset_add_firewall (GVariantBuilder *commands, const NetnsFirewall *firewall)
{
  for (guint chain = 0; chain < NETNS_FIREWALL_N_CHAINS; chain++) {
    if (!firewall->drop[chain] && !has_rules (firewall, chain))
      continue;
    netns_nft_add_chain (commands, chain_names[chain], "filter", netns_firewall_chains[chain], 0,
                         firewall->drop[chain]);
    add_rules (commands, firewall, chain);
    if (firewall->drop[chain])
      add_exceptions (commands, chain);
  }
}
