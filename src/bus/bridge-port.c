/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.BridgePort. */
#include "bus/interface.h"
#include "bus/options.h"
#include "core/bridge.h"
#include "introspection.h"

#include <linux/if_bridge.h>

static NetnsPlan *
set_options (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[]
    = { { "cost", "u" }, { "hairpin", "b" }, { "isolated", "b" }, { "learning", "b" }, { NULL, NULL } };
  NetnsLinkTarget target = { object->namespace->name, object->link->info.index };
  g_autoptr (GVariant) options = g_variant_get_child_value (call->parameters, 0);

  if (!netns_options_check (options, known, error))
    return NULL;
  return netns_bridge_port_set_options (call->core, call->uid, &target, options, error);
}

static const NetnsMethod methods[] = { { "SetOptions", set_options, NULL }, { NULL, NULL, NULL } };

static GVariant *
get_state (NetnsCore *core, const NetnsObject *object)
{
  static const char *const states[] = {
    [BR_STATE_DISABLED] = "disabled",     [BR_STATE_LISTENING] = "listening", [BR_STATE_LEARNING] = "learning",
    [BR_STATE_FORWARDING] = "forwarding", [BR_STATE_BLOCKING] = "blocking",
  };
  guint8 state = object->link->info.port.state;

  return g_variant_new_string (state < G_N_ELEMENTS (states) ? states[state] : "disabled");
}

static GVariant *
get_cost (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->link->info.port.cost);
}

static GVariant *
get_hairpin (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->link->info.port.hairpin);
}

static GVariant *
get_isolated (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->link->info.port.isolated);
}

static GVariant *
get_learning (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (object->link->info.port.learning);
}

static const NetnsProperty properties[] = {
  { "State", get_state, NETNS_LINK_PORT_STATE },
  { "Cost", get_cost, NETNS_LINK_PORT_COST },
  { "Hairpin", get_hairpin, NETNS_LINK_PORT_HAIRPIN },
  { "Isolated", get_isolated, NETNS_LINK_PORT_ISOLATED },
  { "Learning", get_learning, NETNS_LINK_PORT_LEARNING },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_bridge_port = { &netns_bridge_port_interface, methods, properties };
