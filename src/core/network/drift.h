/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares the desired state of networks and NATs with the kernel, whenever that changes. Rules are restored
 * (core/network/rules-reconciler.h); all else is only announced, because the change may be intended. */
#pragma once

#include "core/service/reconciler.h"

typedef struct _NetnsDrift NetnsDrift;

/* @expected and @found are a{sv}, floating, with the same keys. */
typedef void (*NetnsDriftedFunc) (NetnsDefinition *definition, GVariant *expected, GVariant *found, gpointer data);

NetnsDrift *netns_drift_new (NetnsCore *core, NetnsDriftedFunc drifted, gpointer data);
void netns_drift_free (NetnsDrift *drift);
