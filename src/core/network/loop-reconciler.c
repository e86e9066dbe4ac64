/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/network/loop-reconciler.h"

#include "core/link/link-steps.h"
#include "core/link/loops.h"
#include "core/plan/store.h"
#include "core/service/lookup.h"

/* Whoever closes and opens loops all the time must not fill the log and the bus. */
#define REPORT_PAUSE G_TIME_SPAN_SECOND
/* How many ports are looked at before others have their turn: for each, all bridges that are connected are. */
#define AT_ONCE 16

struct _NetnsLoopReconciler {
  NetnsReconciler base;
  NetnsLoopFunc found;
  gpointer data;
  GHashTable *suspects; /* NetnsLink: ports that may have closed one, as a set */
  GHashTable *known;    /* NetnsLink: ports that closed one which has been reported, as a set */
  gint64 reported;         /* when one was reported last, monotonic */
};

/* What is ours to open: a port of the bridge of a network. */
static const NetnsLink *
find_own_port (NetnsCore *core, const GPtrArray *ring)
{
  for (guint i = 0; i < ring->len; i++) {
    const NetnsLink *port = g_ptr_array_index (ring, i);
    const NetnsNetwork *network = netns_core_find_network_of (core, netns_link_find_bridge (port));

    if (network != NULL && network->bridge_made)
      return port;
  }
  return NULL;
}

static void
report (NetnsLoopReconciler *loops, NetnsLink *port, const GPtrArray *ring, const NetnsLink *own)
{
  g_autofree char *names = netns_loops_name_bridges (ring, "\n"), *line = netns_loops_name_bridges (ring, ", ");
  g_auto (GStrv) bridges = g_strsplit (names, "\n", -1);
  g_autofree char *cut = g_utf8_make_valid (own ? own->info.name : "", -1);

  if (loops->reported != 0 && g_get_monotonic_time () - loops->reported < REPORT_PAUSE)
    return;
  loops->reported = g_get_monotonic_time ();
  g_message ("A loop of bridges without spanning tree protocol was closed externally: %s%s%s", line,
             own ? "; set down: " : "", cut);
  loops->found (port, (const char *const *) bridges, cut, loops->data);
}

/* What it takes to open the loop that a port has closed, if it has; %NULL for nothing. */
static NetnsPlan *
look_at (NetnsLoopReconciler *loops, NetnsLink *port)
{
  NetnsCore *core = loops->base.core;
  NetnsLink *bridge = netns_link_find_bridge (port);
  g_autoptr (GPtrArray) ring
    = bridge && !netns_loops_are_broken_by (core, bridge) ? netns_loops_find (core, port, bridge, TRUE) : NULL;
  const NetnsLink *own = ring ? find_own_port (core, ring) : NULL;
  NetnsPlan *plan = NULL;

  if (ring == NULL) {
    g_hash_table_remove (loops->known, port);
    return NULL;
  }
  if (own != NULL) {
    plan = netns_plan_new ();
    netns_plan_use_namespace (plan, own->namespace);
    netns_plan_link_set_enabled (plan, own->namespace->name, &(NetnsLinkSetting) { .link.index = own->info.index });
  }
  if (g_hash_table_add (loops->known, port))
    report (loops, port, ring, own);
  return plan;
}

static NetnsPlan *
plan_next (NetnsReconciler *reconciler)
{
  NetnsLoopReconciler *loops = (NetnsLoopReconciler *) reconciler;
  NetnsPlan *plan = NULL;
  GHashTableIter iter;
  NetnsLink *port;

  netns_mirror_catch_up (netns_core_get_mirror (reconciler->core));
  g_hash_table_iter_init (&iter, loops->suspects);
  for (guint i = 0; plan == NULL && i < AT_ONCE && g_hash_table_iter_next (&iter, (gpointer *) &port, NULL); i++) {
    g_hash_table_iter_remove (&iter);
    if (port->namespace->name != NULL)
      plan = look_at (loops, port);
  }
  reconciler->marked = g_hash_table_size (loops->suspects) > 0;
  return plan;
}

static void
on_done (NetnsReconciler *reconciler, NetnsPlan *plan, const GError *error)
{
  if (error != NULL)
    g_message ("Cannot open a loop of bridges: %s", error->message);
}

