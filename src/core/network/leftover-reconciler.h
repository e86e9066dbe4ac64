/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes rules of ours that nothing of the service needs (core/foreign/leftover-steps.h says which), when they come and at
 * the start of the service: a rule of a port forward that is gone would take the host's port away for ever. */
#pragma once

#include "core/service/reconciler.h"

typedef struct _NetnsLeftoverReconciler NetnsLeftoverReconciler;

/* @what: what was removed, such as `table inet netnsd` */
typedef void (*NetnsLeftoversFunc) (const NetnsNamespace *namespace, const char *const *what, gpointer data);

NetnsLeftoverReconciler *netns_leftover_reconciler_new (NetnsCore *core, const NetnsGrant *grant,
                                                        NetnsLeftoversFunc removed, gpointer data);
void netns_leftover_reconciler_free (NetnsLeftoverReconciler *leftovers);
