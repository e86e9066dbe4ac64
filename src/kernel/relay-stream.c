/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/relay-stream.h"

#include "common/cleanup.h"

#include <errno.h>

#define STREAMS_MAX 512 /* of one service */
#define BUFFER_SIZE (16 * 1024)

typedef struct _Stream Stream;

/* One of the two sockets, and what was read from it and not yet written to the other one. */
typedef struct {
  NetnsRelayWatch watch;
  Stream *stream;
  char buffer[BUFFER_SIZE];
  gsize start;
  gsize end;
  gboolean ended; /* it has reached its end */
  gboolean passed; /* and the other one knows */
} End;

struct _Stream {
  NetnsRelayService *service;
  gboolean connected;
  End caller;
  End target;
};

void
netns_relay_free_stream (gpointer data)
{
  Stream *stream = data;

  netns_relay_unwatch (&stream->caller.watch);
  netns_relay_unwatch (&stream->target.watch);
  g_free (stream);
}

static guint32
events_for (const Stream *stream, const End *end, const End *other)
{
  guint32 events = 0;

  if (end->start == end->end && !end->ended)
    events |= EPOLLIN;
  if (other->start < other->end || (end == &stream->target && !stream->connected))
    events |= EPOLLOUT;
  return events;
}

/* Returns: FALSE when the connection is broken */
static gboolean
fill (End *end)
{
  gssize count;

  if (end->start < end->end || end->ended)
    return TRUE;
  count = recv (end->watch.fd, end->buffer, sizeof end->buffer, MSG_DONTWAIT);
  if (count < 0)
    return errno == EAGAIN || errno == EINTR;
  end->start = 0;
  end->end = (gsize) count;
  end->ended = count == 0;
  return TRUE;
}

static gboolean
empty (Stream *stream, End *end, End *other)
{
  gssize count;

  if (end->start < end->end) {
    count = send (other->watch.fd, end->buffer + end->start, end->end - end->start, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0)
      return errno == EAGAIN || errno == EINTR;
    end->start += (gsize) count;
    if (end == &stream->caller) {
      stream->service->packets++;
      stream->service->bytes += (guint64) count;
    }
  }
  if (end->start == end->end && end->ended && !end->passed) {
    shutdown (other->watch.fd, SHUT_WR);
    end->passed = TRUE;
  }
  return TRUE;
}

static gboolean
is_connected (const Stream *stream)
{
  socklen_t size = sizeof (int);
  int error_number = 0;

  return getsockopt (stream->target.watch.fd, SOL_SOCKET, SO_ERROR, &error_number, &size) == 0 && error_number == 0;
}

/* Some of it in each direction; the rest makes itself heard again. */
static gboolean
carry (Stream *stream)
{
  End *caller = &stream->caller, *target = &stream->target;

  if (!fill (caller) || !fill (target) || !empty (stream, caller, target) || !empty (stream, target, caller)
      || (caller->passed && target->passed))
    return FALSE;
  return netns_relay_wait_for (&caller->watch, events_for (stream, caller, target))
         && netns_relay_wait_for (&target->watch, events_for (stream, target, caller));
}

static void
on_ready (NetnsRelayWatch *watch, guint32 events)
{
  Stream *stream = ((End *) watch)->stream;
  gboolean good = TRUE;

  /* Until then the caller waits, and is not watched. */
  if (!stream->connected)
    good = stream->connected = is_connected (stream);
  good = good && (events & EPOLLERR) == 0 && carry (stream);
  if (!good)
    g_hash_table_remove (stream->service->streams, stream);
}

/* Takes a connection from a @listener, that of the port @offset. One that cannot be carried is closed at once. */
void
netns_relay_take_stream (NetnsRelayService *service, int listener, guint16 offset)
{
  netns_autofd int caller = accept4 (listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  netns_autofd int target = -1;
  Stream *stream;

  if (caller < 0 || g_hash_table_size (service->streams) >= STREAMS_MAX)
    return;
  target = netns_relay_connect (service, offset);
  if (target < 0)
    return;
  stream = g_new0 (Stream, 1);
  stream->service = service;
  stream->caller.stream = stream->target.stream = stream;
  stream->caller.watch.fd = stream->target.watch.fd = -1;
  if (netns_relay_watch (service->loop, &stream->caller.watch, g_steal_fd (&caller), 0, on_ready)
      && netns_relay_watch (service->loop, &stream->target.watch, g_steal_fd (&target), EPOLLOUT, on_ready))
    g_hash_table_add (service->streams, stream);
  else
    netns_relay_free_stream (stream);
}
