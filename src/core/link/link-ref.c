/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/link-ref.h"

#include "core/plan/run.h"
#include "kernel/link.h"

const NetnsField netns_link_ref_fields[] = { NETNS_LINK_REF_FIELDS, { NULL } };

/* Returns: (transfer full) (nullable) (element-type guint utf8): names of the links of a namespace, by ifindex */
GHashTable *
netns_link_ref_list_names (NetnsNetlink *netlink, GError **error)
{
  g_autoptr (GArray) links = netns_rtnl_link_list (netlink, error);
  GHashTable *names = links ? g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, g_free) : NULL;

  for (guint i = 0; links != NULL && i < links->len; i++) {
    const NetnsLinkInfo *info = &g_array_index (links, NetnsLinkInfo, i);

    g_hash_table_insert (names, GUINT_TO_POINTER (info->index), g_strdup (info->name));
  }
  return names;
}

/* The ifindex of the link of a step whose parameter begins with a #NetnsLinkRef, 0 on error, and the connection to its
 * namespace. Errors: `NotFound`, `NamespaceGone`. */
guint
netns_link_ref_find (const NetnsStep *step, NetnsRun *run, NetnsNetlink **netlink, GError **error)
{
  const NetnsLinkRef *link = step->parameter;
  g_auto (NetnsLinkInfo) info = { 0 };

  *netlink = netns_run_get_netlink (run, step->namespace_name, error);
  if (*netlink == NULL)
    return 0;
  if (link->index != 0)
    return link->index;
  return netns_rtnl_link_find (*netlink, link->name, &info, error) ? info.index : 0;
}

/* Returns: (transfer none) (nullable): the link as the mirror has it */
NetnsLink *
netns_link_ref_look_up (const NetnsLinkRef *ref, NetnsNamespace *namespace)
{
  return ref->index != 0 ? netns_namespace_get_link (namespace, ref->index)
                         : netns_namespace_find_link (namespace, ref->name);
}

/* For what the kernel announces only of links that are up, or not at all (netdev_state_change() in net/core/dev.c). */
void
netns_link_ref_refresh (const NetnsStep *step, NetnsMirror *mirror)
{
  const NetnsLinkRef *link = step->parameter;

  netns_mirror_refresh_link (mirror, step->namespace_name, link->index, link->name ? link->name : "");
}
