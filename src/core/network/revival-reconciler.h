/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives links that are up again what they lost when they were set down, whoever did either. */
#pragma once

#include "common/grant.h"
#include "core/service/core.h"

typedef struct _NetnsRevivalReconciler NetnsRevivalReconciler;

NetnsRevivalReconciler *netns_revival_reconciler_new (NetnsCore *core, const NetnsGrant *grant);
void netns_revival_reconciler_free (NetnsRevivalReconciler *revival);
