/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl firewall */
#include "config.h"

#include "client/command.h"
#include "client/output.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

#define RULE_USAGE                                                                                                   \
  "NS CHAIN [PROTOCOL [PORTS]] [from ADDRESS] [to ADDRESS] [sport PORTS] [state STATES] [in LINK] [out LINK] ACTION"

static const NetnsColumn columns[] = {
  { "handle", N_ ("Handle"), NULL, NULL }, { "table", N_ ("Table"), NULL, NULL },
  { "chain", N_ ("Chain"), NULL, NULL },   { "hook", N_ ("Hook"), NULL, NULL },
  { "rule", N_ ("Rule"), NULL, NULL },     { "comment", N_ ("Comment"), NULL, NULL },
  { NULL },
};

static gboolean
call (NetnsConnection *connection, const char *namespace, const char *method, GVariant *arguments, const char *type,
      GVariant **reply, GError **error)
{
  return netns_objects_ask_namespace (connection, namespace, NETNS_INTERFACE_FIREWALL, method, arguments, type, reply,
                                      error);
}

static gboolean
change (NetnsConnection *connection, const char *namespace, const char *method, GVariant *arguments, GError **error)
{
  g_autofree char *path = netns_path_for_namespace (namespace);
  g_autofree char *missing = g_strdup_printf (_ ("There is no namespace “%s”"), namespace);

  return netns_objects_change (connection, path, NETNS_INTERFACE_FIREWALL, method, arguments, missing, error);
}

static JsonNode *
text_of (GVariant *entry, const char *key)
{
  const char *text = "";

  g_variant_lookup (entry, key, "&s", &text);
  return *text != '\0' ? netns_value_new_text (text) : json_node_new (JSON_NODE_NULL);
}

/* Only what `remove` takes is shown as a handle. */
static void
add_row (NetnsTable *table, GVariant *entry)
{
  const char *family = "", *name = "";
  g_autofree char *place = NULL;
  guint64 handle = 0;
  gboolean is_rule = g_variant_lookup (entry, "handle", "t", &handle);

  g_variant_lookup (entry, "family", "&s", &family);
  g_variant_lookup (entry, "table", "&s", &name);
  place = g_strdup_printf ("%s %s", family, name);
  netns_table_add_value (table, is_rule ? netns_value_new_number ((gint64) handle) : json_node_new (JSON_NODE_NULL));
  netns_table_add_value (table, netns_value_new_text (place));
  netns_table_add_value (table, text_of (entry, "chain"));
  netns_table_add_value (table, text_of (entry, "hook"));
  netns_table_add_value (table, text_of (entry, "text"));
  netns_table_add_value (table, text_of (entry, "comment"));
}

