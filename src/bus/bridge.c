/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Bridge. */
#include "bus/interface.h"
#include "introspection.h"

static const NetnsMethod methods[] = { { NULL, NULL, NULL } };

static GVariant *
get_ports (NetnsCore *core, const NetnsObject *object)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (object->link);

  return netns_links_to_paths (ports);
}

/* Counting them would look at all links of the namespace: those that could be ports are as good. */
static guint
count_ports (NetnsCore *core, const NetnsObject *object)
{
  return g_hash_table_size (object->link->namespace->links);
}

static GVariant *
get_stp (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->link->info.bridge.stp);
}

static GVariant *
get_vlan_filtering (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->link->info.bridge.vlan_filtering);
}

static GVariant *
get_forward_delay (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->link->info.bridge.forward_delay);
}

static GVariant *
get_ageing_time (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->link->info.bridge.ageing_time);
}

static GVariant *
get_multicast_snooping (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->link->info.bridge.multicast_snooping);
}

static const NetnsProperty properties[] = {
  { "Ports", get_ports, NETNS_LINK_PORTS, count_ports },
  { "Stp", get_stp, NETNS_LINK_BRIDGE_STP },
  { "VlanFiltering", get_vlan_filtering, NETNS_LINK_BRIDGE_VLAN_FILTERING },
  { "ForwardDelay", get_forward_delay, NETNS_LINK_BRIDGE_FORWARD_DELAY },
  { "AgeingTime", get_ageing_time, NETNS_LINK_BRIDGE_AGEING_TIME },
  { "MulticastSnooping", get_multicast_snooping, NETNS_LINK_BRIDGE_MULTICAST_SNOOPING },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_bridge = { &netns_bridge_interface, methods, properties };
