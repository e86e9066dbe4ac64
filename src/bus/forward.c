/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Forward, and the method of the Manager that makes its objects. */
#include "bus/manager.h"
#include "bus/options.h"
#include "common/error.h"
#include "common/names.h"
#include "core/follow.h"
#include "core/forward-rules.h"
#include "introspection.h"

#include <sys/socket.h>

static guint16
get_uint16 (GVariant *options, const char *key, guint16 missing)
{
  guint16 value = missing;

  g_variant_lookup (options, key, "q", &value);
  return value;
}

NetnsPlan *
netns_manager_create_forward (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[]
    = { { "listen-port", "q" }, { "listen-address", "s" }, { "count", "q" }, { "scope", "s" }, { NULL, NULL } };
  g_autoptr (GVariant) values = NULL;
  const char *namespace_name, *address;
  NetnsForwardOptions options = { 0 };
  NetnsAddress listen_address;

  g_variant_get (call->parameters, "(&s&sq@a{sv})", &namespace_name, &options.protocol, &options.target_port, &values);
  if (!netns_options_check (values, known, error))
    return NULL;
  address = netns_options_get_string (values, "listen-address");
  if (netns_options_has (values, "listen-address")) {
    if (!netns_address_parse_host (address, &listen_address, error))
      return NULL;
    options.listen_address = &listen_address;
  }
  options.listen_port = get_uint16 (values, "listen-port", options.target_port);
  options.count = get_uint16 (values, "count", 1);
  options.scope = netns_options_has (values, "scope") ? netns_options_get_string (values, "scope") : "loopback";
  return netns_forward_create (call->core, call->uid, namespace_name, &options, &call->number, error);
}

GVariant *
netns_manager_forward_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree char *path = netns_path_for_forward (call->number);

  return g_variant_new ("(o)", path);
}

static NetnsPlan *
delete_forward (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_forward_delete (call->core, call->uid, object->forward, error);
}

static NetnsPlan *
read_counters (NetnsCall *call, const NetnsObject *object, GError **error)
{
  call->text = g_strdup (object->forward->base.name);
  return netns_forward_read_counters (call->core, call->uid, object->forward, error);
}

static GVariant *
counters_read (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const NetnsForward *forward
    = g_hash_table_lookup (netns_core_get_definitions (call->core, &netns_forward_class), call->text);
  guint64 packets = 0, bytes = 0;

  if (forward == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no forward %s any more", call->text);
    return NULL;
  }
  netns_forward_rules_count (forward, g_variant_get_string (netns_plan_get_result (call->plan), NULL), &packets, &bytes);
  netns_follow_count (netns_core_get_follower (call->core), call->text, &packets, &bytes);
  return g_variant_new ("(tt)", packets, bytes);
}

static const NetnsMethod methods[] = {
  { "GetCounters", read_counters, counters_read },
  { "Delete", delete_forward, NULL },
  { NULL, NULL, NULL },
};

static GVariant *
print_address (const NetnsAddress *address)
{
  char text[NETNS_ADDRESS_MAX_TEXT] = "";

  if (address->family != AF_UNSPEC)
    netns_address_print_host (address, text);
  return g_variant_new_string (text);
}

static GVariant *
get_protocol (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_string (netns_protocol_print (object->forward->protocol));
}

static GVariant *
get_listen_address (NetnsCore *core, const NetnsObject *object)
{
  return print_address (&object->forward->listen_address);
}

static GVariant *
get_listen_port (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint16 (object->forward->listen_port);
}

static GVariant *
get_count (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint16 (object->forward->count);
}

static GVariant *
get_target (NetnsCore *core, const NetnsObject *object)
{
  g_autofree char *path = netns_path_for_namespace (object->forward->base.namespace_name);

  return g_variant_new_object_path (path);
}

static GVariant *
get_target_address (NetnsCore *core, const NetnsObject *object)
{
  const NetnsAddress *addresses = object->forward->addresses;

  return print_address (&addresses[addresses[0].family == AF_UNSPEC]);
}

static GVariant *
get_target_addresses (NetnsCore *core, const NetnsObject *object)
{
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));

  for (gsize i = 0; i < G_N_ELEMENTS (object->forward->addresses); i++)
    if (object->forward->addresses[i].family != AF_UNSPEC)
      g_array_append_val (addresses, object->forward->addresses[i]);
  return netns_addresses_to_texts (addresses, netns_address_print_host);
}

static GVariant *
get_target_port (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint16 (object->forward->target_port);
}

static GVariant *
get_scope (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_string (netns_scope_print (object->forward->scope));
}

static GVariant *
get_owner (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->forward->base.owner);
}

static const NetnsProperty properties[] = {
  { "Protocol", get_protocol, 0 },
  { "ListenAddress", get_listen_address, 0 },
  { "ListenPort", get_listen_port, 0 },
  { "Count", get_count, 0 },
  { "Target", get_target, NETNS_FORWARD_TARGET },
  { "TargetAddress", get_target_address, NETNS_FORWARD_ADDRESSES },
  { "TargetAddresses", get_target_addresses, NETNS_FORWARD_ADDRESSES },
  { "TargetPort", get_target_port, 0 },
  { "Scope", get_scope, 0 },
  { "Owner", get_owner, 0 },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_forward = { &netns_forward_interface, methods, properties };
