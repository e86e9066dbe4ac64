/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset.h"

#include "common/names.h"
#include "core/forward-rules.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/socket.h>

/* Everything is put together as values and turned into libnftables-json(5) at the end: no name or address is ever
 * pasted into nft's own syntax. */

static void
add_command (GVariantBuilder *commands, const char *verb, const char *object, GVariant *properties)
{
  g_variant_builder_add_parsed (commands, "{%s: <{%s: <%@a{sv}>}>}", verb, object, properties);
}

static void
add_table (GVariantBuilder *commands, const char *verb)
{
  add_command (commands, verb, "table", g_variant_new_parsed ("{'family': <'inet'>, 'name': <%s>}", NETNS_TABLE));
}

static void
add_chain (GVariantBuilder *commands, const char *name, const char *type, int priority)
{
  add_command (commands, "add", "chain",
               g_variant_new_parsed ("{'family': <'inet'>, 'table': <%s>, 'name': <%s>, 'type': <%s>, 'hook': <%s>,"
                                     " 'prio': <%i>, 'policy': <'accept'>}",
                                     NETNS_TABLE, name, type, name, priority));
}

static void
add_rule (GVariantBuilder *commands, const char *chain, GVariant *expressions, const char *comment)
{
  add_command (commands, "add", "rule",
               g_variant_new_parsed ("{'family': <'inet'>, 'table': <%s>, 'chain': <%s>, 'expr': <%@aa{sv}>,"
                                     " 'comment': <%s>}",
                                     NETNS_TABLE, chain, expressions, comment));
}

static GVariant *
prefix_value (const NetnsAddress *subnet)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  return g_variant_new_parsed ("{'prefix': <{'addr': <%s>, 'len': <%i>}>}", netns_address_print_host (subnet, text),
                               (int) subnet->prefix);
}

static void
match (GVariantBuilder *expressions, const char *operator, GVariant *left, GVariant *right)
{
  g_variant_builder_add_parsed (expressions, "{'match': <{'op': <%s>, 'left': <%@a{sv}>, 'right': <%*>}>}", operator,
                                left, right);
}

static GVariant *
address_field (int family, const char *field)
{
  return g_variant_new_parsed ("{'payload': <{'protocol': <%s>, 'field': <%s>}>}", family == AF_INET ? "ip" : "ip6",
                               field);
}

static GVariant *
meta (const char *key)
{
  return g_variant_new_parsed ("{'meta': <{'key': <%s>}>}", key);
}

static GVariant *
connection (const char *key)
{
  return g_variant_new_parsed ("{'ct': <{'key': <%s>}>}", key);
}

static void
statement (GVariantBuilder *expressions, const char *name)
{
  g_variant_builder_add_parsed (expressions, "{%s: <@ms nothing>}", name);
}

static const char *
own_set (int family)
{
  return family == AF_INET ? "own4" : "own6";
}

/* From one of our subnets to anywhere but our subnets. */
static GVariant *
translation (const NetnsAddress *source, const char *not_by, const char *uplink, const NetnsAddress *to_address,
             gboolean counted)
{
  g_auto (GVariantBuilder) expressions = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *own = g_strconcat ("@", own_set (source->family), NULL);
  char text[NETNS_ADDRESS_MAX_TEXT];

  match (&expressions, "==", address_field (source->family, "saddr"), prefix_value (source));
  match (&expressions, "!=", address_field (source->family, "daddr"), g_variant_new_string (own));
  if (not_by != NULL)
    match (&expressions, "!=", meta ("oifname"), g_variant_new_string (not_by));
  if (*uplink != '\0')
    match (&expressions, "==", meta ("oifname"), g_variant_new_string (uplink));
  if (counted)
    statement (&expressions, "counter");
  if (to_address->family == AF_UNSPEC)
    statement (&expressions, "masquerade");
  else
    g_variant_builder_add_parsed (&expressions, "{'snat': <{'family': <%s>, 'addr': <%s>}>}",
                                  to_address->family == AF_INET ? "ip" : "ip6",
                                  netns_address_print_host (to_address, text));
  return g_variant_builder_end (&expressions);
}

static void
add_network_translation (GVariantBuilder *commands, const NetnsNetwork *network)
{
  static const NetnsAddress any = { 0 };
  g_autofree char *comment = g_strconcat ("network ", network->base.name, NULL);

  for (guint i = 0; i < network->subnets->len; i++)
    add_rule (commands, "postrouting",
              translation (&g_array_index (network->subnets, NetnsAddress, i), network->bridge, network->uplink, &any,
                           FALSE),
              comment);
}

static void
add_nat_translation (GVariantBuilder *commands, const NetnsNat *nat)
{
  g_autofree char *comment = netns_nat_get_comment (nat);

  for (guint i = 0; i < nat->sources->len; i++)
    add_rule (commands, "postrouting",
              translation (&g_array_index (nat->sources, NetnsAddress, i), NULL, nat->uplink, &nat->to_address, TRUE),
              comment);
}

