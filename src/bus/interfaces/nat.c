/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Nat. */
#include "bus/interfaces/pass.h"
#include "common/error.h"
#include "core/network/nat-plan.h"
#include "introspection.h"

NETNS_PASS (delete_nat, netns_nat_delete, object->nat)
NETNS_PASS (read_counters, netns_nat_read_counters, object->nat)

static const NetnsMethod methods[] = {
  { "GetCounters", read_counters, netns_call_reply_answer },
  { "Delete",      delete_nat,    NULL                    },
  { NULL,          NULL,          NULL                    },
};

static const NetnsProperty properties[] = {
  { "Namespace", NETNS_NAT_NAMESPACE, NETNS_MEMBER (TEXT, NetnsNat, base.namespace_name),
   .show = netns_namespace_to_path },
  { "Sources", 0, NETNS_MEMBER (ADDRESSES, NetnsNat, sources) },
  { "Uplink", NETNS_NAT_UPLINK, NETNS_MEMBER (TEXT, NetnsNat, uplink) },
  { "ToAddress", 0, NETNS_MEMBER (HOST, NetnsNat, to_address) },
  { "Owner", 0, NETNS_MEMBER (UINT32, NetnsNat, base.owner) },
  { NULL },
};

const NetnsInterface netns_interface_nat = { &netns_nat_interface, methods, properties };
