/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that write the files of a namespace in /etc/netns. */
#include "core/operations.h"

#include "common/dns.h"
#include "core/step.h"
#include "kernel/etc.h"

#include <string.h>

#define HOST_NSSWITCH_CONF "/etc/nsswitch.conf"
/* Bytes: the machine's file can hold any. */
#define FILES_TYPE         "(maymaybb)"
#define FILES_FORMAT       "(m^aym^aybb)"

/* What is left when a namespace has no files of the service's. */
static const NetnsEtcFiles no_files = { { NULL, NULL }, FALSE, TRUE };

static GVariant *
files_to_variant (const NetnsEtcFiles *files)
{
  return g_variant_new (FILES_FORMAT, files->contents[NETNS_ETC_RESOLV_CONF], files->contents[NETNS_ETC_NSSWITCH_CONF],
                        files->folder, files->parent);
}

static void
files_from_variant (GVariant *variant, NetnsEtcFiles *files)
{
  g_variant_get (variant, FILES_FORMAT, &files->contents[NETNS_ETC_RESOLV_CONF],
                 &files->contents[NETNS_ETC_NSSWITCH_CONF], &files->folder, &files->parent);
}

static gboolean
has_files (const NetnsEtcFiles *files)
{
  return files->contents[NETNS_ETC_RESOLV_CONF] != NULL || files->contents[NETNS_ETC_NSSWITCH_CONF] != NULL;
}

static gboolean
clear_files (NetnsRun *run, const char *name, NetnsEtcFiles *before, GError **error)
{
  g_auto (NetnsEtcFiles) found = { { NULL, NULL }, FALSE, FALSE };

  if (!netns_etc_get (name, &found, error))
    return FALSE;
  if (has_files (&found))
    return netns_etc_replace (netns_run_get_grant (run), name, &no_files, before, error);
  /* Nothing of ours, so the folder is somebody else's, too. */
  before->folder = found.folder;
  before->parent = found.parent;
  return TRUE;
}

/* The machine's own file is read when the step runs: it can come and go with a package. */
static gboolean
write_files (NetnsRun *run, NetnsStep *step, const char *const *servers, NetnsEtcFiles *before, GError **error)
{
  g_autofree const char **search = NULL;
  g_autofree char *host = netns_etc_read (HOST_NSSWITCH_CONF);
  g_auto (NetnsEtcFiles) files = { { NULL, NULL }, TRUE, TRUE };

  if (netns_run_get_netlink (run, step->namespace_name, error) == NULL) /* is it the one that is meant? */
    return FALSE;
  g_variant_lookup (step->parameters, "search", "^a&s", &search);
  files.contents[NETNS_ETC_RESOLV_CONF] = netns_dns_print_resolv_conf (servers, search);
  files.contents[NETNS_ETC_NSSWITCH_CONF] = host ? netns_dns_print_nsswitch_conf (host) : NULL;
  return netns_etc_replace (netns_run_get_grant (run), step->namespace_name, &files, before, error);
}

static gboolean
set_dns (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autofree const char **servers = NULL;
  g_auto (NetnsEtcFiles) before = { { NULL, NULL }, FALSE, FALSE };

  g_variant_lookup (step->parameters, "servers", "^a&s", &servers);
  if (*servers != NULL ? !write_files (run, step, servers, &before, error)
                       : !clear_files (run, step->namespace_name, &before, error))
    return FALSE;
  netns_step_remember (step, files_to_variant (&before));
  return TRUE;
}

static gboolean
put_back (NetnsRun *run, const char *name, GVariant *files, GError **error)
{
  g_auto (NetnsEtcFiles) before = { { NULL, NULL }, FALSE, FALSE }, now = { { NULL, NULL }, FALSE, FALSE };

  files_from_variant (files, &before);
  return netns_etc_replace (netns_run_get_grant (run), name, &before, &now, error);
}

static gboolean
set_dns_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  return put_back (run, step->namespace_name, step->undo, error);
}

const NetnsOperation netns_operation_dns_set = { "dns-set", set_dns, set_dns_back };

static gboolean
move_dns (NetnsRun *run, NetnsStep *step, GError **error)
{
  const char *new_name = netns_step_get_string (step, "new-name");
  g_auto (NetnsEtcFiles) files = { { NULL, NULL }, FALSE, FALSE }, before = { { NULL, NULL }, FALSE, FALSE };
  g_auto (NetnsEtcFiles) replaced = { { NULL, NULL }, FALSE, FALSE };

  if (!netns_etc_get (step->namespace_name, &files, error)
      || !netns_etc_replace (netns_run_get_grant (run), new_name, &files, &replaced, error))
    return FALSE;
  netns_step_remember (step, files_to_variant (&replaced));
  if (clear_files (run, step->namespace_name, &before, error)) {
    netns_step_remember (step, g_variant_new ("(@" FILES_TYPE "@" FILES_TYPE ")", files_to_variant (&before),
                                              files_to_variant (&replaced)));
    return TRUE;
  }
  put_back (run, new_name, step->undo, NULL);
  return FALSE;
}

static gboolean
move_dns_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_autoptr (GVariant) before = g_variant_get_child_value (step->undo, 0);
  g_autoptr (GVariant) replaced = g_variant_get_child_value (step->undo, 1);
  gboolean is_back = put_back (run, step->namespace_name, before, error);

  return put_back (run, netns_step_get_string (step, "new-name"), replaced, is_back ? error : NULL) && is_back;
}

const NetnsOperation netns_operation_dns_move = { "dns-move", move_dns, move_dns_back };
