/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/rule-words.h"

#include <string.h>

static void add_expression (GString *text, JsonNode *node);

/* Anything may stand in a foreign rule: what has no words here is shown as it came. */
static void
add_json (GString *text, JsonNode *node)
{
  g_autofree char *json = json_to_string (node, FALSE);

  g_string_append (text, json);
}

/**
 * netns_rule_get_text:
 * @object: an object
 * @member: name of a member
 *
 * Returns: (transfer none): its value, empty unless it is a string
 */
const char *
netns_rule_get_text (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : "";
}

static void
add_list (GString *text, JsonNode *node, const char *separator)
{
  JsonArray *array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  if (array == NULL) {
    add_expression (text, node);
    return;
  }
  for (guint i = 0; i < json_array_get_length (array); i++) {
    g_string_append (text, i ? separator : "");
    add_expression (text, json_array_get_element (array, i));
  }
}

static void
add_member (GString *text, JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node != NULL)
    add_expression (text, node);
}

static void
add_set (GString *text, JsonNode *node)
{
  g_string_append (text, "{ ");
  add_list (text, node, ", ");
  g_string_append (text, " }");
}

static void
add_prefix (GString *text, JsonNode *node)
{
  JsonObject *prefix = json_node_get_object (node);

  add_member (text, prefix, "addr");
  g_string_append_c (text, '/');
  add_member (text, prefix, "len");
}

static void
add_payload (GString *text, JsonNode *node)
{
  JsonObject *payload = json_node_get_object (node);

  if (json_object_has_member (payload, "protocol"))
    g_string_append_printf (text, "%s %s", netns_rule_get_text (payload, "protocol"),
                            netns_rule_get_text (payload, "field"));
  else
    g_string_append_printf (text, "@%s,%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, netns_rule_get_text (payload, "base"),
                            json_object_get_int_member_with_default (payload, "offset", 0),
                            json_object_get_int_member_with_default (payload, "len", 0));
}

static void
add_meta (GString *text, JsonNode *node)
{
  static const char *const qualified[] = { "length", "nfproto", "l4proto", "protocol", "priority", "random", NULL };
  const char *key = netns_rule_get_text (json_node_get_object (node), "key");

  g_string_append_printf (text, "%s%s", g_strv_contains (qualified, key) ? "meta " : "", key);
}

static void
add_connection (GString *text, JsonNode *node)
{
  JsonObject *connection = json_node_get_object (node);
  const char *direction = netns_rule_get_text (connection, "dir");

  g_string_append_printf (text, "ct %s%s%s", direction, *direction ? " " : "", netns_rule_get_text (connection, "key"));
}

static void
add_fib (GString *text, JsonNode *node)
{
  JsonObject *fib = json_node_get_object (node);

  g_string_append (text, "fib ");
  add_list (text, json_object_get_member (fib, "flags"), " . ");
  g_string_append_printf (text, " %s", netns_rule_get_text (fib, "result"));
}

static void
add_element (GString *text, JsonNode *node)
{
  add_member (text, json_node_get_object (node), "val");
}

static void
add_range (GString *text, JsonNode *node)
{
  add_list (text, node, "-");
}

static void
add_concatenation (GString *text, JsonNode *node)
{
  add_list (text, node, " . ");
}

typedef struct {
  const char *key;
  void (*add) (GString *text, JsonNode *node);
  gboolean any; /* takes any value, others take an object */
} Word;

static const Word *
find_word (const Word *words, const char *key, JsonNode *value)
{
  for (; words->key != NULL; words++)
    if (strcmp (words->key, key) == 0)
      return words->any || JSON_NODE_HOLDS_OBJECT (value) ? words : NULL;
  return NULL;
}

/* The one member of an object that stands for an expression or a statement. */
static JsonNode *
only_member (JsonObject *object, const char **key)
{
  JsonObjectIter iter;
  JsonNode *node = NULL;

  json_object_iter_init (&iter, object);
  return json_object_get_size (object) == 1 && json_object_iter_next (&iter, key, &node) ? node : NULL;
}

