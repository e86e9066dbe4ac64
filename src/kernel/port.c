/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/port.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/protocol.h"
#include "kernel/broker.h"
#include "kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128

/* The worker waits for this, and how much there is to look at is in the hands of others. */
#define SEARCH_TIME       (100 * G_TIME_SPAN_MILLISECOND) /* of its CPU time */
#define TIME_CHECKED_EACH 64                          /* lines or descriptors */

/* A line of /proc/net/tcp and its like: `0: 00000000:1F90 00000000:0000 0A ... uid timeout inode ...`. */
static guint64
read_inode (const char *line, guint16 port)
{
  unsigned long inode;
  unsigned local;

  if (sscanf (line, "%*s %*[^:]:%x %*s %*s %*s %*s %*s %*s %*s %lu", &local, &inode) < 2 || local != port)
    return 0;
  return inode;
}

/* Among the sockets of the calling thread's namespace. One that is bound and does nothing is not listed, nor is any of
 * sctp, whose table has other columns. */
static guint64
find_inode (int protocol, guint16 port, gint64 end)
{
  static const char *const families[] = { "", "6" };
  guint64 inode = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (families) && protocol != IPPROTO_SCTP && inode == 0; i++) {
    g_autofree char *path
      = g_strconcat ("/proc/thread-self/net/", netns_protocol_print ((guint) protocol), families[i], NULL);
    FILE *table = fopen (path, "re");
    char line[256];

    for (guint n = 0; table != NULL && inode == 0 && fgets (line, sizeof line, table) != NULL; n++) {
      if (n % TIME_CHECKED_EACH == 0 && netns_proc_measure () > end)
        break;
      inode = read_inode (line, port);
    }
    if (table != NULL)
      fclose (table);
  }
  return inode;
}

static gboolean
has_socket (int process, const char *socket_name, gint64 end)
{
  g_autoptr (DIR) descriptors = netns_proc_open (process, "fd");
  const char *name;
  gssize size;

  for (guint i = 0; descriptors != NULL && (name = netns_proc_next (descriptors)) != NULL; i++) {
    char target[64];

    if (i % TIME_CHECKED_EACH == 0 && netns_proc_measure () > end)
      break;
    size = readlinkat (dirfd (descriptors), name, target, sizeof target - 1);
    target[MAX (size, 0)] = '\0';
    if (strcmp (target, socket_name) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Returns: (transfer full): such as `process 123 (nginx)` */
static char *
describe_user (int protocol, guint16 port)
{
  gint64 end = netns_proc_measure () + SEARCH_TIME;
  guint64 inode = find_inode (protocol, port, end);
  g_autofree char *socket_name = g_strdup_printf ("socket:[%" G_GUINT64_FORMAT "]", inode);
  g_autoptr (DIR) proc = netns_proc_open (AT_FDCWD, "/proc");
  g_autoptr (GArray) pids = proc != NULL ? netns_proc_list_pids (proc) : NULL;
  g_autoptr (GArray) sorted = pids != NULL && inode != 0 ? netns_proc_sort_by_descriptors (dirfd (proc), pids) : NULL;

  for (guint i = 0; sorted != NULL && i < sorted->len; i++) {
    g_autofree char *name = g_strdup_printf ("%u", g_array_index (sorted, guint, i)), *valid = NULL;
    netns_autofd int process = openat (dirfd (proc), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char command[NETNS_COMMAND_SIZE];

    if (process < 0 || !has_socket (process, socket_name, end))
      continue;
    netns_proc_read_command (process, command);
    if (*command == '\0')
      continue;
    valid = g_utf8_make_valid (command, -1);
    return g_strdup_printf ("process %s (%s)", name, valid);
  }
  return g_strdup ("an unknown process");
}

/* Returns: -1 */
static int
refuse (int protocol, guint16 port, int error_number, GError **error)
{
  const char *name = netns_protocol_print ((guint) protocol);
  g_autofree char *user = error_number == EADDRINUSE ? describe_user (protocol, port) : NULL;

  if (user != NULL)
    netns_refuse (error, NETNS_ERROR_PORT_IN_USE, "Port %u of %s is already used by %s; choose another one", port, name,
                  user);
  else if (error_number == EPROTONOSUPPORT || error_number == ESOCKTNOSUPPORT)
    netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED, "This kernel has no %s", name);
  else
    netns_error_set_errno (error, error_number, "Cannot hold port %u of %s", port, name);
  return -1;
}

/* Datagrams that no rule redirects would fill the socket's buffer, which is never read. */
static gboolean
refuse_all (int fd)
{
  struct sock_filter nothing = BPF_STMT (BPF_RET | BPF_K, 0);
  struct sock_fprog program = { .len = 1, .filter = &nothing };

  return setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/* Returns: a socket that does not wait, -1 on error */
static int
open_bound (int protocol, const NetnsAddress *address, guint16 port, GError **error)
{
  const NetnsBrokerRequest request = {
    .work = NETNS_BROKER_PORT,
    .type = (protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK,
    .protocol = protocol,
    .address = *address,
    .port = port,
  };
  NetnsBrokerReply reply;
  int fd;

  if (!netns_broker_ask (&request, NULL, 0, &reply, &fd, error))
    return -1;
  if (reply.error_number == 0)
    return fd;
  if (address->family == AF_INET6 && netns_address_is_loopback (address)
      && (reply.error_number == EADDRNOTAVAIL || reply.error_number == EAFNOSUPPORT)) {
    netns_refuse (error, NETNS_ERROR_NOT_FOUND, "This machine has no address ::1");
    return -1;
  }
  return refuse (protocol, port, reply.error_number, error);
}

/**
 * netns_port_hold, netns_port_hold_loopback6:
 * @grant: who may do it
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @address: an address of the machine, family AF_UNSPEC for all of both families; else ::1
 * @port: a port
 * @error: `PortInUse` with who has it, `NotSupported`, `NotFound` (there is no ::1), `KernelRefused`
 *
 * The socket of the former is bound and does not listen: connections that no rule redirects are refused, as without it.
 * That of the latter takes what comes to ::1.
 *
 * Returns: a socket, for the caller to close; -1 on error
 */
int
netns_port_hold (const NetnsGrant *grant, int protocol, const NetnsAddress *address, guint16 port, GError **error)
{
  netns_autofd int fd = open_bound (protocol, address, port, error);

  if (fd < 0)
    return -1;
  if (protocol != IPPROTO_UDP || refuse_all (fd))
    return g_steal_fd (&fd);
  return refuse (protocol, port, errno, error);
}

int
netns_port_hold_loopback6 (const NetnsGrant *grant, int protocol, guint16 port, GError **error)
{
  const NetnsAddress loopback = { .family = AF_INET6, .prefix = 128, .bytes = { [15] = 1 } };
  netns_autofd int fd = open_bound (protocol, &loopback, port, error);

  if (fd < 0)
    return -1;
  if (protocol == IPPROTO_UDP || listen (fd, BACKLOG) == 0)
    return g_steal_fd (&fd);
  return refuse (protocol, port, errno, error);
}