/* A network with NAT is reached from outside by answers and by port forwards only. Without this, switching forwarding
 * on would open it to every neighbour who sets a route to it. */
static void
add_network_guard (GVariantBuilder *commands, const NetnsNetwork *network)
{
  g_autofree char *comment = g_strconcat ("network ", network->base.name, NULL);
  GVariant *const exceptions[][2] = {
    { connection ("state"), g_variant_new_parsed ("['established', 'related']") },
    { connection ("status"), g_variant_new_string ("dnat") },
    { meta ("iifname"), g_variant_new_string ("@bridges") },
  };
  static const char *const operators[] = { "in", "in", "==" };
  g_auto (GVariantBuilder) refuse = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < G_N_ELEMENTS (exceptions); i++) {
    g_auto (GVariantBuilder) allow = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

    match (&allow, "==", meta ("oifname"), g_variant_new_string (network->bridge));
    match (&allow, operators[i], exceptions[i][0], exceptions[i][1]);
    statement (&allow, "accept");
    add_rule (commands, "forward", g_variant_builder_end (&allow), comment);
  }
  match (&refuse, "==", meta ("oifname"), g_variant_new_string (network->bridge));
  g_variant_builder_add_parsed (&refuse, "{'reject': <{'type': <'icmpx'>, 'expr': <'admin-prohibited'>}>}");
  add_rule (commands, "forward", g_variant_builder_end (&refuse), comment);
}

static void
add_subnets (GVariantBuilder *elements, const GArray *subnets, int family, guint *count)
{
  for (guint i = 0; i < subnets->len; i++) {
    const NetnsAddress *subnet = &g_array_index (subnets, NetnsAddress, i);

    if (subnet->family != family)
      continue;
    g_variant_builder_add (elements, "@a{sv}", prefix_value (subnet));
    (*count)++;
  }
}

/* All subnets of the service here: packets between them keep their addresses. */
static void
add_own_set (GVariantBuilder *commands, int family, GPtrArray *networks, GPtrArray *nats)
{
  g_auto (GVariantBuilder) elements = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_auto (GVariantDict) set = G_VARIANT_DICT_INIT (g_variant_new_parsed (
    "{'family': <'inet'>, 'table': <%s>, 'name': <%s>, 'type': <%s>, 'flags': <['interval']>, 'auto-merge': <true>}",
    NETNS_TABLE, own_set (family), family == AF_INET ? "ipv4_addr" : "ipv6_addr"));
  guint count = 0;

  for (guint i = 0; i < networks->len; i++)
    add_subnets (&elements, ((NetnsNetwork *) g_ptr_array_index (networks, i))->subnets, family, &count);
  for (guint i = 0; i < nats->len; i++)
    add_subnets (&elements, ((NetnsNat *) g_ptr_array_index (nats, i))->sources, family, &count);
  if (count > 0)
    g_variant_dict_insert_value (&set, "elem", g_variant_builder_end (&elements));
  add_command (commands, "add", "set", g_variant_dict_end (&set));
}

static void
add_bridges_set (GVariantBuilder *commands, GPtrArray *networks)
{
  g_auto (GVariantBuilder) elements = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  g_auto (GVariantDict) set = G_VARIANT_DICT_INIT (g_variant_new_parsed (
    "{'family': <'inet'>, 'table': <%s>, 'name': <'bridges'>, 'type': <'ifname'>}", NETNS_TABLE));

  for (guint i = 0; i < networks->len; i++)
    g_variant_builder_add (&elements, "s", ((NetnsNetwork *) g_ptr_array_index (networks, i))->bridge);
  if (networks->len > 0)
    g_variant_dict_insert_value (&set, "elem", g_variant_builder_end (&elements));
  add_command (commands, "add", "set", g_variant_dict_end (&set));
}

static gboolean
leads_into (GPtrArray *forwards, const NetnsNetwork *network)
{
  for (guint i = 0; i < forwards->len; i++)
    if (strcmp (((NetnsForward *) g_ptr_array_index (forwards, i))->network, network->base.name) == 0)
      return TRUE;
  return FALSE;
}

static void
add_forwards (GVariantBuilder *commands, const NetnsRules *rules, gboolean with_elements)
{
  if (rules->forwards->len == 0)
    return;
  netns_forward_rules_add_frame (commands, rules->networks);
  for (guint i = 0; with_elements && i < rules->forwards->len; i++)
    netns_forward_rules_add_elements (commands, "add", g_ptr_array_index (rules->forwards, i));
}

/* Between its own members only, who may pass the rules where br_netfilter is loaded; the host itself is reached by other
 * hooks. Before all other rules of the chain, which would accept what comes from another network. */
