/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes to links, one netlink request each. */
#pragma once

#include "common/grant.h"
#include "kernel/message.h"
#include "kernel/netlink.h"

/**
 * NetnsLinkSpec:
 * @kind: the kernel's kind: veth, bridge ...
 * @name: name, at most 15 bytes
 * @mtu: bytes, 0 for the kind's default
 * @mac: (nullable): hardware address, %NULL for a random one
 * @master: ifindex of its master, 0 for none
 * @enabled: whether it is set up
 * @peer_name: for veth: name of the other end
 * @peer_namespace_fd: for veth: namespace of the other end, -1 for the same
 * @peer_mac: (nullable): for veth: hardware address of the other end
 * @target_fd: (nullable): a namespace to make it in, %NULL for that of @parent
 * @parent: ifindex of the link that it stands on, 0 for none
 * @mode: for macvlan MACVLAN_MODE_*, for ipvlan IPVLAN_MODE_*
 * @id: for vlan and vxlan: its number
 * @protocol: for vlan: ETH_P_*
 * @remote: for vxlan: where to send what is for everybody, or for nobody known; family AF_UNSPEC for nowhere
 * @local: for vxlan: which address to send from, family AF_UNSPEC for the route's
 * @port: for vxlan: UDP port
 * @learning: for vxlan: whether it learns behind which address a sender is
 *
 * The other end of a veth is made down: the kernel refuses a peer that is up in the same request (ENOTCONN).
 */
typedef struct {
  const char *kind;
  const char *name;
  guint32 mtu;
  const guint8 *mac;
  guint master;
  gboolean enabled;
  const char *peer_name;
  int peer_namespace_fd;
  const guint8 *peer_mac;
  const int *target_fd;
  guint parent;
  guint32 mode;
  guint32 id;
  guint16 protocol;
  NetnsAddress remote;
  NetnsAddress local;
  guint16 port;
  gboolean learning;
} NetnsLinkSpec;

gboolean netns_rtnl_link_create (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsLinkSpec *spec,
                                 GError **error);
gboolean netns_rtnl_link_delete (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GError **error);
gboolean netns_rtnl_link_get (NetnsNetlink *netlink, guint index, NetnsLinkInfo *info, GError **error);
gboolean netns_rtnl_link_find (NetnsNetlink *netlink, const char *name, NetnsLinkInfo *info, GError **error);
GArray *netns_rtnl_link_list (NetnsNetlink *netlink, GError **error);
gboolean netns_rtnl_link_get_statistics (NetnsNetlink *netlink, guint index, GHashTable *counters, GError **error);
gboolean netns_rtnl_link_set_enabled (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, gboolean enabled,
                                      GError **error);
gboolean netns_rtnl_link_set_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const char *name,
                                   GError **error);
gboolean netns_rtnl_link_set_mtu (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint32 mtu,
                                  GError **error);
gboolean netns_rtnl_link_set_mac (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                  const guint8 mac[NETNS_MAC_LENGTH], GError **error);
gboolean netns_rtnl_link_set_description (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                          const char *description, GError **error);
gboolean netns_rtnl_link_set_master (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint master,
                                     GError **error);
gboolean netns_rtnl_link_move (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, int namespace_fd,
                               const char *new_name, GError **error);
gboolean netns_rtnl_link_add_alternative_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                               const char *name, GError **error);
gboolean netns_rtnl_link_remove_alternative_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                                  const char *name, GError **error);
