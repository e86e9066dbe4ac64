/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/packet.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BACKLOG 128

typedef union {
  struct cmsghdr header;
  char space[CMSG_SPACE (sizeof (int) * NETNS_PACKET_DESCRIPTORS_MAX)];
} Control;

static int
open_at (const char *path, int flags, int (*use) (int fd, const struct sockaddr *address, socklen_t size),
         const char *what, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  netns_autofd int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

  g_assert (strlen (path) < sizeof address.sun_path);
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (fd >= 0 && use (fd, (const struct sockaddr *) &address, sizeof address) == 0)
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot %s %s", what, path);
  return -1;
}

/**
 * netns_packet_listen, netns_packet_connect:
 * @path: where one of our programs listens; what is there is replaced
 * @flags: SOCK_NONBLOCK, or 0
 * @error: `NotFound`, `KernelRefused`
 *
 * Returns: a socket, -1 on error
 */
int
netns_packet_listen (const char *path, GError **error)
{
  netns_autofd int fd = -1;

  unlink (path);
  fd = open_at (path, 0, bind, "make", error);
  if (fd < 0 || listen (fd, BACKLOG) == 0)
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot listen on %s", path);
  return -1;
}

int
netns_packet_connect (const char *path, int flags, GError **error)
{
  return open_at (path, flags, connect, "connect to", error);
}

/* Says a @message of @size bytes, with at most NETNS_PACKET_DESCRIPTORS_MAX descriptors. Does not wait.
 * Returns: whether it was said; errno says why not, also when the other end is gone or does not listen */
gboolean
netns_packet_tell (int socket, gconstpointer message, gsize size, const int *fds, guint n_fds)
{
  struct iovec part = { (void *) message, size };
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
  Control control = { 0 };

  g_assert (n_fds <= NETNS_PACKET_DESCRIPTORS_MAX);
  if (n_fds > 0) {
    header.msg_control = &control;
    header.msg_controllen = CMSG_SPACE (sizeof (int) * n_fds);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN (sizeof (int) * n_fds);
    memcpy (CMSG_DATA (&control.header), fds, sizeof (int) * n_fds);
  }
  return sendmsg (socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == (gssize) size;
}

void
netns_packet_close_all (const int *fds, guint n_fds)
{
  for (guint i = 0; i < n_fds; i++)
    close (fds[i]);
}

static guint
take_descriptors (struct msghdr *header, int fds[NETNS_PACKET_DESCRIPTORS_MAX])
{
  guint n_fds = 0;

  for (struct cmsghdr *entry = CMSG_FIRSTHDR (header); entry != NULL; entry = CMSG_NXTHDR (header, entry)) {
    if (entry->cmsg_level != SOL_SOCKET || entry->cmsg_type != SCM_RIGHTS)
      continue;
    n_fds = (guint) ((entry->cmsg_len - CMSG_LEN (0)) / sizeof (int));
    memcpy (fds, CMSG_DATA (entry), sizeof (int) * n_fds);
  }
  return n_fds;
}

/**
 * netns_packet_hear:
 * @socket: a connection
 * @message: (out caller-allocates): room for @size bytes
 * @size: of a message
 * @flags: MSG_DONTWAIT, or 0 to wait for one
 * @fds: (out) (optional): room for NETNS_PACKET_DESCRIPTORS_MAX descriptors that came with it, for the caller to close
 * @n_fds: (out) (optional): how many
 *
 * Returns: whether something was said; errno says why not: ECONNRESET if the other end is gone, EPROTO if it said something
 *   else
 */
gboolean
netns_packet_hear (int socket, gpointer message, gsize size, int flags, int *fds, guint *n_fds)
{
  struct iovec part = { message, size };
  Control control;
  struct msghdr header
    = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  int came[NETNS_PACKET_DESCRIPTORS_MAX];
  gboolean is_whole;
  gssize count;
  guint n_came;

  do
    count = recvmsg (socket, &header, MSG_CMSG_CLOEXEC | flags);
  while (count < 0 && errno == EINTR);
  if (count < 0)
    return FALSE;
  n_came = take_descriptors (&header, came);
  is_whole = count == (gssize) size && (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  if (!is_whole || fds == NULL) {
    netns_packet_close_all (came, n_came);
  } else {
    memcpy (fds, came, sizeof (int) * n_came);
    *n_fds = n_came;
  }
  errno = count == 0 ? ECONNRESET : EPROTO;
  return is_whole;
}
