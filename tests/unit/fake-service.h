/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service and a mirror that have just what a test puts into them, in place of those that ask the kernel: the linker
 * leads the calls of core here (`--wrap` in meson.build). */
#pragma once

#include "core/service/core.h"

extern guint fake_lingering_owner; /* has one namespace that was deleted and has not ended */

NetnsCore *fake_core (void);
NetnsMirror *fake_mirror (void);
void fake_clear (void);
NetnsNamespace *fake_namespace (const char *name, guint owner);
NetnsLink *fake_link (NetnsNamespace *namespace, guint index, const char *name, const char *kind);
void fake_plug (NetnsLink *link, NetnsLink *port, NetnsLink *bridge);
void fake_address (NetnsLink *link, const char *address);
void fake_route (NetnsNamespace *namespace, const char *destination, guint link, guint table);
NetnsNetwork *fake_network (const char *name, const char *namespace_name, const char *subnet, const char *subnet6);
NetnsAddress fake_parse (const char *address);
