/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl network */
#include "config.h"

#include "client/command.h"
#include "client/output.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "name", N_ ("Name"), NETNS_INTERFACE_NETWORK, "Name" },
  { "bridge", N_ ("Bridge"), NETNS_INTERFACE_NETWORK, "Bridge" },
  { "subnets", N_ ("Subnets"), NETNS_INTERFACE_NETWORK, "Subnets" },
  { "gateways", N_ ("Gateways"), NETNS_INTERFACE_NETWORK, "Gateways" },
  { "nat", N_ ("NAT"), NETNS_INTERFACE_NETWORK, "Nat" },
  { "uplink", N_ ("Uplink"), NETNS_INTERFACE_NETWORK, "Uplink" },
  { "shared", N_ ("Shared"), NETNS_INTERFACE_NETWORK, "Shared" },
  { "isolated", N_ ("Isolated"), NETNS_INTERFACE_NETWORK, "Isolated" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NETWORK, "Owner" },
  { "leases", N_ ("Leases"), NETNS_INTERFACE_NETWORK, "Leases" },
  { NULL },
};

static gboolean
list (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GPtrArray) paths = NULL;

  if (objects == NULL)
    return FALSE;
  paths = netns_objects_list (objects, NETNS_INTERFACE_NETWORK);
  for (guint i = 0; i < paths->len; i++)
    netns_table_add_properties (table, objects, paths->pdata[i]);
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
show (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  const char *path = objects ? netns_objects_find_network (objects, arguments[0], error) : NULL;
  g_autoptr (NetnsTable) table = netns_table_new (columns);

  if (path == NULL)
    return FALSE;
  netns_table_add_properties (table, objects, path);
  return netns_table_print_details (table, connection->settings, error);
}

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  const char *path = NULL;

  if (!netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "CreateNetwork",
                                g_variant_new ("(s@a{sv})", arguments[0], options), "(o)", &reply, error))
    return FALSE;
  if (reply != NULL)
    g_variant_get (reply, "(&o)", &path);
  return netns_output_object (connection->settings, path, error);
}

static gboolean
change (NetnsConnection *connection, const char *name, const char *method, GVariant *arguments,
        GError **error)
{
  g_autofree char *path = netns_path_for_network (name);
  g_autofree char *missing = g_strdup_printf (_ ("There is no network “%s”"), name);

  return netns_objects_change (connection, path, NETNS_INTERFACE_NETWORK, method, arguments, missing, error);
}

static gboolean delete (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return change (connection, arguments[0], "Delete", NULL, error);
}

static gboolean
nat (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  gboolean on = strcmp (arguments[1], "on") == 0;

  if (!on && strcmp (arguments[1], "off") != 0)
    return netns_usage_error (error, _ ("NAT cannot be “%s”; say on or off"), arguments[1]);
  return change (connection, arguments[0], "SetNat", g_variant_new ("(b)", on), error);
}

static const NetnsOption create_options[] = {
  { "--subnet", 0, "CIDR", "subnets", NETNS_OPTION_LIST,
    N_ ("A subnet of it; by default a free one is chosen") },
  { "--nat", 0, NULL, "nat", NETNS_OPTION_ON,
    N_ ("Packets to the rest of the world leave with the host's address") },
  { "--ipv6", 0, NULL, "ipv6", NETNS_OPTION_ON, N_ ("With an IPv6 subnet of its own, if none is named") },
  { "--no-gateway", 0, NULL, "gateway", NETNS_OPTION_OFF, N_ ("The bridge gets no address") },
  { "--uplink", 0, "LINK", "uplink", NETNS_OPTION_TEXT, N_ ("NAT only through this link") },
  { "--mtu", 0, "BYTES", "mtu", NETNS_OPTION_NUMBER, N_ ("Largest packet, by default that of the way out") },
  { "--bridge", 0, "NAME", "bridge", NETNS_OPTION_TEXT, N_ ("Name of the bridge, by default the network's") },
  { "--namespace", 0, "NS", "namespace", NETNS_OPTION_NAMESPACE,
    N_ ("Where the bridge is, by default the host") },
  { "--firewall", 0, "check|cure", "firewall", NETNS_OPTION_TEXT,
    N_ ("Fail if another firewall drops its packets, or first tell Docker's, ufw's or firewalld's to let them through") },
  { "--isolated", 0, NULL, "isolated", NETNS_OPTION_ON,
    N_ ("Nothing is forwarded between it and anything else") },
  { "--shared", 0, NULL, "shared", NETNS_OPTION_ON, N_ ("Every user may connect own namespaces") },
  { NULL },
};

const NetnsVerb netns_network_verbs[] = {
  { "list", 0, 0, "", N_ ("List the networks"), list, .reads_objects = TRUE },
  { "show", 1, 1, "NAME", N_ ("Show the details of one"), show, .reads_objects = TRUE },
  { "create", 1, 1, "NAME", N_ ("Make one: a bridge with subnets and, if wanted, NAT"), create,
    create_options },
  { "delete", 1, 1, "NAME", N_ ("Remove one to which nothing is connected"), delete },
  { "nat", 2, 2, "NAME on|off", N_ ("Switch its NAT on or off"), nat },
  { NULL },
};
