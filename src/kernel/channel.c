/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/channel.h"

#include "common/cleanup.h"
#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

typedef union {
  struct cmsghdr header;
  char space[CMSG_SPACE (sizeof (int) * NETNS_CHANNEL_DESCRIPTORS_MAX)];
} Control;

/**
 * netns_channel_new:
 * @ends: (out): the service's and the helper's, both close-on-exec
 * @error: `KernelRefused`
 *
 * Returns: whether there is one
 */
gboolean
netns_channel_new (int ends[2], GError **error)
{
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot make a pair of sockets");
  return FALSE;
}

static int
open_at (const char *path, int (*use) (int fd, const struct sockaddr *address, socklen_t size), const char *what,
         GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  netns_autofd int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

  g_assert (strlen (path) < sizeof address.sun_path);
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (fd >= 0 && use (fd, (const struct sockaddr *) &address, sizeof address) == 0)
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot %s %s", what, path);
  return -1;
}

/**
 * netns_channel_listen:
 * @path: where; what is there is replaced
 * @error: `KernelRefused`
 *
 * Returns: a socket that a service can connect to, -1 on error
 */
int
netns_channel_listen (const char *path, GError **error)
{
  netns_autofd int fd = -1;

  unlink (path);
  fd = open_at (path, bind, "make", error);
  if (fd < 0 || listen (fd, 4) == 0)
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot listen at %s", path);
  return -1;
}

/**
 * netns_channel_connect:
 * @path: where a helper listens
 * @error: `NotFound`, `KernelRefused`
 *
 * Returns: a socket, -1 on error
 */
int
netns_channel_connect (const char *path, GError **error)
{
  return open_at (path, connect, "connect to", error);
}

/**
 * netns_channel_tell:
 * @socket: an end
 * @message: what to say
 * @fds: (array length=n_fds) (nullable): descriptors that go with it
 * @n_fds: how many, at most NETNS_CHANNEL_DESCRIPTORS_MAX
 * @error: `KernelRefused`, also when the other end is gone or does not listen
 *
 * Returns: whether it was said
 */
gboolean
netns_channel_tell (int socket, const NetnsChannelMessage *message, const int *fds, guint n_fds, GError **error)
{
  struct iovec part = { (void *) message, sizeof *message };
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
  Control control = { 0 };

  g_assert (n_fds <= NETNS_CHANNEL_DESCRIPTORS_MAX);
  if (n_fds > 0) {
    header.msg_control = &control;
    header.msg_controllen = CMSG_SPACE (sizeof (int) * n_fds);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN (sizeof (int) * n_fds);
    memcpy (CMSG_DATA (&control.header), fds, sizeof (int) * n_fds);
  }
  if (sendmsg (socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof *message)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot speak to the other end");
  return FALSE;
}

static void
close_all (const int *fds, guint n_fds)
{
  for (guint i = 0; i < n_fds; i++)
    close (fds[i]);
}

static guint
take_descriptors (struct msghdr *header, int fds[NETNS_CHANNEL_DESCRIPTORS_MAX])
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
 * netns_channel_hear:
 * @socket: an end
 * @message: (out): what was said
 * @fds: (out) (optional): room for NETNS_CHANNEL_DESCRIPTORS_MAX descriptors, for the caller to close
 * @n_fds: (out) (optional): how many came
 * @error: when the other end is gone
 *
 * Waits for it.
 *
 * Returns: whether something was said
 */
gboolean
netns_channel_hear (int socket, NetnsChannelMessage *message, int *fds, guint *n_fds, GError **error)
{
  struct iovec part = { message, sizeof *message };
  Control control;
  struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  int came[NETNS_CHANNEL_DESCRIPTORS_MAX];
  guint n_came;
  gssize size;

  do
    size = recvmsg (socket, &header, MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size < 0) {
    netns_error_set_errno (error, errno, "Cannot hear the other end");
    return FALSE;
  }
  n_came = take_descriptors (&header, came);
  if (size != sizeof *message || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    close_all (came, n_came);
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED, "The other end is gone");
    return FALSE;
  }
  message->text[sizeof message->text - 1] = '\0';
  if (fds == NULL) {
    close_all (came, n_came);
    return TRUE;
  }
  memcpy (fds, came, sizeof (int) * n_came);
  *n_fds = n_came;
  return TRUE;
}

/**
 * netns_channel_store:
 * @instructions: a{sv}
 * @error: `KernelRefused`
 *
 * Not on a command line, which everybody can read, and not in a file: in memory that nobody can change any more.
 *
 * Returns: a descriptor of it, -1 on error
 */
int
netns_channel_store (GVariant *instructions, GError **error)
{
  netns_autofd int fd = memfd_create ("netnsd-run", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  gsize size = g_variant_get_size (instructions), done = 0;
  const char *data = g_variant_get_data (instructions);
  gssize written = 0;

  while (fd >= 0 && done < size && (written = write (fd, data + done, size - done)) > 0)
    done += (gsize) written;
  if (fd >= 0 && done == size && fcntl (fd, F_ADD_SEALS, SEALS) == 0)
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot write down what to run");
  return -1;
}

/**
 * netns_channel_load:
 * @fd: from netns_channel_store()
 * @error: `KernelRefused`
 *
 * Returns: (transfer full) (nullable): the instructions
 */
GVariant *
netns_channel_load (int fd, GError **error)
{
  g_autofree char *data = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize size, done = 0;
  gssize taken = 1;
  struct stat status;

  if (fstat (fd, &status) < 0) {
    netns_error_set_errno (error, errno, "Cannot read what to run");
    return NULL;
  }
  size = (gsize) status.st_size;
  data = g_malloc (size + 1);
  while (done < size && (taken = pread (fd, data + done, size - done, (off_t) done)) > 0)
    done += (gsize) taken;
  if (done < size) {
    netns_error_set_errno (error, errno, "Cannot read what to run");
    return NULL;
  }
  bytes = g_bytes_new_take (g_steal_pointer (&data), size);
  return g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));
}
