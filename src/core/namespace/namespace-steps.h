/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that make, rename and take away the namespace in which they run. */
#pragma once

#include "core/plan/plan.h"

typedef struct {
  const char *new_name;
} NetnsNamespaceRename;

/**
 * NetnsNamespaceDelete:
 * @broken: whether it is only a name, of no namespace
 * @aliases: its further names
 */
typedef struct {
  gboolean broken;
  const char *const *aliases;
} NetnsNamespaceDelete;

gboolean netns_namespace_remove_name (NetnsRun *run, NetnsStep *step, GError **error);

NETNS_DECLARE_PLAIN_OPERATION (namespace_create)
NETNS_DECLARE_OPERATION (namespace_rename, NetnsNamespaceRename)
NETNS_DECLARE_OPERATION (namespace_delete, NetnsNamespaceDelete) /* last */
