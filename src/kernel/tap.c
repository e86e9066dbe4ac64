/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/tap.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/link.h"
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

/* Until TUNSETPERSIST the tap goes when the descriptor is closed. */
static gboolean
make_tap (int fd, const char *name, guint owner, GError **error)
{
  struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL };

  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  if (ioctl (fd, TUNSETIFF, &request) == 0 && ioctl (fd, TUNSETOWNER, (gulong) owner) == 0
      && ioctl (fd, TUNSETPERSIST, 1UL) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot create tap “%s”", name);
}

/* Marks it, and moves it to where it is wanted. */
static gboolean
hand_over (const NetnsGrant *grant, int from_fd, int to_fd, const char *name, GError **error)
{
  g_autoptr (NetnsNetlink) netlink = netns_netlink_new (from_fd, error);
  g_auto (NetnsLinkInfo) info = { 0 };

  if (netlink != NULL && netns_rtnl_link_find (netlink, name, &info, error)
      && netns_rtnl_link_mark (grant, netlink, info.index, error)
      && netns_rtnl_link_move (grant, netlink, info.index, to_fd, NULL, error))
    return TRUE;
  g_prefix_error (error, "Cannot create tap “%s”: ", name);
  return FALSE;
}

/* Creates a tap of a @name of at most 15 bytes, to which @owner may attach a program, and which stays when it is not
 * open. It is down at first. Its device cannot set a group, and where the tap appears it must have its mark already; so
 * it is made in a namespace for it alone.
 * Returns: whether it was done; @error: `Exists`, `NotSupported` (this kernel has no taps), `KernelRefused`; nothing is
 * made then */
gboolean
netns_tap_create (const NetnsGrant *grant, int namespace_fd, const char *name, guint owner, GError **error)
{
  netns_autofd int workshop = netns_nsfs_make (grant, error);
  netns_autofd int fd = workshop >= 0 ? open_device (workshop, name, error) : -1;

  return fd >= 0 && make_tap (fd, name, owner, error) && hand_over (grant, workshop, namespace_fd, name, error);
}
