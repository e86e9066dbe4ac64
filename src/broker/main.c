/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsd-broker [child] [NETNSD-NFT]: does for the service what needs rights that the service need not have. Its standard input
 * is a socket that listens. With argument `child` it is the service's, and ends when the other end of descriptor 3 is closed;
 * otherwise systemd starts and ends it. Whoever is another user than its own is not heard. */
#include "broker/helpers.h"
#include "broker/sockets.h"
#include "common/cleanup.h"
#include "common/later.h"
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define LIFELINE_FD 3

typedef struct {
  GMainLoop *loop;
  GSource *listener;
  GSource *lifeline;
} Broker;

typedef struct {
  int fd;
  GSource *source;
} Connection;

static void
connection_free (Connection *connection)
{
  netns_later_clear (&connection->source);
  netns_close_fd (&connection->fd);
  g_free (connection);
}

/* @fds: processes */
static int
signal_all (const NetnsBrokerRequest *request, const int *fds, guint n_fds, int *error_numbers)
{
  g_auto (NetnsAssumed) before = { 0 };

  if (!netns_identity_assume (&before, &request->identity, 0, NULL))
    return EPERM;
  netns_process_try_each (fds, n_fds, request->signal, error_numbers);
  return 0;
}

static void
work (const NetnsBrokerRequest *request, const int *fds, guint n_fds, int connection)
{
  NetnsBrokerReply reply = { .news = NETNS_BROKER_DONE };
  int answers[NETNS_PACKET_DESCRIPTORS_MAX];
  guint n_answers = 0;

  switch (request->work) {
  case NETNS_BROKER_SOCKETS:
    reply.error_number = netns_open_sockets (request, n_fds > 0 ? fds[0] : -1, answers, &n_answers);
    break;
  case NETNS_BROKER_PORT:
    reply.error_number = netns_open_port (request, answers, &n_answers);
    break;
  case NETNS_BROKER_SIGNAL:
    reply.error_number = signal_all (request, fds, n_fds, reply.error_numbers);
    break;
  case NETNS_BROKER_NFT:
    reply.error_number = netns_helpers_start (request, fds, n_fds, fcntl (connection, F_DUPFD_CLOEXEC, 0), &answers[0]);
    n_answers = reply.error_number == 0 ? 1 : 0;
    break;
  default:
    reply.error_number = ENOSYS;
  }
  netns_packet_tell (connection, &reply, sizeof reply, answers, reply.error_number == 0 ? n_answers : 0);
  netns_packet_close_all (answers, n_answers);
}

static void
on_request (gpointer data)
{
  Connection *connection = data;
  int fds[NETNS_PACKET_DESCRIPTORS_MAX];
  guint n_fds = 0;
  NetnsBrokerRequest request;

  if (netns_packet_hear (connection->fd, &request, sizeof request, MSG_DONTWAIT, fds, &n_fds)) {
    work (&request, fds, n_fds, connection->fd);
    netns_packet_close_all (fds, n_fds);
  }
  connection_free (connection);
}

static gboolean
say_hello (int fd)
{
  const NetnsBrokerReply reply = { .news = NETNS_BROKER_HELLO, .pid = getpid () };
  netns_autofd int pidfd = netns_process_open ((guint) getpid ());

  return pidfd >= 0 && netns_packet_tell (fd, &reply, sizeof reply, &pidfd, 1);
}

static gboolean
is_own_user (int fd)
{
  struct ucred credentials;
  socklen_t size = sizeof credentials;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 && credentials.uid == geteuid ();
}

static void
on_connection (gpointer data)
{
  netns_autofd int fd = accept4 (STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  Connection *connection;

  if (fd < 0 || !is_own_user (fd) || !say_hello (fd))
    return;
  connection = g_new0 (Connection, 1);
  connection->fd = g_steal_fd (&fd);
  netns_later_watch (&connection->source, connection->fd, G_IO_IN | G_IO_HUP, on_request, connection);
}

static void
on_service_ended (gpointer data)
{
  g_main_loop_quit (((Broker *) data)->loop);
}

static gboolean
is_socket (int fd)
{
  struct stat status;

  return fstat (fd, &status) == 0 && S_ISSOCK (status.st_mode);
}

int
main (int argc, char **argv)
{
  gboolean is_child = argc > 1 && strcmp (argv[1], "child") == 0;
  const char *program = argv[is_child ? 2 : 1];
  Broker broker = { 0 };

  if (!is_socket (STDIN_FILENO)) {
    g_printerr ("netnsd-broker is for netnsd only\n");
    return 2;
  }
  if (program != NULL && !netns_helpers_begin (program)) {
    g_printerr ("netnsd-broker: %s\n", g_strerror (errno));
    return EXIT_FAILURE;
  }
  broker.loop = g_main_loop_new (NULL, FALSE);
  netns_later_watch (&broker.listener, STDIN_FILENO, G_IO_IN, on_connection, &broker);
  if (is_child)
    netns_later_watch (&broker.lifeline, LIFELINE_FD, G_IO_IN | G_IO_HUP, on_service_ended, &broker);
  g_main_loop_run (broker.loop);
  netns_later_clear (&broker.listener);
  netns_later_clear (&broker.lifeline);
  g_main_loop_unref (broker.loop);
  return EXIT_SUCCESS;
}
