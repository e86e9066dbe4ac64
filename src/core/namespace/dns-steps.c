/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/dns-steps.h"

#include "common/dns.h"
#include "common/error.h"
#include "core/plan/run.h"
#include "kernel/etc.h"
#include "kernel/file.h"

#include <fcntl.h>

#define HOST_NSSWITCH_CONF "/etc/nsswitch.conf"
#define HOST_MAX           (64 * 1024)

/* The state of a namespace without files of the service. */
static const NetnsEtcFiles no_files = { .parent = TRUE };

/* The files before the change; bytes, because the host's file can hold any. */
#define FILES_FIELDS(prefix, Type, member)                                                                             \
  { prefix "resolv-conf", NETNS_FIELD_BYTES, offsetof (Type, member contents[NETNS_ETC_RESOLV_CONF]) },                \
    { prefix "nsswitch-conf", NETNS_FIELD_BYTES, offsetof (Type, member contents[NETNS_ETC_NSSWITCH_CONF]) },          \
    { prefix "folder", NETNS_FIELD_BOOLEAN, offsetof (Type, member folder) },                                          \
  {                                                                                                                    \
    prefix "parent", NETNS_FIELD_BOOLEAN, offsetof (Type, member parent)                                               \
  }

static gboolean
has_files (const NetnsEtcFiles *files)
{
  return files->contents[NETNS_ETC_RESOLV_CONF] != NULL || files->contents[NETNS_ETC_NSSWITCH_CONF] != NULL;
}

static gboolean
clear_files (NetnsRun *run, const char *name, NetnsEtcFiles *before, GError **error)
{
  g_auto (NetnsEtcFiles) found = { 0 };

  if (!netns_etc_get (name, &found, error))
    return FALSE;
  if (has_files (&found))
    return netns_etc_replace (netns_run_get_grant (run), name, &no_files, before, error);
  /* No file of ours, so the folder is not ours, either. */
  before->folder = found.folder;
  before->parent = found.parent;
  return TRUE;
}

/* The machine's own file is read when the step runs: it can come and go with a package. */
static gboolean
read_host (char **contents, GError **error)
{
  g_autoptr (GError) read_error = NULL;

  if (netns_file_read (AT_FDCWD, HOST_NSSWITCH_CONF, NETNS_FILE_FOLLOW, HOST_MAX, contents, &read_error)
      || !g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot read " HOST_NSSWITCH_CONF ": %s",
                       read_error->message);
}

static gboolean
write_files (NetnsRun *run, NetnsStep *step, NetnsEtcFiles *before, GError **error)
{
  const NetnsDnsSet *set = step->parameter;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autofree char *host = NULL, *identity = NULL;
  g_auto (NetnsEtcFiles) files = { .folder = TRUE, .parent = TRUE };

  if (netlink == NULL || !read_host (&host, error)) /* it may not be the one that is meant */
    return FALSE;
  identity = netns_etc_print_identity (netns_netlink_get_cookie (netlink), error);
  if (identity == NULL)
    return FALSE;
  files.contents[NETNS_ETC_RESOLV_CONF] = netns_dns_print_resolv_conf (identity, set->servers, set->search);
  files.contents[NETNS_ETC_NSSWITCH_CONF] = host ? netns_dns_print_nsswitch_conf (identity, host) : NULL;
  return netns_etc_replace (netns_run_get_grant (run), step->namespace_name, &files, before, error);
}

static gboolean
set_dns (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsDnsSet *set = step->parameter;

  return *set->servers != NULL ? write_files (run, step, step->kept, error)
                               : clear_files (run, step->namespace_name, step->kept, error);
}

static gboolean
put_back (NetnsRun *run, const char *name, const NetnsEtcFiles *before, GError **error)
{
  g_auto (NetnsEtcFiles) now = { 0 };

  return netns_etc_replace (netns_run_get_grant (run), name, before, &now, error);
}

static gboolean
set_dns_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  return put_back (run, step->namespace_name, step->kept, error);
}

static const NetnsField set_fields[] = {
  { "servers", NETNS_FIELD_TEXTS, offsetof (NetnsDnsSet, servers) },
  { "search", NETNS_FIELD_TEXTS, offsetof (NetnsDnsSet, search) },
  { NULL }
};

static const NetnsField set_before_fields[] = { FILES_FIELDS ("", NetnsEtcFiles, ), { NULL } };

const NetnsOperation netns_operation_dns_set = {
  .name = "dns-set",
  .execute = set_dns,
  .undo = set_dns_back,
  .parameter = NETNS_RECORD (NetnsDnsSet, set_fields),
  .kept = NETNS_RECORD (NetnsEtcFiles, set_before_fields),
};

/* The contents of the files of the old name, and of the new one. */
typedef struct {
  NetnsEtcFiles old;
  NetnsEtcFiles new;
} MoveBefore;

static gboolean
move_dns (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsDnsMove *move = step->parameter;
  MoveBefore *before = step->kept;
  g_auto (NetnsEtcFiles) files = { 0 };

  if (!netns_etc_get (step->namespace_name, &files, error)
      || !netns_etc_replace (netns_run_get_grant (run), move->new_name, &files, &before->new, error))
    return FALSE;
  if (clear_files (run, step->namespace_name, &before->old, error))
    return TRUE;
  put_back (run, move->new_name, &before->new, NULL);
  return FALSE;
}

static gboolean
move_dns_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsDnsMove *move = step->parameter;
  const MoveBefore *before = step->kept;
  gboolean is_back = put_back (run, step->namespace_name, &before->old, error);

  return put_back (run, move->new_name, &before->new, is_back ? error : NULL) && is_back;
}

static const NetnsField move_fields[] = {
  { "new-name", NETNS_FIELD_TEXT, offsetof (NetnsDnsMove, new_name) },
  { NULL }
};

static const NetnsField move_before_fields[]
  = { FILES_FIELDS ("old-", MoveBefore, old.), FILES_FIELDS ("new-", MoveBefore, new.), { NULL } };

const NetnsOperation netns_operation_dns_move = {
  .name = "dns-move",
  .execute = move_dns,
  .undo = move_dns_back,
  .parameter = NETNS_RECORD (NetnsDnsMove, move_fields),
  .kept = NETNS_RECORD (MoveBefore, move_before_fields),
};
