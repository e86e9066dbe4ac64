/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows the links by which the packets of networks and NATs leave: an uplink that gets another name, and the MTU of
 * the way out. Tells where routing rules of others lead packets to a network elsewhere. */
#pragma once

#include "core/network/drift.h"

typedef struct _NetnsUplinkReconciler NetnsUplinkReconciler;

NetnsUplinkReconciler *netns_uplink_reconciler_new (NetnsCore *core, const NetnsGrant *grant, NetnsDriftedFunc drifted,
                                                    gpointer data);
void netns_uplink_reconciler_free (NetnsUplinkReconciler *uplinks);