static gboolean
is_operator (const char *key)
{
  static const char *const operators[] = { "&", "|", "^", "<<", ">>", NULL };

  return g_strv_contains (operators, key);
}

/* `tcp flags & (syn | ack)` */
static void
add_calculation (GString *text, JsonNode *node, const char *operator)
{
  JsonArray *operands = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; operands != NULL && i < json_array_get_length (operands); i++) {
    JsonNode *operand = json_array_get_element (operands, i);
    gboolean several = JSON_NODE_HOLDS_ARRAY (operand);

    if (i > 0)
      g_string_append_printf (text, " %s ", operator);
    g_string_append (text, several ? "(" : "");
    add_list (text, operand, " | ");
    g_string_append (text, several ? ")" : "");
  }
}

static void
add_object (GString *text, JsonNode *node)
{
  static const Word expressions[] = {
    { "prefix", add_prefix, FALSE },  { "range", add_range, TRUE },
    { "set", add_set, TRUE },         { "payload", add_payload, FALSE },
    { "meta", add_meta, FALSE },      { "ct", add_connection, FALSE },
    { "fib", add_fib, FALSE },        { "elem", add_element, FALSE },
    { "concat", add_concatenation, TRUE }, { NULL, NULL, FALSE },
  };
  const char *key = "";
  JsonNode *value = only_member (json_node_get_object (node), &key);
  const Word *word = value ? find_word (expressions, key, value) : NULL;

  if (word != NULL)
    word->add (text, value);
  else if (value != NULL && is_operator (key))
    add_calculation (text, value, key);
  else
    add_json (text, node);
}

static void
add_expression (GString *text, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    add_object (text, node);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    add_list (text, node, ", ");
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    g_string_append (text, json_node_get_string (node));
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    g_string_append (text, json_node_get_boolean (node) ? "exists" : "missing"); /* of fib and extension headers */
  else
    add_json (text, node);
}

/* Names of links stand in quotes: they can be anything. */
static gboolean
is_link_name (JsonNode *left, JsonNode *right)
{
  static const char *const keys[] = { "iif", "oif", "iifname", "oifname", NULL };
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (left) ? json_node_get_object (left) : NULL;
  JsonNode *meta = object ? json_object_get_member (object, "meta") : NULL;

  return meta != NULL && JSON_NODE_HOLDS_OBJECT (meta) && JSON_NODE_HOLDS_VALUE (right)
         && json_node_get_value_type (right) == G_TYPE_STRING && *json_node_get_string (right) != '@'
         && g_strv_contains (keys, netns_rule_get_text (json_node_get_object (meta), "key"));
}

static gboolean
is_calculation (JsonNode *node)
{
  const char *key = "";

  return JSON_NODE_HOLDS_OBJECT (node) && only_member (json_node_get_object (node), &key) != NULL && is_operator (key);
}

static void
add_match (GString *text, JsonNode *node)
{
  JsonObject *match = json_node_get_object (node);
  JsonNode *left = json_object_get_member (match, "left"), *right = json_object_get_member (match, "right");
  const char *operator = netns_rule_get_text (match, "op");

  if (left == NULL || right == NULL) {
    add_json (text, node);
    return;
  }
  add_expression (text, left);
  if (is_calculation (left) || (strcmp (operator, "==") != 0 && strcmp (operator, "in") != 0))
    g_string_append_printf (text, " %s", operator);
  g_string_append_c (text, ' ');
  if (is_link_name (left, right))
    g_string_append_printf (text, "\"%s\"", json_node_get_string (right));
  else
    add_expression (text, right);
}

static void
add_target (GString *text, JsonNode *node)
{
  add_member (text, json_node_get_object (node), "target");
}

static void
add_reject (GString *text, JsonNode *node)
{
  JsonObject *reject = json_node_get_object (node);

  g_string_append_printf (text, "with %s", netns_rule_get_text (reject, "type"));
  if (json_object_has_member (reject, "expr"))
    g_string_append_c (text, ' ');
  add_member (text, reject, "expr");
}

