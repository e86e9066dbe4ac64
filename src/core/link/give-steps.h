/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A step that gives a link what it had before it lost it, and its parts for the undo of other steps. */
#pragma once

#include "core/link/link-ref.h"
#include "kernel/address.h"

/**
 * NetnsLinkGive:
 * @link: a link
 * @addresses: (element-type GVariant): addresses, as netns_link_addresses_save() makes them; what it has already stays
 * @routes: (element-type GVariant): routes by it, as netns_routes_save() makes them; one that cannot be is left out
 */
typedef struct {
  NetnsLinkRef link;
  GPtrArray *addresses;
  GPtrArray *routes;
} NetnsLinkGive;

NETNS_DECLARE_OPERATION (link_give, NetnsLinkGive)

gboolean netns_give_addresses (NetnsRun *run, NetnsNetlink *netlink, guint index, const GArray *addresses,
                               GArray *given, GError **error);
