/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps of port forwards: ports are held, settings of bridges borrowed, and connections forgotten. */
#pragma once

#include "core/link/link-ref.h"

/**
 * NetnsPortsHold:
 * @name: of the forward
 * @protocol: IPPROTO_*
 * @address: the one address of the host, family AF_UNSPEC for all
 * @port: first port
 * @count: how many
 * @loopback6: whether ::1 is listened on
 * @if_free: whether it is only a warning that another one has them
 */
typedef struct {
  const char *name;
  guint8 protocol;
  NetnsAddress address;
  guint16 port;
  guint16 count;
  gboolean loopback6;
  gboolean if_free;
} NetnsPortsHold;

/**
 * NetnsConnectionsForget:
 * @protocol: IPPROTO_*
 * @port: first port of the host
 * @count: how many
 * @target_port: first port of the targets
 * @called: (element-type NetnsAddress): addresses of the host, none for all
 * @targets: (element-type NetnsAddress): where they were translated to, none for those that were not translated
 * @callers: (element-type NetnsAddress): who called and is shown to the target: ranges, each as its first and its last
 *           address; none for all connections
 */
typedef struct {
  guint8 protocol;
  guint16 port;
  guint16 count;
  guint16 target_port;
  GArray *called;
  GArray *targets;
  GArray *callers;
} NetnsConnectionsForget;

/**
 * NetnsBorrowing:
 * @link: the link, by its name
 * @setting: `route_localnet` or `hairpin`
 */
typedef struct {
  NetnsLinkRef link;
  const char *setting;
} NetnsBorrowing;

NETNS_DECLARE_OPERATION (ports_hold, NetnsPortsHold)
NETNS_DECLARE_OPERATION (connections_forget, NetnsConnectionsForget)
NETNS_DECLARE_OPERATION (setting_borrow, NetnsBorrowing)
NETNS_DECLARE_OPERATION (setting_return, NetnsBorrowing)

/* Sockets that hold the ports of forwards, by the name of the forward. Steps take and release them in the worker; once a
 * plan is done, the main thread hands those that listen to the relay. Both never at the same time: the main thread looks
 * when no plan runs. */
void netns_holds_release (const char *name);
gboolean netns_holds_has (const char *name);
GArray *netns_holds_steal_listeners (const char *name);