static void
add_translation (GString *text, JsonNode *node)
{
  JsonObject *translation = json_node_get_object (node);

  if (json_object_has_member (translation, "addr"))
    g_string_append (text, "to ");
  add_member (text, translation, "addr");
  if (json_object_has_member (translation, "port"))
    g_string_append (text, " : ");
  add_member (text, translation, "port");
}

static void
add_limit (GString *text, JsonNode *node)
{
  JsonObject *limit = json_node_get_object (node);

  g_string_append (text, "rate ");
  add_member (text, limit, "rate");
  g_string_append_printf (text, "/%s", netns_rule_get_text (limit, "per"));
}

static void
add_log (GString *text, JsonNode *node)
{
  const char *prefix = netns_rule_get_text (json_node_get_object (node), "prefix");

  if (*prefix != '\0')
    g_string_append_printf (text, "prefix \"%s\"", prefix);
}

static void
add_verdict_map (GString *text, JsonNode *node)
{
  JsonObject *map = json_node_get_object (node);

  add_member (text, map, "key");
  g_string_append (text, " vmap ");
  add_member (text, map, "data");
}

static void
add_change (GString *text, JsonNode *node)
{
  JsonObject *change = json_node_get_object (node);

  add_member (text, change, "key");
  g_string_append (text, " set ");
  add_member (text, change, "value");
}

/* Counters count, and are left out: a rule is not another one because a packet came by. */
static void
add_statement (GString *text, const char *key, JsonNode *value)
{
  static const char *const unnamed[] = { "match", "vmap", "mangle", NULL };
  static const Word statements[] = {
    { "match", add_match, FALSE },          { "jump", add_target, FALSE },       { "goto", add_target, FALSE },
    { "reject", add_reject, FALSE },        { "snat", add_translation, FALSE },  { "dnat", add_translation, FALSE },
    { "masquerade", add_translation, FALSE }, { "redirect", add_translation, FALSE }, { "limit", add_limit, FALSE },
    { "log", add_log, FALSE },              { "vmap", add_verdict_map, FALSE },  { "mangle", add_change, FALSE },
    { NULL, NULL, FALSE },
  };
  const Word *word = find_word (statements, key, value);

  if (strcmp (key, "counter") == 0)
    return;
  if (text->len > 0)
    g_string_append_c (text, ' ');
  if (!g_strv_contains (unnamed, key))
    g_string_append (text, key);
  if (JSON_NODE_HOLDS_NULL (value))
    return;
  if (!g_strv_contains (unnamed, key))
    g_string_append_c (text, ' ');
  if (word != NULL)
    word->add (text, value);
  else
    add_json (text, value);
}

/**
 * netns_rule_list_statements:
 * @rule: a rule, as libnftables-json(5) has it
 *
 * Returns: (transfer container) (element-type JsonObject): its statements, in order
 */
GList *
netns_rule_list_statements (JsonObject *rule)
{
  JsonNode *node = json_object_get_member (rule, "expr");
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  GList *statements = NULL;

  for (guint i = array ? json_array_get_length (array) : 0; i > 0; i--) {
    JsonNode *statement = json_array_get_element (array, i - 1);

    if (JSON_NODE_HOLDS_OBJECT (statement))
      statements = g_list_prepend (statements, json_node_get_object (statement));
  }
  return statements;
}

/**
 * netns_rule_words:
 * @rule: a rule, as libnftables-json(5) has it
 *
 * Returns: (transfer full): such as `iifname "lan" tcp dport 80 accept`
 */
char *
netns_rule_words (JsonObject *rule)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GList) statements = netns_rule_list_statements (rule);

  for (GList *item = statements; item != NULL; item = item->next) {
    const char *key = "";
    JsonNode *value = only_member (item->data, &key);

    if (value != NULL)
      add_statement (text, key, value);
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
