/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the target of a port forward is: by which network and at which addresses the host reaches it. */
#pragma once

#include "core/service/core.h"

void netns_forward_locate (NetnsCore *core, NetnsForward *forward);
gboolean netns_forward_is_of_host (NetnsCore *core, const NetnsAddress *address);
