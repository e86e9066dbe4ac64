/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/loop-permit.h"

#include "common/error.h"

#include <string.h>

static const NetnsField fields[] = {
  { "Index", NETNS_FIELD_UINT32, offsetof (NetnsLoopPermit, index) },
  { NULL },
};

static char *
print_name (guint64 cookie, guint index)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT ".%u", cookie, index);
}

/* A permit is found by its name, which must be that of its bridge. */
static gboolean
check_permit (NetnsDefinition *definition, GError **error)
{
  g_autofree char *name = print_name (definition->cookie, ((NetnsLoopPermit *) definition)->index);

  return strcmp (name, definition->name) == 0
         || netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "It is for another bridge than its name says");
}

const NetnsDefinitionClass netns_loop_permit_class = {
  .folder = "loops",
  .group = "Loop",
  .size = sizeof (NetnsLoopPermit),
  .fields = fields,
  .check = check_permit,
};

/* Returns: (transfer full): the name of the permit of a bridge */
char *
netns_loop_permit_name_for (const NetnsLink *bridge)
{
  return print_name (bridge->namespace->cookie, bridge->info.index);
}

/* Returns: (transfer full): the permit of a bridge, which is root's */
NetnsLoopPermit *
netns_loop_permit_new (const NetnsLink *bridge)
{
  g_autofree char *name = netns_loop_permit_name_for (bridge);
  NetnsLoopPermit *permit
    = netns_definition_new (&netns_loop_permit_class, name, bridge->namespace->name, bridge->namespace->cookie, 0);

  permit->index = bridge->info.index;
  return permit;
}

/* Returns: (transfer none) (nullable): the bridge that a permit is for, %NULL if it is gone */
NetnsLink *
netns_loop_permit_find_bridge (const NetnsLoopPermit *permit, NetnsMirror *mirror)
{
  NetnsNamespace *namespace = netns_definition_find_namespace (&permit->base, mirror);
  NetnsLink *bridge = namespace ? netns_namespace_get_link (namespace, permit->index) : NULL;

  return bridge != NULL && netns_link_is_bridge (bridge) ? bridge : NULL;
}
