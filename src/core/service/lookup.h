/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding what a caller names. */
#pragma once

#include "core/service/core.h"

NetnsNetwork *netns_core_find_network (NetnsCore *core, const NetnsNamespace *namespace, const char *name);
NetnsNetwork *netns_core_find_network_of (NetnsCore *core, const NetnsLink *bridge);
NetnsNamespace *netns_core_find_namespace (NetnsCore *core, const char *name, GError **error);
