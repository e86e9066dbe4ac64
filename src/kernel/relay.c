/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/relay.h"

#include "common/later.h"
#include "kernel/relay-datagrams.h"
#include "kernel/relay-stream.h"

#include <netinet/in.h>

#define LOOK_INTERVAL 10000 /* ms, at senders of datagrams that have become idle */

struct _NetnsRelay {
  NetnsRelayLoop loop;
  GHashTable *services; /* name -> NetnsRelayService */
  GSource *look;
};

typedef struct {
  NetnsRelayWatch watch;
  NetnsRelay *relay;
  NetnsRelayService *service;
  guint16 offset;
} Listener;

/* Only as long as there are senders. */
static void
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
  if (any)
    netns_later_after (&relay->look, LOOK_INTERVAL, on_look, relay);
}

static void
on_listener_ready (NetnsRelayWatch *watch, guint32 events)
{
  Listener *listener = (Listener *) watch;

  if (!netns_relay_is_ready (listener->service)) {
    netns_relay_wait_for (watch, 0); /* what comes waits in the kernel */
    return;
  }
  if (listener->service->protocol != IPPROTO_UDP) {
    netns_relay_take_stream (listener->service, watch->fd, listener->offset);
    return;
  }
  netns_relay_take_datagrams (listener->service, watch->fd, listener->offset);
  netns_later_after (&listener->relay->look, LOOK_INTERVAL, on_look, listener->relay);
}

static void
free_listener (gpointer data)
{
  Listener *listener = data;

  listener->watch.loop->listeners--;
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

static void
on_stocked (gpointer data)
{
  NetnsRelay *relay = data;
  GHashTableIter iter;
  NetnsRelayService *service;

  g_hash_table_iter_init (&iter, relay->services);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &service))
    for (guint i = 0; i < service->listeners->len; i++)
      netns_relay_wait_for (g_ptr_array_index (service->listeners, i), EPOLLIN);
}

/* Returns: (transfer full): a relay in the calling thread's main context */
NetnsRelay *
netns_relay_new (void)
{
  NetnsRelay *relay = g_new0 (NetnsRelay, 1);

  netns_relay_loop_begin (&relay->loop, on_stocked, relay);
  relay->services = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_service);
  return relay;
}

void
netns_relay_free (NetnsRelay *relay)
{
  netns_later_clear (&relay->look);
  g_hash_table_unref (relay->services);
  netns_relay_loop_end (&relay->loop);
  g_free (relay);
}

/* Takes what comes to @sockets (element-type int), which listen and are the relay's from now on, -1 where there is
 * none. Nothing of it gets anywhere before netns_relay_aim(). */
void
netns_relay_serve (NetnsRelay *relay, const char *name, int protocol, const GArray *sockets)
{
  NetnsRelayService *service = g_new0 (NetnsRelayService, 1);

  service->loop = &relay->loop;
  service->protocol = protocol;
  service->listeners = g_ptr_array_new_with_free_func (free_listener);
  service->streams = g_hash_table_new_full (NULL, NULL, netns_relay_free_stream, NULL);
  service->flows
    = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, netns_relay_free_flow);
  for (guint i = 0; i < sockets->len; i++) {
    Listener *listener;

    if (g_array_index (sockets, int, i) < 0)
      continue;
    listener = g_new0 (Listener, 1);
    listener->relay = relay;
    listener->service = service;
    listener->offset = (guint16) i;
    netns_relay_watch (&relay->loop, &listener->watch, g_array_index (sockets, int, i), EPOLLIN, on_listener_ready);
    relay->loop.listeners++;
    g_ptr_array_add (service->listeners, listener);
  }
  g_hash_table_replace (relay->services, g_strdup (name), service);
}

/* Has all carried to @target, family AF_UNSPEC for none; @port: port there of the first listener. Connections to
 * another target than before end. */
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
  netns_relay_is_ready (service); /* so that it is when somebody comes */
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
