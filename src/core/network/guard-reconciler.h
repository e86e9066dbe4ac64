/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps what members of guarded networks may send in step with what there is: bindings go with their ports, members that
 * come by other ways than Connect() get theirs, and a network gets its guard when its members have a second owner. */
#pragma once

#include "core/service/reconciler.h"

typedef struct _NetnsGuardReconciler NetnsGuardReconciler;

NetnsGuardReconciler *netns_guard_reconciler_new (NetnsCore *core, const NetnsGrant *grant);
void netns_guard_reconciler_free (NetnsGuardReconciler *guard);
