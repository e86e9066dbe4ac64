/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl nat */
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>

static const NetnsColumn columns[] = {
  { "id", N_ ("ID"), NETNS_OF_PATH, "Id" },
  { "namespace", N_ ("Namespace"), NETNS_INTERFACE_NAT, "Namespace" },
  { "sources", N_ ("Sources"), NETNS_INTERFACE_NAT, "Sources" },
  { "uplink", N_ ("Uplink"), NETNS_INTERFACE_NAT, "Uplink" },
  { "to-address", N_ ("To address"), NETNS_INTERFACE_NAT, "ToAddress" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAT, "Owner" },
  { NULL },
};

static const NetnsOption create_options[] = {
  { "--uplink", 0, "LINK", "uplink", NETNS_OPTION_TEXT, N_ ("Only packets that leave through this link") },
  { "--to-address", 0, "ADDRESS", "to-address", NETNS_OPTION_TEXT,
   N_ ("Use SNAT to this address instead of masquerading") },
  { NULL },
};

const NetnsVerb netns_nat_verbs[] = {
  { "list", 0, 0, "", N_ ("List the NATs that do not belong to a network"), .lists = NETNS_INTERFACE_NAT,
   .columns = columns },
  { "create", 2, NETNS_ANY_NUMBER, "NS SUBNET...",
   N_ ("Masquerade traffic from these subnets leaving namespace NS; prints the ID"), .options = create_options,
   .method = "Manager.CreateNat", .arguments = "slo", .reply = "(o)" },
  { "delete", 1, 1, "ID", N_ ("Delete a NAT"), .method = "Nat.Delete" },
  { NULL },
};
