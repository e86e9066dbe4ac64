/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who started a command stays on the bus as long as it shall run: when a client leaves, its commands end. */
#pragma once

#include "core/core.h"

#include <gio/gio.h>

typedef struct _NetnsClients NetnsClients;

NetnsClients *netns_clients_new (NetnsCore *core, GDBusConnection *connection);
void netns_clients_free (NetnsClients *clients);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsClients, netns_clients_free)