static void
add_isolation (GVariantBuilder *commands, const NetnsNetwork *network)
{
  static const char *const sides[] = { "iifname", "oifname" };
  g_autofree char *comment = g_strconcat ("network ", network->base.name, NULL);
  g_auto (GVariantBuilder) within = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  match (&within, "==", meta ("iifname"), g_variant_new_string (network->bridge));
  match (&within, "==", meta ("oifname"), g_variant_new_string (network->bridge));
  statement (&within, "accept");
  add_rule (commands, "forward", g_variant_builder_end (&within), comment);
  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++) {
    g_auto (GVariantBuilder) refuse = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

    match (&refuse, "==", meta (sides[i]), g_variant_new_string (network->bridge));
    g_variant_builder_add_parsed (&refuse, "{'reject': <{'type': <'icmpx'>, 'expr': <'admin-prohibited'>}>}");
    add_rule (commands, "forward", g_variant_builder_end (&refuse), comment);
  }
}

/* What networks and translations need. */
static void
add_translations (GVariantBuilder *commands, const NetnsRules *rules, gboolean with_elements)
{
  add_own_set (commands, AF_INET, rules->networks, rules->nats);
  add_own_set (commands, AF_INET6, rules->networks, rules->nats);
  add_bridges_set (commands, rules->networks);
  add_chain (commands, "postrouting", "nat", 100); /* NF_IP_PRI_NAT_SRC */
  add_chain (commands, "forward", "filter", 0);    /* NF_IP_PRI_FILTER */
  add_forwards (commands, rules, with_elements);
  for (guint i = 0; i < rules->networks->len; i++)
    if (((NetnsNetwork *) g_ptr_array_index (rules->networks, i))->isolated)
      add_isolation (commands, g_ptr_array_index (rules->networks, i));
  for (guint i = 0; i < rules->networks->len; i++) {
    const NetnsNetwork *network = g_ptr_array_index (rules->networks, i);

    if (network->nat)
      add_network_translation (commands, network);
    if (network->nat || leads_into (rules->forwards, network))
      add_network_guard (commands, network);
  }
  for (guint i = 0; i < rules->nats->len; i++)
    add_nat_translation (commands, g_ptr_array_index (rules->nats, i));
}

static gboolean
wants_translations (const NetnsRules *rules)
{
  for (guint i = 0; i < rules->networks->len; i++)
    if (netns_network_has_rules (g_ptr_array_index (rules->networks, i)))
      return TRUE;
  return rules->nats->len > 0 || rules->forwards->len > 0;
}

/* Returns: whether there is anything to put into the table */
gboolean
netns_ruleset_wants_table (const NetnsRules *rules)
{
  for (guint i = 0; i < rules->firewalls->len; i++)
    if (!netns_firewall_is_empty (g_ptr_array_index (rules->firewalls, i)))
      return TRUE;
  return wants_translations (rules);
}

/**
 * netns_ruleset_build:
 * @rules: what is in one namespace
 * @with_elements: whether forwards get their elements of the maps; without them, equal results mean that a change of
 *                 elements is all that is needed
 *
 * The transaction removes the table and makes it anew, if anything in it is wanted; the kernel shows other programs and
 * packets either the old one or the new one. Connections that are up stay translated: that is conntrack's, not ours.
 *
 * Returns: (transfer full): commands for libnftables, as JSON
 */
char *
netns_ruleset_build (const NetnsRules *rules, gboolean with_elements)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) document = NULL;

  add_table (&commands, "add"); /* so that removing it cannot fail */
  add_table (&commands, "delete");
  if (netns_ruleset_wants_table (rules))
    add_table (&commands, "add");
  if (wants_translations (rules))
    add_translations (&commands, rules, with_elements);
  for (guint i = 0; i < rules->firewalls->len; i++)
    netns_ruleset_add_firewall (&commands, g_ptr_array_index (rules->firewalls, i));
  document = g_variant_ref_sink (g_variant_new_parsed ("{'nftables': <%@aa{sv}>}", g_variant_builder_end (&commands)));
  return json_gvariant_serialize_data (document, NULL);
}

/**
 * netns_ruleset_build_change:
 * @old: (element-type NetnsForward): forwards that go
 * @new: (element-type NetnsForward): forwards that come
 *
 * Returns: (transfer full) (nullable): commands for libnftables, as JSON, for a table that has all else; %NULL if they
 *   have no elements
 */
char *
netns_ruleset_build_change (GPtrArray *old, GPtrArray *new)
{
  g_auto (GVariantBuilder) commands = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) list = NULL, document = NULL;

  for (guint i = 0; i < old->len; i++)
    netns_forward_rules_add_elements (&commands, "delete", g_ptr_array_index (old, i));
  for (guint i = 0; i < new->len; i++)
    netns_forward_rules_add_elements (&commands, "add", g_ptr_array_index (new, i));
  list = g_variant_ref_sink (g_variant_builder_end (&commands));
  if (g_variant_n_children (list) == 0)
    return NULL;
  document = g_variant_ref_sink (g_variant_new_parsed ("{'nftables': <%@aa{sv}>}", list));
  return json_gvariant_serialize_data (document, NULL);
}
