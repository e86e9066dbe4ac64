/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes to links, one netlink request each. */
#pragma once

#include "common/grant.h"
#include "kernel/link-data.h"
#include "kernel/message.h"
#include "kernel/netlink.h"

/* The group of all links that this service makes, “nns1” in hexadecimal: the only mark that a link can have from the
 * moment when it appears (rtnl_create_link() in net/core/rtnetlink.c takes neither a description nor alternative names).
 * udev knows them by it, for the programs that manage the host's links: data/70-netnsd.rules. */
#define NETNS_LINK_GROUP 0x6e6e7331U

gboolean netns_rtnl_link_create (const NetnsGrant *grant, NetnsNetlink *netlink, const NetnsLinkSpec *spec,
                                 GError **error);
gboolean netns_rtnl_link_delete (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GError **error);
gboolean netns_rtnl_link_get (NetnsNetlink *netlink, guint index, NetnsLinkInfo *info, GError **error);
gboolean netns_rtnl_link_find (NetnsNetlink *netlink, const char *name, NetnsLinkInfo *info, GError **error);
GArray *netns_rtnl_link_list (NetnsNetlink *netlink, GError **error);
gboolean netns_rtnl_link_set_enabled (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, gboolean enabled,
                                      GError **error);
gboolean netns_rtnl_link_set_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, const char *name,
                                   GError **error);
gboolean netns_rtnl_link_set_mtu (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint32 mtu,
                                  GError **error);
gboolean netns_rtnl_link_set_mac (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                  const guint8 mac[NETNS_MAC_LENGTH], GError **error);
gboolean netns_rtnl_link_mark (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, GError **error);
gboolean netns_rtnl_link_set_description (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                          const char *description, GError **error);
gboolean netns_rtnl_link_set_master (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, guint master,
                                     GError **error);
gboolean netns_rtnl_link_move (const NetnsGrant *grant, NetnsNetlink *netlink, guint index, int namespace_fd,
                               const char *new_name, GError **error);
gboolean netns_rtnl_link_change_alternative_name (const NetnsGrant *grant, NetnsNetlink *netlink, guint index,
                                                  gboolean add, const char *name, GError **error);
gboolean netns_rtnl_link_refuse (NetnsNetlink *netlink, guint index, GError *refusal, GError **error);
