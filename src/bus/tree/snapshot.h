/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All objects with all their properties, as GetManagedObjects() answers. */
#pragma once

#include "core/service/core.h"

/* The bus closes the connection of who sends it more than 32 MiB (max_message_size of dbus-daemon(1)). */
#define NETNS_REPLY_BYTES_MAX (30 * 1024 * 1024)

GVariant *netns_snapshot_take (NetnsCore *core, guint *excess);
