/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries what comes to ::1 to another address. The kernel cannot: it takes no packet with ::1 in it from a link but lo
 * (ipv6_rcv() in net/ipv6/ip6_input.c), and has no route_localnet for IPv6. All sockets are in one epoll set, so that a
 * thousand listeners cost the main loop nothing. */
#pragma once

#include "common/address.h"

typedef struct _NetnsRelay NetnsRelay;

NetnsRelay *netns_relay_new (void);
void netns_relay_free (NetnsRelay *relay);
void netns_relay_serve (NetnsRelay *relay, const char *name, int protocol, const GArray *sockets);
void netns_relay_aim (NetnsRelay *relay, const char *name, const NetnsAddress *target, guint16 port);
void netns_relay_stop (NetnsRelay *relay, const char *name);
void netns_relay_count (NetnsRelay *relay, const char *name, guint64 *packets, guint64 *bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsRelay, netns_relay_free)
