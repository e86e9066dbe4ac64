/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/nat.h"

#include "core/definition.h"

#include <sys/socket.h>

#define FOLDER     "nats"
#define GROUP      "Nat"
#define ID         "Id"
#define NAMESPACE  "Namespace"
#define COOKIE     "Cookie"
#define SOURCES    "Sources"
#define UPLINK     "Uplink"
#define TO_ADDRESS "ToAddress"
#define OWNER      "Owner"

NetnsNat *
netns_nat_copy (const NetnsNat *nat)
{
  NetnsNat *copy = g_memdup2 (nat, sizeof *nat);

  copy->namespace_name = g_strdup (nat->namespace_name);
  copy->uplink = g_strdup (nat->uplink);
  copy->sources = netns_definition_copy_addresses (nat->sources);
  return copy;
}

void
netns_nat_free (NetnsNat *nat)
{
  g_free (nat->namespace_name);
  g_free (nat->uplink);
  g_clear_pointer (&nat->sources, g_array_unref);
  g_free (nat);
}

/* Returns: (transfer full): the file of a translation, below /run/netnsd */
char *
netns_nat_get_file (const NetnsNat *nat)
{
  return g_strdup_printf (FOLDER "/%u", nat->id);
}

/* Returns: (transfer full): what its file says */
char *
netns_nat_print (const NetnsNat *nat)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  char text[NETNS_ADDRESS_MAX_TEXT] = "";

  if (nat->to_address.family != AF_UNSPEC)
    netns_address_print (&nat->to_address, text);
  g_key_file_set_uint64 (key_file, GROUP, ID, nat->id);
  g_key_file_set_string (key_file, GROUP, NAMESPACE, nat->namespace_name);
  g_key_file_set_uint64 (key_file, GROUP, COOKIE, nat->cookie);
  netns_definition_set_addresses (key_file, GROUP, SOURCES, nat->sources);
  g_key_file_set_string (key_file, GROUP, UPLINK, nat->uplink);
  g_key_file_set_string (key_file, GROUP, TO_ADDRESS, text);
  g_key_file_set_uint64 (key_file, GROUP, OWNER, nat->owner);
  return g_key_file_to_data (key_file, NULL, NULL);
}

/**
 * netns_nat_load:
 * @file: name below /run/netnsd
 * @error: why it cannot be used
 *
 * Returns: (transfer full) (nullable): what netns_nat_print() wrote
 */
NetnsNat *
netns_nat_load (const char *file, GError **error)
{
  g_autoptr (GKeyFile) key_file = netns_definition_open (file, error);
  g_autoptr (NetnsNat) nat = NULL;
  g_autofree char *to_address = NULL;

  if (key_file == NULL)
    return NULL;
  nat = g_new0 (NetnsNat, 1);
  nat->id = (guint) g_key_file_get_uint64 (key_file, GROUP, ID, NULL);
  nat->namespace_name = netns_definition_get_string (key_file, GROUP, NAMESPACE);
  nat->cookie = g_key_file_get_uint64 (key_file, GROUP, COOKIE, NULL);
  nat->uplink = netns_definition_get_string (key_file, GROUP, UPLINK);
  nat->owner = (guint) g_key_file_get_uint64 (key_file, GROUP, OWNER, NULL);
  nat->sources = netns_definition_get_addresses (key_file, GROUP, SOURCES, error);
  to_address = netns_definition_get_string (key_file, GROUP, TO_ADDRESS);
  if (nat->sources == NULL || (*to_address != '\0' && !netns_address_parse (to_address, &nat->to_address, error)))
    return NULL;
  return g_steal_pointer (&nat);
}
