/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that make, change, move and delete links. */
#pragma once

#include "core/link/link-ref.h"
#include "kernel/link.h"

/**
 * NetnsLinkCreate:
 * @spec: what to make, without hardware addresses and descriptors of namespaces
 * @mac: hardware address, all 0 for a random one
 * @peer_mac: that of the other end of a veth
 * @parent_namespace: (nullable): where the link is that it stands on, %NULL for the step's namespace
 * @peer_namespace: where the other end of a veth is
 * @uplink: (nullable): if @spec names no MTU, that of this link of the same namespace, or, empty, of whichever leads to
 *          the rest of the world; %NULL for the kernel's choice
 * @mtu_min: bytes, the least that it gets of an uplink
 *
 * What is bigger than the uplink takes would be cut to pieces, or answered with messages that firewalls like to drop. The
 * MTU of a bridge has to be there when it is made: one that is set later is kept, whatever its ports have
 * (BROPT_MTU_SET_BY_USER in net/bridge/br_device.c).
 */
typedef struct {
  NetnsLinkSpec spec;
  guint8 mac[NETNS_MAC_LENGTH];
  guint8 peer_mac[NETNS_MAC_LENGTH];
  const char *parent_namespace;
  const char *peer_namespace;
  const char *uplink;
  guint32 mtu_min;
} NetnsLinkCreate;

/**
 * NetnsTapCreate:
 * @link: its name
 * @owner: uid whose programs may attach to it
 */
typedef struct {
  NetnsLinkRef link;
  guint32 owner;
} NetnsTapCreate;

/**
 * NetnsLinkSetting:
 * @link: a link
 * @enabled: whether it is up
 * @mtu: bytes
 * @master: ifindex of its master, 0 for none
 * @mac: hardware address
 * @name: (nullable): name
 * @description: (nullable): free text, empty for none
 *
 * One of these, as the operation says.
 */
typedef struct {
  NetnsLinkRef link;
  gboolean enabled;
  guint32 mtu;
  guint32 master;
  guint8 mac[NETNS_MAC_LENGTH];
  const char *name;
  const char *description;
} NetnsLinkSetting;

/**
 * NetnsLinkMove:
 * @link: a link
 * @to_namespace: where it goes
 * @new_name: (nullable): what it is called there, %NULL for the same
 */
typedef struct {
  NetnsLinkRef link;
  const char *to_namespace;
  const char *new_name;
} NetnsLinkMove;

typedef struct {
  NetnsLinkRef link;
  const char *name;
} NetnsAlternativeName;

gboolean netns_link_find_uplink_mtu (NetnsNetlink *netlink, const char *uplink, const GArray *sources, guint mtu_min,
                                     guint *mtu, GError **error);

NETNS_DECLARE_OPERATION (link_create, NetnsLinkCreate)
NETNS_DECLARE_OPERATION (tap_create, NetnsTapCreate)
NETNS_DECLARE_OPERATION (link_delete, NetnsLinkRef) /* last */
NETNS_DECLARE_OPERATION (link_set_enabled, NetnsLinkSetting)
NETNS_DECLARE_OPERATION (link_set_name, NetnsLinkSetting)
NETNS_DECLARE_OPERATION (link_set_mtu, NetnsLinkSetting)
NETNS_DECLARE_OPERATION (link_set_mac, NetnsLinkSetting)
NETNS_DECLARE_OPERATION (link_set_description, NetnsLinkSetting)
NETNS_DECLARE_OPERATION (link_set_master, NetnsLinkSetting)
NETNS_DECLARE_OPERATION (link_move, NetnsLinkMove)
NETNS_DECLARE_OPERATION (alternative_name_add, NetnsAlternativeName)
