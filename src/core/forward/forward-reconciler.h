/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Port forwards go where their namespaces go: to another address, or away. Whatever changed it, by hand or by a call,
 * which then answers only when the forwards have followed. */
#pragma once

#include "core/service/reconciler.h"

typedef struct _NetnsForwardReconciler NetnsForwardReconciler;

NetnsForwardReconciler *netns_forward_reconciler_new (NetnsCore *core, const NetnsGrant *grant);
void netns_forward_reconciler_free (NetnsForwardReconciler *forwards);
void netns_forward_reconciler_count (NetnsForwardReconciler *forwards, const char *name, guint64 *packets,
                                     guint64 *bytes);
