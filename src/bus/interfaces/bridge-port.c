/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.BridgePort. */
#include "bus/interfaces/pass.h"
#include "core/link/bridge.h"
#include "introspection.h"

#include <linux/if_bridge.h>

NETNS_PASS_1 (set_options, netns_bridge_port_set_options, object->link, "(@a{sv})", g_autoptr (GVariant))

static const NetnsMethod methods[] = {
  { "SetOptions", set_options, NULL },
  { NULL,         NULL,        NULL }
};

static const NetnsWord states[] = {
  { "disabled",   BR_STATE_DISABLED   },
  { "listening",  BR_STATE_LISTENING  },
  { "learning",   BR_STATE_LEARNING   },
  { "forwarding", BR_STATE_FORWARDING },
  { "blocking",   BR_STATE_BLOCKING   },
  { NULL,         0                   },
};

static const NetnsProperty properties[] = {
  { "State", NETNS_LINK_PORT_STATE, NETNS_MEMBER (UINT8, NetnsLink, info.port.state, states) },
  { "Cost", NETNS_LINK_PORT_COST, NETNS_MEMBER (UINT32, NetnsLink, info.port.cost) },
  { "Hairpin", NETNS_LINK_PORT_HAIRPIN, NETNS_MEMBER (BOOLEAN, NetnsLink, info.port.hairpin) },
  { "Isolated", NETNS_LINK_PORT_ISOLATED, NETNS_MEMBER (BOOLEAN, NetnsLink, info.port.isolated) },
  { "Learning", NETNS_LINK_PORT_LEARNING, NETNS_MEMBER (BOOLEAN, NetnsLink, info.port.learning) },
  { NULL },
};

const NetnsInterface netns_interface_bridge_port = { &netns_bridge_port_interface, methods, properties };
