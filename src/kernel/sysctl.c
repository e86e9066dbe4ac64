/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opened inside the namespace, because /proc/sys/net is that of whoever looks. */
#include "kernel/sysctl.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_VALUE 4096

/* Names of links are part of such paths, and one may be called `..` by nobody but contain two dots. */
static gboolean
is_below_net (const char *path)
{
  g_auto (GStrv) parts = NULL;

  if (!g_str_has_prefix (path, "net/"))
    return FALSE;
  parts = g_strsplit (path, "/", -1);
  return !g_strv_contains ((const char *const *) parts, "") && !g_strv_contains ((const char *const *) parts, ".")
         && !g_strv_contains ((const char *const *) parts, "..");
}

static int
open_setting (int namespace_fd, const char *path, int flags, GError **error)
{
  g_autofree char *file = g_strconcat ("/proc/sys/", path, NULL);
  int fd;
  int error_number;

  if (!is_below_net (path)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is no setting below net/", path);
    return -1;
  }
  if (namespace_fd >= 0 && !netns_nsfs_enter (namespace_fd, error))
    return -1;
  fd = open (file, flags | O_CLOEXEC | O_NOFOLLOW);
  error_number = errno;
  if (namespace_fd >= 0)
    netns_nsfs_leave ();
  if (fd < 0)
    netns_error_set_errno (error, error_number, "Cannot open the setting “%s”", path);
  return fd;
}

/**
 * netns_sysctl_get:
 * @namespace_fd: a namespace, -1 for that of the calling thread
 * @path: path below /proc/sys, such as `net/ipv4/ip_forward`
 * @error: `NotFound`, `InvalidArgument` (not below net/), `KernelRefused`
 *
 * Returns: (transfer full) (nullable): its value, without the newline at the end
 */
char *
netns_sysctl_get (int namespace_fd, const char *path, GError **error)
{
  netns_autofd int fd = open_setting (namespace_fd, path, O_RDONLY, error);
  char value[MAX_VALUE + 1];
  gssize size;

  if (fd < 0)
    return NULL;
  /* One read gives all of a setting, a second one begins anew or is empty (proc_sys_call_handler()). */
  size = read (fd, value, MAX_VALUE);
  if (size < 0) {
    netns_error_set_errno (error, errno, "Cannot read the setting “%s”", path);
    return NULL;
  }
  if (size > 0 && value[size - 1] == '\n')
    size--;
  return g_strndup (value, (gsize) size);
}

/**
 * netns_sysctl_set:
 * @grant: who may do it
 * @namespace_fd: a namespace, -1 for that of the calling thread
 * @path: path below /proc/sys, such as `net/ipv4/ip_forward`
 * @value: its new value
 * @error: `NotFound`, `InvalidArgument` (not below net/), `KernelRefused`
 *
 * Returns: whether it was set
 */
gboolean
netns_sysctl_set (const NetnsGrant *grant, int namespace_fd, const char *path, const char *value, GError **error)
{
  netns_autofd int fd = open_setting (namespace_fd, path, O_WRONLY, error);

  if (fd < 0)
    return FALSE;
  /* In one write: the kernel takes each as a whole value. */
  if (write (fd, value, strlen (value)) == (gssize) strlen (value))
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot set “%s” to “%s”", path, value);
  return FALSE;
}
