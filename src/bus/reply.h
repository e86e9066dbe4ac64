/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions through which answers and errors go over the wire. */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

/* The bus closes the connection of who sends it more than 32 MiB (max_message_size of dbus-daemon(1)). */
#define NETNS_REPLY_BYTES_MAX (30 * 1024 * 1024)

void netns_reply_value (GDBusMethodInvocation *invocation, GVariant *value, GUnixFDList *descriptors);
void netns_reply_error (GDBusMethodInvocation *invocation, const GError *error);
