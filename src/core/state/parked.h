/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What links lose when they are set down: the kernel removes their IPv6 addresses, and all routes by them, and gives
 * only the routes to their subnets back. Of links with an owner it is remembered until they are up again. */
#pragma once

#include "core/state/owners.h"

typedef struct _NetnsParked NetnsParked;

/**
 * NetnsParkedThings:
 * @addresses: (element-type GVariant): as netns_link_addresses_save() makes them
 * @routes: (element-type GVariant): as netns_routes_save() makes them
 */
typedef struct {
  GPtrArray *addresses;
  GPtrArray *routes;
} NetnsParkedThings;

NetnsParked *netns_parked_new (NetnsMirror *mirror, NetnsOwners *owners);
void netns_parked_free (NetnsParked *parked);
const NetnsParkedThings *netns_parked_find (NetnsParked *parked, const NetnsLink *link);
void netns_parked_forget (NetnsParked *parked, const NetnsLink *link);
GPtrArray *netns_parked_list_links_up (NetnsParked *parked);
