/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/resolvers.h"

#include "common/error.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>

static const struct {
  const char *parent;
  const char *name;
} directories[NETNS_RESOLVERS] = {
  { "/run",         "nscd"         }, /* nscd and what stands in for it: unscd, nsncd */
  { "/var/run",     "nscd"         }, /* the path in C libraries; on most machines the same */
  { "/run/systemd", "resolve"      }, /* nss-resolve of systemd-resolved, by Varlink */
  { "/run",         "avahi-daemon" }, /* nss-mdns */
};

/* The directories of resolvers come and go with their programs. */
void
netns_resolvers_watch (int inotify)
{
  for (guint i = 0; i < NETNS_RESOLVERS; i++)
    if (inotify_add_watch (inotify, directories[i].parent, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0)
      g_debug ("%s: %s", directories[i].parent, g_strerror (errno));
}

/* Returns: whether one of the directories has this name */
gboolean
netns_resolvers_are_named (const char *name)
{
  for (guint i = 0; i < NETNS_RESOLVERS; i++)
    if (strcmp (name, directories[i].name) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_hidden (const NetnsResolvers *resolvers, dev_t device)
{
  for (guint i = 0; i < NETNS_RESOLVERS; i++)
    if (resolvers->hidden[i] == device)
      return TRUE;
  return FALSE;
}

/* In this mount namespace: hides what is not hidden yet.
 * Returns: whether nothing is left to be seen; @error: `KernelRefused` */
gboolean
netns_resolvers_hide (NetnsResolvers *resolvers, GError **error)
{
  for (guint i = 0; i < NETNS_RESOLVERS; i++) {
    g_autofree char *path = g_build_filename (directories[i].parent, directories[i].name, NULL);
    struct stat status;

    if (lstat (path, &status) < 0 || !S_ISDIR (status.st_mode) || is_hidden (resolvers, status.st_dev))
      continue;
    if (mount ("netnsd", path, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=4k") < 0
        || stat (path, &status) < 0)
      return netns_error_set_errno (error, errno, "Cannot hide %s", path);
    resolvers->hidden[i] = status.st_dev;
  }
  return TRUE;
}
