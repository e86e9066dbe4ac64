/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Bridge. */
#include "core/bridge.h"
#include "bus/manager.h"
#include "bus/options.h"
#include "introspection.h"

static NetnsPlan *
set_options (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[] = { NETNS_BRIDGE_OPTIONS, { NULL, NULL } };
  NetnsLinkTarget target = { object->namespace->name, object->link->info.index };
  g_autoptr (GVariant) options = g_variant_get_child_value (call->parameters, 0);

  if (!netns_options_check (options, known, error))
    return NULL;
  return netns_bridge_set_options (call->core, call->uid, &target, options, error);
}

static NetnsPlan *
list_forwarding_entries (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsLinkTarget target = { object->namespace->name, object->link->info.index };

  return netns_bridge_list_forwarding_entries (call->core, call->uid, &target, error);
}

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
  { "SetOptions", set_options, NULL },
  { "ListForwardingEntries", list_forwarding_entries, forwarding_entries_listed },
  { NULL, NULL, NULL },
};

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
