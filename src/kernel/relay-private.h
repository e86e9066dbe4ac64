/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the relay share. */
#pragma once

#include "kernel/relay.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#define NETNS_RELAY_BUFFER (16 * 1024)

typedef struct _NetnsRelayService NetnsRelayService;
typedef struct _NetnsRelayWatch NetnsRelayWatch;

/**
 * NetnsRelayWatch:
 * @relay: the relay
 * @fd: a socket
 * @events: what it waits for, EPOLL*
 * @ready: called when that has come
 *
 * A socket in the epoll set; the first member of whatever has one.
 */
struct _NetnsRelayWatch {
  NetnsRelay *relay;
  int fd;
  guint32 events;
  void (*ready) (NetnsRelayWatch *watch, guint32 events);
};

/**
 * NetnsRelayService:
 * @relay: the relay
 * @protocol: IPPROTO_*
 * @target: where to, family AF_UNSPEC for nowhere
 * @port: port there of the first listener; the others follow
 * @listeners: sockets that take what comes
 * @streams: connections that are carried
 * @flows: senders of datagrams, by address
 * @packets: how many parts went to the target
 * @bytes: how many bytes
 */
struct _NetnsRelayService {
  NetnsRelay *relay;
  int protocol;
  NetnsAddress target;
  guint16 port;
  GPtrArray *listeners;
  GHashTable *streams;
  GHashTable *flows;
  guint64 packets;
  guint64 bytes;
};

gboolean netns_relay_watch (NetnsRelay *relay, NetnsRelayWatch *watch, int fd, guint32 events,
                            void (*ready) (NetnsRelayWatch *watch, guint32 events));
gboolean netns_relay_wait_for (NetnsRelayWatch *watch, guint32 events);
void netns_relay_unwatch (NetnsRelayWatch *watch);
int netns_relay_connect (const NetnsRelayService *service, int type, guint16 offset);

void netns_relay_take_stream (NetnsRelayService *service, int listener, guint16 offset);
void netns_relay_take_datagrams (NetnsRelayService *service, int listener, guint16 offset);
void netns_relay_free_stream (gpointer stream);
void netns_relay_free_flow (gpointer flow);
gboolean netns_relay_flow_is_old (gpointer key, gpointer flow, gpointer data);
