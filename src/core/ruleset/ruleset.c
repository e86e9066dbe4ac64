/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/ruleset.h"

#include "common/names.h"
#include "core/ruleset/forward-rules.h"
#include "core/ruleset/nft-json.h"
#include "core/ruleset/ruleset-firewall.h"

#include <string.h>
#include <sys/socket.h>

static void
add_table (GVariantBuilder *commands, const char *verb)
{
  netns_nft_add (
    commands, verb,
    netns_nft_object ("table", "family", netns_nft_text ("inet"), "name", netns_nft_text (NETNS_TABLE), NULL));
}

static const char *
own_set (int family)
{
  return family == AF_INET ? "own4" : "own6";
}

/**
 * Translation:
 * @comment: whose it is
 * @sources: (element-type NetnsAddress): subnets whose packets leave with another address
 * @not_by: (nullable): a link that they leave by as they are
 * @uplink: the only link where they are translated, empty for any
 * @to_address: what they get, of no family for the address of the leaving link
 * @is_counted: whether their number is asked for
 */
typedef struct {
  const char *comment;
  const GArray *sources;
  const char *not_by;
  const char *uplink;
  const NetnsAddress *to_address;
  gboolean is_counted;
} Translation;

/* Returns: (transfer container): matches of packets from @source to others than us */
static GPtrArray *
match_outward (const Translation *nat, const NetnsAddress *source)
{
  const char *family = netns_nft_family (source->family);
  g_autofree char *own = g_strconcat ("@", own_set (source->family), NULL);
  GPtrArray *statements = g_ptr_array_new ();

  g_ptr_array_add (statements, netns_nft_match ("==", netns_nft_payload (family, "saddr"), netns_nft_prefix (source)));
  g_ptr_array_add (statements, netns_nft_match ("!=", netns_nft_payload (family, "daddr"), netns_nft_text (own)));
  if (nat->not_by != NULL)
    g_ptr_array_add (statements, netns_nft_match ("!=", netns_nft_meta ("oifname"), netns_nft_text (nat->not_by)));
  if (*nat->uplink != '\0')
    g_ptr_array_add (statements, netns_nft_match_link ("oifname", nat->uplink));
  return statements;
}

static void
add_statements (GVariantBuilder *commands, const char *chain, const Translation *nat, GPtrArray *statements)
{
  netns_nft_add_rule (commands, chain, nat->comment,
                      netns_nft_list_of ((GVariant **) statements->pdata, statements->len));
}

static GVariant *
print_host (const NetnsAddress *address)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  return netns_nft_text (netns_address_print_host (address, text));
}

/* Those that the host itself sends from an address of the link that they leave by are right as they are, though all our
 * subnets may be meant. */
static GVariant *
is_not_from_link (void)
{
  return netns_nft_match (
    "!=", netns_nft_object ("fib", "result", netns_nft_text ("type"), "flags", netns_nft_texts ("saddr", "oif"), NULL),
    netns_nft_text ("local"));
}

/* Packets that no rule of NAT sees leave as they are: those of no connection (invalid, or not tracked because somebody wants
 * it so), and those of connections that began without NAT. The latter not in the other direction: who called the inner
 * address itself is answered by it. */
static void
add_stop (GVariantBuilder *commands, const Translation *nat, const NetnsAddress *source)
{
  for (int tracked = FALSE; tracked <= TRUE; tracked++) {
    g_autoptr (GPtrArray) statements = match_outward (nat, source);

    if (nat->to_address->family == source->family)
      g_ptr_array_add (statements,
                       netns_nft_match ("!=", netns_nft_payload (netns_nft_family (source->family), "saddr"),
                                        print_host (nat->to_address)));
    if (tracked) {
      GVariant *is_snat
        = netns_nft_word ("&", netns_nft_list (netns_nft_connection ("status"), netns_nft_text ("snat")));

      g_ptr_array_add (statements,
                       netns_nft_match ("==", netns_nft_connection ("direction"), netns_nft_text ("original")));
      g_ptr_array_add (statements, netns_nft_match ("==", is_snat, g_variant_new_uint32 (0)));
    } else {
      g_ptr_array_add (
        statements, netns_nft_match ("in", netns_nft_connection ("state"), netns_nft_texts ("invalid", "untracked")));
    }
    g_ptr_array_add (statements, is_not_from_link ());
    g_ptr_array_add (statements, netns_nft_statement ("drop"));
    add_statements (commands, "untranslated", nat, statements);
  }
}

/* From some of our subnets to anywhere but our subnets. */
static void
add_translation (GVariantBuilder *commands, const Translation *nat)
{
  const NetnsAddress *to = nat->to_address;

  for (guint i = 0; i < nat->sources->len; i++) {
    const NetnsAddress *source = &g_array_index (nat->sources, NetnsAddress, i);
    g_autoptr (GPtrArray) statements = match_outward (nat, source);

    if (nat->is_counted)
      g_ptr_array_add (statements, netns_nft_statement ("counter"));
    g_ptr_array_add (statements, to->family == AF_UNSPEC
                                   ? netns_nft_statement ("masquerade")
                                   : netns_nft_object ("snat", "family", netns_nft_text (netns_nft_family (to->family)),
                                                       "addr", print_host (to), NULL));
    add_statements (commands, "postrouting", nat, statements);
    add_stop (commands, nat, source);
  }
}

