/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections that the kernel tracks. One that was translated stays so, whatever the rules say by now. */
#pragma once

#include "common/address.h"
#include "common/grant.h"

#include <linux/netlink.h>

/**
 * NetnsFlow:
 * @protocol: IPPROTO_*
 * @destination: where its packets are sent to
 * @port: port of @destination, or 0
 * @source: where the answers come from; not @destination if it is translated
 * @source_port: port of @source, or 0
 * @caller: who calls
 * @answered: where the answers are sent to; not @caller if that is translated
 *
 * What a connection looks like.
 */
typedef struct {
  guint8 protocol;
  NetnsAddress destination;
  guint16 port;
  NetnsAddress source;
  guint16 source_port;
  NetnsAddress caller;
  NetnsAddress answered;
} NetnsFlow;

#define NETNS_FLOW_TUPLE_MAX 512 /* addresses, ports and a zone, each with a header of 4 bytes */

/**
 * NetnsFlowEntry:
 * @family: AF_INET or AF_INET6
 * @size: bytes of @tuple
 * @tuple: addresses and ports, as the kernel says them
 * @zone: in network byte order
 * @id: in network byte order
 *
 * The key of a connection in the kernel.
 */
typedef struct {
  guint8 family;
  gsize size;
  char tuple[NETNS_FLOW_TUPLE_MAX];
  guint16 zone;
  guint32 id;
} NetnsFlowEntry;

typedef gboolean (*NetnsFlowFunc) (const NetnsFlow *flow, gpointer data);

gboolean netns_conntrack_parse (const struct nlmsghdr *header, NetnsFlow *flow, NetnsFlowEntry *entry);
gboolean netns_conntrack_delete (const NetnsGrant *grant, NetnsFlowFunc chosen, gpointer data, GError **error);
