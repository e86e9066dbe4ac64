/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/socket.h"

#include "common/error.h"
#include "kernel/netns.h"

#include <errno.h>
#include <sys/socket.h>

/**
 * netns_socket_open:
 * @grant: who may do it
 * @namespace_fd: a namespace, -1 for the caller's own
 * @domain: AF_*
 * @type: SOCK_*
 * @protocol: IPPROTO_*, 0 for the usual one
 * @error: `NotSupported`, `KernelRefused`
 *
 * Returns: a socket, close-on-exec, for the caller to close; -1 on error
 */
int
netns_socket_open (const NetnsGrant *grant, int namespace_fd, int domain, int type, int protocol, GError **error)
{
  int fd, error_number;

  if (namespace_fd >= 0 && !netns_nsfs_enter (namespace_fd, error))
    return -1;
  fd = socket (domain, type | SOCK_CLOEXEC, protocol);
  error_number = errno;
  if (namespace_fd >= 0)
    netns_nsfs_leave ();
  if (fd >= 0)
    return fd;
  if (error_number == EPROTONOSUPPORT || error_number == ESOCKTNOSUPPORT || error_number == EPROTOTYPE)
    error_number = EOPNOTSUPP;
  netns_error_set_errno (error, error_number, "Cannot open a socket of domain %d, type %d, protocol %d", domain, type,
                         protocol);
  return -1;
}
