/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Tap. */
#include "bus/tree/interface.h"
#include "introspection.h"

static const NetnsProperty properties[] = {
  { "OwnerUser", NETNS_LINK_TAP_OWNER, NETNS_MEMBER (UINT32, NetnsLink, info.tap.owner) },
  { NULL },
};

const NetnsInterface netns_interface_tap = { &netns_tap_interface, netns_no_methods, properties };
