/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/link-data.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/socket.h>

static void
put_u16 (NetnsMessage *message, int type, guint16 value)
{
  netns_request_put (message, type, sizeof value, &value);
}

static void
put_macvlan (NetnsMessage *message, const NetnsLinkSpec *spec)
{
  netns_request_put_u32 (message, IFLA_MACVLAN_MODE, spec->mode);
}

static void
put_ipvlan (NetnsMessage *message, const NetnsLinkSpec *spec)
{
  put_u16 (message, IFLA_IPVLAN_MODE, (guint16) spec->mode);
}

static void
put_vlan (NetnsMessage *message, const NetnsLinkSpec *spec)
{
  put_u16 (message, IFLA_VLAN_ID, (guint16) spec->id);
  put_u16 (message, IFLA_VLAN_PROTOCOL, htons (spec->protocol));
}

static void
put_host (NetnsMessage *message, int type4, int type6, const NetnsAddress *address)
{
  if (address->family != AF_UNSPEC)
    netns_request_put (message, address->family == AF_INET ? type4 : type6, netns_address_size (address),
                       address->bytes);
}

static void
put_vxlan (NetnsMessage *message, const NetnsLinkSpec *spec)
{
  guint8 learning = spec->learning;

  netns_request_put_u32 (message, IFLA_VXLAN_ID, spec->id);
  put_host (message, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, &spec->remote);
  put_host (message, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6, &spec->local);
  put_u16 (message, IFLA_VXLAN_PORT, htons (spec->port));
  netns_request_put (message, IFLA_VXLAN_LEARNING, sizeof learning, &learning);
  if (spec->parent != 0)
    netns_request_put_u32 (message, IFLA_VXLAN_LINK, spec->parent);
}

/**
 * netns_link_data_put:
 * @message: the attribute IFLA_LINKINFO of a request, open
 * @spec: what to make
 *
 * Appends IFLA_INFO_DATA, for a kind that has any.
 */
void
netns_link_data_put (NetnsMessage *message, const NetnsLinkSpec *spec)
{
  static const struct {
    const char *kind;
    void (*put) (NetnsMessage *message, const NetnsLinkSpec *spec);
  } kinds[] = { { "macvlan", put_macvlan }, { "ipvlan", put_ipvlan }, { "vlan", put_vlan }, { "vxlan", put_vxlan } };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    struct nlattr *data;

    if (strcmp (kinds[i].kind, spec->kind) != 0)
      continue;
    data = netns_request_open_nest (message, IFLA_INFO_DATA);
    kinds[i].put (message, spec);
    nla_nest_end (message, data);
  }
}
