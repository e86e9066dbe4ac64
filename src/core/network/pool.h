/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses free subnets and addresses, and the uplink, of a network or NAT. */
#pragma once

#include "core/service/core.h"

gboolean netns_pool_find_uplink (NetnsNamespace *namespace, const char *wish, char **name, GError **error);
gboolean netns_pool_check_subnet (NetnsCore *core, NetnsNamespace *namespace, const GArray *others,
                                  const NetnsLink *bridge, const NetnsAddress *subnet, GError **error);
gboolean netns_pool_find_subnet (NetnsCore *core, NetnsNamespace *namespace, NetnsAddress *subnet, GError **error);
gboolean netns_pool_find_subnet6 (NetnsCore *core, NetnsNamespace *namespace, const char *name, NetnsAddress *subnet,
                                  GError **error);
gboolean netns_pool_is_lasting (const NetnsLinkAddress *address);
gboolean netns_pool_take_subnets (NetnsCore *core, NetnsNamespace *namespace, const NetnsLink *bridge, GArray *subnets,
                                  GError **error);
void netns_pool_set_detail (NetnsPlan *plan, const GArray *subnets);
gboolean netns_pool_is_for_hosts (const NetnsAddress *subnet, const NetnsAddress *address);
gboolean netns_pool_check_address (NetnsMirror *mirror, const NetnsNetwork *network, NetnsAddress *address,
                                   GError **error);
gboolean netns_pool_find_address (NetnsMirror *mirror, const NetnsNetwork *network, const GArray *bound,
                                  const NetnsAddress *subnet, NetnsAddress *address, GError **error);
