/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl network */
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>

static const NetnsColumn columns[] = {
  { "name", N_ ("Name"), NETNS_INTERFACE_NETWORK, "Name" },
  { "namespace", N_ ("Namespace"), NETNS_INTERFACE_NETWORK, "Namespace" },
  { "bridge", N_ ("Bridge"), NETNS_INTERFACE_NETWORK, "Bridge" },
  { "subnets", N_ ("Subnets"), NETNS_INTERFACE_NETWORK, "Subnets" },
  { "gateways", N_ ("Gateways"), NETNS_INTERFACE_NETWORK, "Gateways" },
  { "range", N_ ("Range"), NETNS_INTERFACE_NETWORK, "Range" },
  { "nat", N_ ("NAT"), NETNS_INTERFACE_NETWORK, "Nat" },
  { "uplink", N_ ("Uplink"), NETNS_INTERFACE_NETWORK, "Uplink" },
  { "shared", N_ ("Shared"), NETNS_INTERFACE_NETWORK, "Shared" },
  { "isolated", N_ ("Isolated"), NETNS_INTERFACE_NETWORK, "Isolated" },
  { "guard", N_ ("Guard"), NETNS_INTERFACE_NETWORK, "Guard" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NETWORK, "Owner" },
  { "leases", N_ ("Leases"), NETNS_INTERFACE_NETWORK, "Leases" },
  { NULL },
};

static const NetnsOption create_options[] = {
  { "--subnet", 0, "CIDR", "subnets", NETNS_OPTION_LIST, N_ ("Subnet; by default those of the bridge, or a free one") },
  { "--nat", 0, NULL, "nat", NETNS_OPTION_ON, N_ ("Masquerade outgoing traffic") },
  { "--ipv6", 0, NULL, "ipv6", NETNS_OPTION_ON, N_ ("Add an IPv6 subnet if none is given") },
  { "--no-gateway", 0, NULL, "gateway", NETNS_OPTION_OFF, N_ ("Give the bridge no address") },
  { "--range", 0, "FIRST-LAST", "range", NETNS_OPTION_TEXT,
   N_ ("Addresses to give; more ranges follow after commas, one for each subnet") },
  { "--uplink", 0, "LINK", "uplink", NETNS_OPTION_TEXT, N_ ("NAT only through this link") },
  { "--mtu", 0, "BYTES", "mtu", NETNS_OPTION_NUMBER, N_ ("MTU; by default that of the uplink") },
  { "--bridge", 0, "NAME", "bridge", NETNS_OPTION_TEXT, N_ ("Name of the bridge; by default that of the network") },
  { "--namespace", 0, "NS", "namespace", NETNS_OPTION_NAMESPACE, N_ ("Namespace of the bridge; by default the host") },
  { "--firewall", 0, "check|cure", "firewall", NETNS_OPTION_TEXT,
   N_ ("Fail if another firewall drops its packets (check), or first allow them in Docker's, ufw's or firewalld's "
        "rules (cure)") },
  { "--isolated", 0, NULL, "isolated", NETNS_OPTION_ON, N_ ("Forward nothing between it and other networks") },
  { "--guard", 0, NULL, "guard", NETNS_OPTION_ON, N_ ("Let members use their own addresses only") },
  { "--no-guard", 0, NULL, "guard", NETNS_OPTION_OFF, N_ ("Let members use any address") },
  { "--shared", 0, NULL, "shared", NETNS_OPTION_ON, N_ ("Let every user connect their own namespaces") },
  { NULL },
};

const NetnsVerb netns_network_verbs[] = {
  { "list", 0, 0, "", N_ ("List the networks"), .lists = NETNS_INTERFACE_NETWORK, .columns = columns },
  { "show", 1, 1, "NETWORK", N_ ("Show a network"), .shows = NETNS_INTERFACE_NETWORK, .columns = columns },
  { "create", 1, 1, "NAME", N_ ("Create a network: a bridge with subnets and, if wanted, NAT"),
   .options = create_options, .method = "Manager.CreateNetwork", .arguments = "so", .reply = "(o)" },
  { "delete", 1, 1, "NETWORK", N_ ("Delete a network to which nothing is connected"), .method = "Network.Delete" },
  { "nat", 2, 2, "NETWORK on|off", N_ ("Switch the NAT of a network on or off"), .method = "Network.SetNat",
   .arguments = "n" },
  { NULL },
};
