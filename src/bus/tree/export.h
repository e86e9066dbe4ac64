/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns differences in the mirror and the service into InterfacesAdded, InterfacesRemoved and PropertiesChanged,
 * gathered over one turn of the main loop. Keeps no copy of what was announced before: the mirror tells what changed. */
#pragma once

#include "core/service/core.h"

#include <gio/gio.h>

typedef struct _NetnsExport NetnsExport;

NetnsExport *netns_export_new (NetnsCore *core, GDBusConnection *connection);
void netns_export_free (NetnsExport *export);
void netns_export_flush (NetnsExport *export);
GVariant *netns_export_get_snapshot (NetnsExport *export);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsExport, netns_export_free)
