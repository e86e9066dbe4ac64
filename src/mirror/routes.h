/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Routes. The kernel lists them only to a socket inside their namespace, and takes some away without a word; so an
 * event only marks a namespace, and the worker reads its whole table. */
#pragma once

#include "kernel/netlink.h"
#include "kernel/worker.h"
#include "mirror/state.h"

typedef struct _NetnsRouteReader NetnsRouteReader;

guint netns_route_get_changes (const NetnsRoute *route);
NetnsRouteReader *netns_route_reader_new (NetnsMirrorState *state, NetnsWorker *worker);
void netns_route_reader_free (NetnsRouteReader *reader);
void netns_route_reader_mark (NetnsRouteReader *reader, NetnsNamespace *namespace);
void netns_route_reader_check_link (NetnsRouteReader *reader, NetnsNamespace *namespace, guint index);
void netns_route_reader_check_source (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsAddress *source);
void netns_route_reader_read (NetnsRouteReader *reader, NetnsNamespace *namespace, NetnsNetlink *connection);
void netns_route_reader_take (NetnsRouteReader *reader, NetnsNamespace *namespace, const NetnsEvent *event);
void netns_route_reader_settle (NetnsRouteReader *reader, NetnsSettledFunc settled, gpointer data);
