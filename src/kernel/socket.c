/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/socket.h"

#include "common/error.h"
#include "kernel/broker.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/**
 * netns_socket_open:
 * @grant: who may do it
 * @namespace_fd: a namespace, -1 for the host's
 * @identity: whose it is
 * @domain: AF_*
 * @type: SOCK_*
 * @protocol: IPPROTO_*, 0 for the usual one
 * @error: `NotSupported`, `KernelRefused`
 *
 * Returns: a socket, close-on-exec, for the caller to close; -1 on error
 */
int
netns_socket_open (const NetnsGrant *grant, int namespace_fd, const NetnsIdentity *identity, int domain, int type,
                   int protocol, GError **error)
{
  const NetnsBrokerRequest request = {
    .work = NETNS_BROKER_SOCKETS,
    .identity = *identity,
    .count = 1,
    .domain = domain,
    .type = type,
    .protocol = protocol,
  };
  NetnsBrokerReply reply;
  int fd, error_number;

  if (!netns_broker_ask (&request, &namespace_fd, namespace_fd >= 0 ? 1 : 0, &reply, &fd, error))
    return -1;
  error_number = reply.error_number;
  if (error_number == 0)
    return fd;
  if (error_number == EPROTONOSUPPORT || error_number == ESOCKTNOSUPPORT || error_number == EPROTOTYPE)
    error_number = EOPNOTSUPP;
  netns_error_set_errno (error, error_number, "Cannot open a socket of domain %d, type %d, protocol %d", domain, type,
                         protocol);
  return -1;
}

/* Fills in the @name that bind() and connect() take for an @address of @family, or of AF_UNSPEC for any.
 * Returns: bytes of it that count */
socklen_t
netns_socket_name (struct sockaddr_storage *name, int family, const NetnsAddress *address, guint16 port)
{
  *name = (struct sockaddr_storage) { .ss_family = (sa_family_t) family };
  if (family == AF_INET) {
    struct sockaddr_in *ipv4 = (struct sockaddr_in *) name;

    ipv4->sin_port = htons (port);
    memcpy (&ipv4->sin_addr, address->bytes, sizeof ipv4->sin_addr);
    return sizeof *ipv4;
  } else {
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *) name;

    ipv6->sin6_port = htons (port);
    memcpy (&ipv6->sin6_addr, address->bytes, sizeof ipv6->sin6_addr);
    return sizeof *ipv6;
  }
}
