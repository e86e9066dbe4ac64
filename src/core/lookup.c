/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is there, as the mirror has it, and whose it is. */
#include "core/core.h"

#include "common/error.h"
#include "common/names.h"

#include <string.h>

/* Whether it is in a namespace that is gone, maybe with another one in its place. */
gboolean
netns_core_is_orphan (NetnsCore *core, const NetnsDefinition *definition)
{
  const NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), definition->namespace_name);

  return namespace == NULL
         || (definition->cookie != 0 && namespace->cookie != 0 && namespace->cookie != definition->cookie);
}

/**
 * netns_core_find_namespace:
 * @core: the service
 * @name: a name, empty for the host
 * @error: `NotFound`
 *
 * Returns: (transfer none) (nullable): the namespace, which may be a broken one
 */
NetnsNamespace *
netns_core_find_namespace (NetnsCore *core, const char *name, GError **error)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), name);

  /* `ip netns add` a moment ago, and its news is still under way. */
  if (namespace == NULL && *name != '\0' && *name != '.' && strchr (name, '/') == NULL && !netns_name_is_id (name)) {
    netns_mirror_refresh_name (netns_core_get_mirror (core), name, NULL);
    namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), name);
  }
  if (namespace == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no namespace “%s”", name);
  return namespace;
}