static const NetnsReconcilerClass class = { .settle = TRUE, .plan = plan_next, .done = on_done };

/* ---- what happens */

static void
suspect (NetnsLoopReconciler *loops, NetnsLink *link)
{
  NetnsLink *peer
    = netns_link_find_bridge (link) ? netns_mirror_get_peer (netns_core_get_mirror (loops->base.core), link) : NULL;

  if (netns_link_find_bridge (peer) == NULL)
    return;
  g_hash_table_add (loops->suspects, link);
  netns_reconciler_mark (&loops->base);
}

static void
suspect_ports (NetnsLoopReconciler *loops, NetnsLink *bridge)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);

  for (guint i = 0; i < ports->len; i++)
    suspect (loops, g_ptr_array_index (ports, i));
}

static void
on_link_added (NetnsLink *link, gpointer data)
{
  suspect (data, link);
}

/* What root allowed one bridge holds for none that comes later, not even with its number. */
static void
forget_permit (NetnsCore *core, const NetnsLoopPermit *permit)
{
  g_autofree char *file = netns_definition_get_file (&permit->base);

  netns_store_write (file, NULL, NULL);
  netns_core_drop_definition (core, &permit->base);
}

/* Of bridges that ended while the service did not run. */
static void
forget_old_permits (NetnsCore *core)
{
  g_autoptr (GPtrArray) permits = netns_core_list_definitions (core, &netns_loop_permit_class, NULL);

  for (guint i = 0; i < permits->len; i++) {
    const NetnsLoopPermit *permit = g_ptr_array_index (permits, i);

    if (netns_loop_permit_find_bridge (permit, netns_core_get_mirror (core)) == NULL)
      forget_permit (core, permit);
  }
}

static void
on_link_removed (NetnsLink *link, gpointer data)
{
  NetnsLoopReconciler *loops = data;
  const NetnsLoopPermit *permit = netns_loops_find_permit (loops->base.core, link);

  if (permit != NULL)
    forget_permit (loops->base.core, permit);
  g_hash_table_remove (loops->suspects, link);
  g_hash_table_remove (loops->known, link);
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  if (changes & (NETNS_LINK_MASTER | NETNS_LINK_PEER | NETNS_LINK_ENABLED))
    suspect (data, link);
  if ((changes & (NETNS_LINK_BRIDGE_STP | NETNS_LINK_ENABLED)) && netns_link_is_bridge (link))
    suspect_ports (data, link);
}

static const NetnsObserver mirror_observer = {
  .link_added = on_link_added,
  .link_removed = on_link_removed,
  .link_changed = on_link_changed,
};

/**
 * netns_loop_reconciler_new:
 * @core: the service, settled
 * @grant: that of the service itself; must live as long as this
 * @found: called for each loop that is closed
 * @data: for @found
 *
 * Returns: (transfer full): who looks for loops from now on, at first for those that are there
 */
NetnsLoopReconciler *
netns_loop_reconciler_new (NetnsCore *core, const NetnsGrant *grant, NetnsLoopFunc found, gpointer data)
{
  NetnsLoopReconciler *loops = g_new0 (NetnsLoopReconciler, 1);
  NetnsMirror *mirror = netns_core_get_mirror (core);
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (mirror);

  netns_reconciler_init (&loops->base, &class, core, grant);
  loops->found = found;
  loops->data = data;
  loops->suspects = g_hash_table_new (NULL, NULL);
  loops->known = g_hash_table_new (NULL, NULL);
  forget_old_permits (core);
  netns_mirror_observe (mirror, &mirror_observer, loops);
  for (guint i = 0; i < namespaces->len; i++) {
    g_autoptr (GPtrArray) links = netns_namespace_list_links (namespaces->pdata[i]);

    for (guint j = 0; j < links->len; j++)
      suspect (loops, links->pdata[j]);
  }
  return loops;
}

/* Nothing must change afterwards. */
void
netns_loop_reconciler_free (NetnsLoopReconciler *loops)
{
  netns_reconciler_clear (&loops->base);
  g_hash_table_unref (loops->suspects);
  g_hash_table_unref (loops->known);
  g_free (loops);
}
