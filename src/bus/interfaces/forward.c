/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Forward. */
#include "bus/tree/interface.h"
#include "common/error.h"
#include "common/protocol.h"
#include "core/forward/forward-reconciler.h"
#include "core/forward/forward-plan.h"
#include "core/ruleset/forward-rules.h"
#include "introspection.h"

#include <sys/socket.h>

static NetnsPlan *
delete_forward (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_forward_delete (call->core, call->uid, object->forward);
}

static NetnsPlan *
read_counters (NetnsCall *call, const NetnsObject *object, GError **error)
{
  call->text = g_strdup (object->forward->base.name);
  return netns_forward_read_counters (call->core, call->uid, object->forward);
}

static GVariant *
counters_read (NetnsCall *call, const NetnsObject *object, GError **error)
{
  guint64 packets, bytes;

  g_variant_get (netns_plan_get_result (call->plan), "(tt)", &packets, &bytes);
  netns_forward_reconciler_count (netns_core_get_forward_reconciler (call->core), call->text, &packets, &bytes);
  return g_variant_new ("(tt)", packets, bytes);
}

static const NetnsMethod methods[] = {
  { "GetCounters", read_counters,  counters_read },
  { "Delete",      delete_forward, NULL          },
  { NULL,          NULL,           NULL          },
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

static const NetnsProperty properties[] = {
  { "Protocol", 0, NETNS_MEMBER (UINT8, NetnsForward, protocol, netns_forwarded_protocols) },
  { "ListenAddress", 0, NETNS_MEMBER (HOST, NetnsForward, listen_address) },
  { "ListenPort", 0, NETNS_MEMBER (UINT16, NetnsForward, listen_port) },
  { "Count", 0, NETNS_MEMBER (UINT16, NetnsForward, count) },
  { "Target", NETNS_FORWARD_TARGET, NETNS_MEMBER (TEXT, NetnsForward, base.namespace_name),
   .show = netns_namespace_to_path },
  { "TargetAddress", NETNS_FORWARD_ADDRESSES, get_target_address },
  { "TargetAddresses", NETNS_FORWARD_ADDRESSES, get_target_addresses },
  { "TargetPort", 0, NETNS_MEMBER (UINT16, NetnsForward, target_port) },
  { "Scope", 0, NETNS_MEMBER (UINT32, NetnsForward, scope, netns_scopes) },
  { "Owner", 0, NETNS_MEMBER (UINT32, NetnsForward, base.owner) },
  { NULL },
};

const NetnsInterface netns_interface_forward = { &netns_forward_interface, methods, properties };
