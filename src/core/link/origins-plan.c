/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/origins-plan.h"

#include "common/error.h"
#include "core/link/give-steps.h"
#include "core/link/link-steps.h"

static void
plan_way_home (NetnsPlan *plan, const NetnsLink *link, const NetnsNamespace *home, const NetnsOrigin *origin)
{
  netns_plan_link_move (
    plan, link->namespace->name,
    &(NetnsLinkMove) { .link.index = link->info.index, .to_namespace = home->name, .new_name = origin->name });
  netns_plan_link_set_enabled (plan, home->name,
                               &(NetnsLinkSetting) { .link.name = origin->name, .enabled = origin->enabled });
  netns_plan_link_give (plan, home->name,
                        &(NetnsLinkGive) { .link.name = origin->name, .addresses = origin->addresses });
}

/* Sends each link in a namespace that is to be deleted home, if it was moved there, under the name and with the
 * addresses that it had. Error: `Exists`: another link has its name there. */
gboolean
netns_origins_plan_return (NetnsOrigins *origins, NetnsPlan *plan, NetnsNamespace *namespace, GError **error)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);
    const NetnsOrigin *origin = netns_origins_find (origins, link);
    NetnsNamespace *home = origin ? netns_origins_find_namespace (origins, origin->home) : NULL;

    if (home == NULL)
      continue;
    if (netns_namespace_find_link (home, origin->name) != NULL)
      return netns_refuse (
        error, NETNS_ERROR_EXISTS,
        "Link “%s” came from %s%s, where another link is called “%s” now; rename that link, or move this "
        "one elsewhere first",
        link->info.name, *home->name ? "namespace " : "the host", home->name, origin->name);
    netns_plan_use_namespace (plan, home);
    plan_way_home (plan, link, home, origin);
  }
  return TRUE;
}
