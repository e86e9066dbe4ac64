/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/firewall-walk.h"

#include "core/rule-words.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define DEPTH_MAX 16 /* NFT_JUMP_STACK_SIZE of the kernel */

typedef enum {
  NO,
  YES,
  MAYBE,
} Match;

typedef enum {
  GOES_ON, /* to the next rule, or the policy */
  PASSES,  /* or may pass */
  DROPPED,
} Fate;

typedef struct {
  const NetnsFirewallView *view;
  const NetnsPassage *passage;
  char *reason; /* of the first drop */
} Walk;

static Fate walk_chain (Walk *walk, const NetnsChain *chain, guint depth);

static Match
not (Match match)
{
  return match == MAYBE ? MAYBE : match == YES ? NO : YES;
}

static Match
either (Match a, Match b)
{
  return a == YES || b == YES ? YES : a == MAYBE || b == MAYBE ? MAYBE : NO;
}

/* How one value of a rule compares with the packet. */
typedef Match (*CompareFunc) (const Walk *walk, JsonNode *value, gconstpointer known);

/* The right side of a match: one value, a list, an anonymous set or a named one. */
static Match
compare_any (const Walk *walk, const NetnsChain *chain, JsonNode *right, CompareFunc compare, gconstpointer known)
{
  JsonArray *values = NULL;
  Match match = NO;

  if (JSON_NODE_HOLDS_OBJECT (right) && json_object_has_member (json_node_get_object (right), "set")) {
    right = json_object_get_member (json_node_get_object (right), "set");
  } else if (JSON_NODE_HOLDS_VALUE (right) && json_node_get_value_type (right) == G_TYPE_STRING
             && *json_node_get_string (right) == '@') {
    values = netns_firewall_view_find_set (walk->view, chain, json_node_get_string (right) + 1);
    if (values == NULL)
      return NO; /* an empty set */
  }
  if (JSON_NODE_HOLDS_ARRAY (right))
    values = json_node_get_array (right);
  if (values == NULL)
    return compare (walk, right, known);
  for (guint i = 0; i < json_array_get_length (values); i++) {
    JsonNode *value = json_array_get_element (values, i);
    JsonObject *object = JSON_NODE_HOLDS_OBJECT (value) ? json_node_get_object (value) : NULL;
    JsonNode *element = object ? json_object_get_member (object, "elem") : NULL;

    if (element != NULL && JSON_NODE_HOLDS_OBJECT (element))
      value = json_object_get_member (json_node_get_object (element), "val");
    match = either (match, value ? compare (walk, value, known) : MAYBE);
  }
  return match;
}

static const char *
text_of (JsonNode *value)
{
  return JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING ? json_node_get_string (value)
                                                                                            : NULL;
}

/* `eth*` stands for all that begin so. */
static Match
compare_link (const Walk *walk, JsonNode *value, gconstpointer known)
{
  const char *name = text_of (value), *link = known;

  if (link == NULL || name == NULL)
    return MAYBE;
  if (g_str_has_suffix (name, "*"))
    return strncmp (link, name, strlen (name) - 1) == 0 ? YES : NO;
  return strcmp (link, name) == 0 ? YES : NO;
}

static Match
compare_word (const Walk *walk, JsonNode *value, gconstpointer known)
{
  const char *word = text_of (value);

  return word == NULL ? MAYBE : strcmp (word, known) == 0 ? YES : NO;
}

static Match
compare_protocol (const Walk *walk, JsonNode *value, gconstpointer known)
{
  const char *word = text_of (value);

  if (word != NULL)
    return strcmp (word, "tcp") == 0 ? YES : NO;
  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_INT64)
    return json_node_get_int (value) == IPPROTO_TCP ? YES : NO;
  return MAYBE;
}

static gboolean
parse_prefix (JsonNode *value, NetnsAddress *subnet)
{
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (value) ? json_node_get_object (value) : NULL;
  JsonNode *prefix = object ? json_object_get_member (object, "prefix") : NULL;
  g_autofree char *text = NULL;

  if (text_of (value) != NULL)
    return netns_address_parse (text_of (value), subnet, NULL);
  if (prefix == NULL || !JSON_NODE_HOLDS_OBJECT (prefix))
    return FALSE;
  object = json_node_get_object (prefix);
  text = g_strdup_printf ("%s/%" G_GINT64_FORMAT, netns_rule_get_text (object, "addr"),
                          json_object_get_int_member_with_default (object, "len", -1));
  return netns_address_parse (text, subnet, NULL);
}

/* Packets of the whole subnet are meant: if the rule knows only a part of it, some may fit. */
static Match
compare_address (const Walk *walk, JsonNode *value, gconstpointer known)
{
  const NetnsAddress *packets = known;
  NetnsAddress subnet;

  if (packets->family == AF_UNSPEC || !parse_prefix (value, &subnet))
    return MAYBE;
  if (!netns_address_overlaps (&subnet, packets))
    return NO;
  return subnet.prefix <= packets->prefix ? YES : MAYBE;
}

