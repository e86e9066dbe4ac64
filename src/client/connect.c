/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl connect, netnsctl disconnect */
#include "client/objects.h"
#include "client/output.h"
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsOption connect_options[] = {
  { "--address", 0, "CIDR", "addresses", NETNS_OPTION_LIST, N_ ("Address; by default the next free one") },
  { "--name", 0, "NAME", "name", NETNS_OPTION_TEXT,
   N_ ("Name of the link in the namespace; by default eth0, eth1 ...") },
  { "--firewall", 0, "check", "firewall", NETNS_OPTION_TEXT,
   N_ ("Fail if another firewall drops the network's packets") },
  { "--no-default-route", 0, NULL, "default-route", NETNS_OPTION_OFF, N_ ("Do not add a default route") },
  { NULL },
};

static GVariant *
read_property (NetnsConnection *connection, const char *path, const char *interface, const char *property,
               GError **error)
{
  g_autoptr (GVariant) reply = netns_connection_read (connection, path, "org.freedesktop.DBus.Properties", "Get",
                                                      g_variant_new ("(ss)", interface, property), "(v)", error);
  GVariant *value = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  return value;
}

/* Of texts, or of structures that begin with one. */
static gboolean
has_ipv6 (GVariant *addresses)
{
  for (gsize i = 0; i < g_variant_n_children (addresses); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (addresses, i);
    g_autoptr (GVariant) text = g_variant_is_of_type (entry, G_VARIANT_TYPE_TUPLE)
                                  ? g_variant_get_child_value (entry, 0)
                                  : g_variant_ref (entry);
    const char *address = g_variant_get_string (text, NULL);

    if (strchr (address, ':') != NULL && !g_str_has_prefix (address, "fe80:"))
      return TRUE;
  }
  return FALSE;
}

/* Where IPv6 is off, a network with both gives IPv4. */
static gboolean
tell_left_out (NetnsConnection *connection, char **arguments, GVariant *options, GVariant *reply, GError **error)
{
  g_autofree char *network = netns_objects_path_for_network (arguments[1]);
  g_autoptr (GVariant) subnets = NULL, addresses = NULL;
  g_autoptr (GVariant) wishes = g_variant_lookup_value (options, "addresses", NULL);
  const char *link;

  if (wishes != NULL)
    return TRUE;
  g_variant_get (reply, "(&o)", &link);
  subnets = read_property (connection, network, NETNS_INTERFACE_NETWORK, "Subnets", error);
  if (subnets != NULL)
    addresses = read_property (connection, link, NETNS_INTERFACE_LINK, "Addresses", error);
  if (addresses == NULL)
    return FALSE;
  if (has_ipv6 (subnets) && !has_ipv6 (addresses))
    netns_output_warn (
      _ ("IPv6 is off in the namespace, so it got IPv4 only; connect it with an IPv6 --address to switch "
         "IPv6 on"));
  return TRUE;
}

const NetnsVerb netns_connect_verbs[] = {
  { "", 2, 2, "NS NETWORK", N_ ("Connect a namespace to a network"), .options = connect_options,
   .method = "Manager.Connect", .arguments = "sso", .reply = "(o)", .after = tell_left_out },
  { NULL },
};

const NetnsVerb netns_disconnect_verbs[] = {
  { "", 2, 2, "NS NETWORK", N_ ("Disconnect a namespace from a network"), .method = "Manager.Disconnect",
   .arguments = "ss" },
  { NULL },
};
