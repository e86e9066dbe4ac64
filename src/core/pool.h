/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses what a network or translation is to use: subnets and addresses that nobody has yet, and the way out. */
#pragma once

#include "core/network.h"

guint netns_pool_find_mtu (NetnsNamespace *namespace, const char *uplink);
gboolean netns_pool_find_uplink (NetnsNamespace *namespace, const char *wish, char **name, GError **error);
gboolean netns_pool_check_subnet (NetnsCore *core, NetnsNamespace *namespace, const GArray *others,
                                  const NetnsAddress *subnet, GError **error);
gboolean netns_pool_find_subnet (NetnsCore *core, NetnsNamespace *namespace, NetnsAddress *subnet, GError **error);
gboolean netns_pool_find_subnet6 (NetnsCore *core, NetnsNamespace *namespace, const char *name, NetnsAddress *subnet,
                                  GError **error);
gboolean netns_pool_get_gateway (const NetnsAddress *subnet, NetnsAddress *gateway, GError **error);
gboolean netns_pool_check_address (NetnsMirror *mirror, const NetnsNetwork *network, NetnsAddress *address,
                                   GError **error);
gboolean netns_pool_find_address (NetnsMirror *mirror, const NetnsNetwork *network, const NetnsAddress *subnet,
                                  NetnsAddress *address, GError **error);