static GVariant *
reject (void)
{
  return netns_nft_object ("reject", "type", netns_nft_text ("icmpx"), "expr", netns_nft_text ("admin-prohibited"),
                           NULL);
}

/* A network with NAT is reached from outside by answers and by port forwards only. Without this, switching forwarding
 * on would open it to every neighbour who sets a route to it. */
static void
add_guard (GVariantBuilder *commands, const char *comment, const NetnsNetwork *network)
{
  GVariant *const exceptions[] = {
    netns_nft_match ("in", netns_nft_connection ("state"), netns_nft_texts ("established", "related")),
    netns_nft_match ("in", netns_nft_connection ("status"), netns_nft_text ("dnat")),
    netns_nft_match_link ("iifname", "@bridges"),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (exceptions); i++)
    netns_nft_add_rule (commands, "forward", comment,
                        netns_nft_list (netns_nft_match_link ("oifname", network->bridge), exceptions[i],
                                        netns_nft_statement ("accept")));
  netns_nft_add_rule (commands, "forward", comment,
                      netns_nft_list (netns_nft_match_link ("oifname", network->bridge), reject ()));
}

static void
add_subnets (GPtrArray *elements, const GArray *subnets, int family)
{
  for (guint i = 0; i < subnets->len; i++)
    if (g_array_index (subnets, NetnsAddress, i).family == family)
      g_ptr_array_add (elements, netns_nft_prefix (&g_array_index (subnets, NetnsAddress, i)));
}

/* All subnets of the service here: packets between them keep their addresses. */
static void
add_own_set (GVariantBuilder *commands, int family, GPtrArray *networks, GPtrArray *nats)
{
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();

  for (guint i = 0; i < networks->len; i++)
    add_subnets (elements, ((NetnsNetwork *) g_ptr_array_index (networks, i))->subnets, family);
  for (guint i = 0; i < nats->len; i++)
    add_subnets (elements, ((NetnsNat *) g_ptr_array_index (nats, i))->sources, family);
  netns_nft_add (commands, "add",
                 netns_nft_object ("set", NETNS_NFT_OF_TABLE, "name", netns_nft_text (own_set (family)), "type",
                                   netns_nft_text (family == AF_INET ? "ipv4_addr" : "ipv6_addr"), "flags",
                                   netns_nft_texts ("interval"), "auto-merge", g_variant_new_boolean (TRUE), "elem",
                                   netns_nft_list_of ((GVariant **) elements->pdata, elements->len), NULL));
}

static void
add_bridges_set (GVariantBuilder *commands, GPtrArray *networks)
{
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();

  for (guint i = 0; i < networks->len; i++)
    g_ptr_array_add (elements, netns_nft_text (((NetnsNetwork *) g_ptr_array_index (networks, i))->bridge));
  netns_nft_add (commands, "add",
                 netns_nft_object ("set", NETNS_NFT_OF_TABLE, "name", netns_nft_text ("bridges"), "type",
                                   netns_nft_text ("ifname"), "elem",
                                   netns_nft_list_of ((GVariant **) elements->pdata, elements->len), NULL));
}

static gboolean
leads_into (GPtrArray *forwards, const NetnsNetwork *network)
{
  for (guint i = 0; i < forwards->len; i++)
    if (strcmp (((NetnsForward *) g_ptr_array_index (forwards, i))->network, network->base.name) == 0)
      return TRUE;
  return FALSE;
}

/* Between its own members only, who may pass the rules where br_netfilter is loaded; the host itself is reached by other
 * hooks. Before all other rules of the chain, which would accept what comes from another network. */
static void
add_isolation (GVariantBuilder *commands, const char *comment, const NetnsNetwork *network)
{
  static const char *const sides[] = { "iifname", "oifname" };

  netns_nft_add_rule (commands, "forward", comment,
                      netns_nft_list (netns_nft_match_link ("iifname", network->bridge),
                                      netns_nft_match_link ("oifname", network->bridge),
                                      netns_nft_statement ("accept")));
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    netns_nft_add_rule (commands, "forward", comment,
                        netns_nft_list (netns_nft_match_link (sides[i], network->bridge), reject ()));
}

static char *
comment_for (const NetnsNetwork *network)
{
  return g_strconcat ("network ", netns_network_get_name (network), NULL);
}

static GPtrArray *
pick (GPtrArray *definitions, const NetnsDefinitionClass *class)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < definitions->len; i++)
    if (((NetnsDefinition *) g_ptr_array_index (definitions, i))->class == class)
      g_ptr_array_add (list, g_ptr_array_index (definitions, i));
  return list;
}

