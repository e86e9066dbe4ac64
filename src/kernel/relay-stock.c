/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/relay-stock.h"

#include "common/cleanup.h"
#include "common/later.h"
#include "kernel/broker.h"

#include <netinet/in.h>
#include <sys/socket.h>

#define SIZE      32  /* of each kind */
#define TRY_AGAIN 200 /* ms */

/**
 * Kind:
 * @family: AF_*
 * @protocol: IPPROTO_*
 * @fds: those that are there
 * @n_fds: how many
 * @is_refused: whether there are none to be had
 * @connection: where more of them will come, -1 if they have not been asked for
 * @source: waits for that
 * @again: asks again
 */
typedef struct {
  NetnsRelayStock *stock;
  int family;
  int protocol;
  int fds[SIZE];
  guint n_fds;
  gboolean is_refused;
  int connection;
  GSource *source;
  GSource *again;
} Kind;

struct _NetnsRelayStock {
  GPtrArray *kinds;
  GSourceOnceFunc filled;
  gpointer data;
};

static void
free_kind (gpointer data)
{
  Kind *kind = data;

  netns_later_clear (&kind->again);
  netns_later_clear (&kind->source);
  netns_close_fd (&kind->connection);
  netns_packet_close_all (kind->fds, kind->n_fds);
  g_free (kind);
}

/* @filled is called in the calling thread's main context whenever there are some again, or are known to be none.
 * Returns: (transfer full): an empty stock */
NetnsRelayStock *
netns_relay_stock_new (GSourceOnceFunc filled, gpointer data)
{
  NetnsRelayStock *stock = g_new0 (NetnsRelayStock, 1);

  stock->kinds = g_ptr_array_new_with_free_func (free_kind);
  stock->filled = filled;
  stock->data = data;
  return stock;
}

void
netns_relay_stock_free (NetnsRelayStock *stock)
{
  g_ptr_array_unref (stock->kinds);
  g_free (stock);
}

static void fetch (gpointer data);

static void
on_answer (gpointer data)
{
  Kind *kind = data;
  int fds[NETNS_PACKET_DESCRIPTORS_MAX];
  guint n_fds = 0;
  NetnsBrokerReply reply;
  gboolean heard = netns_packet_hear (kind->connection, &reply, sizeof reply, MSG_DONTWAIT, fds, &n_fds);

  if (heard && reply.news == NETNS_BROKER_HELLO) {
    netns_packet_close_all (fds, n_fds);
    return;
  }
  netns_later_clear (&kind->source);
  netns_close_fd (&kind->connection);
  if (!heard) {
    netns_later_after (&kind->again, TRY_AGAIN, fetch, kind);
    return;
  }
  for (guint i = 0; i < n_fds; i++)
    if (kind->n_fds < SIZE)
      kind->fds[kind->n_fds++] = fds[i];
    else
      close (fds[i]);
  kind->is_refused = reply.error_number != 0;
  if (kind->is_refused)
    g_message ("No sockets of family %d, protocol %d: %s", kind->family, kind->protocol,
               g_strerror (reply.error_number));
  kind->stock->filled (kind->stock->data);
}

/* Unless it is on its way. */
static void
fetch (gpointer data)
{
  Kind *kind = data;
  const NetnsBrokerRequest request = {
    .work = NETNS_BROKER_SOCKETS,
    .count = SIZE - kind->n_fds,
    .domain = kind->family,
    .type = (kind->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK,
    .protocol = kind->protocol,
  };

  netns_later_clear (&kind->again);
  if (kind->connection >= 0)
    return;
  kind->connection = netns_broker_begin (&request, NULL);
  if (kind->connection >= 0)
    netns_later_watch (&kind->source, kind->connection, G_IO_IN | G_IO_HUP, on_answer, kind);
  else
    netns_later_after (&kind->again, TRY_AGAIN, fetch, kind);
}

static Kind *
find (NetnsRelayStock *stock, int family, int protocol)
{
  Kind *kind;

  for (guint i = 0; i < stock->kinds->len; i++) {
    kind = g_ptr_array_index (stock->kinds, i);
    if (kind->family == family && kind->protocol == protocol)
      return kind;
  }
  kind = g_new0 (Kind, 1);
  kind->stock = stock;
  kind->family = family;
  kind->protocol = protocol;
  kind->connection = -1;
  g_ptr_array_add (stock->kinds, kind);
  return kind;
}

/**
 * netns_relay_stock_has:
 * @stock: a stock
 * @family: AF_INET or AF_INET6
 * @protocol: IPPROTO_*
 *
 * Asks for more of them when there are few.
 *
 * Returns: whether one can be taken now, or there is none to be had at all
 */
gboolean
netns_relay_stock_has (NetnsRelayStock *stock, int family, int protocol)
{
  Kind *kind = find (stock, family, protocol);

  if (kind->n_fds < SIZE / 2)
    fetch (kind);
  return kind->n_fds > 0 || kind->is_refused;
}

/* Returns: a socket that does not wait, for the caller to close; -1 if there is none */
int
netns_relay_stock_take (NetnsRelayStock *stock, int family, int protocol)
{
  Kind *kind = find (stock, family, protocol);

  return kind->n_fds > 0 ? kind->fds[--kind->n_fds] : -1;
}
