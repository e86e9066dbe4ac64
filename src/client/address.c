/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl address */
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "link", N_ ("Link"), NETNS_INTERFACE_LINK, "Name" },
  { "address", N_ ("Address"), NULL, NULL },
  { "peer", N_ ("Peer"), NULL, NULL },
  { "broadcast", N_ ("Broadcast"), NULL, NULL },
  { "label", N_ ("Label"), NULL, NULL },
  { "scope", N_ ("Scope"), NULL, NULL },
  { "metric", N_ ("Metric"), NULL, NULL },
  { "state", N_ ("State"), NULL, NULL },
  { "permanent", N_ ("Permanent"), NULL, NULL },
  { "valid-lifetime", N_ ("Valid (s)"), NULL, NULL },
  { "preferred-lifetime", N_ ("Preferred (s)"), NULL, NULL },
  { NULL },
};

/* Reads an address, and maybe `peer ADDRESS`, as ip-address(8) has it. Returns: (transfer floating) (nullable): the
 * argument of RemoveAddress() */
static GVariant *
parse_listed (char **words, GVariant *options, GError **error)
{
  if (words[1] == NULL)
    return g_variant_new ("(s)", words[0]);
  if (strcmp (words[1], "peer") != 0)
    return netns_usage_null (error, _ ("Unexpected “%s”; expected peer ADDRESS"), words[1]);
  if (words[2] == NULL)
    return netns_usage_null (error, _ ("Missing value after “%s”"), words[1]);
  return g_variant_new ("(@s)", g_variant_new_printf ("%s peer %s", words[0], words[2]));
}

const NetnsVerb netns_address_verbs[] = {
  { "list", 1, 2, "NS [LINK]", N_ ("List the addresses of a link, or of all links of a namespace"),
   .shows = NETNS_INTERFACE_LINK, .rows = "AddressData", .columns = columns },
  { "add", 3, NETNS_ANY_NUMBER, "NS LINK CIDR [KEY=VALUE]...", N_ ("Add an address with prefix length to a link"),
   .method = "Link.AddAddress", .arguments = "sk" },
  { "remove", 3, 5, "NS LINK CIDR [peer ADDRESS]", N_ ("Remove an address from a link"), .method = "Link.RemoveAddress",
   .parse = parse_listed },
  { NULL },
};
