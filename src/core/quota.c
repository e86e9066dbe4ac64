/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of the kernel's memory one user can take: an empty namespace costs 215 KiB. Root can take all. */
#include "core/core.h"

#include "common/error.h"

#define NAMESPACES_PER_USER 250
#define LINKS_PER_USER      5000

/**
 * netns_core_check_quota:
 * @core: the service
 * @caller: uid that wants to make something
 * @new_namespaces: how many namespaces
 * @new_links: how many links
 * @error: `QuotaExceeded`
 *
 * Returns: whether it can
 */
gboolean
netns_core_check_quota (NetnsCore *core, guint caller, guint new_namespaces, guint new_links, GError **error)
{
  g_autoptr (GPtrArray) all = NULL;
  guint namespaces = 0, links = 0;

  if (caller == 0)
    return TRUE;
  all = netns_mirror_list_namespaces (netns_core_get_mirror (core));
  for (guint i = 0; i < all->len; i++) {
    const NetnsNamespace *namespace = g_ptr_array_index (all, i);

    if (netns_owners_get (netns_core_get_owners (core), namespace) != caller)
      continue;
    namespaces++;
    links += g_hash_table_size (namespace->links);
  }
  if ((new_namespaces == 0 || namespaces + new_namespaces <= NAMESPACES_PER_USER)
      && (new_links == 0 || links + new_links <= LINKS_PER_USER))
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_QUOTA_EXCEEDED,
               "User %u has %u namespaces with %u links, the limits are %d and %d; delete some first", caller, namespaces,
               links, NAMESPACES_PER_USER, LINKS_PER_USER);
  return FALSE;
}
