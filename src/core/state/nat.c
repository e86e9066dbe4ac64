/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/nat.h"

static const NetnsField fields[] = {
  { "Sources", NETNS_FIELD_ADDRESSES, offsetof (NetnsNat, sources) },
  { "Uplink", NETNS_FIELD_TEXT, offsetof (NetnsNat, uplink), .change = NETNS_NAT_UPLINK },
  { "ToAddress", NETNS_FIELD_ADDRESS, offsetof (NetnsNat, to_address) },
  { NULL }
};

const NetnsDefinitionClass netns_nat_class = {
  .folder = "nats",
  .group = "Nat",
  .size = sizeof (NetnsNat),
  .fields = fields,
  .renamed = NETNS_NAT_NAMESPACE,
};

/* Returns: (transfer full): what its rules are known by */
char *
netns_nat_get_comment (const NetnsNat *nat)
{
  return g_strconcat ("nat ", nat->base.name, NULL);
}
