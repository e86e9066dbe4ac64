/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl link */
#include "client/key-values.h"
#include "client/verb.h"
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
  { "addresses", N_ ("Addresses"), NETNS_INTERFACE_LINK, "AddressData" },
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
  { "addresses", N_ ("Addresses"), NETNS_INTERFACE_LINK, "AddressData" },
  { "peer", N_ ("Peer"), NETNS_INTERFACE_VETH, "Peer" },
  { "master", N_ ("Master"), NETNS_INTERFACE_LINK, "Master" },
  { "state", N_ ("Port state"), NETNS_INTERFACE_BRIDGE_PORT, "State" },
  { "cost", N_ ("Port cost"), NETNS_INTERFACE_BRIDGE_PORT, "Cost" },
  { "hairpin", N_ ("Hairpin"), NETNS_INTERFACE_BRIDGE_PORT, "Hairpin" },
  { "isolated", N_ ("Isolated"), NETNS_INTERFACE_BRIDGE_PORT, "Isolated" },
  { "learning", N_ ("Learning"), NETNS_INTERFACE_BRIDGE_PORT, "Learning" },
  { "owner-user", N_ ("Tap owner"), NETNS_INTERFACE_TAP, "OwnerUser" },
  { "ports", N_ ("Ports"), NETNS_INTERFACE_BRIDGE, "Ports" },
  { "stp", N_ ("STP"), NETNS_INTERFACE_BRIDGE, "Stp" },
  { "allow-loop", N_ ("Loops allowed"), NETNS_INTERFACE_BRIDGE, "AllowLoop" },
  { "vlan-filtering", N_ ("VLAN filtering"), NETNS_INTERFACE_BRIDGE, "VlanFiltering" },
  { "forward-delay", N_ ("Forward delay (1/100 s)"), NETNS_INTERFACE_BRIDGE, "ForwardDelay" },
  { "ageing-time", N_ ("Ageing time (1/100 s)"), NETNS_INTERFACE_BRIDGE, "AgeingTime" },
  { "multicast-snooping", N_ ("Multicast snooping"), NETNS_INTERFACE_BRIDGE, "MulticastSnooping" },
  { NULL },
};

static const NetnsColumn rate_columns[] = {
  { "bits-per-second", N_ ("Bits per second"), NULL, "RateLimit" },
  { NULL },
};

static const NetnsColumn statistics_columns[] = {
  { "rx-packets", N_ ("Received packets"), NULL, "rx-packets" },
  { "rx-bytes", N_ ("Received bytes"), NULL, "rx-bytes" },
  { "rx-errors", N_ ("Receive errors"), NULL, "rx-errors" },
  { "rx-dropped", N_ ("Dropped on receipt"), NULL, "rx-dropped" },
  { "multicast", N_ ("Multicast received"), NULL, "multicast" },
  { "tx-packets", N_ ("Sent packets"), NULL, "tx-packets" },
  { "tx-bytes", N_ ("Sent bytes"), NULL, "tx-bytes" },
  { "tx-errors", N_ ("Send errors"), NULL, "tx-errors" },
  { "tx-dropped", N_ ("Dropped on sending"), NULL, "tx-dropped" },
  { "collisions", N_ ("Collisions"), NULL, "collisions" },
  { NULL },
};

/* Which kind takes which keys is the service's to say. */
#define CREATE_KEYS "Manager.CreateLink Manager.CreateTap Manager.CreateBridge"

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  const char *namespace_name = arguments[0], *kind = arguments[1], *name = arguments[2];
  g_autoptr (GVariant) values = NULL;

  if (strcmp (kind, "veth") == 0)
    return netns_usage_error (error, _ ("A veth pair has two ends; use “netnsctl veth create NS:LINK NS:LINK”"));
  values = netns_key_values_parse (CREATE_KEYS, arguments + 3, connection->settings->host == NULL, error);
  if (values == NULL)
    return FALSE;
  if (strcmp (kind, "bridge") == 0 || strcmp (kind, "tap") == 0)
    return netns_verb_call (connection, *kind == 'b' ? "Manager.CreateBridge" : "Manager.CreateTap", NULL,
                            g_variant_new ("(ss@a{sv})", namespace_name, name, values), "(o)", error);
  return netns_verb_call (connection, "Manager.CreateLink", NULL,
                          g_variant_new ("(sss@a{sv})", namespace_name, kind, name, values), "(o)", error);
}

