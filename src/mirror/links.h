/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links of each namespace, and what hangs on what. */
#pragma once

#include "mirror/state.h"

NetnsLink *netns_state_get_peer (NetnsMirrorState *state, const NetnsLink *link);
void netns_state_take_link (NetnsMirrorState *state, NetnsEvent *event);
void netns_state_take_link_gone (NetnsMirrorState *state, const NetnsEvent *event);
void netns_state_take_address (NetnsMirrorState *state, const NetnsEvent *event);
void netns_state_prune_links (NetnsMirrorState *state, NetnsNamespace *namespace);
void netns_state_announce_links (NetnsMirrorState *state, NetnsNamespace *namespace, gboolean added);
