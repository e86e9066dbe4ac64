/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one function that turns an error into what goes over the wire. */
#pragma once

#include <gio/gio.h>

void netns_reply_error (GDBusMethodInvocation *invocation, const GError *error);
