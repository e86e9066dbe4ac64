/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that take a namespace away. */
#include "core/operations.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "core/step.h"
#include "kernel/keepers.h"
#include "kernel/link.h"
#include "kernel/sockets.h"

#include <string.h>

/* A namespace lives on under no name as long as somebody holds it: deleting it would only hide it. */
static gboolean
check_unused (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autoptr (GArray) keepers = NULL;
  g_autofree char *list = NULL;
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  keepers = netns_keepers_list (fd, error);
  if (keepers == NULL || keepers->len == 0)
    return keepers != NULL;
  list = netns_keepers_describe (keepers);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "Namespace “%s” is in use: %s; end these, or delete it with the option “kill”",
               step->namespace_name, list);
  return FALSE;
}

static gboolean
check_nothing_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  return TRUE;
}

const NetnsOperation netns_operation_namespace_check_unused
  = { "namespace-check-unused", check_unused, check_nothing_back };

/* The kernel deletes the far ends of veth pairs some time after a namespace's end; a caller who makes the same name
 * again the next moment must not find them. What fails here the kernel will do. */
static void
delete_veths (NetnsRun *run, NetnsNetlink *netlink)
{
  g_autoptr (GArray) links = netns_rtnl_link_list (netlink, NULL);

  for (guint i = 0; links != NULL && i < links->len; i++) {
    const NetnsLinkInfo *info = &g_array_index (links, NetnsLinkInfo, i);

    if (strcmp (info->kind, "veth") == 0)
      netns_rtnl_link_delete (netns_run_get_grant (run), netlink, info->index, NULL);
  }
}

static gboolean
remove_name (NetnsRun *run, NetnsStep *step, GError **error)
{
  return netns_nsfs_delete (netns_run_get_grant (run), step->namespace_name, error);
}

/* Its further names and then its own. Those that are gone when one cannot be removed are given back: a namespace
 * with half its names is not what anybody asked for. */
static gboolean
remove_names (NetnsRun *run, NetnsStep *step, int fd, GError **error)
{
  const NetnsGrant *grant = netns_run_get_grant (run);
  g_autofree const char **aliases = NULL;
  guint removed = 0;

  g_variant_lookup (step->parameters, "aliases", "^a&s", &aliases);
  while (aliases != NULL && aliases[removed] != NULL && netns_nsfs_delete (grant, aliases[removed], error))
    removed++;
  if ((aliases == NULL || aliases[removed] == NULL) && remove_name (run, step, error))
    return TRUE;
  while (removed-- > 0) {
    g_autoptr (GError) attach_error = NULL;

    if (!netns_nsfs_attach (grant, fd, aliases[removed], &attach_error))
      g_warning ("%s", attach_error->message);
  }
  return FALSE;
}

/* What was broken when the caller asked can be a namespace by now, with somebody in it. */
static gboolean
check_broken (const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  netns_autofd int fd = netns_nsfs_open (path, NULL);

  if (fd < 0)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_BUSY, "“%s” has become a network namespace; look again", name);
  return FALSE;
}

static gboolean
delete_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  gboolean broken = netns_step_get_boolean (step, "broken");
  NetnsNetlink *netlink;
  int fd;

  if (broken)
    return check_broken (step->namespace_name, error) && remove_name (run, step, error);
  netlink = netns_run_get_netlink (run, step->namespace_name, error);
  if (netlink == NULL || !netns_run_get_fd (run, step->namespace_name, &fd, error)
      || !remove_names (run, step, fd, error))
    return FALSE;
  delete_veths (run, netlink);
  netns_sockets_destroy_orphans (netns_run_get_grant (run), fd);
  return TRUE;
}

const NetnsOperation netns_operation_namespace_delete = { "namespace-delete", delete_namespace, NULL };
