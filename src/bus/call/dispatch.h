/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The single entry: every method call comes through here, also Get, GetAll and Introspect of every object. */
#pragma once

#include "bus/call/authority.h"
#include "bus/call/inbox.h"
#include "bus/tree/export.h"
#include "core/service/core.h"

typedef struct _NetnsDispatch NetnsDispatch;

NetnsDispatch *netns_dispatch_new (NetnsCore *core, NetnsInbox *inbox, NetnsAuthority *authority, NetnsExport *export);
void netns_dispatch_close (NetnsDispatch *dispatch);
gboolean netns_dispatch_is_changing (const NetnsDispatch *dispatch);
void netns_dispatch_free (NetnsDispatch *dispatch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDispatch, netns_dispatch_free)
