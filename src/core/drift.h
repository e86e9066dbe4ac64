/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares what networks and translations want of the kernel with what is there, whenever somebody changes it. Rules are
 * put back (core/restore.h); the rest is said and left to people: it may be meant. */
#pragma once

#include "core/core.h"

typedef struct _NetnsDrift NetnsDrift;

/* @expected and @found are a{sv}, floating, with the same keys. */
typedef void (*NetnsDriftedFunc) (NetnsDefinition *definition, GVariant *expected, GVariant *found, gpointer data);

NetnsDrift *netns_drift_new (NetnsCore *core, NetnsDriftedFunc drifted, gpointer data);
void netns_drift_free (NetnsDrift *drift);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDrift, netns_drift_free)
