/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/binding.h"

#include "common/validate.h"

#include <string.h>
#include <sys/socket.h>

static const NetnsField fields[] = {
  { "Port", NETNS_FIELD_TEXT, offsetof (NetnsBinding, port) },
  { "MacAddress", NETNS_FIELD_MAC, offsetof (NetnsBinding, mac) },
  { "Addresses", NETNS_FIELD_ADDRESSES, offsetof (NetnsBinding, addresses) },
  { NULL }
};

/* Its port stands in rules. */
static gboolean
check_binding (NetnsDefinition *definition, GError **error)
{
  return netns_validate_link_name (((NetnsBinding *) definition)->port, error);
}

const NetnsDefinitionClass netns_binding_class = {
  .folder = "bindings",
  .group = "Binding",
  .size = sizeof (NetnsBinding),
  .fields = fields,
  .check = check_binding,
};

/* Returns: (transfer full): the name of the binding of a port, which stays when the namespace gets another name */
char *
netns_binding_name_for (const NetnsNamespace *namespace, const char *port)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT ".%s", namespace->cookie, port);
}

/* Returns: (transfer full): the binding of a port in @namespace, without addresses */
NetnsBinding *
netns_binding_new (const NetnsNamespace *namespace, const char *port, const guint8 mac[NETNS_MAC_LENGTH], guint owner)
{
  g_autofree char *name = netns_binding_name_for (namespace, port);
  NetnsBinding *binding = netns_definition_new (&netns_binding_class, name, namespace->name, namespace->cookie, owner);

  binding->port = g_strdup (port);
  memcpy (binding->mac, mac, NETNS_MAC_LENGTH);
  binding->addresses = netns_addresses_new ();
  return binding;
}

/* @address becomes the link-local address that the kernel derives from @mac (RFC 4291, appendix A). */
void
netns_binding_get_link_local (const guint8 mac[NETNS_MAC_LENGTH], NetnsAddress *address)
{
  const guint8 bytes[16]
    = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] };

  netns_address_set_bytes (address, AF_INET6, bytes, 64);
}

/* Returns: whether the port may send from @address, whatever its prefix length */
gboolean
netns_binding_has_address (const NetnsBinding *binding, const NetnsAddress *address)
{
  NetnsAddress link_local;

  netns_binding_get_link_local (binding->mac, &link_local);
  return netns_address_equal_host (&link_local, address)
         || netns_addresses_find (binding->addresses, netns_address_equal_host, address) != NULL;
}
