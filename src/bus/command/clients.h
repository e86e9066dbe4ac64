/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command runs only as long as the client that started it is on the bus: when a client leaves, its commands end, and
 * how they ended is forgotten. */
#pragma once

#include "core/service/core.h"

#include <gio/gio.h>

typedef struct _NetnsClients NetnsClients;

NetnsClients *netns_clients_new (NetnsCore *core, GDBusConnection *connection);
void netns_clients_free (NetnsClients *clients);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsClients, netns_clients_free)
