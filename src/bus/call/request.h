/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of a call from its message to its reply: the list of stages in request.c. */
#pragma once

#include "bus/call/authority.h"
#include "bus/call/invocation.h"
#include "bus/tree/export.h"
#include "bus/tree/subscribers.h"
#include "bus/tree/waits.h"
#include "core/service/core.h"

typedef struct _NetnsRequests NetnsRequests;

NetnsRequests *netns_requests_new (NetnsCore *core, NetnsAuthority *authority, NetnsExport *export,
                                   NetnsSubscribers *subscribers, NetnsWaits *waits);
void netns_requests_close (NetnsRequests *requests);
gboolean netns_requests_are_changing (const NetnsRequests *requests);
void netns_requests_free (NetnsRequests *requests);
void netns_requests_take (NetnsRequests *requests, NetnsInvocation *invocation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsRequests, netns_requests_free)
