/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl link */
#include "config.h"

#include "client/busctl.h"
#include "client/command.h"
#include "client/key-values.h"
#include "client/link.h"
#include "client/output.h"
#include "client/table.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn list_columns[] = {
  { "name", N_ ("Name"), NETNS_INTERFACE_LINK, "Name" },
  { "kind", N_ ("Kind"), NETNS_INTERFACE_LINK, "Kind" },
  { "enabled", N_ ("Enabled"), NETNS_INTERFACE_LINK, "Enabled" },
  { "oper-state", N_ ("State"), NETNS_INTERFACE_LINK, "OperState" },
  { "mtu", N_ ("MTU"), NETNS_INTERFACE_LINK, "Mtu" },
  { "mac-address", N_ ("MAC"), NETNS_INTERFACE_LINK, "MacAddress" },
  { "master", N_ ("Master"), NETNS_INTERFACE_LINK, "Master" },
  { "peer", N_ ("Peer"), NETNS_INTERFACE_VETH, "Peer" },
  { "addresses", N_ ("Addresses"), NETNS_INTERFACE_LINK, "Addresses" },
  { NULL },
};

static const NetnsColumn show_columns[] = {
  { "name", N_ ("Name"), NETNS_INTERFACE_LINK, "Name" },
  { "alternative-names", N_ ("Alternative names"), NETNS_INTERFACE_LINK, "AlternativeNames" },
  { "namespace", N_ ("Namespace"), NETNS_INTERFACE_LINK, "Namespace" },
  { "index", N_ ("Index"), NETNS_INTERFACE_LINK, "Index" },
  { "kind", N_ ("Kind"), NETNS_INTERFACE_LINK, "Kind" },
  { "description", N_ ("Description"), NETNS_INTERFACE_LINK, "Description" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_LINK, "Owner" },
  { "enabled", N_ ("Enabled"), NETNS_INTERFACE_LINK, "Enabled" },
  { "carrier", N_ ("Carrier"), NETNS_INTERFACE_LINK, "Carrier" },
  { "oper-state", N_ ("State"), NETNS_INTERFACE_LINK, "OperState" },
  { "mtu", N_ ("MTU"), NETNS_INTERFACE_LINK, "Mtu" },
  { "mac-address", N_ ("MAC"), NETNS_INTERFACE_LINK, "MacAddress" },
  { "addresses", N_ ("Addresses"), NETNS_INTERFACE_LINK, "Addresses" },
  { "peer", N_ ("Peer"), NETNS_INTERFACE_VETH, "Peer" },
  { "master", N_ ("Master"), NETNS_INTERFACE_LINK, "Master" },
  { "state", N_ ("Port state"), NETNS_INTERFACE_BRIDGE_PORT, "State" },
  { "cost", N_ ("Port cost"), NETNS_INTERFACE_BRIDGE_PORT, "Cost" },
  { "hairpin", N_ ("Hairpin"), NETNS_INTERFACE_BRIDGE_PORT, "Hairpin" },
  { "isolated", N_ ("Isolated"), NETNS_INTERFACE_BRIDGE_PORT, "Isolated" },
  { "learning", N_ ("Learning"), NETNS_INTERFACE_BRIDGE_PORT, "Learning" },
  { "owner-user", N_ ("For programs of"), NETNS_INTERFACE_TAP, "OwnerUser" },
  { "ports", N_ ("Ports"), NETNS_INTERFACE_BRIDGE, "Ports" },
  { "stp", N_ ("STP"), NETNS_INTERFACE_BRIDGE, "Stp" },
  { "vlan-filtering", N_ ("VLAN filtering"), NETNS_INTERFACE_BRIDGE, "VlanFiltering" },
  { "forward-delay", N_ ("Forward delay (1/100 s)"), NETNS_INTERFACE_BRIDGE, "ForwardDelay" },
  { "ageing-time", N_ ("Ageing time (1/100 s)"), NETNS_INTERFACE_BRIDGE, "AgeingTime" },
  { "multicast-snooping", N_ ("Multicast snooping"), NETNS_INTERFACE_BRIDGE, "MulticastSnooping" },
  { NULL },
};

