/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions through which answers and errors go over the wire. */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

void netns_reply_value (GDBusMethodInvocation *invocation, GVariant *value, GUnixFDList *descriptors);
void netns_reply_error (GDBusMethodInvocation *invocation, const GError *error);
