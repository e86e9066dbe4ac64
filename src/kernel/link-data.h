/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The attributes of one kind of link, in the request that creates it. */
#pragma once

#include "common/address.h"
#include "kernel/request.h"

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
 * @parent_attribute: an attribute of IFLA_INFO_DATA that names @parent, too; 0 for none
 * @data: (nullable): further attributes of IFLA_INFO_DATA, a(qay): their numbers and what is in them
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
  guint16 parent_attribute;
  GVariant *data;
} NetnsLinkSpec;

void netns_link_data_put (NetnsMessage *message, const NetnsLinkSpec *spec);
