/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/tap.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#define DEVICE "/dev/net/tun"

/* Who opens the device gets a tap of the namespace that the thread is in (tun_chr_open() in drivers/net/tun.c). */
static int
open_device (int namespace_fd, const char *name, GError **error)
{
  int fd, error_number;

  if (namespace_fd >= 0 && !netns_nsfs_enter (namespace_fd, error))
    return -1;
  fd = open (DEVICE, O_RDWR | O_CLOEXEC);
  error_number = errno;
  if (namespace_fd >= 0)
    netns_nsfs_leave ();
  if (fd >= 0)
    return fd;
  if (error_number == ENOENT || error_number == ENODEV || error_number == ENXIO)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED,
                 "Cannot create link “%s”: this kernel has no taps (there is no " DEVICE ")", name);
  else
    netns_error_set_errno (error, error_number, "Cannot create tap “%s”: cannot open " DEVICE, name);
  return -1;
}

/**
 * netns_tap_create:
 * @grant: who may do it
 * @namespace_fd: a namespace, -1 for that of the calling thread
 * @name: at most 15 bytes
 * @owner: uid that may attach a program to it
 * @error: `Exists`, `NotSupported` (this kernel has no taps), `KernelRefused`; nothing is made then
 *
 * Makes a tap that stays when nobody has it open. It comes into being down. That it has an owner is announced by nobody
 * (netdev_state_change() in net/core/dev.c speaks of links that are up only).
 *
 * Returns: whether it was done
 */
gboolean
netns_tap_create (const NetnsGrant *grant, int namespace_fd, const char *name, guint owner, GError **error)
{
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL };
  netns_autofd int fd = open_device (namespace_fd, name, error);
  int error_number;

  if (fd < 0)
    return FALSE;
  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  /* It goes with the descriptor until the last of these. */
  if (ioctl (fd, TUNSETIFF, &request) == 0 && ioctl (fd, TUNSETOWNER, (gulong) owner) == 0
      && ioctl (fd, TUNSETPERSIST, 1UL) == 0)
    return TRUE;
  error_number = errno == EBUSY ? EEXIST : errno;
  netns_error_set_errno (error, error_number, "Cannot create tap “%s”", name);
  return FALSE;
}
