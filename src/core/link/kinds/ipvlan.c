/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-kinds.h"

#include "common/error.h"

#include <linux/if_link.h>

typedef struct {
  guint16 mode;
} Ipvlan;

static const NetnsWord modes[] = {
  { "l2",  IPVLAN_MODE_L2  },
  { "l3",  IPVLAN_MODE_L3  },
  { "l3s", IPVLAN_MODE_L3S },
  { NULL,  0               }
};

static const NetnsLinkAttribute attributes[] = {
  { { "mode", NETNS_FIELD_UINT16, offsetof (Ipvlan, mode), modes }, IFLA_IPVLAN_MODE },
  { { NULL } }
};

/* The kernel would silently leave it away (ipvlan_link_new() in drivers/net/ipvlan/ipvlan_main.c). */
static gboolean
check_ipvlan (gconstpointer record, GVariant *options, GError **error)
{
  if (!g_variant_lookup (options, "mac-address", "&s", NULL))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Option “mac-address” is not allowed: an ipvlan link uses the MAC address of its parent");
}

const NetnsLinkKind netns_link_kind_ipvlan = {
  .name = "ipvlan",
  .size = sizeof (Ipvlan),
  .attributes = attributes,
  .check = check_ipvlan,
};
