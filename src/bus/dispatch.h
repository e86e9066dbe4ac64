/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one door: every method call and every Get, GetAll and Set of every object comes through here. */
#pragma once

#include "bus/authority.h"
#include "bus/export.h"
#include "core/core.h"

typedef struct _NetnsDispatch NetnsDispatch;

NetnsDispatch *netns_dispatch_new (NetnsCore *core, GDBusConnection *connection, NetnsAuthority *authority,
                                   NetnsExport *export, GError **error);
void netns_dispatch_free (NetnsDispatch *dispatch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsDispatch, netns_dispatch_free)
