/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/relay-private.h"

#include "common/cleanup.h"

#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define EVENTS_AT_ONCE   64
#define SECONDS_PER_LOOK 10 /* at senders of datagrams that have gone quiet */
/* Of all services: anybody on the machine can call ::1 and do nothing more, and the descriptors are everybody's. */
#define SOCKETS_MAX      4096

struct _NetnsRelay {
  int epoll;
  GSource *source;
  GHashTable *services; /* name -> NetnsRelayService */
  GHashTable *watches;  /* those that are in the set: events can be left over of one that is gone */
  guint look_id;
};

typedef struct {
  NetnsRelayWatch watch;
  NetnsRelayService *service;
  guint16 offset;
} Listener;

/* Who waits for nothing is not in the set: the kernel reports a connection that is over whether asked for or not. */
gboolean
netns_relay_wait_for (NetnsRelayWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };
  int operation = watch->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;

  if (watch->events == events)
    return TRUE;
  watch->events = events;
  return epoll_ctl (watch->relay->epoll, operation, watch->fd, &event) == 0;
}

/* Takes a socket; %FALSE when the kernel has no room to watch one more. */
gboolean
netns_relay_watch (NetnsRelay *relay, NetnsRelayWatch *watch, int fd, guint32 events,
                   void (*ready) (NetnsRelayWatch *watch, guint32 events))
{
  *watch = (NetnsRelayWatch){ relay, fd, 0, ready };
  g_hash_table_add (relay->watches, watch);
  return netns_relay_wait_for (watch, events);
}

/* Closes the socket as well. */
void
netns_relay_unwatch (NetnsRelayWatch *watch)
{
  if (watch->fd < 0)
    return;
  g_hash_table_remove (watch->relay->watches, watch);
  netns_close_fd (&watch->fd);
  watch->fd = -1;
}

static gboolean
has_room (NetnsRelay *relay)
{
  GHashTableIter iter;
  NetnsRelayService *service;
  guint sockets = 0;

  g_hash_table_iter_init (&iter, relay->services);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &service))
    sockets += 2 * g_hash_table_size (service->streams) + g_hash_table_size (service->flows);
  return sockets + 2 <= SOCKETS_MAX;
}

/**
 * netns_relay_connect:
 * @service: a service
 * @type: SOCK_STREAM or SOCK_DGRAM
 * @offset: which of its ports
 *
 * Returns: a socket on its way to the target; -1 if that is not possible now
 */
int
netns_relay_connect (const NetnsRelayService *service, int type, guint16 offset)
{
  netns_autofd int fd = -1;
  guint16 port = g_htons ((guint16) (service->port + offset));
  struct sockaddr_in ipv4 = { .sin_family = AF_INET, .sin_port = port };
  struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6, .sin6_port = port };
  gboolean is_ipv4 = service->target.family == AF_INET;
  int result;

  if (service->target.family == AF_UNSPEC || !has_room (service->relay))
    return -1;
  memcpy (&ipv4.sin_addr, service->target.bytes, sizeof ipv4.sin_addr);
  memcpy (&ipv6.sin6_addr, service->target.bytes, sizeof ipv6.sin6_addr);
  fd = socket (service->target.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, service->protocol);
  if (fd < 0)
    return -1;
  result = is_ipv4 ? connect (fd, (struct sockaddr *) &ipv4, sizeof ipv4)
                   : connect (fd, (struct sockaddr *) &ipv6, sizeof ipv6);
  return result == 0 || errno == EINPROGRESS ? g_steal_fd (&fd) : -1;
}

/* Only as long as there are senders. */
static gboolean
on_look (gpointer data)
{
  NetnsRelay *relay = data;
  gint64 now = g_get_monotonic_time ();
  gboolean any = FALSE;
  GHashTableIter iter;
  NetnsRelayService *service;

  g_hash_table_iter_init (&iter, relay->services);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &service)) {
    g_hash_table_foreach_remove (service->flows, netns_relay_flow_is_old, &now);
    any = any || g_hash_table_size (service->flows) > 0;
  }
  if (!any)
    relay->look_id = 0;
  return any;
}

static void
on_listener_ready (NetnsRelayWatch *watch, guint32 events)
{
  Listener *listener = (Listener *) watch;

  if (listener->service->protocol != IPPROTO_UDP) {
    netns_relay_take_stream (listener->service, watch->fd, listener->offset);
    return;
  }
  netns_relay_take_datagrams (listener->service, watch->fd, listener->offset);
  if (watch->relay->look_id == 0)
    watch->relay->look_id = g_timeout_add_seconds (SECONDS_PER_LOOK, on_look, watch->relay);
}

