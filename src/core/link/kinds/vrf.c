/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-kinds.h"

#include <linux/if_link.h>

typedef struct {
  guint32 table;
} Vrf;

static const NetnsLinkAttribute attributes[] = {
  { { "table", NETNS_FIELD_UINT32, offsetof (Vrf, table) }, IFLA_VRF_TABLE },
  { { NULL } }
};

const NetnsLinkKind netns_link_kind_vrf = {
  .name = "vrf",
  .size = sizeof (Vrf),
  .attributes = attributes,
};
