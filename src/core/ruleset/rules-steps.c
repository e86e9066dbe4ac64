/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/rules-steps.h"

#include "common/error.h"
#include "core/plan/run.h"

#include <errno.h>
#include <fcntl.h>

typedef gboolean (*ApplyFunc) (const NetnsGrant *grant, NetnsNft *nft, const char *frame, const char *commands,
                               GError **error);

static gboolean
apply (NetnsRun *run, NetnsStep *step, ApplyFunc func, const char *frame, const char *commands, GError **error)
{
  NetnsNft *nft = netns_run_get_nft (run, step->namespace_name, error);

  return nft != NULL && func (netns_run_get_grant (run), nft, frame, commands, error);
}

static gboolean
change_ruleset (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsRulesChange *change = step->parameter;

  return apply (run, step, netns_nft_apply, change->frame, change->commands, error);
}

static gboolean
change_ruleset_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsRulesChange *change = step->parameter;

  return apply (run, step, netns_nft_apply, change->frame, change->undo, error);
}

static const NetnsField change_fields[] = {
  { "frame", NETNS_FIELD_TEXT, offsetof (NetnsRulesChange, frame) },
  { "commands", NETNS_FIELD_TEXT, offsetof (NetnsRulesChange, commands) },
  { "undo", NETNS_FIELD_TEXT, offsetof (NetnsRulesChange, undo) },
  { NULL }
};

const NetnsOperation netns_operation_nft = {
  .name = "nft",
  .execute = change_ruleset,
  .undo = change_ruleset_back,
  .parameter = NETNS_RECORD (NetnsRulesChange, change_fields),
};

static gboolean
change_guard (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsRulesChange *change = step->parameter;

  return apply (run, step, netns_nft_apply_script, change->frame, change->commands, error);
}

static gboolean
change_guard_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsRulesChange *change = step->parameter;

  return apply (run, step, netns_nft_apply_script, change->frame, change->undo, error);
}

const NetnsOperation netns_operation_guard = {
  .name = "guard",
  .execute = change_guard,
  .undo = change_guard_back,
  .parameter = NETNS_RECORD (NetnsRulesChange, change_fields),
};

/* Restores our tables, which another program removed or changed. The result says that something was done. */
static gboolean
restore_rules (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (((const NetnsRulesRestore *) step->parameter)->commands, "\n", 2);

  netns_run_set_result (run, g_variant_new_boolean (TRUE));
  return apply (run, step, netns_nft_apply, "", parts[0], error)
         && (parts[1] == NULL || apply (run, step, netns_nft_apply_script, "", parts[1], error));
}

static const NetnsField restore_fields[] = {
  { "commands", NETNS_FIELD_TEXT, offsetof (NetnsRulesRestore, commands) },
  { NULL }
};

const NetnsOperation netns_operation_rules_restore = {
  .name = "rules-restore",
  .execute = restore_rules,
  .parameter = NETNS_RECORD (NetnsRulesRestore, restore_fields),
};

/* Its rules are read by another process, while others have their turn. */
static gboolean
open_for_reading (NetnsRun *run, NetnsStep *step, GError **error)
{
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  fd = fd >= 0 ? fcntl (fd, F_DUPFD_CLOEXEC, 0) : open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return netns_error_set_errno (error, errno, "Cannot open the namespace");
  netns_run_set_descriptor (run, fd);
  return TRUE;
}

const NetnsOperation netns_operation_rules_open = {
  .name = "rules-open",
  .execute = open_for_reading,
  .reads = TRUE,
};
