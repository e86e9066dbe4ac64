/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/channel.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* @ends: (out): the service's and the helper's, both close-on-exec; @error: `KernelRefused` */
gboolean
netns_channel_new (int ends[2], GError **error)
{
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot create a socket pair");
}

/* Says a @message, with at most NETNS_PACKET_DESCRIPTORS_MAX descriptors.
 * Returns: whether it was said; @error: `KernelRefused`, also when the other end is gone or does not listen */
gboolean
netns_channel_tell (int socket, const NetnsChannelMessage *message, const int *fds, guint n_fds, GError **error)
{
  if (netns_packet_tell (socket, message, sizeof *message, fds, n_fds))
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot send to the other side of the helper's socket");
}

/* Waits for a @message. @fds, @n_fds: (out) (optional): room for NETNS_PACKET_DESCRIPTORS_MAX descriptors that came
 * with it, for the caller to close
 * Returns: whether something was said; @error says if the other end is gone */
gboolean
netns_channel_hear (int socket, NetnsChannelMessage *message, int *fds, guint *n_fds, GError **error)
{
  if (netns_packet_hear (socket, message, sizeof *message, 0, fds, n_fds)) {
    message->text[sizeof message->text - 1] = '\0';
    return TRUE;
  }
  if (errno == ECONNRESET || errno == EPROTO)
    return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "The other side of the helper's socket is gone");
  return netns_error_set_errno (error, errno, "Cannot receive from the other side of the helper's socket");
}

/* Not on a command line, which every user can read, and not in a file, but in sealed memory.
 * Returns: a descriptor of the instructions, a{sv}; -1 on error (`KernelRefused`) */
int
netns_channel_store (GVariant *instructions, GError **error)
{
  netns_autofd int fd = memfd_create ("netnsd-run", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (fd >= 0 && netns_file_write (fd, g_variant_get_data (instructions), g_variant_get_size (instructions))
      && fcntl (fd, F_ADD_SEALS, SEALS) == 0)
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot prepare the command");
  return -1;
}

/* Returns: (transfer full) (nullable): the instructions of a descriptor from netns_channel_store(); @error:
 * `KernelRefused`, also for anything that is not sealed: it could be cut short while it is mapped */
GVariant *
netns_channel_load (int fd, GError **error)
{
  int seals = fcntl (fd, F_GET_SEALS);
  gboolean is_sealed = seals >= 0 && (seals & SEALS) == SEALS;
  g_autoptr (GError) refusal = NULL;
  g_autoptr (GMappedFile) file = is_sealed ? g_mapped_file_new_from_fd (fd, FALSE, &refusal) : NULL;
  g_autoptr (GBytes) bytes = file ? g_mapped_file_get_bytes (file) : NULL;

  if (bytes != NULL)
    return g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));
  netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot read the command to run: %s",
                refusal ? refusal->message : "it is not in sealed memory");
  return NULL;
}
