/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much room each user's namespaces have in an answer with all objects. */
#pragma once

#include "core/service/core.h"

guint64 netns_shares_find_limit (const GArray *sizes, guint64 room);
GHashTable *netns_shares_list_excess (NetnsCore *core);
