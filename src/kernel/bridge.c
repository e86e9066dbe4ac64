/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/bridge.h"

#include "common/error.h"
#include "kernel/request.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <string.h>

/* While others change entries without pause, each dump may be interrupted (NLM_F_DUMP_INTR). */
#define MAX_ATTEMPTS 5

/* How the kernel is told: the attribute, its size, and what it is called in an error. */
static const struct {
  int attribute;
  gsize size;
  const char *name;
} options[] = {
  [NETNS_BRIDGE_STP] = { IFLA_BR_STP_STATE, 4, "its spanning tree protocol" },
  [NETNS_BRIDGE_VLAN_FILTERING] = { IFLA_BR_VLAN_FILTERING, 1, "its VLAN filtering" },
  [NETNS_BRIDGE_FORWARD_DELAY] = { IFLA_BR_FORWARD_DELAY, 4, "its forward delay" },
  [NETNS_BRIDGE_AGEING_TIME] = { IFLA_BR_AGEING_TIME, 4, "its ageing time" },
  [NETNS_BRIDGE_MULTICAST_SNOOPING] = { IFLA_BR_MCAST_SNOOPING, 1, "its multicast snooping" },
  [NETNS_BRIDGE_PORT_COST] = { IFLA_BRPORT_COST, 4, "its cost" },
  [NETNS_BRIDGE_PORT_HAIRPIN] = { IFLA_BRPORT_MODE, 1, "its hairpin mode" },
  [NETNS_BRIDGE_PORT_ISOLATED] = { IFLA_BRPORT_ISOLATED, 1, "its isolation" },
  [NETNS_BRIDGE_PORT_LEARNING] = { IFLA_BRPORT_LEARNING, 1, "its learning" },
};

/**
 * netns_bridge_option_get:
 * @info: a bridge, or a port
 * @option: one of its options
 *
 * Returns: its value
 */
guint32
netns_bridge_option_get (const NetnsLinkInfo *info, NetnsBridgeOption option)
{
  switch (option) {
  case NETNS_BRIDGE_STP:
    return info->bridge.stp != 0;
  case NETNS_BRIDGE_VLAN_FILTERING:
    return info->bridge.vlan_filtering != 0;
  case NETNS_BRIDGE_FORWARD_DELAY:
    return info->bridge.forward_delay;
  case NETNS_BRIDGE_AGEING_TIME:
    return info->bridge.ageing_time;
  case NETNS_BRIDGE_MULTICAST_SNOOPING:
    return info->bridge.multicast_snooping != 0;
  case NETNS_BRIDGE_PORT_COST:
    return info->port.cost;
  case NETNS_BRIDGE_PORT_HAIRPIN:
    return info->port.hairpin != 0;
  case NETNS_BRIDGE_PORT_ISOLATED:
    return info->port.isolated != 0;
  case NETNS_BRIDGE_PORT_LEARNING:
    return info->port.learning != 0;
  }
  g_return_val_if_reached (0);
}

static NetnsMessage *
make_message (guint index, NetnsBridgeOption option, guint32 value)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index };
  NetnsMessage *message = netns_request_new (RTM_NEWLINK, 0, &body, sizeof body);
  gboolean of_port = option >= NETNS_BRIDGE_PORT_COST;
  struct nlattr *info = netns_request_open_nest (message, IFLA_LINKINFO), *data;
  guint8 small = (guint8) value;

  netns_request_put_string (message, of_port ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND, "bridge");
  data = netns_request_open_nest (message, of_port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA);
  if (options[option].size == 1)
    netns_request_put (message, options[option].attribute, 1, &small);
  else
    netns_request_put_u32 (message, options[option].attribute, value);
  nla_nest_end (message, data);
  nla_nest_end (message, info);
  return message;
}

/**
 * netns_rtnl_bridge_set:
 * @grant: who may do it
 * @netlink: the link's namespace
 * @index: ifindex of a bridge, or of a port
 * @option: one of its options
 * @value: what it shall be
 * @error: `NotFound`, `NotSupported` (a kernel without VLAN filtering), `KernelRefused`
 *
 * One option in a request: of several the kernel would keep those before the one that it refuses (br_changelink() in
 * net/bridge/br_netlink.c).
 *
 * Returns: whether it was done
 */
gboolean
netns_rtnl_bridge_set (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, NetnsBridgeOption option,
                       guint32 value, GError **error)
{
  g_autoptr (NetnsMessage) message = make_message (index, option, value);
  g_auto (NetnsLinkInfo) info = { 0 };
  g_autoptr (GError) refusal = NULL;

  if (netns_netlink_change (grant, netlink, message, &refusal, "cannot set %s to %u", options[option].name, value))
    return TRUE;
  netns_rtnl_link_get (netlink, index, &info, NULL);
  g_propagate_prefixed_error (error, g_steal_pointer (&refusal), "Link “%s”: ", info.name);
  return FALSE;
}

typedef struct {
  GArray *entries;
  guint bridge;
} Listing;

static const struct nla_policy entry_policy[NDA_MAX + 1] = {
  [NDA_MASTER] = { .type = NLA_U32 },
  [NDA_VLAN] = { .type = NLA_U16 },
};

/* Those of the links themselves, which have no master, say which addresses a link listens to; they are no way of the
 * bridge (br_fdb_dump() and ndo_dflt_fdb_dump() in the kernel). */
static void
take_entry (const struct nlmsghdr *header, gpointer data)
{
  Listing *listing = data;
  const struct ndmsg *body = nlmsg_data (header);
  struct nlattr *attributes[NDA_MAX + 1];
  NetnsForwardingEntry entry = { 0 };

  if (header->nlmsg_type != RTM_NEWNEIGH
      || nlmsg_parse ((struct nlmsghdr *) (gpointer) header, sizeof *body, attributes, NDA_MAX, entry_policy) < 0
      || body->ndm_family != AF_BRIDGE || attributes[NDA_MASTER] == NULL
      || nla_get_u32 (attributes[NDA_MASTER]) != listing->bridge || attributes[NDA_LLADDR] == NULL
      || nla_len (attributes[NDA_LLADDR]) != NETNS_MAC_LENGTH)
    return;
  memcpy (entry.mac, nla_data (attributes[NDA_LLADDR]), NETNS_MAC_LENGTH);
  entry.link = (guint) body->ndm_ifindex;
  entry.vlan = attributes[NDA_VLAN] ? nla_get_u16 (attributes[NDA_VLAN]) : 0;
  entry.stays = (body->ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
  g_array_append_val (listing->entries, entry);
}

/**
 * netns_rtnl_bridge_list_entries:
 * @netlink: a namespace
 * @index: ifindex of a bridge
 * @error: `Busy` (they change all the time), `KernelRefused`
 *
 * Returns: (transfer full) (nullable) (element-type NetnsForwardingEntry): where the bridge sends what is for whom, in
 *   the kernel's order
 */
GArray *
netns_rtnl_bridge_list_entries (NetnsNetlink *netlink, guint index, GError **error)
{
  for (guint i = 0; i < MAX_ATTEMPTS; i++) {
    struct ndmsg body = { .ndm_family = AF_BRIDGE };
    g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETNEIGH, 0, &body, sizeof body);
    g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (NetnsForwardingEntry));
    Listing listing = { entries, index };
    gboolean interrupted;

    if (!netns_netlink_dump (netlink, message, take_entry, &listing, &interrupted, error))
      return NULL;
    if (!interrupted)
      return g_steal_pointer (&entries);
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY,
               "The forwarding entries changed each of the %d times that they were read; try again", MAX_ATTEMPTS);
  return NULL;
}
