/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/relay-datagrams.h"

#include <netinet/in.h>

#define FLOWS_MAX    256 /* of one service */
#define AT_ONCE      64  /* datagrams, before others have their turn */
#define DATAGRAM_MAX 65536
#define IDLE_SECONDS 60

typedef struct {
  NetnsRelayWatch watch;
  int listener; /* the service's, which lives longer */
  struct sockaddr_in6 sender;
  gint64 last;
} Flow;

void
netns_relay_free_flow (gpointer data)
{
  Flow *flow = data;

  netns_relay_unwatch (&flow->watch);
  g_free (flow);
}

/* @data: now, as gint64 */
gboolean
netns_relay_flow_is_old (gpointer key, gpointer flow, gpointer data)
{
  return *(const gint64 *) data - ((const Flow *) flow)->last > IDLE_SECONDS * G_TIME_SPAN_SECOND;
}

/* An ICMP error (nothing listens there) is reported by one read and cleared by it. */
static void
on_answer (NetnsRelayWatch *watch, guint32 events)
{
  Flow *flow = (Flow *) watch;
  char buffer[DATAGRAM_MAX];

  for (guint i = 0; i < AT_ONCE; i++) {
    gssize size = recv (watch->fd, buffer, sizeof buffer, MSG_DONTWAIT);

    if (size < 0)
      return;
    flow->last = g_get_monotonic_time ();
    (void) sendto (flow->listener, buffer, (gsize) size, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *) &flow->sender,
                   sizeof flow->sender);
  }
}

static gboolean
forget_longest_idle (NetnsRelayService *service)
{
  GHashTableIter iter;
  gpointer key, oldest_key = NULL;
  Flow *flow, *oldest = NULL;

  g_hash_table_iter_init (&iter, service->flows);
  while (g_hash_table_iter_next (&iter, &key, (gpointer *) &flow))
    if (oldest == NULL || flow->last < oldest->last) {
      oldest = flow;
      oldest_key = key;
    }
  return g_hash_table_remove (service->flows, oldest_key);
}

static Flow *
find_flow (NetnsRelayService *service, int listener, guint16 offset, const struct sockaddr_in6 *sender)
{
  const struct {
    guint16 offset;
    guint16 port;
    struct in6_addr address;
  } key_data = { offset, sender->sin6_port, sender->sin6_addr };
  g_autoptr (GBytes) key = g_bytes_new (&key_data, sizeof key_data);
  Flow *flow = g_hash_table_lookup (service->flows, key);
  int fd;

  if (flow != NULL)
    return flow;
  if (g_hash_table_size (service->flows) >= FLOWS_MAX)
    forget_longest_idle (service);
  fd = netns_relay_connect (service, offset);
  if (fd < 0)
    return NULL;
  flow = g_new0 (Flow, 1);
  flow->listener = listener;
  flow->sender = *sender;
  if (!netns_relay_watch (service->loop, &flow->watch, fd, EPOLLIN, on_answer)) {
    netns_relay_free_flow (flow);
    return NULL;
  }
  g_hash_table_insert (service->flows, g_steal_pointer (&key), flow);
  return flow;
}

/* Carries what has come to a @listener, that of the port @offset. A datagram that cannot be carried is lost, as
 * datagrams are. */
void
netns_relay_take_datagrams (NetnsRelayService *service, int listener, guint16 offset)
{
  char buffer[DATAGRAM_MAX];

  for (guint i = 0; i < AT_ONCE && netns_relay_is_ready (service); i++) {
    struct sockaddr_in6 sender;
    socklen_t sender_size = sizeof sender;
    gssize size = recvfrom (listener, buffer, sizeof buffer, MSG_DONTWAIT, (struct sockaddr *) &sender, &sender_size);
    Flow *flow;

    if (size < 0)
      return;
    flow = find_flow (service, listener, offset, &sender);
    if (flow == NULL)
      continue;
    flow->last = g_get_monotonic_time ();
    if (send (flow->watch.fd, buffer, (gsize) size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
      continue;
    service->packets++;
    service->bytes += (guint64) size;
  }
}
