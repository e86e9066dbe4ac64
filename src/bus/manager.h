/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Methods of org.example.NetNS1.Manager that do not stand in manager.c, and what they share with those that do. */
#pragma once

#include "bus/interface.h"

/* What a bridge can be told, when it is made and later. */
#define NETNS_BRIDGE_OPTIONS                                                                                          \
  { "stp", "b" }, { "vlan-filtering", "b" }, { "forward-delay", "u" }, { "ageing-time", "u" },                       \
  {                                                                                                                  \
    "multicast-snooping", "b"                                                                                        \
  }

GVariant *netns_manager_reply_link (NetnsCore *core, const char *namespace_name, const char *name, GError **error);

/* forward.c */
NetnsPlan *netns_manager_create_forward (NetnsCall *call, const NetnsObject *object, GError **error);
GVariant *netns_manager_forward_created (NetnsCall *call, const NetnsObject *object, GError **error);

/* manager-link.c */
NetnsPlan *netns_manager_create_tap (NetnsCall *call, const NetnsObject *object, GError **error);
GVariant *netns_manager_tap_created (NetnsCall *call, const NetnsObject *object, GError **error);
NetnsPlan *netns_manager_create_link (NetnsCall *call, const NetnsObject *object, GError **error);
GVariant *netns_manager_link_created (NetnsCall *call, const NetnsObject *object, GError **error);
