/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much may leave a link: one function for each method on the bus. */
#pragma once

#include "core/link/link.h"

NetnsPlan *netns_link_set_rate_limit (NetnsCore *core, guint caller, NetnsLink *link, guint64 bits, GError **error);
NetnsPlan *netns_link_get_rate_limit (NetnsCore *core, guint caller, NetnsLink *link, GError **error);