static Match
match_meta (const Walk *walk, const NetnsChain *chain, const char *key, JsonNode *right)
{
  const NetnsPassage *passage = walk->passage;

  if (strcmp (key, "iifname") == 0 || strcmp (key, "iif") == 0)
    return compare_any (walk, chain, right, compare_link, passage->in);
  if (strcmp (key, "oifname") == 0 || strcmp (key, "oif") == 0)
    return compare_any (walk, chain, right, compare_link, passage->out);
  if (strcmp (key, "l4proto") == 0)
    return compare_any (walk, chain, right, compare_protocol, NULL);
  if (strcmp (key, "nfproto") == 0)
    return compare_any (walk, chain, right, compare_word, passage->family == AF_INET ? "ipv4" : "ipv6");
  return MAYBE;
}

static Match
match_payload (const Walk *walk, const NetnsChain *chain, JsonObject *payload, JsonNode *right)
{
  const char *protocol = netns_rule_get_text (payload, "protocol"), *field = netns_rule_get_text (payload, "field");
  static const char *const others[] = { "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "esp", "ah", "arp", NULL };

  if (g_strv_contains (others, protocol) || strcmp (protocol, walk->passage->family == AF_INET ? "ip6" : "ip") == 0)
    return NO;
  if (strcmp (field, "saddr") == 0)
    return compare_any (walk, chain, right, compare_address, &walk->passage->source);
  if (strcmp (field, "daddr") == 0)
    return compare_any (walk, chain, right, compare_address, &walk->passage->destination);
  if (strcmp (field, "protocol") == 0 || strcmp (field, "nexthdr") == 0)
    return compare_any (walk, chain, right, compare_protocol, NULL);
  return MAYBE;
}

/* A packet that asks is of no port forward. */
static Match
match_connection (const Walk *walk, const NetnsChain *chain, const char *key, JsonNode *right)
{
  if (strcmp (key, "state") == 0)
    return compare_any (walk, chain, right, compare_word, walk->passage->is_answer ? "established" : "new");
  if (strcmp (key, "status") == 0 && !walk->passage->is_answer)
    return compare_any (walk, chain, right, compare_word, "none");
  return MAYBE;
}

static Match
match_statement (const Walk *walk, const NetnsChain *chain, JsonObject *match)
{
  JsonNode *left = json_object_get_member (match, "left"), *right = json_object_get_member (match, "right");
  const char *operator = netns_rule_get_text (match, "op");
  JsonObject *object = left != NULL && JSON_NODE_HOLDS_OBJECT (left) ? json_node_get_object (left) : NULL;
  g_autoptr (GList) keys = object ? json_object_get_members (object) : NULL;
  JsonNode *inner = keys ? json_object_get_member (object, keys->data) : NULL;
  Match result = MAYBE;

  if (inner == NULL || right == NULL || !JSON_NODE_HOLDS_OBJECT (inner))
    return MAYBE;
  object = json_node_get_object (inner);
  if (strcmp (keys->data, "meta") == 0)
    result = match_meta (walk, chain, netns_rule_get_text (object, "key"), right);
  else if (strcmp (keys->data, "payload") == 0)
    result = match_payload (walk, chain, object, right);
  else if (strcmp (keys->data, "ct") == 0)
    result = match_connection (walk, chain, netns_rule_get_text (object, "key"), right);
  if (strcmp (operator, "==") == 0 || strcmp (operator, "in") == 0)
    return result;
  return strcmp (operator, "!=") == 0 ? not(result) : MAYBE;
}

/* All matches of a rule together. What else stands in it, such as extensions of iptables, may match or not. */
static Match
match_rule (const Walk *walk, const NetnsChain *chain, GList *statements)
{
  static const char *const harmless[] = { "counter", "log", "accept", "drop", "reject", "jump", "goto", "return", "comment",
                                          "continue", "mangle", "notrack", NULL };
  Match result = YES;

  for (GList *item = statements; item != NULL; item = item->next) {
    g_autoptr (GList) keys = json_object_get_members (item->data);
    const char *key = keys ? keys->data : "";
    JsonNode *value = json_object_get_member (item->data, key);
    Match match = MAYBE;

    if (g_strv_contains (harmless, key))
      continue;
    if (strcmp (key, "match") == 0 && JSON_NODE_HOLDS_OBJECT (value))
      match = match_statement (walk, chain, json_node_get_object (value));
    if (match == NO)
      return NO;
    if (match == MAYBE)
      result = MAYBE;
  }
  return result;
}

static Fate
drop (Walk *walk, const NetnsChain *chain, JsonObject *rule)
{
  if (walk->reason == NULL)
    walk->reason = rule ? netns_chain_describe_rule (chain, rule) : netns_chain_describe_policy (chain);
  return DROPPED;
}

static Fate
enter (Walk *walk, const NetnsChain *chain, JsonNode *jump, guint depth)
{
  const char *name = JSON_NODE_HOLDS_OBJECT (jump) ? netns_rule_get_text (json_node_get_object (jump), "target") : "";
  const NetnsChain *target = netns_firewall_view_find_chain (walk->view, chain->family, chain->table, name);

  return target != NULL && depth < DEPTH_MAX ? walk_chain (walk, target, depth + 1) : PASSES;
}

/* What becomes of a packet for which the matches of a rule say @match. @ends: whether the chain is left. */
static Fate
apply_rule (Walk *walk, const NetnsChain *chain, JsonObject *rule, GList *statements, Match match, guint depth,
            gboolean *ends)
{
  for (GList *item = statements; item != NULL; item = item->next) {
    JsonNode *jump = json_object_get_member (item->data, "jump"), *away = json_object_get_member (item->data, "goto");
    Fate fate;

    if (json_object_has_member (item->data, "accept") || json_object_has_member (item->data, "vmap")
        || json_object_has_member (item->data, "queue"))
      return PASSES;
    if (json_object_has_member (item->data, "drop") || json_object_has_member (item->data, "reject"))
      return match == YES ? drop (walk, chain, rule) : GOES_ON;
    if (json_object_has_member (item->data, "return")) {
      *ends = match == YES;
      return match == YES ? GOES_ON : PASSES;
    }
    if (jump == NULL && away == NULL)
      continue;
    fate = enter (walk, chain, jump ? jump : away, depth);
    if (fate == PASSES || (match != YES && away != NULL && fate == GOES_ON))
      return PASSES;
    *ends = away != NULL && match == YES;
    if (fate == DROPPED && match != YES)
      g_clear_pointer (&walk->reason, g_free); /* the others go on */
    return match == YES ? fate : GOES_ON;
  }
  return GOES_ON;
}

static Fate
walk_chain (Walk *walk, const NetnsChain *chain, guint depth)
{
  for (guint i = 0; i < chain->rules->len; i++) {
    JsonObject *rule = g_ptr_array_index (chain->rules, i);
    g_autoptr (GList) statements = netns_rule_list_statements (rule);
    Match match = match_rule (walk, chain, statements);
    gboolean ends = FALSE;
    Fate fate;

    if (match == NO)
      continue;
    fate = apply_rule (walk, chain, rule, statements, match, depth, &ends);
    if (fate != GOES_ON || ends)
      return fate;
  }
  return GOES_ON;
}

static gboolean
is_passed (const NetnsChain *chain, const NetnsPassage *passage)
{
  static const char *const hooks[] = { "prerouting", "forward", "postrouting", NULL };

  return chain->hook != NULL && g_strv_contains (hooks, chain->hook) && !netns_chain_is_ours (chain)
         && g_strcmp0 (chain->type, "filter") == 0
         && (strcmp (chain->family, "inet") == 0
             || strcmp (chain->family, passage->family == AF_INET ? "ip" : "ip6") == 0);
}

/* Before it is routed, nobody knows where a packet leaves, and behind that nobody asks where it came from. */
static NetnsPassage
passage_at (const NetnsPassage *passage, const char *hook)
{
  NetnsPassage here = *passage;

  if (strcmp (hook, "prerouting") == 0)
    here.out = NULL;
  else if (strcmp (hook, "postrouting") == 0)
    here.in = NULL;
  return here;
}

/**
 * netns_firewall_view_find_block:
 * @view: a picture of a firewall
 * @passage: packets that are forwarded
 *
 * Returns: (transfer full) (nullable): the policy or rule of somebody else's that drops all of them, with family, table
 *   and chain; %NULL if some may get through
 */
char *
netns_firewall_view_find_block (const NetnsFirewallView *view, const NetnsPassage *passage)
{
  const GPtrArray *chains = netns_firewall_view_get_chains (view);

  for (guint i = 0; i < chains->len; i++) {
    const NetnsChain *chain = g_ptr_array_index (chains, i);
    NetnsPassage here;
    Walk walk = { view, &here, NULL };
    Fate fate;

    if (!is_passed (chain, passage))
      continue;
    here = passage_at (passage, chain->hook);
    fate = walk_chain (&walk, chain, 0);
    if (fate == GOES_ON && g_strcmp0 (chain->policy, "drop") == 0)
      fate = drop (&walk, chain, NULL);
    if (fate == DROPPED)
      return walk.reason;
    g_free (walk.reason);
  }
  return NULL;
}
