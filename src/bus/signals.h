/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals of the Manager that tell what others did to the service's things. */
#pragma once

#include "core/service/core.h"

#include <gio/gio.h>

typedef struct _NetnsSignals NetnsSignals;

NetnsSignals *netns_signals_new (NetnsCore *core, GDBusConnection *connection);
void netns_signals_free (NetnsSignals *signals);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsSignals, netns_signals_free)
