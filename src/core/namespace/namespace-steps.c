/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/namespace-steps.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "core/plan/run.h"
#include "kernel/link.h"
#include "kernel/nft-helper.h"
#include "kernel/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define LOOPBACK_INDEX 1 /* LOOPBACK_IFINDEX of include/net/net_namespace.h */

#define GROUP_MAX 2147483647 /* GID_T_MAX of net/ipv4/sysctl_net_ipv4.c */

/* All groups that there are: a service in a user namespace may name only those that are mapped there. */
static char *
list_every_group (void)
{
  g_autofree char *map = NULL;
  guint64 first = 0, count = 0;
  char *end;

  if (g_file_get_contents ("/proc/self/gid_map", &map, NULL, NULL)) {
    first = g_ascii_strtoull (map, &end, 10);
    g_ascii_strtoull (end, &end, 10);
    count = g_ascii_strtoull (end, NULL, 10);
  }
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, first,
                          count > 0 ? MIN (first + count - 1, GROUP_MAX) : GROUP_MAX);
}

static gboolean
furnish_namespace (NetnsRun *run, NetnsStep *step, int fd, GError **error)
{
  const NetnsGrant *grant = netns_run_get_grant (run);
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autofree char *groups = list_every_group ();

  return netlink != NULL && netns_rtnl_link_set_enabled (grant, netlink, LOOPBACK_INDEX, TRUE, error)
         && netns_sysctl_set (grant, fd, "net/ipv4/ping_group_range", groups, error);
}

static gboolean
create_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsGrant *grant = netns_run_get_grant (run);
  int fd = netns_nsfs_create (grant, step->namespace_name, error);

  if (fd < 0)
    return FALSE;
  netns_run_add_namespace (run, step->namespace_name, fd);
  if (furnish_namespace (run, step, fd, error))
    return TRUE;
  netns_nsfs_delete (grant, step->namespace_name, NULL);
  return FALSE;
}

/* The undo of steps that give a namespace its name. */
gboolean
netns_namespace_remove_name (NetnsRun *run, NetnsStep *step, GError **error)
{
  return netns_nsfs_delete (netns_run_get_grant (run), step->namespace_name, error);
}

const NetnsOperation netns_operation_namespace_create = {
  .name = "namespace-create",
  .execute = create_namespace,
  .undo = netns_namespace_remove_name,
};

static const NetnsField rename_fields[] = {
  { "new-name", NETNS_FIELD_TEXT, offsetof (NetnsNamespaceRename, new_name) },
  { NULL }
};

static gboolean
rename_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsNamespaceRename *rename = step->parameter;

  if (netns_run_get_netlink (run, step->namespace_name, error) == NULL
      || !netns_nsfs_rename (netns_run_get_grant (run), step->namespace_name, rename->new_name, error))
    return FALSE;
  netns_run_rename_namespace (run, step->namespace_name, rename->new_name);
  return TRUE;
}

static gboolean
rename_namespace_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsNamespaceRename *rename = step->parameter;

  if (!netns_nsfs_rename (netns_run_get_grant (run), rename->new_name, step->namespace_name, error))
    return FALSE;
  netns_run_rename_namespace (run, rename->new_name, step->namespace_name);
  return TRUE;
}

const NetnsOperation netns_operation_namespace_rename = {
  .name = "namespace-rename",
  .execute = rename_namespace,
  .undo = rename_namespace_back,
  .parameter = NETNS_RECORD (NetnsNamespaceRename, rename_fields),
};

/* Each name of the namespace, its own at last: @delete and 0, 1, 2, ... Returns: (nullable): %NULL behind all */
static const char *
get_name (const NetnsStep *step, guint number)
{
  const char *const *aliases = ((const NetnsNamespaceDelete *) step->parameter)->aliases;
  guint count = g_strv_length ((char **) aliases);

  return number < count ? aliases[number] : number == count ? step->namespace_name : NULL;
}

/* An entry that was broken can be a namespace by now: of somebody else, with processes in it. */
static gboolean
check_broken (const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  netns_autofd int fd = netns_nsfs_open (path, NULL);

  if (fd < 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_BUSY, "“%s” has become a network namespace in the meantime; try again", name);
}

static gboolean
mount_names (NetnsRun *run, NetnsStep *step, int fd, guint count, GError **error)
{
  gboolean done = TRUE;

  for (guint i = 0; i < count; i++)
    done = check_broken (get_name (step, i), done ? error : NULL)
           && netns_nsfs_mount (netns_run_get_grant (run), fd, get_name (step, i), done ? error : NULL) && done;
  return done;
}

/* A namespace must not lose only some of its names. */
static gboolean
unmount_names (NetnsRun *run, NetnsStep *step, int fd, GError **error)
{
  g_autoptr (GError) mount_error = NULL;
  guint count = 0;

  while (get_name (step, count) != NULL
         && netns_nsfs_unmount (netns_run_get_grant (run), get_name (step, count), error))
    count++;
  if (get_name (step, count) == NULL)
    return TRUE;
  if (!mount_names (run, step, fd, count, &mount_error))
    g_warning ("%s", mount_error->message);
  return FALSE;
}

/* The empty files of its names stay until it has ended: nobody else can take them, and it can have them back. The result is a
 * descriptor of it. */
static gboolean
delete_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsFileId id;
  int fd, copy;

  if (((const NetnsNamespaceDelete *) step->parameter)->broken)
    return check_broken (step->namespace_name, error) && netns_namespace_remove_name (run, step, error);
  if (!netns_run_get_fd (run, step->namespace_name, &fd, error) || !netns_nsfs_identify (fd, &id, error))
    return FALSE;
  copy = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0)
    return netns_error_set_errno (error, errno, "Cannot open namespace “%s”", step->namespace_name);
  netns_run_set_descriptor (run, copy);
  if (!unmount_names (run, step, fd, error))
    return FALSE;
  netns_nft_helper_end (&id);
  return TRUE;
}

static gboolean
give_names_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  guint count = 0;
  int fd;

  while (get_name (step, count) != NULL)
    count++;
  return netns_run_get_fd (run, step->namespace_name, &fd, error) && mount_names (run, step, fd, count, error);
}

/* It has ended, and there is no way back: one failure does not count. A file on which another program has mounted something
 * meanwhile is left to that. */
static gboolean
remove_names (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsGrant *grant = netns_run_get_grant (run);
  const char *name;
  gboolean done = TRUE;

  for (guint i = 0; (name = get_name (step, i)) != NULL; i++)
    if (check_broken (name, NULL) && !netns_nsfs_delete (grant, name, NULL))
      done = netns_nsfs_delete (grant, name, done ? error : NULL) && done;
  return done;
}

static const NetnsField delete_fields[] = {
  { "broken", NETNS_FIELD_BOOLEAN, offsetof (NetnsNamespaceDelete, broken) },
  { "aliases", NETNS_FIELD_TEXTS, offsetof (NetnsNamespaceDelete, aliases) },
  { NULL }
};

const NetnsOperation netns_operation_namespace_delete = {
  .name = "namespace-delete",
  .execute = delete_namespace,
  .undo = give_names_back,
  .finish = remove_names,
  .parameter = NETNS_RECORD (NetnsNamespaceDelete, delete_fields),
};
