/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/neighbours.h"

#include "core/namespace/neighbour-steps.h"
#include "core/service/core.h"
#include "core/service/auth-scope.h"

/* The plan for method Namespace.ListNeighbours. Error: `NotFound`. */
NetnsPlan *
netns_namespace_list_neighbours (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  netns_plan_neighbours_list (plan, name);
  return g_steal_pointer (&plan);
}
