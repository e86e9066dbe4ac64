/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Bridge. */
#include "bus/interfaces/pass.h"
#include "core/link/bridge.h"
#include "core/link/loops.h"
#include "introspection.h"

NETNS_PASS_1 (set_options, netns_bridge_set_options, object->link, "(@a{sv})", g_autoptr (GVariant))
NETNS_PASS (list_forwarding_entries, netns_bridge_list_forwarding_entries, object->link)

static GVariant *
forwarding_entries_listed (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sssb)"));
  GVariantIter iter;
  const char *mac, *link, *vlan;
  gboolean stays;

  g_variant_iter_init (&iter, netns_plan_get_result (call->plan));
  while (g_variant_iter_next (&iter, "(&s^&ay&sb)", &mac, &link, &vlan, &stays)) {
    g_autofree char *name = netns_text_to_utf8 (link);

    g_variant_builder_add (&rows, "(sssb)", mac, name, vlan, stays);
  }
  return g_variant_new ("(@a(sssb))", g_variant_builder_end (&rows));
}

static const NetnsMethod methods[] = {
  { "SetOptions",            set_options,             NULL                      },
  { "ListForwardingEntries", list_forwarding_entries, forwarding_entries_listed },
  { NULL,                    NULL,                    NULL                      },
};

static GVariant *
get_ports (NetnsCore *core, const NetnsObject *object)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (object->link);

  return netns_links_to_paths (ports);
}

NETNS_GETTER (get_allow_loop, g_variant_new_boolean (netns_loops_are_allowed (core, object->link)))

static const NetnsProperty properties[] = {
  { "Ports", NETNS_LINK_PORTS, get_ports, .entry = "Port" },
  { "Stp", NETNS_LINK_BRIDGE_STP, NETNS_MEMBER (BOOLEAN, NetnsLink, info.bridge.stp) },
  { "AllowLoop", NETNS_OBJECT_ALLOW_LOOP, get_allow_loop },
  { "VlanFiltering", NETNS_LINK_BRIDGE_VLAN_FILTERING, NETNS_MEMBER (BOOLEAN, NetnsLink, info.bridge.vlan_filtering) },
  { "ForwardDelay", NETNS_LINK_BRIDGE_FORWARD_DELAY, NETNS_MEMBER (UINT32, NetnsLink, info.bridge.forward_delay) },
  { "AgeingTime", NETNS_LINK_BRIDGE_AGEING_TIME, NETNS_MEMBER (UINT32, NetnsLink, info.bridge.ageing_time) },
  { "MulticastSnooping", NETNS_LINK_BRIDGE_MULTICAST_SNOOPING,
   NETNS_MEMBER (BOOLEAN, NetnsLink, info.bridge.multicast_snooping) },
  { NULL },
};

const NetnsInterface netns_interface_bridge = { &netns_bridge_interface, methods, properties };
