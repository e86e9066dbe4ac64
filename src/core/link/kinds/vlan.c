/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-kinds.h"

#include <linux/if_ether.h>
#include <linux/if_link.h>

typedef struct {
  guint32 id;
  guint16 protocol;
} Vlan;

static const NetnsWord protocols[] = {
  { "802.1Q",  ETH_P_8021Q  },
  { "802.1ad", ETH_P_8021AD },
  { NULL,      0            }
};

static const NetnsLinkAttribute attributes[] = {
  { { "id", NETNS_FIELD_UINT32, offsetof (Vlan, id) }, IFLA_VLAN_ID, .is_short = TRUE },
  { { "protocol", NETNS_FIELD_UINT16, offsetof (Vlan, protocol), protocols },
   IFLA_VLAN_PROTOCOL, .network_order = TRUE },
  { { NULL } }
};

const NetnsLinkKind netns_link_kind_vlan = {
  .name = "vlan",
  .size = sizeof (Vlan),
  .attributes = attributes,
};
