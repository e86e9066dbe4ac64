/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/firewall.h"

#include "common/names.h"

#define MATCH(operator, left, right) "{'match': <{'op': <'" operator "'>, 'left': <" left ">, 'right': <" right ">}>}"
#define META(key)                    "{'meta': <{'key': <'" key "'>}>}"
#define ACCEPT                       ", {'accept': <@ms nothing>}"

/* Whoever says that what comes in shall be dropped does not mean the namespace's talk with itself, the answers to what it
 * asked, or the finding of neighbours, without which IPv6 is dead. So do ufw and firewalld. These stand behind the user's
 * rules, which can say otherwise. */
#define FROM_ITSELF MATCH ("==", META ("iifname"), "'lo'") ACCEPT
#define TO_ITSELF   MATCH ("==", META ("oifname"), "'lo'") ACCEPT
#define ANSWERS     MATCH ("in", "{'ct': <{'key': <'state'>}>}", "['established', 'related']") ACCEPT
#define NEIGHBOURS                                                                                                   \
  MATCH ("==", "{'payload': <{'protocol': <'icmpv6'>, 'field': <'type'>}>}",                                         \
         "{'set': <['nd-router-solicit', 'nd-router-advert', 'nd-neighbor-solicit', 'nd-neighbor-advert',"           \
         " 'mld-listener-query', 'mld-listener-report', 'mld-listener-done', 'mld2-listener-report']>}")             \
  ACCEPT

static const struct {
  const char *name;
  const char *exceptions[4];
} chains[NETNS_FIREWALL_N_CHAINS] = {
  [NETNS_FIREWALL_INPUT] = { "firewall-input", { FROM_ITSELF, ANSWERS, NEIGHBOURS } },
  [NETNS_FIREWALL_FORWARD] = { "firewall-forward", { ANSWERS } },
  [NETNS_FIREWALL_OUTPUT] = { "firewall-output", { TO_ITSELF, ANSWERS, NEIGHBOURS } },
};

static void
add_chain (GVariantBuilder *commands, guint chain, gboolean drop)
{
  g_variant_builder_add_parsed (commands,
                                "{'add': <{'chain': <{'family': <'inet'>, 'table': <%s>, 'name': <%s>,"
                                " 'type': <'filter'>, 'hook': <%s>, 'prio': <0>, 'policy': <%s>}>}>}",
                                NETNS_TABLE, chains[chain].name, netns_firewall_chains[chain],
                                drop ? "drop" : "accept");
}

static void
add_rule (GVariantBuilder *commands, guint chain, GVariant *statements, const char *comment)
{
  g_variant_builder_add_parsed (commands,
                                "{'add': <{'rule': <{'family': <'inet'>, 'table': <%s>, 'chain': <%s>,"
                                " 'expr': <%@aa{sv}>, 'comment': <%s>}>}>}",
                                NETNS_TABLE, chains[chain].name, statements, comment);
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
    if (!g_variant_lookup (rule, "comment", "s", &comment) || *comment == '\0') {
      g_free (comment);
      comment = g_strdup_printf ("rule %" G_GUINT64_FORMAT, handle);
    }
    add_rule (commands, chain, netns_firewall_rule_to_statements (rule, FALSE), comment);
  }
}

/**
 * netns_ruleset_add_firewall:
 * @commands: commands that have made the table
 * @firewall: a firewall
 *
 * A chain of its own for each hook, because what networks refuse must stay refused: to be accepted, a packet must get
 * through all.
 */
void
netns_ruleset_add_firewall (GVariantBuilder *commands, const NetnsFirewall *firewall)
{
  for (guint chain = 0; chain < NETNS_FIREWALL_N_CHAINS; chain++) {
    if (!firewall->drop[chain] && !has_rules (firewall, chain))
      continue;
    add_chain (commands, chain, firewall->drop[chain]);
    add_rules (commands, firewall, chain);
    for (guint i = 0; firewall->drop[chain] && chains[chain].exceptions[i] != NULL; i++) {
      g_autofree char *statements = g_strdup_printf ("[%s]", chains[chain].exceptions[i]);

      add_rule (commands, chain, g_variant_new_parsed (statements), "beside the policy");
    }
  }
}