static const NetnsColumn statistics_columns[] = {
  { "rx-packets", N_ ("Received packets"), NULL, NULL },
  { "rx-bytes", N_ ("Received bytes"), NULL, NULL },
  { "rx-errors", N_ ("Receive errors"), NULL, NULL },
  { "rx-dropped", N_ ("Dropped on receipt"), NULL, NULL },
  { "multicast", N_ ("Multicast received"), NULL, NULL },
  { "tx-packets", N_ ("Sent packets"), NULL, NULL },
  { "tx-bytes", N_ ("Sent bytes"), NULL, NULL },
  { "tx-errors", N_ ("Send errors"), NULL, NULL },
  { "tx-dropped", N_ ("Dropped on sending"), NULL, NULL },
  { "collisions", N_ ("Collisions"), NULL, NULL },
  { NULL },
};

/**
 * netns_link_print_list:
 * @connection: the way to the service
 * @columns: which facts
 * @objects: objects
 * @paths: links of those
 * @error: why they cannot be written
 *
 * Returns: whether they were written
 */
gboolean
netns_link_print_list (NetnsConnection *connection, const NetnsColumn *columns, const NetnsObjects *objects,
                       GStrv paths, GError **error)
{
  g_autoptr (NetnsTable) table = netns_table_new (columns);

  for (guint i = 0; paths[i] != NULL; i++)
    if (g_hash_table_contains (objects->by_path, paths[i]))
      netns_table_add_properties (table, objects, paths[i]);
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
list (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  const char *name = arguments[0] ? arguments[0] : "";
  const char *path = objects ? netns_objects_find_namespace (objects, name, error) : NULL;
  g_autoptr (GVariant) properties = NULL;
  g_auto (GStrv) links = NULL;

  if (path == NULL)
    return FALSE;
  properties = netns_objects_get (objects, path, NETNS_INTERFACE_NAMESPACE);
  links = netns_property_paths (properties, "Links");
  return netns_link_print_list (connection, list_columns, objects, links, error);
}

static gboolean
show (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  const char *path = objects ? netns_objects_find_link (objects, arguments[0], arguments[1], error) : NULL;
  g_autoptr (NetnsTable) table = netns_table_new (show_columns);

  if (path == NULL)
    return FALSE;
  netns_table_add_properties (table, objects, path);
  return netns_table_print_details (table, connection->settings, error);
}

/**
 * netns_link_create:
 * @connection: the way to the service
 * @method: a method of the Manager that makes a link
 * @parameters: its arguments; a floating reference is taken
 * @error: what went wrong
 *
 * Returns: whether it worked
 */
gboolean
netns_link_create (NetnsConnection *connection, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  const char *path = NULL;

  if (!netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, method, parameters, "(o)",
                                &reply, error))
    return FALSE;
  if (reply != NULL)
    g_variant_get (reply, "(&o)", &path);
  return netns_output_object (connection->settings, path, error);
}

