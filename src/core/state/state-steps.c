/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/state-steps.h"

#include "core/plan/run.h"
#include "core/plan/store.h"
#include "core/state/owners.h"

/* The old contents of the file. */
typedef struct {
  char *file;
  char *contents;
} Before;

static const NetnsField before_fields[] = {
  { "file", NETNS_FIELD_TEXT, offsetof (Before, file) },
  { "contents", NETNS_FIELD_MAYBE_TEXT, offsetof (Before, contents) },
  { NULL }
};

static gboolean
replace_file (NetnsStep *step, const char *file, const char *contents, GError **error)
{
  Before *before = step->kept;

  before->file = g_strdup (file);
  return netns_store_read (file, &before->contents, error) && netns_store_write (file, contents, error);
}

static gboolean
restore_file (NetnsRun *run, NetnsStep *step, GError **error)
{
  const Before *before = step->kept;

  return netns_store_write (before->file, before->contents, error);
}

static const NetnsField write_fields[] = {
  { "file", NETNS_FIELD_TEXT, offsetof (NetnsStateWrite, file) },
  { "contents", NETNS_FIELD_MAYBE_TEXT, offsetof (NetnsStateWrite, contents) },
  { NULL }
};

static gboolean
write_state (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsStateWrite *write = step->parameter;

  return replace_file (step, write->file, write->contents, error);
}

const NetnsOperation netns_operation_state_write = {
  .name = "state-write",
  .execute = write_state,
  .undo = restore_file,
  .parameter = NETNS_RECORD (NetnsStateWrite, write_fields),
  .kept = NETNS_RECORD (Before, before_fields),
};

static const NetnsField owner_fields[] = {
  { "owner", NETNS_FIELD_UINT32, offsetof (NetnsNamespaceOwner, owner) },
  { NULL }
};

static gboolean
write_owner (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsNamespaceOwner *parameter = step->parameter;
  NetnsNetlink *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  g_autofree char *file = NULL, *contents = NULL;

  if (netlink == NULL)
    return FALSE;
  file = netns_owners_file_for (netns_netlink_get_cookie (netlink));
  contents = netns_owners_contents_for (parameter->owner);
  return replace_file (step, file, contents, error);
}

const NetnsOperation netns_operation_namespace_owner = {
  .name = "namespace-owner",
  .execute = write_owner,
  .undo = restore_file,
  .parameter = NETNS_RECORD (NetnsNamespaceOwner, owner_fields),
  .kept = NETNS_RECORD (Before, before_fields),
};
