/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that change bridges and their ports, or look at what they have learned. */
#pragma once

#include "core/link/link-ref.h"
#include "kernel/bridge.h"

/**
 * NetnsBridgeSettings:
 * @link: a bridge, or a port of one
 * @given: a bit for each option that is set, 1 << #NetnsBridgeOption; the others are left alone
 * @values: its value
 */
typedef struct {
  NetnsLinkRef link;
  guint32 given;
  guint32 values[NETNS_BRIDGE_N_OPTIONS];
} NetnsBridgeSettings;

void netns_bridge_settings_read (NetnsBridgeSettings *settings, GVariant *options);

NETNS_DECLARE_OPERATION (bridge_set, NetnsBridgeSettings)
NETNS_DECLARE_OPERATION (forwarding_entries_list, NetnsLinkRef)
