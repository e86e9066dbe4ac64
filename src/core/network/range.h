/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges of addresses that a network gives by itself, such as those that a DHCP server beside it leaves out. */
#pragma once

#include "core/state/network.h"

gboolean netns_range_parse_list (const char *text, NetnsNetwork *network, GError **error);
