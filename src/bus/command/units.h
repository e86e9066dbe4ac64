/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd runs the system, it starts the helpers of commands: as units of their own, outside of the service's
 * restrictions, control group and restarts. */
#pragma once

#include "core/service/core.h"

#include <gio/gio.h>

typedef struct _NetnsUnits NetnsUnits;

gboolean netns_units_are_there (void);
NetnsUnits *netns_units_new (NetnsCore *core, GDBusConnection *connection, const char *helper);
void netns_units_free (NetnsUnits *units);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsUnits, netns_units_free)
