/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/forward.h"

#include "common/error.h"
#include "common/protocol.h"

#include <string.h>
#include <sys/socket.h>

const NetnsWord netns_scopes[] = {
  { "loopback", NETNS_SCOPE_LOOPBACK },
  { "host",     NETNS_SCOPE_HOST     },
  { "public",   NETNS_SCOPE_PUBLIC   },
  { NULL,       0                    },
};

static const NetnsField fields[] = {
  { "Protocol", NETNS_FIELD_UINT8, offsetof (NetnsForward, protocol), netns_forwarded_protocols },
  { "ListenAddress", NETNS_FIELD_HOST, offsetof (NetnsForward, listen_address) },
  { "ListenPort", NETNS_FIELD_UINT16, offsetof (NetnsForward, listen_port) },
  { "Count", NETNS_FIELD_UINT16, offsetof (NetnsForward, count) },
  { "TargetPort", NETNS_FIELD_UINT16, offsetof (NetnsForward, target_port) },
  { "Scope", NETNS_FIELD_UINT32, offsetof (NetnsForward, scope), netns_scopes },
  { "Network", NETNS_FIELD_TEXT, offsetof (NetnsForward, network) },
  { "Bridge", NETNS_FIELD_TEXT, offsetof (NetnsForward, bridge) },
  { "Port", NETNS_FIELD_TEXT, offsetof (NetnsForward, port) },
  { "Address4", NETNS_FIELD_HOST, offsetof (NetnsForward, addresses[0]), .change = NETNS_FORWARD_ADDRESSES },
  { "Address6", NETNS_FIELD_HOST, offsetof (NetnsForward, addresses[1]), .change = NETNS_FORWARD_ADDRESSES },
  { "Away", NETNS_FIELD_ADDRESSES, offsetof (NetnsForward, away) },
  { NULL }
};

static gboolean
are_ranges (const GArray *away)
{
  for (guint i = 0; i < away->len; i += 2)
    if (i + 1 == away->len
        || g_array_index (away, NetnsAddress, i).family != g_array_index (away, NetnsAddress, i + 1).family)
      return FALSE;
  return TRUE;
}

static gboolean
check_forward (NetnsDefinition *definition, GError **error)
{
  const NetnsForward *forward = (const NetnsForward *) definition;

  if (forward->protocol != 0 && forward->listen_port != 0 && forward->count != 0 && forward->target_port != 0
      && are_ranges (forward->away))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid state file entry");
}

const NetnsDefinitionClass netns_forward_class = {
  .folder = "forwards",
  .group = "Forward",
  .size = sizeof (NetnsForward),
  .fields = fields,
  .check = check_forward,
  .renamed = NETNS_FORWARD_TARGET,
  .in_host = TRUE,
};

/* Whether it leads there by the kernel's rules, which change no family. */
gboolean
netns_forward_has_family (const NetnsForward *forward, int family)
{
  return forward->addresses[family == AF_INET6].family == family
         && (forward->listen_address.family == AF_UNSPEC || forward->listen_address.family == family);
}

/* A relay can carry from ::1 to either family. */
NetnsAddress
netns_forward_choose_relay_target (const NetnsForward *forward)
{
  return forward->addresses[forward->addresses[1].family != AF_UNSPEC];
}

/* Whether it takes what comes to ::1. */
gboolean
netns_forward_takes_loopback6 (const NetnsForward *forward)
{
  return forward->listen_address.family == AF_UNSPEC
         || (forward->listen_address.family == AF_INET6 && netns_address_is_loopback (&forward->listen_address));
}

/* Whether both lead to the same target by the same way. */
gboolean
netns_forward_has_same_way (const NetnsForward *forward, const NetnsForward *other)
{
  return netns_definition_compare (forward, other) == 0 && strcmp (forward->network, other->network) == 0
         && strcmp (forward->bridge, other->bridge) == 0 && strcmp (forward->port, other->port) == 0;
}

/* Whether the same callers are answered by another way. */
gboolean
netns_forward_has_same_answers (const NetnsForward *forward, const NetnsForward *other)
{
  guint count = forward->away->len;

  return count == other->away->len
         && (count == 0 || memcmp (forward->away->data, other->away->data, count * sizeof (NetnsAddress)) == 0);
}