static gboolean
show (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) entries = NULL;
  GVariant *entry;

  if (!call (connection, arguments[0], "ListRules", NULL, "(aa{sv})", &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(aa{sv})", &entries);
  while ((entry = g_variant_iter_next_value (entries)) != NULL) {
    add_row (table, entry);
    g_variant_unref (entry);
  }
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
ruleset (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *line = NULL;
  const char *text;

  if (!call (connection, arguments[0], "GetRuleset", NULL, "(s)", &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(&s)", &text);
  line = g_strconcat (text, "\n", NULL);
  return netns_output_write (connection->settings, line, error);
}

static gboolean
policy (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return change (connection, arguments[0], "SetPolicy", g_variant_new ("(ss)", arguments[1], arguments[2]), error);
}

static void
add_list (GVariantBuilder *rule, const char *key, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words, ",", -1);

  g_variant_builder_add (rule, "{sv}", key, g_variant_new_strv ((const char *const *) list, -1));
}

/* Words with a value behind them. */
static const struct {
  const char *word;
  const char *key;
  gboolean is_list;
} words[] = {
  { "from", "source", FALSE },     { "to", "destination", FALSE },       { "sport", "source-ports", TRUE },
  { "dport", "destination-ports", TRUE }, { "state", "connection-state", TRUE }, { "in", "in-link", FALSE },
  { "out", "out-link", FALSE },
};

static gboolean
find_word (const char *word, gsize *found)
{
  for (*found = 0; *found < G_N_ELEMENTS (words); (*found)++)
    if (strcmp (words[*found].word, word) == 0)
      return TRUE;
  return FALSE;
}

/* The action is the last word; the protocol and its ports are those that stand in front without a word of their own. */
static gboolean
parse_rule (char **arguments, GVariantBuilder *rule, GError **error)
{
  guint last = g_strv_length (arguments) - 1, plain = 0;
  gsize word;

  g_variant_builder_add (rule, "{sv}", "chain", g_variant_new_string (arguments[0]));
  for (guint i = 1; i < last; i++) {
    if (find_word (arguments[i], &word)) {
      if (i + 1 == last)
        return netns_usage_error (error, _ ("There is no value after “%s”; say: netnsctl firewall NS add CHAIN ... ACTION"),
                                  arguments[i]);
      i++;
      if (words[word].is_list)
        add_list (rule, words[word].key, arguments[i]);
      else
        g_variant_builder_add (rule, "{sv}", words[word].key, g_variant_new_string (arguments[i]));
      plain = 2;
    } else if (plain == 0) {
      g_variant_builder_add (rule, "{sv}", "protocol", g_variant_new_string (arguments[i]));
      plain = 1;
    } else if (plain == 1) {
      add_list (rule, "destination-ports", arguments[i]);
      plain = 2;
    } else {
      return netns_usage_error (error, _ ("“%s” is nothing that a rule has; say from, to, sport, dport, state, in or out"),
                                arguments[i]);
    }
  }
  g_variant_builder_add (rule, "{sv}", "action", g_variant_new_string (arguments[last]));
  return TRUE;
}

static gboolean
parse_options (GVariant *options, GVariantBuilder *rule, GError **error)
{
  const char *text;
  guint32 position;

  if (g_variant_lookup (options, "comment", "&s", &text))
    g_variant_builder_add (rule, "{sv}", "comment", g_variant_new_string (text));
  if (!g_variant_lookup (options, "position", "&s", &text))
    return TRUE;
  if (!netns_argument_number (_ ("position"), text, &position, error))
    return FALSE;
  g_variant_builder_add (rule, "{sv}", "position", g_variant_new_uint32 (position));
  return TRUE;
}

static gboolean
add (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_auto (GVariantBuilder) rule = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *line = NULL;
  guint64 handle;

  if (!parse_rule (arguments + 1, &rule, error) || !parse_options (options, &rule, error)
      || !call (connection, arguments[0], "AddRule", g_variant_new ("(a{sv})", &rule), "(t)", &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(t)", &handle);
  if (connection->settings->format != NETNS_FORMAT_TEXT) {
    JsonObject *object = json_object_new ();

    json_object_set_int_member (object, "handle", (gint64) handle);
    node = netns_value_new_object (object);
    return netns_output_json (connection->settings, node, error);
  }
  /* Nobody else could tell what to say to `firewall NS remove`. */
  line = g_strdup_printf ("%" G_GUINT64_FORMAT "\n", handle);
  return netns_output_write (connection->settings, line, error);
}

static gboolean
remove_rule (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  guint32 handle;

  return netns_argument_number (_ ("handle"), arguments[1], &handle, error)
         && change (connection, arguments[0], "RemoveRule", g_variant_new ("(t)", (guint64) handle), error);
}

static const NetnsOption add_options[] = {
  { "--comment", 0, "TEXT", "comment", NETNS_OPTION_TEXT, N_ ("What it is for") },
  { "--position", 0, "N", "position", NETNS_OPTION_TEXT, N_ ("Its place in the chain, from 1; else behind all others") },
  { NULL },
};

const NetnsVerb netns_firewall_verbs[] = {
  { "show", 1, 1, "NS", N_ ("List policies and rules, also those that nft and iptables made"), show },
  { "policy", 3, 3, "NS CHAIN POLICY", N_ ("Accept or drop what no rule matches"), policy },
  { "add", 3, 19, RULE_USAGE, N_ ("Add a rule: accept, drop or reject; prints its handle"), add, add_options },
  { "remove", 2, 2, "NS HANDLE", N_ ("Remove one"), remove_rule },
  { "ruleset", 1, 1, "NS", N_ ("Print the whole ruleset as JSON, as nft does"), ruleset },
  { NULL },
};
