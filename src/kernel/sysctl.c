/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opened inside the namespace, because /proc/sys/net is that of whoever looks. */
#include "kernel/sysctl.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/mounts.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define MAX_VALUE 4096

/* Names of links are part of such paths: none can be `..`, but they can contain two dots. */
#define BELOW_NET "^net(?:/(?!\\.{1,2}(?:/|$))[^/]+)+$"

static int
open_setting (int namespace_fd, const char *path, int flags, GError **error)
{
  g_autofree char *name = g_strconcat ("/proc/sys/", path, NULL), *file = netns_mounts_path (name);
  g_auto (NetnsVisit) visit = FALSE;
  int fd;

  if (!g_regex_match_simple (BELOW_NET, path, G_REGEX_RAW | G_REGEX_DOLLAR_ENDONLY, 0)) {
    netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is not a setting below net/", path);
    return -1;
  }
  if (!netns_visit (&visit, namespace_fd, error))
    return -1;
  fd = open (file, flags | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    netns_error_set_errno (error, errno, "Cannot open the setting “%s”", path);
  return fd;
}

/**
 * netns_sysctl_get, netns_sysctl_set:
 * @grant: who may do it
 * @namespace_fd: a namespace, -1 for that of the calling thread
 * @path: path below /proc/sys, such as `net/ipv4/ip_forward`
 * @value: its new value
 * @error: `NotFound`, `InvalidArgument` (not below net/), `KernelRefused`
 *
 * Returns: (transfer full) (nullable): its value, without the newline at the end; or whether it was set
 */
char *
netns_sysctl_get (int namespace_fd, const char *path, GError **error)
{
  netns_autofd int fd = open_setting (namespace_fd, path, O_RDONLY, error);
  char value[MAX_VALUE + 1];
  gssize size;

  if (fd < 0)
    return NULL;
  /* One read gives all of a setting; a second one starts from the beginning or is empty (proc_sys_call_handler()). */
  size = read (fd, value, MAX_VALUE);
  if (size < 0) {
    netns_error_set_errno (error, errno, "Cannot read the setting “%s”", path);
    return NULL;
  }
  if (size > 0 && value[size - 1] == '\n')
    size--;
  return g_strndup (value, (gsize) size);
}

gboolean
netns_sysctl_set (const NetnsGrant *grant, int namespace_fd, const char *path, const char *value, GError **error)
{
  netns_autofd int fd = open_setting (namespace_fd, path, O_WRONLY, error);

  if (fd < 0)
    return FALSE;
  /* In one write: the kernel takes each as a whole value. */
  if (write (fd, value, strlen (value)) == (gssize) strlen (value))
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot set “%s” to “%s”", path, value);
}
