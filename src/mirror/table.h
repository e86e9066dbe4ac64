/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespace has which name: the first one makes it known. */
#pragma once

#include "mirror/state.h"

void netns_state_attach_name (NetnsMirrorState *state, NetnsNamespace *namespace, const char *name);
void netns_state_detach_name (NetnsMirrorState *state, const char *name);
void netns_state_drop_namespace (NetnsMirrorState *state, NetnsNamespace *namespace);
