/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets and maps, as the packets fit their elements. */
#pragma once

#include "nft/condition.h"

NetnsCondition *netns_lookup (NetnsSet *set, const NetnsByte *bytes, gboolean inverted, const guint *sizes);
