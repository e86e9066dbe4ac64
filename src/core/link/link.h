/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans for links: one function for each method on the bus. */
#pragma once

#include "common/validate.h"
#include "core/link/link-kind.h"
#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;

NetnsPlan *netns_link_plan_new (NetnsCore *core, guint caller, const NetnsLink *link, GError **error);
NetnsPlan *netns_link_create_veth (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                                   const char *peer_namespace_name, const char *peer_name, GVariant *values,
                                   GError **error);
NetnsPlan *netns_link_create_bridge (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                                     GVariant *values, GError **error);
NetnsPlan *netns_link_create_tap (NetnsCore *core, guint caller, const char *namespace_name, const char *name,
                                  GVariant *values, GError **error);
NetnsPlan *netns_link_create (NetnsCore *core, guint caller, const char *namespace_name, const NetnsLinkKind *kind,
                              const char *name, GVariant *values, GError **error);
NetnsPlan *netns_link_delete (NetnsCore *core, guint caller, NetnsLink *link, GError **error);
NetnsPlan *netns_link_set_enabled (NetnsCore *core, guint caller, NetnsLink *link, gboolean enabled, GError **error);
NetnsPlan *netns_link_set_name (NetnsCore *core, guint caller, NetnsLink *link, const char *name, GError **error);
NetnsPlan *netns_link_set_mtu (NetnsCore *core, guint caller, NetnsLink *link, guint32 mtu, GError **error);
NetnsPlan *netns_link_set_mac (NetnsCore *core, guint caller, NetnsLink *link, const char *mac, GError **error);
NetnsPlan *netns_link_set_description (NetnsCore *core, guint caller, NetnsLink *link, const char *description,
                                       GError **error);
NetnsPlan *netns_link_move_to (NetnsCore *core, guint caller, NetnsLink *link, const char *namespace_name,
                               GVariant *options, char **name_there, GError **error);
NetnsPlan *netns_link_attach_to (NetnsCore *core, guint caller, NetnsLink *link, NetnsLink *bridge, GError **error);
NetnsPlan *netns_link_detach (NetnsCore *core, guint caller, NetnsLink *link, GError **error);
