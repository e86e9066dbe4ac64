/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where packets that are forwarded may be dropped, whoever is meant. */
#pragma once

#include "nft/view.h"

GPtrArray *netns_firewall_view_list_drops (NetnsFirewallView *view);
