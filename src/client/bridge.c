/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl bridge */
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>

static const NetnsColumn port_columns[] = {
  { "name", N_ ("Name"), NETNS_INTERFACE_LINK, "Name" },
  { "kind", N_ ("Kind"), NETNS_INTERFACE_LINK, "Kind" },
  { "enabled", N_ ("Enabled"), NETNS_INTERFACE_LINK, "Enabled" },
  { "state", N_ ("State"), NETNS_INTERFACE_BRIDGE_PORT, "State" },
  { "cost", N_ ("Cost"), NETNS_INTERFACE_BRIDGE_PORT, "Cost" },
  { "hairpin", N_ ("Hairpin"), NETNS_INTERFACE_BRIDGE_PORT, "Hairpin" },
  { "isolated", N_ ("Isolated"), NETNS_INTERFACE_BRIDGE_PORT, "Isolated" },
  { "learning", N_ ("Learning"), NETNS_INTERFACE_BRIDGE_PORT, "Learning" },
  { "peer", N_ ("Peer"), NETNS_INTERFACE_VETH, "Peer" },
  { NULL },
};

static const NetnsColumn entry_columns[] = {
  { "mac-address", N_ ("MAC"), NULL, NULL },
  { "link", N_ ("Link"), NULL, NULL },
  { "vlan", N_ ("VLAN"), NULL, "Vlan" },
  { "permanent", N_ ("Permanent"), NULL, NULL },
  { NULL },
};

static gboolean
attach (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *bridge = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  char *namespace_and_link[] = { arguments[0], arguments[2], NULL };

  return bridge != NULL
         && netns_call (connection, "Link.AttachTo", namespace_and_link, g_variant_new ("(o)", bridge), NULL, NULL,
                        error);
}

const NetnsVerb netns_bridge_verbs[] = {
  { "create", 2, NETNS_ANY_NUMBER, "NS NAME [KEY=VALUE]...", N_ ("Create a bridge"), .method = "Manager.CreateBridge",
   .arguments = "ssk", .reply = "(o)" },
  { "set", 3, NETNS_ANY_NUMBER, "NS BRIDGE KEY=VALUE...", N_ ("Modify a bridge: all changes are made, or none"),
   .method = "Bridge.SetOptions", .arguments = "k" },
  { "port", 3, NETNS_ANY_NUMBER, "NS LINK KEY=VALUE...", N_ ("Modify a bridge port: all changes are made, or none"),
   .method = "BridgePort.SetOptions", .arguments = "k" },
  { "attach", 3, 3, "NS BRIDGE LINK", N_ ("Attach a link to a bridge"), attach },
  { "detach", 2, 2, "NS LINK", N_ ("Detach a link from its bridge"), .method = "Link.Detach" },
  { "ports", 2, 2, "NS BRIDGE", N_ ("List the ports of a bridge"), .shows = NETNS_INTERFACE_BRIDGE, .rows = "Ports",
   .columns = port_columns },
  { "entries", 2, 2, "NS BRIDGE", N_ ("List the forwarding entries of a bridge (MAC addresses by port)"),
   .method = "Bridge.ListForwardingEntries", .reply = "(a(sssb))", .columns = entry_columns },
  { NULL },
};