/* What links of some kind can be told; which kind takes which is the service's to say. */
static const NetnsKey create_keys[] = {
  { "addresses", NETNS_KEY_TEXTS },
  { "mtu", NETNS_KEY_NUMBER },
  { "mac-address", NETNS_KEY_TEXT },
  { "up", NETNS_KEY_FLAG },
  { "owner", NETNS_KEY_USER },
  { "link", NETNS_KEY_TEXT },
  { "link-namespace", NETNS_KEY_NAMESPACE },
  { "mode", NETNS_KEY_TEXT },
  { "id", NETNS_KEY_NUMBER },
  { "protocol", NETNS_KEY_TEXT },
  { "remote", NETNS_KEY_TEXT },
  { "local", NETNS_KEY_TEXT },
  { "port", NETNS_KEY_PORT },
  { "learning", NETNS_KEY_FLAG },
  NETNS_BRIDGE_KEYS,
  { NULL },
};

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  const char *namespace_name = arguments[0], *kind = arguments[1], *name = arguments[2];
  g_autoptr (GVariant) values = NULL;

  if (strcmp (kind, "veth") == 0)
    return netns_usage_error (error, _ ("A veth has two ends; say: netnsctl veth create NS:LINK NS:LINK"));
  values = netns_key_values_parse (create_keys, arguments + 3, connection->settings->host == NULL, error);
  if (values == NULL)
    return FALSE;
  if (strcmp (kind, "bridge") == 0 || strcmp (kind, "tap") == 0)
    return netns_link_create (connection, *kind == 'b' ? "CreateBridge" : "CreateTap",
                              g_variant_new ("(ss@a{sv})", namespace_name, name, values), error);
  return netns_link_create (connection, "CreateLink",
                            g_variant_new ("(sss@a{sv})", namespace_name, kind, name, values), error);
}

static gboolean delete (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_connection_change_link (connection, arguments, "Delete", NULL, error);
}

/* What `link set` knows: a word, and the method that it stands for. */
static const struct {
  const char *word;
  const char *method;
  const char *type; /* of the value that follows, NULL if the word says it all */
  gboolean enabled; /* what it says then */
} attributes[] = {
  { "up", "SetEnabled", NULL, TRUE }, { "down", "SetEnabled", NULL, FALSE },
  { "mtu", "SetMtu", "u", FALSE },    { "mac", "SetMacAddress", "s", FALSE },
  { "name", "SetName", "s", FALSE },  { "description", "SetDescription", "s", FALSE },
  { "rate", "SetRateLimit", "t", FALSE },
};

/* One call of a `link set`, read completely before the first is made, so that a typing error changes nothing.
 */
typedef struct {
  const char *method;
  GVariant *arguments;
} Setting;

static void
clear_setting (gpointer data)
{
  Setting *setting = data;

  g_variant_unref (setting->arguments);
}

/* Reads the setting at @words and adds it; returns how many words it was, 0 if it was none. */
static guint
read_setting (char **words, GArray *settings, GError **error)
{
  Setting setting = { NULL };
  guint32 number;
  guint64 bits;
  gsize i = 0;

  while (i < G_N_ELEMENTS (attributes) && strcmp (attributes[i].word, words[0]) != 0)
    i++;
  if (i == G_N_ELEMENTS (attributes))
    return (guint)netns_usage_error (
        error, _ ("“%s” cannot be set; say up, down, mtu N, mac ADDRESS, name NAME, description TEXT or rate RATE"),
        words[0]);
  if (attributes[i].type != NULL && words[1] == NULL)
    return (guint)netns_usage_error (error, _ ("There is no value after “%s”; add it"), words[0]);
  setting.method = attributes[i].method;
  if (attributes[i].type == NULL)
    setting.arguments = g_variant_new ("(b)", attributes[i].enabled);
  else if (*attributes[i].type == 's')
    setting.arguments = g_variant_new ("(s)", words[1]);
  else if (*attributes[i].type == 't' && netns_argument_rate (words[1], &bits, error))
    setting.arguments = g_variant_new ("(t)", bits);
  else if (*attributes[i].type == 'u' && netns_argument_number (words[0], words[1], &number, error))
    setting.arguments = g_variant_new ("(u)", number);
  else
    return 0;
  g_variant_ref_sink (setting.arguments);
  g_array_append_val (settings, setting);
  return attributes[i].type == NULL ? 1 : 2;
}

