/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets that hold the ports of forwards, by the name of the forward. Steps take and release them in the worker; once a
 * plan is done, the main thread hands those that listen to the relay. Both never at the same time: the main thread looks
 * when no plan runs. */
#pragma once

#include "common/address.h"
#include "common/grant.h"

gboolean netns_holds_take (const NetnsGrant *grant, const char *name, int protocol, const NetnsAddress *address,
                           guint16 port, guint count, gboolean loopback6, GError **error);
void netns_holds_release (const char *name);
gboolean netns_holds_has (const char *name);
GArray *netns_holds_steal_listeners (const char *name);