static gboolean
on_events (int fd, GIOCondition condition, gpointer data)
{
  NetnsRelay *relay = data;
  struct epoll_event events[EVENTS_AT_ONCE];
  int count = epoll_wait (relay->epoll, events, EVENTS_AT_ONCE, 0);

  for (int i = 0; i < count; i++) {
    NetnsRelayWatch *watch = events[i].data.ptr;

    if (g_hash_table_contains (relay->watches, watch))
      watch->ready (watch, events[i].events);
  }
  return G_SOURCE_CONTINUE;
}

static void
free_listener (gpointer data)
{
  Listener *listener = data;

  netns_relay_unwatch (&listener->watch);
  g_free (listener);
}

static void
free_service (gpointer data)
{
  NetnsRelayService *service = data;

  g_ptr_array_unref (service->listeners);
  g_hash_table_unref (service->streams);
  g_hash_table_unref (service->flows);
  g_free (service);
}

/**
 * netns_relay_new:
 *
 * Returns: (transfer full): a relay in the calling thread's main context
 */
NetnsRelay *
netns_relay_new (void)
{
  NetnsRelay *relay = g_new0 (NetnsRelay, 1);

  relay->epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (relay->epoll < 0)
    g_error ("Cannot make an epoll set: %s", g_strerror (errno));
  relay->services = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_service);
  relay->watches = g_hash_table_new (NULL, NULL);
  relay->source = g_unix_fd_source_new (relay->epoll, G_IO_IN);
  g_source_set_callback (relay->source, G_SOURCE_FUNC (on_events), relay, NULL);
  g_source_attach (relay->source, g_main_context_get_thread_default ());
  return relay;
}

void
netns_relay_free (NetnsRelay *relay)
{
  g_source_destroy (relay->source);
  g_source_unref (relay->source);
  g_clear_handle_id (&relay->look_id, g_source_remove);
  g_hash_table_unref (relay->services);
  g_hash_table_unref (relay->watches);
  netns_close_fd (&relay->epoll);
  g_free (relay);
}

/**
 * netns_relay_serve:
 * @relay: the relay
 * @name: what to call it
 * @protocol: IPPROTO_*
 * @sockets: (element-type int): sockets that listen, -1 where there is none; they are the relay's from now on
 *
 * Takes what comes there, of which nothing gets anywhere before netns_relay_aim().
 */
void
netns_relay_serve (NetnsRelay *relay, const char *name, int protocol, const GArray *sockets)
{
  NetnsRelayService *service = g_new0 (NetnsRelayService, 1);

  service->relay = relay;
  service->protocol = protocol;
  service->listeners = g_ptr_array_new_with_free_func (free_listener);
  service->streams = g_hash_table_new_full (NULL, NULL, netns_relay_free_stream, NULL);
  service->flows = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                          netns_relay_free_flow);
  for (guint i = 0; i < sockets->len; i++) {
    Listener *listener;

    if (g_array_index (sockets, int, i) < 0)
      continue;
    listener = g_new0 (Listener, 1);
    listener->service = service;
    listener->offset = (guint16) i;
    netns_relay_watch (relay, &listener->watch, g_array_index (sockets, int, i), EPOLLIN, on_listener_ready);
    g_ptr_array_add (service->listeners, listener);
  }
  g_hash_table_replace (relay->services, g_strdup (name), service);
}

/**
 * netns_relay_aim:
 * @relay: the relay
 * @name: a service
 * @target: an address to carry all to, family AF_UNSPEC for none
 * @port: port there of the first listener
 *
 * Connections to another target than before end.
 */
void
netns_relay_aim (NetnsRelay *relay, const char *name, const NetnsAddress *target, guint16 port)
{
  NetnsRelayService *service = g_hash_table_lookup (relay->services, name);

  if (service == NULL
      || (service->target.family == target->family && service->port == port
          && netns_address_equal_host (&service->target, target)))
    return;
  g_hash_table_remove_all (service->streams);
  g_hash_table_remove_all (service->flows);
  service->target = *target;
  service->port = port;
}

/* Ends it, with all connections. */
void
netns_relay_stop (NetnsRelay *relay, const char *name)
{
  g_hash_table_remove (relay->services, name);
}

/* Adds what it carried to the target. */
void
netns_relay_count (NetnsRelay *relay, const char *name, guint64 *packets, guint64 *bytes)
{
  const NetnsRelayService *service = g_hash_table_lookup (relay->services, name);

  if (service == NULL)
    return;
  *packets += service->packets;
  *bytes += service->bytes;
}
