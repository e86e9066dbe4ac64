/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects namespaces to networks, and disconnects them. */
#pragma once

#include "core/service/core.h"

NetnsPlan *netns_network_connect (NetnsCore *core, guint caller, const char *namespace_name, const char *network_name,
                                  GVariant *options, NetnsInquiry *inquiry, char **link_name, GError **error);
NetnsPlan *netns_network_disconnect (NetnsCore *core, guint caller, const char *namespace_name,
                                     const char *network_name, GError **error);
