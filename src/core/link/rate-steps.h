/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that limit how much leaves a link, and tell how much may. */
#pragma once

#include "core/link/link-ref.h"

/**
 * NetnsRateSet:
 * @link: a link
 * @bits: per second, 0 for no limit
 */
typedef struct {
  NetnsLinkRef link;
  guint64 bits;
} NetnsRateSet;

NETNS_DECLARE_OPERATION (rate_set, NetnsRateSet)
NETNS_DECLARE_OPERATION (rate_get, NetnsLinkRef)
