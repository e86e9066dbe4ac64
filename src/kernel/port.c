/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/port.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 128
/* libnftables waits with select() (mnl_batch_talk() in src/mnl.c), which knows no descriptor from 1024 on: a thousand held
 * ports must leave those before it to others. */
#define FIRST_DESCRIPTOR 2048

/* By the kernel's numbers: what a protocol is called, which sockets have it, and where the kernel lists those. */
static const struct {
  int protocol;
  const char *name;
  int type;
  const char *tables[2];
} protocols[] = {
  { IPPROTO_TCP, "tcp", SOCK_STREAM, { "tcp", "tcp6" } },
  { IPPROTO_UDP, "udp", SOCK_DGRAM, { "udp", "udp6" } },
  { IPPROTO_SCTP, "sctp", SOCK_STREAM, { NULL, NULL } }, /* sctp/eps is worded in another way */
};

static gsize
find_protocol (int protocol)
{
  gsize i = 0;

  while (protocols[i].protocol != protocol)
    i++;
  return i;
}

/* Returns: (transfer none): `tcp`, `udp` or `sctp` */
const char *
netns_port_protocol_name (int protocol)
{
  return protocols[find_protocol (protocol)].name;
}

/* A line of /proc/net/tcp and its like: `0: 00000000:1F90 00000000:0000 0A ... uid timeout inode ...`. */
static guint64
read_inode (const char *line, guint16 port)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) words = g_strsplit_set (line, " ", -1), fields = NULL;
  const char *colon;

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_strv_builder_add (builder, words[i]);
  fields = g_strv_builder_end (builder);
  if (g_strv_length (fields) < 10)
    return 0;
  colon = strchr (fields[1], ':');
  return colon != NULL && g_ascii_strtoull (colon + 1, NULL, 16) == port ? g_ascii_strtoull (fields[9], NULL, 10) : 0;
}

/* Those that the calling thread's namespace has. A socket that is bound and does nothing is not listed. */
static guint64
find_inode (int protocol, guint16 port)
{
  const char *const *tables = protocols[find_protocol (protocol)].tables;

  for (gsize i = 0; i < 2 && tables[i] != NULL; i++) {
    g_autofree char *path = g_build_filename ("/proc/thread-self/net", tables[i], NULL), *contents = NULL;
    g_auto (GStrv) lines = NULL;

    if (!g_file_get_contents (path, &contents, NULL, NULL))
      continue;
    lines = g_strsplit (contents, "\n", -1);
    for (guint line = 1; lines[0] != NULL && lines[line] != NULL; line++) {
      guint64 inode = read_inode (lines[line], port);

      if (inode != 0)
        return inode;
    }
  }
  return 0;
}

static gboolean
has_socket (const char *process, const char *socket_name)
{
  g_autofree char *folder = g_build_filename ("/proc", process, "fd", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autofree char *target = g_file_read_link (path, NULL);

    if (g_strcmp0 (target, socket_name) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Returns: (transfer full): such as `process 123 (nginx)` */
static char *
describe_holder (int protocol, guint16 port)
{
  g_autofree char *socket_name = g_strdup_printf ("socket:[%" G_GUINT64_FORMAT "]", find_inode (protocol, port));
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = NULL, *command = NULL, *valid = NULL;

    if (!g_ascii_isdigit (*name) || !has_socket (name, socket_name))
      continue;
    path = g_build_filename ("/proc", name, "comm", NULL);
    if (!g_file_get_contents (path, &command, NULL, NULL))
      continue;
    valid = g_utf8_make_valid (g_strchomp (command), -1);
    return g_strdup_printf ("process %s (%s)", name, valid);
  }
  return g_strdup ("a process that does not show it");
}

static void
set_refused (int protocol, guint16 port, int error_number, GError **error)
{
  const char *name = netns_port_protocol_name (protocol);
  g_autofree char *holder = NULL;

  if (error_number == EADDRINUSE) {
    holder = describe_holder (protocol, port);
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_PORT_IN_USE, "Port %u of %s is taken by %s; choose another one", port,
                 name, holder);
  } else if (error_number == EPROTONOSUPPORT || error_number == ESOCKTNOSUPPORT) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED, "This kernel has no %s", name);
  } else {
    netns_error_set_errno (error, error_number, "Cannot hold port %u of %s", port, name);
  }
}

