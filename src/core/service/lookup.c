/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds objects in the mirror, and their owners. */
#include "core/service/lookup.h"

#include "common/error.h"
#include "common/names.h"

#include <string.h>

/* Returns: (transfer none) (nullable): the namespace, which may be a broken one; the host's name is empty. Errors:
 * `NotFound`, `TooLarge` when there is too much to look at for one without a name to be found in time. */
NetnsNamespace *
netns_core_find_namespace (NetnsCore *core, const char *name, GError **error)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), name);

  /* `ip netns add` a moment ago, and its news is still under way. */
  if (namespace == NULL && *name != '\0' && *name != '.' && strchr (name, '/') == NULL && !netns_name_is_id (name)) {
    netns_mirror_refresh_name (netns_core_get_mirror (core), name, NULL);
    namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), name);
  }
  if (namespace == NULL && netns_name_is_id (name) && !netns_mirror_is_complete (netns_core_get_mirror (core)))
    return netns_refuse_null (error, NETNS_ERROR_TOO_LARGE,
                              "Namespace “%s” was not found in time: there are too many processes, mounts and "
                              "descriptors; adopt it to give it a name",
                              name);
  if (namespace == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no namespace “%s”", name);
  return namespace;
}

/* Returns: (transfer none) (nullable): the network of that name in @namespace, where no other one has it */
NetnsNetwork *
netns_core_find_network (NetnsCore *core, const NetnsNamespace *namespace, const char *name)
{
  g_autofree char *key = netns_network_key_for (namespace, name);

  /* With a colon it could be what another network is kept by. */
  return strchr (name, ':') ? NULL : g_hash_table_lookup (netns_core_get_definitions (core, &netns_network_class), key);
}

/* Returns: (transfer none) (nullable): the network whose bridge is called so, in that namespace; of several one that is
 * not isolated */
NetnsNetwork *
netns_core_find_network_of (NetnsCore *core, const NetnsLink *bridge)
{
  GHashTableIter iter;
  NetnsNetwork *network, *found = NULL;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while ((found == NULL || found->isolated) && g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (netns_network_has_bridge (network, bridge))
      found = network;
  return found;
}
