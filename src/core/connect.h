/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plugs namespaces into networks, and out again. */
#pragma once

#include "core/network.h"

/**
 * NetnsConnectOptions:
 * @addresses: (element-type NetnsAddress): addresses asked for; empty for the next free one of each subnet
 * @name: name of the link inside, empty for the first free of eth0, eth1 ...
 * @default_route: whether to set one
 * @default_route_given: whether the caller said so; else it is set where there is none yet
 * @firewall: what to do about firewalls of others: empty or `check`
 */
typedef struct {
  GArray *addresses;
  const char *name;
  gboolean default_route;
  gboolean default_route_given;
  const char *firewall;
} NetnsConnectOptions;

NetnsPlan *netns_network_connect (NetnsCore *core, guint caller, const char *namespace_name, const char *network_name,
                                  const NetnsConnectOptions *options, char **link_name, GError **error);
NetnsPlan *netns_network_disconnect (NetnsCore *core, guint caller, const char *namespace_name,
                                     const char *network_name, GError **error);