static socklen_t
fill_socket_address (struct sockaddr_storage *storage, int family, const NetnsAddress *address, guint16 port)
{
  struct sockaddr_in *ipv4 = (struct sockaddr_in *) storage;
  struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *) storage;

  memset (storage, 0, sizeof *storage);
  storage->ss_family = (sa_family_t) family;
  if (family == AF_INET) {
    ipv4->sin_port = g_htons (port);
    if (address->family == AF_INET)
      memcpy (&ipv4->sin_addr, address->bytes, sizeof ipv4->sin_addr);
    return sizeof *ipv4;
  }
  ipv6->sin6_port = g_htons (port);
  if (address->family == AF_INET6)
    memcpy (&ipv6->sin6_addr, address->bytes, sizeof ipv6->sin6_addr);
  return sizeof *ipv6;
}

/* Datagrams that no rule leads away would fill the socket's buffer, which nobody reads. */
static gboolean
refuse_all (int fd)
{
  struct sock_filter nothing = BPF_STMT (BPF_RET | BPF_K, 0);
  struct sock_fprog program = { .len = 1, .filter = &nothing };

  return setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/* SO_REUSEPORT: the one for all addresses and that for ::1 may have the same port, as both are of one user. Others cannot
 * come in between, unless they are root and ask for it. */
static int
open_bound (int protocol, int family, const NetnsAddress *address, guint16 port, gboolean both_families)
{
  netns_autofd int fd
    = socket (family, protocols[find_protocol (protocol)].type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  struct sockaddr_storage name;
  socklen_t size = fill_socket_address (&name, family, address, port);
  int yes = 1, only6 = !both_families, high;

  if (fd < 0 || (protocol != IPPROTO_SCTP && setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) < 0)
      || (family == AF_INET6 && setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6) < 0)
      || bind (fd, (struct sockaddr *) &name, size) < 0)
    return -1;
  high = fcntl (fd, F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR);
  return high >= 0 || errno != EINVAL ? high : g_steal_fd (&fd); /* EINVAL: there are no such numbers here */
}

/**
 * netns_port_hold:
 * @grant: who may do it
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @address: an address of the machine, family AF_UNSPEC for all of both families
 * @port: a port
 * @error: `PortInUse` with who has it, `NotSupported`, `KernelRefused`
 *
 * The socket is bound and does not listen: who connects to where no rule leads him away is refused, as without it.
 *
 * Returns: the socket, for the caller to close; -1 on error
 */
int
netns_port_hold (const NetnsGrant *grant, int protocol, const NetnsAddress *address, guint16 port, GError **error)
{
  gboolean any = address->family == AF_UNSPEC;
  netns_autofd int fd = open_bound (protocol, any ? AF_INET6 : address->family, address, port, any);
  int error_number = errno;

  if (fd < 0 && any && error_number == EAFNOSUPPORT) { /* a machine without IPv6 */
    fd = open_bound (protocol, AF_INET, address, port, FALSE);
    error_number = errno;
  }
  if (fd >= 0 && protocol == IPPROTO_UDP && !refuse_all (fd)) {
    set_refused (protocol, port, errno, error);
    return -1;
  }
  if (fd < 0)
    set_refused (protocol, port, error_number, error);
  return g_steal_fd (&fd);
}

/**
 * netns_port_hold_loopback6:
 * @grant: who may do it
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @port: a port
 * @error: `PortInUse`, `NotSupported`, `NotFound` (there is no ::1), `KernelRefused`
 *
 * Returns: a socket that takes what comes to ::1, for the caller to close; -1 on error
 */
int
netns_port_hold_loopback6 (const NetnsGrant *grant, int protocol, guint16 port, GError **error)
{
  const NetnsAddress loopback = { .family = AF_INET6, .prefix = 128, .bytes = { [15] = 1 } };
  netns_autofd int fd = open_bound (protocol, AF_INET6, &loopback, port, FALSE);

  if (fd >= 0 && (protocol == IPPROTO_UDP || listen (fd, BACKLOG) == 0))
    return g_steal_fd (&fd);
  if (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "This machine has no ::1");
  else
    set_refused (protocol, port, errno, error);
  return -1;
}
