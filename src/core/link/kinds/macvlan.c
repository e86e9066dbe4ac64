/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-kinds.h"

#include <linux/if_link.h>

typedef struct {
  guint32 mode;
} Macvlan;

static const NetnsWord modes[] = {
  { "bridge",   MACVLAN_MODE_BRIDGE   },
  { "private",  MACVLAN_MODE_PRIVATE  },
  { "vepa",     MACVLAN_MODE_VEPA     },
  { "passthru", MACVLAN_MODE_PASSTHRU },
  { NULL,       0                     }
};

static const NetnsLinkAttribute attributes[] = {
  { { "mode", NETNS_FIELD_UINT32, offsetof (Macvlan, mode), modes }, IFLA_MACVLAN_MODE },
  { { NULL } }
};

const NetnsLinkKind netns_link_kind_macvlan = {
  .name = "macvlan",
  .size = sizeof (Macvlan),
  .attributes = attributes,
};