/* What `link set` knows: a word, and the method that it stands for. */
static const struct {
  const char *word;
  const char *method;
  char type;         /* of its argument, for netns_argument_convert() */
  const char *value; /* that argument, NULL where it follows the word */
} attributes[] = {
  { "up",          "SetEnabled",     'b', "on"  },
  { "down",        "SetEnabled",     'b', "off" },
  { "mtu",         "SetMtu",         'u', NULL  },
  { "mac",         "SetMacAddress",  's', NULL  },
  { "name",        "SetName",        's', NULL  },
  { "description", "SetDescription", 's', NULL  },
  { "rate",        "SetRateLimit",   'R', NULL  },
};

/* Reads the setting at @words and adds its method with the argument; returns how many words it was, 0 if it was none. */
static guint
read_setting (char **words, GVariantBuilder *settings, GError **error)
{
  const char *text;
  GVariant *value;
  gsize i = 0;

  while (i < G_N_ELEMENTS (attributes) && strcmp (attributes[i].word, words[0]) != 0)
    i++;
  if (i == G_N_ELEMENTS (attributes))
    return (guint) netns_usage_error (
      error, _ ("Cannot set “%s”; use up, down, mtu N, mac ADDRESS, name NAME, description TEXT or rate RATE"),
      words[0]);
  text = attributes[i].value ? attributes[i].value : words[1];
  if (text == NULL)
    return (guint) netns_usage_error (error, _ ("Missing value after “%s”"), words[0]);
  value = netns_argument_convert (attributes[i].type, words[0], text, FALSE, error);
  if (value == NULL)
    return 0;
  g_variant_builder_add (settings, "{sv}", attributes[i].method, value);
  return attributes[i].value ? 1 : 2;
}

/* All is read before the first call is made, so that a typing error changes nothing. */
static gboolean
set (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) settings = NULL;
  g_autofree char *path = NULL;
  guint n_words;

  for (char **words = arguments + 2; *words != NULL; words += n_words) {
    n_words = read_setting (words, &builder, error);
    if (n_words == 0)
      return FALSE;
  }
  settings = g_variant_ref_sink (g_variant_builder_end (&builder));
  path = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  if (path == NULL)
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (settings); i++) {
    g_autoptr (GVariant) value = NULL;
    const char *method;

    g_variant_get_child (settings, i, "{&sv}", &method, &value);
    if (!netns_connection_change (connection, path, NETNS_INTERFACE_LINK, method, g_variant_new_tuple (&value, 1), NULL,
                                  "()", NULL, error))
      return FALSE;
  }
  return TRUE;
}

static const NetnsOption move_options[] = {
  { "--name", 0, "NAME", "name", NETNS_OPTION_TEXT, N_ ("New name in that namespace") },
  { NULL },
};

const NetnsVerb netns_link_verbs[] = {
  { "list", 0, 1, "[NS]", N_ ("List the links of a namespace; by default those of the host"),
   .shows = NETNS_INTERFACE_NAMESPACE, .rows = "Links", .columns = list_columns },
  { "show", 2, 2, "NS LINK", N_ ("Show a link"), .shows = NETNS_INTERFACE_LINK, .columns = show_columns },
  { "create", 3, NETNS_ANY_NUMBER, "NS KIND NAME [KEY=VALUE]...",
   N_ ("Create a link of a kind such as bridge, tap, macvlan or vlan"), create, .method = "Manager.CreateLink",
   .keys = CREATE_KEYS },
  { "delete", 2, 2, "NS LINK", N_ ("Delete a link; of a veth pair both ends"), .method = "Link.Delete" },
  { "set", 3, NETNS_ANY_NUMBER, "NS LINK up|down|mtu N|mac ADDRESS|name NAME|description TEXT|rate RATE...",
   N_ ("Modify a link; several changes are made in the order given"), set },
  { "move", 3, 3, "NS LINK TO", N_ ("Move a link to namespace TO"), .options = move_options, .method = "Link.MoveTo",
   .arguments = "so", .reply = "(o)" },
  { "rate", 2, 2, "NS LINK", N_ ("Show the egress rate limit of a link"), .method = "Link.GetRateLimit", .reply = "(t)",
   .columns = rate_columns },
  { "statistics", 2, 2, "NS LINK", N_ ("Show the traffic counters of a link"), .method = "Link.GetStatistics",
   .reply = "(a{st})", .columns = statistics_columns },
  { NULL },
};
