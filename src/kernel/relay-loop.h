/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sockets in one epoll set, and the services that they belong to: what the protocols of the relay stand on. */
#pragma once

#include "common/address.h"
#include "kernel/relay-stock.h"

#include <sys/epoll.h>
#include <sys/socket.h>

typedef struct _NetnsRelayWatch NetnsRelayWatch;

/**
 * NetnsRelayLoop:
 * @epoll: the set
 * @source: has events taken in as they come
 * @watches: those that are in the set: events can be left over of one that is gone
 * @listeners: how many of these listen; all others carry something
 * @stock: sockets for more of them
 */
typedef struct {
  int epoll;
  GSource *source;
  GHashTable *watches;
  guint listeners;
  NetnsRelayStock *stock;
} NetnsRelayLoop;

/**
 * NetnsRelayWatch:
 * @loop: where it is watched
 * @fd: a socket
 * @events: what it waits for, EPOLL*
 * @ready: called when that has come
 *
 * A socket in the epoll set; the first member of whatever has one.
 */
struct _NetnsRelayWatch {
  NetnsRelayLoop *loop;
  int fd;
  guint32 events;
  void (*ready) (NetnsRelayWatch *watch, guint32 events);
};

/**
 * NetnsRelayService:
 * @loop: where its sockets are watched
 * @protocol: IPPROTO_*
 * @target: where to, family AF_UNSPEC for nowhere
 * @port: port there of the first listener; the others follow
 * @listeners: sockets that take what comes
 * @streams: connections that are carried
 * @flows: senders of datagrams, by address
 * @packets: how many parts went to the target
 * @bytes: how many bytes
 */
typedef struct {
  NetnsRelayLoop *loop;
  int protocol;
  NetnsAddress target;
  guint16 port;
  GPtrArray *listeners;
  GHashTable *streams;
  GHashTable *flows;
  guint64 packets;
  guint64 bytes;
} NetnsRelayService;

void netns_relay_loop_begin (NetnsRelayLoop *loop, GSourceOnceFunc stocked, gpointer data);
void netns_relay_loop_end (NetnsRelayLoop *loop);
gboolean netns_relay_watch (NetnsRelayLoop *loop, NetnsRelayWatch *watch, int fd, guint32 events,
                            void (*ready) (NetnsRelayWatch *watch, guint32 events));
gboolean netns_relay_wait_for (NetnsRelayWatch *watch, guint32 events);
void netns_relay_unwatch (NetnsRelayWatch *watch);
gboolean netns_relay_is_ready (const NetnsRelayService *service);
int netns_relay_connect (const NetnsRelayService *service, guint16 offset);
