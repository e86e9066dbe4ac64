/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that switch forwarding on before the first network with NAT, and restore the old values after the last. These
 * are kept in a file, by the cookie of the namespace, so that they survive a restart of the service.
 *
 * IPv4 is forwarded if the link forwards that a packet comes in by. Where the whole namespace does already, single links
 * may not, and new ones begin as `default` says: so those that packets of a network come in by are switched on besides. */
#pragma once

#include "core/plan/plan.h"

/**
 * NetnsForwarding:
 * @family: AF_INET or AF_INET6
 */
typedef struct {
  guint family;
} NetnsForwarding;

/**
 * NetnsForwardingLinks:
 * @bridge: a bridge, empty for none
 * @own: whether the service made it; else it gets its old value back after the last network with NAT, as the uplink does
 * @uplink: another link, empty for none
 * @any_uplink: whether that is the link of the default route
 */
typedef struct {
  const char *bridge;
  gboolean own;
  const char *uplink;
  gboolean any_uplink;
} NetnsForwardingLinks;

/**
 * NetnsForwardingCheck:
 * @network: what a network is called
 * @ipv6: whether it has IPv6
 * @links: the links that its packets come in by
 */
typedef struct {
  const char *network;
  gboolean ipv6;
  NetnsForwardingLinks links;
} NetnsForwardingCheck;

NETNS_DECLARE_OPERATION (forwarding_links, NetnsForwardingLinks)
/* Fails with `NotForwarded`. */
NETNS_DECLARE_OPERATION (forwarding_check, NetnsForwardingCheck)
NETNS_DECLARE_OPERATION (forwarding_enable, NetnsForwarding)
NETNS_DECLARE_OPERATION (forwarding_restore, NetnsForwarding)

char *netns_forwarding_file_for (guint64 cookie, int family);
