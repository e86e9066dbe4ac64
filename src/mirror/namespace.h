/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions about one namespace and its links. */
#pragma once

#include "mirror/types.h"

char *netns_namespace_get_path (const NetnsNamespace *namespace);
gboolean netns_namespace_is_unnamed (const NetnsNamespace *namespace);
NetnsLink *netns_namespace_get_link (NetnsNamespace *namespace, guint index);
NetnsLink *netns_namespace_find_link (NetnsNamespace *namespace, const char *name);
GPtrArray *netns_namespace_list_links (NetnsNamespace *namespace);
GPtrArray *netns_link_list_ports (const NetnsLink *bridge);
NetnsLink *netns_link_find_bridge (const NetnsLink *port);
gboolean netns_link_is_bridge (const NetnsLink *link);
gboolean netns_link_is_veth (const NetnsLink *link);
gboolean netns_link_has_address (const NetnsLink *link, const NetnsAddress *address);
