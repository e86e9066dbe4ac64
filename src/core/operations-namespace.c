/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that concern a namespace as a whole, and the files of the service. */
#include "core/operations.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "core/owners.h"
#include "core/step.h"
#include "core/store.h"
#include "kernel/link.h"
#include "kernel/nft.h"
#include "kernel/sysctl.h"

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

static gboolean
remove_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  return netns_nsfs_delete (netns_run_get_grant (run), step->namespace_name, error);
}

const NetnsOperation netns_operation_namespace_create = { "namespace-create", create_namespace, remove_namespace };

static gboolean
rename_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  const char *new_name = netns_step_get_string (step, "new-name");

  if (netns_run_get_netlink (run, step->namespace_name, error) == NULL
      || !netns_nsfs_rename (netns_run_get_grant (run), step->namespace_name, new_name, error))
    return FALSE;
  netns_run_rename_namespace (run, step->namespace_name, new_name);
  return TRUE;
}

static gboolean
rename_namespace_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const char *new_name = netns_step_get_string (step, "new-name");

  if (!netns_nsfs_rename (netns_run_get_grant (run), new_name, step->namespace_name, error))
    return FALSE;
  netns_run_rename_namespace (run, new_name, step->namespace_name);
  return TRUE;
}

const NetnsOperation netns_operation_namespace_rename
  = { "namespace-rename", rename_namespace, rename_namespace_back };

/* Files of the service: what was in it before is kept for the undo. */
static gboolean
replace_file (NetnsStep *step, const char *file, const char *contents, GError **error)
{
  g_autofree char *before = NULL;

  if (!netns_store_read (file, &before, error) || !netns_store_write (file, contents, error))
    return FALSE;
  netns_step_remember (step, g_variant_new ("(sms)", file, before));
  return TRUE;
}

static gboolean
restore_file (NetnsRun *run, NetnsStep *step, GError **error)
{
  const char *file, *before;

  g_variant_get (step->undo, "(&sm&s)", &file, &before);
  return netns_store_write (file, before, error);
}

static gboolean
write_state (NetnsRun *run, NetnsStep *step, GError **error)
{
  return replace_file (step, netns_step_get_string (step, "file"),
                       netns_step_has (step, "contents") ? netns_step_get_string (step, "contents") : NULL, error);
}

const NetnsOperation netns_operation_state_write = { "state-write", write_state, restore_file };

static gboolean
write_owner (NetnsRun *run, NetnsStep *step, GError **error)
{
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  guint32 owner = netns_step_get_uint32 (step, "owner");
  g_autofree char *file = NULL, *contents = NULL;

  if (netlink == NULL)
    return FALSE;
  file = netns_owners_file_for (netns_netlink_get_cookie (netlink));
  contents = netns_owners_contents_for (owner);
  return replace_file (step, file, contents, error);
}

const NetnsOperation netns_operation_namespace_owner = { "namespace-owner", write_owner, restore_file };

static gboolean
set_sysctl (NetnsRun *run, NetnsStep *step, GError **error)
{
  const char *path = netns_step_get_string (step, "path");
  g_autofree char *before = NULL;
  g_autoptr (GError) read_error = NULL;
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  before = netns_sysctl_get (fd, path, &read_error);
  if (before == NULL && netns_step_get_boolean (step, "if-there")
      && g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND))
    return TRUE;
  if (before == NULL) {
    g_propagate_error (error, g_steal_pointer (&read_error));
    return FALSE;
  }
  if (netns_sysctl_set (netns_run_get_grant (run), fd, path, netns_step_get_string (step, "value"), error)) {
    netns_step_remember (step, g_variant_new_string (before));
    return TRUE;
  }
  /* The kernel may have taken a part of it (proc_dointvec() in kernel/sysctl.c). */
  netns_sysctl_set (netns_run_get_grant (run), fd, path, before, NULL);
  return FALSE;
}

static gboolean
set_sysctl_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  int fd;

  if (step->undo == NULL) /* there is no such setting */
    return TRUE;
  return netns_run_get_fd (run, step->namespace_name, &fd, error)
         && netns_sysctl_set (netns_run_get_grant (run), fd, netns_step_get_string (step, "path"),
                              g_variant_get_string (step->undo, NULL), error);
}

const NetnsOperation netns_operation_sysctl_set = { "sysctl-set", set_sysctl, set_sysctl_back };

static gboolean
get_sysctl (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autofree char *value = NULL;
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  value = netns_sysctl_get (fd, netns_step_get_string (step, "path"), error);
  if (value == NULL)
    return FALSE;
  netns_run_set_result (run, g_variant_new_string (value));
  return TRUE;
}

static gboolean
undo_nothing (NetnsRun *run, NetnsStep *step, GError **error)
{
  return TRUE;
}

const NetnsOperation netns_operation_sysctl_get = { "sysctl-get", get_sysctl, undo_nothing };

static gboolean
apply_nft (NetnsRun *run, NetnsStep *step, const char *key, GError **error)
{
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);

  return nft != NULL && netns_nft_apply (netns_run_get_grant (run), nft, netns_step_get_string (step, key), error);
}

static gboolean
change_ruleset (NetnsRun *run, NetnsStep *step, GError **error)
{
  return apply_nft (run, step, "commands", error);
}

static gboolean
change_ruleset_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  return apply_nft (run, step, "undo", error);
}

const NetnsOperation netns_operation_nft = { "nft", change_ruleset, change_ruleset_back };
