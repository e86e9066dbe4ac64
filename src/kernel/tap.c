/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/tap.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/mounts.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#define DEVICE "/dev/net/tun"

/* Opening the device gives a tap in the namespace of the thread (tun_chr_open() in drivers/net/tun.c). */
static int
open_device (int namespace_fd, const char *name, GError **error)
{
  g_autofree char *path = netns_mounts_path (DEVICE);
  g_auto (NetnsVisit) visit = FALSE;
  int fd;

  if (!netns_visit (&visit, namespace_fd, error))
    return -1;
  fd = open (path, O_RDWR | O_CLOEXEC);
  if (fd >= 0)
    return fd;
  if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
    netns_refuse (error, NETNS_ERROR_NOT_SUPPORTED,
                  "Cannot create link “%s”: this kernel has no taps (there is no " DEVICE ")", name);
  else
    netns_error_set_errno (error, errno, "Cannot create tap “%s”: cannot open " DEVICE, name);
  return -1;
}

/* Creates a tap of a @name of at most 15 bytes, to which @owner may attach a program, and which stays when it is not
 * open. It is down at first. The kernel sends no event for its owner (netdev_state_change() in net/core/dev.c only
 * reports links that are up).
 * Returns: whether it was done; @error: `Exists`, `NotSupported` (this kernel has no taps), `KernelRefused`; nothing is
 * made then */
gboolean
netns_tap_create (const NetnsGrant *grant, int namespace_fd, const char *name, guint owner, GError **error)
{
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL };
  netns_autofd int fd = open_device (namespace_fd, name, error);
  int error_number;

  if (fd < 0)
    return FALSE;
  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  /* Until TUNSETPERSIST the tap goes when the descriptor is closed. */
  if (ioctl (fd, TUNSETIFF, &request) == 0 && ioctl (fd, TUNSETOWNER, (gulong) owner) == 0
      && ioctl (fd, TUNSETPERSIST, 1UL) == 0)
    return TRUE;
  error_number = errno == EBUSY ? EEXIST : errno;
  return netns_error_set_errno (error, error_number, "Cannot create tap “%s”", name);
}
