/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions through which answers and errors go over the wire. */
#pragma once

#include "bus/call/invocation.h"

void netns_reply_value (NetnsInvocation *invocation, GVariant *value, GUnixFDList *descriptors);
void netns_reply_error (NetnsInvocation *invocation, const GError *error);
