/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Network. */
#include "bus/interfaces/pass.h"
#include "common/names.h"
#include "core/network/network-plan.h"
#include "introspection.h"

NETNS_PASS (delete_network, netns_network_delete, object->network)
NETNS_PASS_1 (set_nat, netns_network_set_nat, object->network, "(b)", gboolean)

static const NetnsMethod methods[] = {
  { "Delete", delete_network, NULL },
  { "SetNat", set_nat,        NULL },
  { NULL,     NULL,           NULL },
};

static GVariant *
get_name (NetnsCore *core, const NetnsObject *object)
{
  g_autofree char *name = netns_network_print (object->network);

  return netns_text_to_variant (name);
}

NETNS_GETTER (get_bridge,
              netns_link_to_path (netns_network_find_bridge (netns_core_get_mirror (core), object->network)))
NETNS_GETTER (get_gateways, netns_addresses_to_texts (object->network->gateways, netns_address_print_host))

static GVariant *
get_range (NetnsCore *core, const NetnsObject *object)
{
  const GArray *ranges = object->network->ranges;
  g_autoptr (GString) list = g_string_new (NULL);
  char first[NETNS_ADDRESS_MAX_TEXT], last[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; ranges != NULL && i + 1 < ranges->len; i += 2)
    g_string_append_printf (list, "%s%s-%s", i > 0 ? "," : "",
                            netns_address_print_host (&g_array_index (ranges, NetnsAddress, i), first),
                            netns_address_print_host (&g_array_index (ranges, NetnsAddress, i + 1), last));
  return g_variant_new_string (list->str);
}

static GVariant *
get_leases (NetnsCore *core, const NetnsObject *object)
{
  g_autoptr (GArray) leases = netns_network_list_leases (netns_core_get_mirror (core), object->network);
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sos)"));

  for (guint i = 0; i < leases->len; i++) {
    const NetnsLease *lease = &g_array_index (leases, NetnsLease, i);
    g_autofree char *path = NULL, *name = netns_text_to_utf8 (lease->link->info.name);
    char text[NETNS_ADDRESS_MAX_TEXT];

    if (lease->link->namespace->name == NULL)
      continue;
    path = netns_path_for_namespace (lease->link->namespace->name);
    g_variant_builder_add (&rows, "(sos)", netns_address_print_host (&lease->address, text), path, name);
  }
  return g_variant_builder_end (&rows);
}

static const NetnsProperty properties[] = {
  { "Name", 0, get_name },
  { "Namespace", 0, NETNS_MEMBER (TEXT, NetnsNetwork, base.namespace_name), .show = netns_namespace_to_path },
  { "Bridge", NETNS_NETWORK_BRIDGE, get_bridge },
  { "Subnets", 0, NETNS_MEMBER (ADDRESSES, NetnsNetwork, subnets) },
  { "Gateways", 0, get_gateways },
  { "Range", 0, get_range },
  { "Nat", NETNS_NETWORK_NAT, NETNS_MEMBER (BOOLEAN, NetnsNetwork, nat) },
  { "Uplink", NETNS_NETWORK_UPLINK, NETNS_MEMBER (TEXT, NetnsNetwork, uplink) },
  { "Shared", 0, NETNS_MEMBER (BOOLEAN, NetnsNetwork, shared) },
  { "Isolated", 0, NETNS_MEMBER (BOOLEAN, NetnsNetwork, isolated) },
  { "Guard", NETNS_NETWORK_GUARD, NETNS_MEMBER (BOOLEAN, NetnsNetwork, guarded) },
  { "Owner", 0, NETNS_MEMBER (UINT32, NetnsNetwork, base.owner) },
  { "Leases", NETNS_NETWORK_LEASES, get_leases, .entry = "Lease" },
  { NULL },
};

const NetnsInterface netns_interface_network = { &netns_network_interface, methods, properties };
