/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/revival-reconciler.h"

#include "core/link/give-steps.h"
#include "core/service/reconciler.h"

#include <linux/if.h>

struct _NetnsRevivalReconciler {
  NetnsReconciler base;
};

/* One link at a time: what cannot be given to one must not keep another waiting. */
static NetnsPlan *
plan_next (NetnsReconciler *reconciler)
{
  NetnsParked *parked = netns_core_get_parked (reconciler->core);
  g_autoptr (GPtrArray) links = NULL;
  const NetnsParkedThings *things;
  const NetnsLink *link;
  NetnsPlan *plan;

  netns_mirror_catch_up (netns_core_get_mirror (reconciler->core));
  links = netns_parked_list_links_up (parked);
  if (links->len == 0)
    return NULL;
  link = g_ptr_array_index (links, 0);
  things = netns_parked_find (parked, link);
  plan = netns_plan_new ();
  netns_plan_use_namespace (plan, link->namespace);
  netns_plan_link_give (
    plan, link->namespace->name,
    &(NetnsLinkGive) { .link.index = link->info.index, .addresses = things->addresses, .routes = things->routes });
  netns_parked_forget (parked, link);
  reconciler->marked = links->len > 1;
  return plan;
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  if (error != NULL)
    g_message ("Cannot give back to a link what it lost when it was set down: %s", error->message);
}

static const NetnsReconcilerClass class = { .settle = TRUE, .plan = plan_next, .done = on_done };

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  NetnsRevivalReconciler *revival = data;

  if ((changes & NETNS_LINK_ENABLED) != 0 && (link->info.flags & IFF_UP) != 0
      && netns_parked_find (netns_core_get_parked (revival->base.core), link) != NULL)
    netns_reconciler_mark (&revival->base);
}

static const NetnsObserver mirror_observer = { .link_changed = on_link_changed };

/* Returns: (transfer full): who looks after links from now on; @grant: that of the service itself */
NetnsRevivalReconciler *
netns_revival_reconciler_new (NetnsCore *core, const NetnsGrant *grant)
{
  NetnsRevivalReconciler *revival = g_new0 (NetnsRevivalReconciler, 1);

  netns_reconciler_init (&revival->base, &class, core, grant);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, revival);
  return revival;
}

/* Nothing must change afterwards. */
void
netns_revival_reconciler_free (NetnsRevivalReconciler *revival)
{
  netns_reconciler_clear (&revival->base);
  g_free (revival);
}
