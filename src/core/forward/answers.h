/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By which way a namespace answers whom: not always by the network that the call came from. */
#pragma once

#include "mirror/mirror.h"

/**
 * NetnsWayIn:
 * @routes: (element-type NetnsRoute) (nullable): of the namespace
 * @link: ifindex of its link to the network
 * @subnets: (element-type NetnsAddress): of the network
 * @gateways: (element-type NetnsLinkAddress) (nullable): addresses of the network's bridge
 *
 * How calls get into a namespace.
 */
typedef struct {
  const GArray *routes;
  guint link;
  const GArray *subnets;
  const GArray *gateways;
} NetnsWayIn;

gboolean netns_answers_have_default (const NetnsWayIn *way, int family);
void netns_answers_find_away (const NetnsWayIn *way, int family, GArray *away);
