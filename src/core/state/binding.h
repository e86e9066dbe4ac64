/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a port of a guarded network may send: its hardware address and the addresses that the service gave out for it.
 * The link inside the namespace is no evidence, because whoever is root there can change it. */
#pragma once

#include "core/state/definition.h"

/**
 * NetnsBinding:
 * @base: a name of its own, and where the port is
 * @port: name of the port of the bridge
 * @mac: hardware address of the link inside
 * @addresses: (element-type NetnsAddress): its addresses, besides the link-local one that follows from @mac
 */
typedef struct {
  NetnsDefinition base;
  char *port;
  guint8 mac[NETNS_MAC_LENGTH];
  GArray *addresses;
} NetnsBinding;

extern const NetnsDefinitionClass netns_binding_class;

NetnsBinding *netns_binding_new (const NetnsNamespace *namespace, const char *port, const guint8 mac[NETNS_MAC_LENGTH],
                                 guint owner);
char *netns_binding_name_for (const NetnsNamespace *namespace, const char *port);
void netns_binding_get_link_local (const guint8 mac[NETNS_MAC_LENGTH], NetnsAddress *address);
gboolean netns_binding_has_address (const NetnsBinding *binding, const NetnsAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsBinding, netns_definition_free)
