/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that add and remove addresses: each is the other's undo. */
#pragma once

#include "core/link/link-ref.h"
#include "kernel/address.h"

/* What is done with an IPv6 address where IPv6 is off: by the link's setting disable_ipv6, or in the kernel. */
typedef enum {
  NETNS_IPV6_OFF_REFUSE,
  NETNS_IPV6_OFF_SWITCH_ON, /* on this link: it belongs to the service, and the caller asks for the address */
  NETNS_IPV6_OFF_LEAVE_OUT, /* and the plan says so: netns_plan_get_left_out() */
} NetnsIpv6Off;

/**
 * NetnsAddressChange:
 * @link: a link
 * @address: the address; with IFA_F_NODAD where the service knows that no neighbour has it
 * @awaited: whether the call waits until it can be used
 * @ipv6_off: to add: what is done where IPv6 is off
 */
typedef struct {
  NetnsLinkRef link;
  NetnsLinkAddress address;
  gboolean awaited;
  NetnsIpv6Off ipv6_off;
} NetnsAddressChange;

NETNS_DECLARE_OPERATION (address_add, NetnsAddressChange)
NETNS_DECLARE_OPERATION (address_remove, NetnsAddressChange)
