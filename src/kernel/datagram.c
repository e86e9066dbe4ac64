/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/datagram.h"

#include "common/error.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

static gboolean
set_up (int fd, int receive_buffer)
{
  int on = 1;

  fcntl (fd, F_SETFD, FD_CLOEXEC);
  /* Root of a user namespace gets no more than other users (net.core.rmem_max); an overrun costs time, nothing is
   * lost. */
  return (setsockopt (fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof receive_buffer) == 0
          || (errno == EPERM && setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) == 0))
         && setsockopt (fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) == 0;
}

/* @groups: (array zero-terminated=1): what to listen to; @receive_buffer: bytes that the kernel may queue; @what: what
 * errors call it (`KernelRefused`)
 * Returns: (transfer full) (nullable): a socket in the calling thread's namespace */
NetnsNlSock *
netns_datagram_open (int protocol, const int *groups, int receive_buffer, const char *what, GError **error)
{
  g_autoptr (NetnsNlSock) socket = nl_socket_alloc ();
  int result = netns_netlink_connect (socket, protocol);

  if (result >= 0 && !set_up (nl_socket_get_fd (socket), receive_buffer)) {
    netns_error_set_errno (error, errno, "Cannot set up %s", what);
    return NULL;
  }
  for (gsize i = 0; result >= 0 && groups[i] != 0; i++)
    result = nl_socket_add_membership (socket, groups[i]);
  if (result >= 0)
    return g_steal_pointer (&socket);
  netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot open %s: %s", what, nl_geterror (result));
  return NULL;
}

static int
find_nsid (struct msghdr *message)
{
  int nsid = NETNS_NSID_NONE;

  for (struct cmsghdr *control = CMSG_FIRSTHDR (message); control; control = CMSG_NXTHDR (message, control))
    if (control->cmsg_level == SOL_NETLINK && control->cmsg_type == NETLINK_LISTEN_ALL_NSID)
      memcpy (&nsid, CMSG_DATA (control), sizeof nsid);
  return nsid;
}

/* Takes in one datagram, without waiting, into a @buffer of NETNS_DATAGRAM_SIZE bytes, and has @func look at each of
 * its messages. Only the kernel is listened to.
 * Returns: 0, or the errno: EAGAIN when there is none, ENOBUFS when some were lost */
int
netns_datagram_receive (int fd, char *buffer, NetnsDatagramFunc func, gpointer data)
{
  struct iovec vector = { .iov_base = buffer, .iov_len = NETNS_DATAGRAM_SIZE };
  struct sockaddr_nl sender;
  char control[CMSG_SPACE (sizeof (int))] __attribute__ ((aligned (__alignof__ (struct cmsghdr))));
  struct msghdr message = {
    .msg_name = &sender,
    .msg_namelen = sizeof sender,
    .msg_iov = &vector,
    .msg_iovlen = 1,
    .msg_control = control,
    .msg_controllen = sizeof control,
  };
  gssize received = recvmsg (fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  int nsid, remaining;

  if (received < 0)
    return errno;
  nsid = find_nsid (&message);
  remaining = sender.nl_pid == 0 ? (int) received : 0;
  for (struct nlmsghdr *header = (struct nlmsghdr *) (gpointer) buffer; nlmsg_ok (header, remaining);
       header = nlmsg_next (header, &remaining))
    func (header, nsid, sender.nl_groups != 0, data);
  return 0;
}
