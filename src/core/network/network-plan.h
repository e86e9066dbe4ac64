/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of networks, and the plans that create, change and delete them. */
#pragma once

#include "core/service/core.h"

guint netns_network_get_mtu_min (const GArray *subnets);
void netns_network_plan_learning (NetnsPlan *plan, const NetnsNetwork *network);
NetnsPlan *netns_network_create (NetnsCore *core, guint caller, const char *name, GVariant *options, char **key,
                                 GError **error);
NetnsPlan *netns_network_delete (NetnsCore *core, guint caller, const NetnsNetwork *network, GError **error);
NetnsPlan *netns_network_set_nat (NetnsCore *core, guint caller, const NetnsNetwork *network, gboolean nat,
                                  GError **error);
NetnsNetwork *netns_network_find (NetnsCore *core, const char *text, GError **error);
