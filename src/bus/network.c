/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Network. */
#include "bus/interface.h"
#include "common/names.h"
#include "introspection.h"

static NetnsPlan *
delete_network (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_network_delete (call->core, call->uid, object->network, error);
}

static NetnsPlan *
set_nat (NetnsCall *call, const NetnsObject *object, GError **error)
{
  gboolean nat;

  g_variant_get (call->parameters, "(b)", &nat);
  return netns_network_set_nat (call->core, call->uid, object->network, nat, error);
}

static const NetnsMethod methods[] = {
  { "Delete", delete_network, NULL },
  { "SetNat", set_nat, NULL },
  { NULL, NULL, NULL },
};

static GVariant *
get_name (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_string (object->network->base.name);
}

static GVariant *
get_bridge (NetnsCore *core, const NetnsObject *object)
{
  return netns_link_to_path (netns_network_find_bridge (netns_core_get_mirror (core), object->network));
}

static GVariant *
get_subnets (NetnsCore *core, const NetnsObject *object)
{
  return netns_addresses_to_texts (object->network->subnets, netns_address_print);
}

static GVariant *
get_gateways (NetnsCore *core, const NetnsObject *object)
{
  return netns_addresses_to_texts (object->network->gateways, netns_address_print_host);
}

static GVariant *
get_nat (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->network->nat);
}

static GVariant *
get_uplink (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_string (object->network->uplink);
}

static GVariant *
get_shared (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->network->shared);
}

static GVariant *
get_isolated (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->network->isolated);
}

static GVariant *
get_owner (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->network->base.owner);
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

/* Each lease has a port, so there are no more of them than links beside the bridge, unless a namespace has several
 * addresses. */
static guint
count_leases (NetnsCore *core, const NetnsObject *object)
{
  NetnsNamespace *namespace
    = netns_mirror_get_namespace (netns_core_get_mirror (core), object->network->base.namespace_name);

  return namespace ? g_hash_table_size (namespace->links) : 0;
}

static const NetnsProperty properties[] = {
  { "Name", get_name, 0 },
  { "Bridge", get_bridge, NETNS_NETWORK_BRIDGE },
  { "Subnets", get_subnets, 0 },
  { "Gateways", get_gateways, 0 },
  { "Nat", get_nat, NETNS_NETWORK_NAT },
  { "Uplink", get_uplink, 0 },
  { "Shared", get_shared, 0 },
  { "Isolated", get_isolated, 0 },
  { "Owner", get_owner, 0 },
  { "Leases", get_leases, NETNS_NETWORK_LEASES, count_leases },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_network = { &netns_network_interface, methods, properties };
