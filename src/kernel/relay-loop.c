/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/relay-loop.h"

#include "common/cleanup.h"
#include "common/later.h"
#include "kernel/socket.h"

#include <errno.h>
#include <netinet/in.h>

#define EVENTS_AT_ONCE 64
/* For all forwards together: any local user can open connections to ::1 and leave them idle, and the descriptors are
 * shared by all. */
#define SOCKETS_MAX 4096

/* A descriptor that waits for nothing is not in the set, because the kernel reports a closed connection in any case. */
gboolean
netns_relay_wait_for (NetnsRelayWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };
  int operation = watch->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;

  if (watch->events == events)
    return TRUE;
  watch->events = events;
  return epoll_ctl (watch->loop->epoll, operation, watch->fd, &event) == 0;
}

/* Takes a socket; %FALSE when the kernel has no room to watch one more. */
gboolean
netns_relay_watch (NetnsRelayLoop *loop, NetnsRelayWatch *watch, int fd, guint32 events,
                   void (*ready) (NetnsRelayWatch *watch, guint32 events))
{
  *watch = (NetnsRelayWatch) { loop, fd, 0, ready };
  g_hash_table_add (loop->watches, watch);
  return netns_relay_wait_for (watch, events);
}

/* Closes the socket as well. */
void
netns_relay_unwatch (NetnsRelayWatch *watch)
{
  if (watch->fd < 0)
    return;
  g_hash_table_remove (watch->loop->watches, watch);
  netns_close_fd (&watch->fd);
}

static gboolean
has_room (const NetnsRelayLoop *loop)
{
  return g_hash_table_size (loop->watches) - loop->listeners + 2 <= SOCKETS_MAX;
}

/* Returns: whether it is known now if netns_relay_connect() is possible; else @stocked is called when it is */
gboolean
netns_relay_is_ready (const NetnsRelayService *service)
{
  return service->target.family == AF_UNSPEC
         || netns_relay_stock_has (service->loop->stock, service->target.family, service->protocol);
}

/* @offset: which of the service's ports
 * Returns: a socket on its way to the target; -1 if that is not possible now */
int
netns_relay_connect (const NetnsRelayService *service, guint16 offset)
{
  netns_autofd int fd = -1;
  struct sockaddr_storage name;
  socklen_t size;

  if (service->target.family == AF_UNSPEC || !has_room (service->loop))
    return -1;
  size = netns_socket_name (&name, service->target.family, &service->target, (guint16) (service->port + offset));
  fd = netns_relay_stock_take (service->loop->stock, service->target.family, service->protocol);
  if (fd >= 0 && (connect (fd, (struct sockaddr *) &name, size) == 0 || errno == EINPROGRESS))
    return g_steal_fd (&fd);
  return -1;
}

static void
on_events (gpointer data)
{
  NetnsRelayLoop *loop = data;
  struct epoll_event events[EVENTS_AT_ONCE];
  int count = epoll_wait (loop->epoll, events, EVENTS_AT_ONCE, 0);

  for (int i = 0; i < count; i++) {
    NetnsRelayWatch *watch = events[i].data.ptr;

    if (g_hash_table_contains (loop->watches, watch))
      watch->ready (watch, events[i].events);
  }
}

/* In the calling thread's main context; @loop must stay where it is. */
void
netns_relay_loop_begin (NetnsRelayLoop *loop, GSourceOnceFunc stocked, gpointer data)
{
  loop->stock = netns_relay_stock_new (stocked, data);
  loop->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (loop->epoll < 0)
    g_error ("Cannot create an epoll set: %s", g_strerror (errno));
  loop->watches = g_hash_table_new (NULL, NULL);
  netns_later_watch (&loop->source, loop->epoll, G_IO_IN, on_events, loop);
}

/* Nothing must be watched then. */
void
netns_relay_loop_end (NetnsRelayLoop *loop)
{
  netns_later_clear (&loop->source);
  netns_relay_stock_free (loop->stock);
  g_hash_table_unref (loop->watches);
  netns_close_fd (&loop->epoll);
}
