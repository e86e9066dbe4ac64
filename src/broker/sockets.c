/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broker/sockets.h"

#include "common/cleanup.h"
#include "kernel/netns.h"
#include "kernel/socket.h"

#include <errno.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* What the kernel wants for raw and packet sockets; nothing else that root has must be found on a socket of a user's. */
#define CAPABILITIES (G_GUINT64_CONSTANT (1) << CAP_NET_RAW)

/* The sockets are @request->identity's: to `meta skuid` and `meta skgid` of nft, to routing rules with uidrange, to
 * SO_REUSEPORT and in /proc/net. A program that has more rights does not lend them to it by writing to it, as it would to one
 * of root's.
 *
 * Returns: 0, or why there are not all of them: then those in @fds are for the caller to close as well */
int
netns_open_sockets (const NetnsBrokerRequest *request, int namespace_fd, int *fds, guint *n_fds)
{
  g_auto (NetnsVisit) visit = FALSE;
  g_auto (NetnsAssumed) before = { 0 };

  if (!netns_visit (&visit, namespace_fd, NULL)
      || !netns_identity_assume (&before, &request->identity, CAPABILITIES, NULL))
    return EPERM;
  while (*n_fds < MIN (request->count, NETNS_PACKET_DESCRIPTORS_MAX)) {
    fds[*n_fds] = socket (request->domain, request->type | SOCK_CLOEXEC, request->protocol);
    if (fds[*n_fds] < 0)
      return errno;
    (*n_fds)++;
  }
  return 0;
}

/* SO_REUSEPORT: the one for all addresses and that for ::1 may have the same port, as both are of one user. Others cannot
 * come in between, unless they are root and ask for it. */
static int
open_bound (const NetnsBrokerRequest *request, int family, gboolean both_families)
{
  netns_autofd int fd = socket (family, request->type | SOCK_CLOEXEC, request->protocol);
  struct sockaddr_storage name;
  socklen_t size = netns_socket_name (&name, family, &request->address, request->port);
  int yes = 1, only6 = !both_families;

  if (fd >= 0 && (request->protocol == IPPROTO_SCTP || setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) == 0)
      && (family != AF_INET6 || setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6) == 0)
      && bind (fd, (struct sockaddr *) &name, size) == 0)
    return g_steal_fd (&fd);
  return -1;
}

/* Returns: 0, or why it is not bound */
int
netns_open_port (const NetnsBrokerRequest *request, int *fds, guint *n_fds)
{
  gboolean any = request->address.family == AF_UNSPEC;
  int fd = open_bound (request, any ? AF_INET6 : request->address.family, any);

  if (fd < 0 && any && errno == EAFNOSUPPORT) /* a machine without IPv6 */
    fd = open_bound (request, AF_INET, FALSE);
  if (fd < 0)
    return errno;
  fds[(*n_fds)++] = fd;
  return 0;
}
