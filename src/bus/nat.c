/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Nat. */
#include "bus/interface.h"
#include "common/error.h"
#include "common/names.h"
#include "introspection.h"

#include <sys/socket.h>

static NetnsPlan *
delete_nat (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_nat_delete (call->core, call->uid, object->nat, error);
}

static NetnsPlan *
read_counters (NetnsCall *call, const NetnsObject *object, GError **error)
{
  call->text = g_strdup (object->nat->base.name);
  return netns_nat_read_counters (call->core, call->uid, object->nat, error);
}

static GVariant *
counters_read (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const NetnsNat *nat
    = g_hash_table_lookup (netns_core_get_definitions (call->core, &netns_nat_class), call->text);
  guint64 packets, bytes;

  if (nat == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no translation %s any more", call->text);
    return NULL;
  }
  netns_nat_count (nat, g_variant_get_string (netns_plan_get_result (call->plan), NULL), &packets, &bytes);
  return g_variant_new ("(tt)", packets, bytes);
}

static const NetnsMethod methods[] = {
  { "GetCounters", read_counters, counters_read },
  { "Delete", delete_nat, NULL },
  { NULL, NULL, NULL },
};

static GVariant *
get_namespace (NetnsCore *core, const NetnsObject *object)
{
  g_autofree char *path = netns_path_for_namespace (object->nat->base.namespace_name);

  return g_variant_new_object_path (path);
}

static GVariant *
get_sources (NetnsCore *core, const NetnsObject *object)
{
  return netns_addresses_to_texts (object->nat->sources, netns_address_print);
}

static GVariant *
get_uplink (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_string (object->nat->uplink);
}

static GVariant *
get_to_address (NetnsCore *core, const NetnsObject *object)
{
  char text[NETNS_ADDRESS_MAX_TEXT] = "";

  if (object->nat->to_address.family != AF_UNSPEC)
    netns_address_print_host (&object->nat->to_address, text);
  return g_variant_new_string (text);
}

static GVariant *
get_owner (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->nat->base.owner);
}

static const NetnsProperty properties[] = {
  { "Namespace", get_namespace, NETNS_NAT_NAMESPACE },
  { "Sources", get_sources, 0 },
  { "Uplink", get_uplink, 0 },
  { "ToAddress", get_to_address, 0 },
  { "Owner", get_owner, 0 },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_nat = { &netns_nat_interface, methods, properties };
