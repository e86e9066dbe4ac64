/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/neighbours.h"

#include "core/core.h"
#include "core/operations.h"

/**
 * netns_namespace_list_neighbours:
 * @core: the service
 * @caller: uid that asks
 * @name: a namespace
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.ListNeighbours
 */
NetnsPlan *
netns_namespace_list_neighbours (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  netns_plan_add (plan, &netns_operation_neighbours_list, name, "@a{sv} {}");
  return g_steal_pointer (&plan);
}
