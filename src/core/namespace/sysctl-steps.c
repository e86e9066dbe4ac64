/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/sysctl-steps.h"

#include "common/error.h"
#include "core/plan/run.h"
#include "kernel/sysctl.h"

/* @value is %NULL if there is no such setting; @changed: whether it is another one now, as the kernel writes it. */
typedef struct {
  char *value;
  gboolean changed;
} Before;

static const NetnsField before_fields[] = {
  { "value", NETNS_FIELD_MAYBE_TEXT, offsetof (Before, value) },
  { "changed", NETNS_FIELD_BOOLEAN, offsetof (Before, changed) },
  { NULL }
};

static gboolean
set_sysctl (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsSysctlSet *set = step->parameter;
  Before *before = step->kept;
  g_autoptr (GError) read_error = NULL;
  g_autofree char *after = NULL;
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  before->value = netns_sysctl_get (fd, set->path, &read_error);
  if (before->value == NULL && set->if_there && g_error_matches (read_error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND))
    return TRUE;
  if (before->value == NULL) {
    g_propagate_error (error, g_steal_pointer (&read_error));
    return FALSE;
  }
  if (netns_sysctl_set (netns_run_get_grant (run), fd, set->path, set->value, error)) {
    after = netns_sysctl_get (fd, set->path, NULL);
    before->changed = g_strcmp0 (after, before->value) != 0;
    return TRUE;
  }
  /* The kernel may have taken a part of it (proc_dointvec() in kernel/sysctl.c). */
  netns_sysctl_set (netns_run_get_grant (run), fd, set->path, before->value, NULL);
  return FALSE;
}

static gboolean
set_sysctl_back (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsSysctlSet *set = step->parameter;
  const Before *before = step->kept;
  int fd;

  return before->value == NULL
         || (netns_run_get_fd (run, step->namespace_name, &fd, error)
             && netns_sysctl_set (netns_run_get_grant (run), fd, set->path, before->value, error));
}

static NetnsNews
tell_sysctl (const NetnsStep *step)
{
  const NetnsSysctlSet *set = step->parameter;

  return (NetnsNews) { .setting = ((const Before *) step->kept)->changed ? set->path : NULL };
}

static const NetnsField set_fields[] = {
  { "path", NETNS_FIELD_TEXT, offsetof (NetnsSysctlSet, path) },
  { "value", NETNS_FIELD_TEXT, offsetof (NetnsSysctlSet, value) },
  { "if-there", NETNS_FIELD_BOOLEAN, offsetof (NetnsSysctlSet, if_there) },
  { NULL }
};

const NetnsOperation netns_operation_sysctl_set = {
  .name = "sysctl-set",
  .execute = set_sysctl,
  .undo = set_sysctl_back,
  .tell = tell_sysctl,
  .parameter = NETNS_RECORD (NetnsSysctlSet, set_fields),
  .kept = NETNS_RECORD (Before, before_fields),
};

static gboolean
get_sysctl (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsSysctlGet *get = step->parameter;
  g_autofree char *value = NULL;
  int fd;

  if (!netns_run_get_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  value = netns_sysctl_get (fd, get->path, error);
  if (value == NULL)
    return FALSE;
  netns_run_set_result (run, g_variant_new_string (value));
  return TRUE;
}

static const NetnsField get_fields[] = {
  { "path", NETNS_FIELD_TEXT, offsetof (NetnsSysctlGet, path) },
  { NULL }
};

const NetnsOperation netns_operation_sysctl_get = {
  .name = "sysctl-get",
  .execute = get_sysctl,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsSysctlGet, get_fields),
};
