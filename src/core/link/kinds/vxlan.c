/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link-kinds.h"

#include "common/error.h"

#include <linux/if_link.h>
#include <sys/socket.h>

typedef struct {
  guint32 id;
  NetnsAddress remote;
  NetnsAddress local;
  guint16 port;
  gboolean learning;
} Vxlan;

static const NetnsLinkAttribute attributes[] = {
  { { "id", NETNS_FIELD_UINT32, offsetof (Vxlan, id) }, IFLA_VXLAN_ID },
  { { "remote", NETNS_FIELD_HOST, offsetof (Vxlan, remote) }, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6 },
  { { "local", NETNS_FIELD_HOST, offsetof (Vxlan, local) }, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6 },
  { { "port", NETNS_FIELD_UINT16, offsetof (Vxlan, port) }, IFLA_VXLAN_PORT, .network_order = TRUE },
  { { "learning", NETNS_FIELD_BOOLEAN, offsetof (Vxlan, learning) }, IFLA_VXLAN_LEARNING },
  { { NULL } }
};

static gboolean
check_vxlan (gconstpointer record, GVariant *options, GError **error)
{
  const Vxlan *vxlan = record;

  if (vxlan->remote.family == AF_UNSPEC || vxlan->local.family == AF_UNSPEC
      || vxlan->remote.family == vxlan->local.family)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "Options “remote” and “local” must be addresses of the same family");
}

const NetnsLinkKind netns_link_kind_vxlan = {
  .name = "vxlan",
  .size = sizeof (Vxlan),
  .attributes = attributes,
  .parent_attribute = IFLA_VXLAN_LINK,
  .check = check_vxlan,
};
