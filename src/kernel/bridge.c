/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/bridge.h"

#include "common/error.h"
#include "kernel/request.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <string.h>

/* A bridge learns whatever addresses its ports send from, and all plans wait while they are read. */
#define MOST 32769

/* Returns: the value of an option of a bridge, or of a port */
guint32
netns_bridge_option_get (const NetnsLinkInfo *info, NetnsBridgeOption option)
{
  return *(const guint32 *) (gconstpointer) ((const char *) info + netns_bridge_options[option].place);
}

/* Sets an option of a bridge, or of a port. One in a request: of several the kernel would keep those before the one
 * that it refuses (br_changelink() in net/bridge/br_netlink.c).
 * Returns: whether it was done; @error: `NotFound`, `NotSupported` (a kernel without VLAN filtering), `KernelRefused`
 */
gboolean
netns_rtnl_bridge_set (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, NetnsBridgeOption option,
                       guint32 value, GError **error)
{
  struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = (int) index };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_NEWLINK, 0, &body, sizeof body);
  const NetnsBridgeOptionRow *row = &netns_bridge_options[option];
  gboolean of_port = option >= NETNS_BRIDGE_PORT_COST;
  struct nlattr *info = netns_request_open_nest (message, IFLA_LINKINFO), *data;
  g_autoptr (GError) refusal = NULL;
  guint8 small = (guint8) value;
  const struct br_boolopt_multi several = { value << BR_BOOLOPT_NO_LL_LEARN, 1u << BR_BOOLOPT_NO_LL_LEARN };

  netns_request_put_string (message, of_port ? IFLA_INFO_SLAVE_KIND : IFLA_INFO_KIND, "bridge");
  data = netns_request_open_nest (message, of_port ? IFLA_INFO_SLAVE_DATA : IFLA_INFO_DATA);
  if (row->size == 1)
    netns_request_put (message, row->attribute, 1, &small);
  else if (row->size == sizeof several)
    netns_request_put (message, row->attribute, sizeof several, &several);
  else
    netns_request_put_u32 (message, row->attribute, value);
  nla_nest_end (message, data);
  nla_nest_end (message, info);
  return netns_netlink_change (grant, netlink, message, &refusal, "cannot set option “%s” to %u", row->key, value)
         || netns_rtnl_link_refuse (netlink, index, g_steal_pointer (&refusal), error);
}

static const struct nla_policy entry_policy[NDA_MAX + 1] = {
  [NDA_MASTER] = { .type = NLA_U32 },
  [NDA_VLAN] = { .type = NLA_U16 },
};

/* Appends what a message tells of to @entries (element-type NetnsForwardingEntry), if it is about one. Those of the links
 * themselves, which have no master, say which addresses a link listens to; they are no way of the bridge (br_fdb_dump()
 * and ndo_dflt_fdb_dump() in the kernel). */
void
netns_bridge_take_entry (const struct nlmsghdr *header, gpointer entries)
{
  const struct ndmsg *body = nlmsg_data (header);
  struct nlattr *attributes[NDA_MAX + 1];
  NetnsForwardingEntry entry = { 0 };

  if (header->nlmsg_type != RTM_NEWNEIGH
      || !netns_message_parse (header, sizeof *body, attributes, NDA_MAX, entry_policy) || body->ndm_family != AF_BRIDGE
      || attributes[NDA_MASTER] == NULL || attributes[NDA_LLADDR] == NULL
      || nla_len (attributes[NDA_LLADDR]) != NETNS_MAC_LENGTH)
    return;
  memcpy (entry.mac, nla_data (attributes[NDA_LLADDR]), NETNS_MAC_LENGTH);
  entry.bridge = nla_get_u32 (attributes[NDA_MASTER]);
  entry.link = (guint) body->ndm_ifindex;
  entry.vlan = attributes[NDA_VLAN] ? nla_get_u16 (attributes[NDA_VLAN]) : 0;
  entry.stays = (body->ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
  g_array_append_val (entries, entry);
}

/* Returns: (transfer full) (nullable) (element-type NetnsForwardingEntry): where a bridge sends what is for whom, in
 * the kernel's order; @error: `Busy` (they change all the time), `TooLarge`, `KernelRefused` */
GArray *
netns_rtnl_bridge_list_entries (NetnsNetlink *netlink, guint index, GError **error)
{
  struct ndmsg body = { .ndm_family = AF_BRIDGE };
  g_autoptr (NetnsMessage) message = netns_request_new (RTM_GETNEIGH, 0, &body, sizeof body);
  g_autoptr (GArray) entries = netns_netlink_list (netlink, message, MOST, sizeof (NetnsForwardingEntry),
                                                   netns_bridge_take_entry, "The forwarding entries", error);
  guint kept = 0;

  if (entries == NULL)
    return NULL;
  if (netns_netlink_get_errno (netlink) == EMSGSIZE)
    return netns_refuse_null (error, NETNS_ERROR_TOO_LARGE, "The bridges of the namespace have more than %d entries",
                              MOST - 1);
  for (guint i = 0; i < entries->len; i++)
    if (g_array_index (entries, NetnsForwardingEntry, i).bridge == index)
      g_array_index (entries, NetnsForwardingEntry, kept++) = g_array_index (entries, NetnsForwardingEntry, i);
  g_array_set_size (entries, kept);
  return g_steal_pointer (&entries);
}
