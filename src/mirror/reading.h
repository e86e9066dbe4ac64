/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links and addresses of whole namespaces, read at once: of those that are new, and where events were lost. */
#pragma once

#include "mirror/state.h"

/* An interrupted reading is repeated, but not forever while things keep changing. */
#define NETNS_READ_ATTEMPTS 5

gboolean netns_state_read_namespace (NetnsMirrorState *state, NetnsNamespace *namespace);
guint netns_state_read_dirty (NetnsMirrorState *state, guint at_most);
GPtrArray *netns_state_list_namespaces (NetnsMirrorState *state);