/* The parts that networks, NATs and forwards need. */
static void
add_nat_parts (GVariantBuilder *commands, GPtrArray *definitions, gboolean with_elements)
{
  static const NetnsAddress any = { 0 };
  g_autoptr (GPtrArray) networks = pick (definitions, &netns_network_class);
  g_autoptr (GPtrArray) nats = pick (definitions, &netns_nat_class);
  g_autoptr (GPtrArray) forwards = pick (definitions, &netns_forward_class);

  add_own_set (commands, AF_INET, networks, nats);
  add_own_set (commands, AF_INET6, networks, nats);
  add_bridges_set (commands, networks);
  netns_nft_add_chain (commands, "postrouting", "nat", "postrouting", 100 /* NF_IP_PRI_NAT_SRC */, FALSE);
  /* After all chains of NAT, which the kernel runs at that priority together (nf_nat_ipv4_ops in nf_nat_core.c). */
  netns_nft_add_chain (commands, "untranslated", "filter", "postrouting", 150, FALSE);
  netns_nft_add_chain (commands, "forward", "filter", "forward", 0 /* NF_IP_PRI_FILTER */, FALSE);
  if (forwards->len > 0)
    netns_forward_rules_add_frame (commands, networks);
  for (guint i = 0; with_elements && i < forwards->len; i++)
    netns_forward_rules_add_elements (commands, "add", g_ptr_array_index (forwards, i));
  for (guint i = 0; i < networks->len; i++) {
    const NetnsNetwork *network = g_ptr_array_index (networks, i);
    g_autofree char *comment = comment_for (network);

    if (network->isolated)
      add_isolation (commands, comment, network);
  }
  for (guint i = 0; i < networks->len; i++) {
    const NetnsNetwork *network = g_ptr_array_index (networks, i);
    g_autofree char *comment = comment_for (network);

    if (network->nat)
      add_translation (commands, &(Translation) { comment, network->subnets, network->bridge, network->uplink, &any });
    if (network->nat || leads_into (forwards, network))
      add_guard (commands, comment, network);
  }
  for (guint i = 0; i < nats->len; i++) {
    const NetnsNat *nat = g_ptr_array_index (nats, i);
    g_autofree char *comment = netns_nat_get_comment (nat);

    add_translation (commands,
                     &(Translation) { comment, nat->sources, NULL, nat->uplink, &nat->to_address, .is_counted = TRUE });
  }
}

/* Returns: whether there is anything to put into the table for it */
gboolean
netns_ruleset_has_rules (const NetnsDefinition *definition)
{
  if (definition->class == &netns_network_class)
    return netns_network_has_rules ((const NetnsNetwork *) definition);
  if (definition->class == &netns_binding_class) /* they are in a table of their own */
    return FALSE;
  return definition->class != &netns_firewall_class || !netns_firewall_is_empty ((const NetnsFirewall *) definition);
}

static gboolean
any_has_rules (GPtrArray *definitions, const NetnsDefinitionClass *except)
{
  for (guint i = 0; i < definitions->len; i++) {
    const NetnsDefinition *definition = g_ptr_array_index (definitions, i);

    if (definition->class != except && netns_ruleset_has_rules (definition))
      return TRUE;
  }
  return FALSE;
}

/* Returns: whether there is anything to put into the table for the definitions of a namespace */
gboolean
netns_ruleset_wants_table (GPtrArray *definitions)
{
  return any_has_rules (definitions, NULL);
}

/* Returns: (transfer full): commands for the table of a namespace with these @definitions. They remove it and create it
 * again, if anything in it is wanted; other programs and packets see either the old one or the new one. Open connections
 * stay translated by conntrack. Without @with_elements forwards get no elements of the maps: equal results mean that a
 * change of elements is all that is needed. */
char *
netns_ruleset_build (GPtrArray *definitions, gboolean with_elements)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) firewalls = pick (definitions, &netns_firewall_class);

  add_table (&commands, "add"); /* so that removing it cannot fail */
  add_table (&commands, "delete");
  if (netns_ruleset_wants_table (definitions))
    add_table (&commands, "add");
  if (any_has_rules (definitions, &netns_firewall_class))
    add_nat_parts (&commands, definitions, with_elements);
  for (guint i = 0; i < firewalls->len; i++)
    netns_ruleset_add_firewall (&commands, g_ptr_array_index (firewalls, i));
  return netns_nft_print (&commands);
}

/* Returns: (transfer full): commands for a table with the maps of netns_ruleset_build_change(), and nothing else */
char *
netns_ruleset_build_maps (void)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  add_table (&commands, "add");
  netns_forward_rules_add_maps (&commands);
  return netns_nft_print (&commands);
}

/* Returns: (transfer full) (nullable): commands for a table that has all but the elements of these forwards; %NULL if
 * they have none */
char *
netns_ruleset_build_change (GPtrArray *old, GPtrArray *new)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  gboolean any = FALSE;

  for (guint i = 0; i < old->len; i++)
    any |= netns_forward_rules_add_elements (&commands, "delete", g_ptr_array_index (old, i));
  for (guint i = 0; i < new->len; i++)
    any |= netns_forward_rules_add_elements (&commands, "add", g_ptr_array_index (new, i));
  return any ? netns_nft_print (&commands) : NULL;
}
