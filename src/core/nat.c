/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/nat.h"

#include <sys/socket.h>

#define GROUP      "Nat"
#define SOURCES    "Sources"
#define UPLINK     "Uplink"
#define TO_ADDRESS "ToAddress"

static void
copy_nat (NetnsDefinition *definition)
{
  NetnsNat *copy = (NetnsNat *) definition;

  copy->uplink = g_strdup (copy->uplink);
  copy->sources = netns_definition_copy_addresses (copy->sources);
}

static void
clear_nat (NetnsDefinition *definition)
{
  NetnsNat *nat = (NetnsNat *) definition;

  g_free (nat->uplink);
  g_clear_pointer (&nat->sources, g_array_unref);
}

static void
print_nat (const NetnsDefinition *definition, GKeyFile *key_file)
{
  const NetnsNat *nat = (const NetnsNat *) definition;
  char text[NETNS_ADDRESS_MAX_TEXT] = "";

  if (nat->to_address.family != AF_UNSPEC)
    netns_address_print (&nat->to_address, text);
  netns_definition_set_addresses (key_file, GROUP, SOURCES, nat->sources);
  g_key_file_set_string (key_file, GROUP, UPLINK, nat->uplink);
  g_key_file_set_string (key_file, GROUP, TO_ADDRESS, text);
}

static gboolean
parse_nat (NetnsDefinition *definition, GKeyFile *key_file, GError **error)
{
  NetnsNat *nat = (NetnsNat *) definition;
  g_autofree char *to_address = netns_definition_get_string (key_file, GROUP, TO_ADDRESS);

  nat->uplink = netns_definition_get_string (key_file, GROUP, UPLINK);
  nat->sources = netns_definition_get_addresses (key_file, GROUP, SOURCES, error);
  return nat->sources != NULL && (*to_address == '\0' || netns_address_parse (to_address, &nat->to_address, error));
}

const NetnsDefinitionClass netns_nat_class = {
  .folder = "nats",
  .group = GROUP,
  .size = sizeof (NetnsNat),
  .copy = copy_nat,
  .clear = clear_nat,
  .print = print_nat,
  .parse = parse_nat,
  .renamed = NETNS_NAT_NAMESPACE,
};
