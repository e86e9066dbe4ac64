/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Tap. */
#include "bus/interface.h"
#include "introspection.h"

static const NetnsMethod methods[] = { { NULL, NULL, NULL } };

static GVariant *
get_owner_user (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->link->info.tap.owner);
}

static const NetnsProperty properties[] = {
  { "OwnerUser", get_owner_user, NETNS_LINK_TAP_OWNER },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_tap = { &netns_tap_interface, methods, properties };