static gboolean
set (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GArray) settings = g_array_new (FALSE, FALSE, sizeof (Setting));
  g_autofree char *path = NULL;
  guint n_words;

  g_array_set_clear_func (settings, clear_setting);
  for (char **words = arguments + 2; *words != NULL; words += n_words) {
    n_words = read_setting (words, settings, error);
    if (n_words == 0)
      return FALSE;
  }
  path = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  if (path == NULL)
    return FALSE;
  for (guint i = 0; i < settings->len; i++) {
    Setting *setting = &g_array_index (settings, Setting, i);

    if (!netns_connection_change (connection, path, NETNS_INTERFACE_LINK, setting->method, setting->arguments,
                                  "()", NULL, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
move (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *path = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  g_autoptr (GVariant) reply = NULL;
  const char *moved = NULL;

  if (path == NULL ||
      !netns_connection_change (connection, path, NETNS_INTERFACE_LINK, "MoveTo",
                                g_variant_new ("(s@a{sv})", arguments[2], options), "(o)", &reply, error))
    return FALSE;
  if (reply != NULL)
    g_variant_get (reply, "(&o)", &moved);
  return netns_output_object (connection->settings, moved, error);
}

static gboolean
statistics (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *path = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  g_autoptr (NetnsTable) table = netns_table_new (statistics_columns);
  g_autoptr (GVariant) reply = NULL, counters = NULL;

  if (path == NULL)
    return FALSE;
  if (connection->settings->busctl) {
    netns_busctl_print (connection->settings, path, NETNS_INTERFACE_LINK, "GetStatistics", NULL);
    return TRUE;
  }
  reply =
      netns_connection_read (connection, path, NETNS_INTERFACE_LINK, "GetStatistics", NULL, "(a{st})", error);
  if (reply == NULL)
    return FALSE;
  counters = g_variant_get_child_value (reply, 0);
  for (const NetnsColumn *column = statistics_columns; column->key != NULL; column++) {
    guint64 count = 0;

    g_variant_lookup (counters, column->key, "t", &count);
    netns_table_add_value (table, netns_value_new_number ((gint64)count));
  }
  return netns_table_print_details (table, connection->settings, error);
}

static gboolean
rate (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  static const NetnsColumn columns[] = { { "bits-per-second", N_ ("Bits per second"), NULL, NULL }, { NULL } };
  g_autofree char *path = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GVariant) reply = NULL;
  guint64 bits;

  if (path == NULL || !netns_connection_change (connection, path, NETNS_INTERFACE_LINK, "GetRateLimit", NULL, "(t)",
                                                &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(t)", &bits);
  netns_table_add_value (table, bits ? netns_value_new_number ((gint64)bits) : netns_value_new_text (NULL));
  return netns_table_print_details (table, connection->settings, error);
}

static const NetnsOption move_options[] = {
  { "--name", 0, "LINK", "name", NETNS_OPTION_TEXT, N_ ("Its name there") },
  { NULL },
};

const NetnsVerb netns_link_verbs[] = {
  { "list", 0, 1, "[NS]", N_ ("List the links of a namespace, by default the host's"), list,
    .reads_objects = TRUE },
  { "show", 2, 2, "NS LINK", N_ ("Show the details of one"), show, .reads_objects = TRUE },
  { "create", 3, NETNS_ANY_NUMBER, "NS KIND LINK [KEY=VALUE]...",
    N_ ("Make one; the kind can be bridge, tap, dummy, ifb, macvlan, ipvlan, vlan or vxlan"), create },
  { "delete", 2, 2, "NS LINK", N_ ("Delete one; of a veth pair both ends"), delete },
  { "set", 3, NETNS_ANY_NUMBER, "NS LINK up|down|mtu N|mac ADDRESS|name NAME|description TEXT|rate RATE...",
    N_ ("Change one; several changes are made in the order given"), set },
  { "move", 3, 3, "NS LINK TO", N_ ("Move one to namespace TO"), move, move_options },
  { "rate", 2, 2, "NS LINK", N_ ("Show how much may leave one"), rate },
  { "statistics", 2, 2, "NS LINK", N_ ("Show how much went through one"), statistics },
  { NULL },
};
