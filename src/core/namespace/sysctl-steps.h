/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that change and read settings of a namespace. */
#pragma once

#include "core/plan/plan.h"

/**
 * NetnsSysctlSet:
 * @path: below /proc/sys
 * @value: what it must be
 * @if_there: whether it is no error that there is no such setting: a kernel may lack it
 */
typedef struct {
  const char *path;
  const char *value;
  gboolean if_there;
} NetnsSysctlSet;

typedef struct {
  const char *path;
} NetnsSysctlGet;

NETNS_DECLARE_OPERATION (sysctl_set, NetnsSysctlSet)
NETNS_DECLARE_OPERATION (sysctl_get, NetnsSysctlGet)
