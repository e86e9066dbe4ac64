/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/link/loops.h"

#include "common/error.h"

#include <linux/if.h>
#include <string.h>

static gboolean
is_up (const NetnsLink *link)
{
  return (link->info.flags & IFF_UP) != 0;
}

/* Returns: (transfer none) (nullable): root's word that a bridge may be in a ring */
const NetnsLoopPermit *
netns_loops_find_permit (NetnsCore *core, const NetnsLink *bridge)
{
  GHashTable *permits = netns_core_get_definitions (core, &netns_loop_permit_class);
  g_autofree char *name = g_hash_table_size (permits) > 0 ? netns_loop_permit_name_for (bridge) : NULL;

  return name != NULL ? g_hash_table_lookup (permits, name) : NULL;
}

/* Returns: whether root has allowed that a bridge is in a ring, which something breaks that is not seen here */
gboolean
netns_loops_are_allowed (NetnsCore *core, const NetnsLink *bridge)
{
  return netns_loops_find_permit (core, bridge) != NULL;
}

/* Returns: whether rings that a bridge is in do not count: with the protocol it breaks each of them */
gboolean
netns_loops_are_broken_by (NetnsCore *core, const NetnsLink *bridge)
{
  return bridge->info.bridge.stp || netns_loops_are_allowed (core, bridge);
}

/**
 * Walk:
 * @ports: (element-type NetnsLink GPtrArray): those of each bridge
 * @indexed: (element-type NetnsNamespace): where these are known of all bridges: a namespace can have thousands
 * @came_by: (element-type NetnsLink NetnsLink): the port by which a bridge was reached, %NULL for the first one
 * @next: where to go on
 *
 * From one bridge to the next.
 */
typedef struct {
  GHashTable *ports;
  GHashTable *indexed;
  GHashTable *came_by;
  GQueue next;
} Walk;

static void
index_ports (Walk *walk, NetnsNamespace *namespace)
{
  g_autoptr (GPtrArray) links = NULL;

  if (!g_hash_table_add (walk->indexed, namespace))
    return;
  links = netns_namespace_list_links (namespace);
  for (guint i = 0; i < links->len; i++) {
    NetnsLink *bridge = netns_link_find_bridge (g_ptr_array_index (links, i));
    GPtrArray *ports = bridge ? g_hash_table_lookup (walk->ports, bridge) : NULL;

    if (bridge != NULL && ports == NULL) {
      ports = g_ptr_array_new ();
      g_hash_table_insert (walk->ports, bridge, ports);
    }
    if (bridge != NULL)
      g_ptr_array_add (ports, g_ptr_array_index (links, i));
  }
}

/* The ports of a bridge whose veth pairs lead to further bridges. */
static void
visit (Walk *walk, NetnsCore *core, NetnsLink *bridge, const NetnsLink *goal, gboolean only_up, const NetnsLink *but)
{
  const GPtrArray *ports;

  index_ports (walk, bridge->namespace);
  ports = g_hash_table_lookup (walk->ports, bridge);
  for (guint i = 0; ports != NULL && i < ports->len; i++) {
    NetnsLink *port = g_ptr_array_index (ports, i), *far = netns_mirror_get_peer (netns_core_get_mirror (core), port);
    NetnsLink *other = netns_link_find_bridge (far);

    if (other == NULL || port == but || far == but || g_hash_table_contains (walk->came_by, other)
        || (only_up && !(is_up (port) && is_up (far) && is_up (other)))
        || (other != goal && netns_loops_are_broken_by (core, other)))
      continue;
    g_hash_table_insert (walk->came_by, other, far);
    g_queue_push_tail (&walk->next, other);
  }
}

/* The near ends of the veth pairs, from the last one on. */
static GPtrArray *
trace (NetnsMirror *mirror, GHashTable *came_by, NetnsLink *port, NetnsLink *end)
{
  GPtrArray *ports = g_ptr_array_new ();

  g_ptr_array_add (ports, port);
  for (NetnsLink *far = g_hash_table_lookup (came_by, end); far != NULL;
       far = g_hash_table_lookup (came_by, netns_link_find_bridge (netns_mirror_get_peer (mirror, far))))
    g_ptr_array_add (ports, netns_mirror_get_peer (mirror, far));
  return ports;
}

/**
 * netns_loops_find:
 * @core: the service
 * @port: any link
 * @bridge: the bridge that it is a port of, or is to be; whether it breaks rings itself does not count
 * @only_up: whether links that are down connect nothing
 *
 * Returns: (transfer container) (nullable) (element-type NetnsLink): ports of the ring that it closes, one of each bridge
 *   and @port first; %NULL if it closes none, or one in which another bridge speaks the spanning tree protocol or is
 *   allowed to be in one
 */
GPtrArray *
netns_loops_find (NetnsCore *core, NetnsLink *port, NetnsLink *bridge, gboolean only_up)
{
  NetnsMirror *mirror = netns_core_get_mirror (core);
  NetnsLink *far = netns_mirror_get_peer (mirror, port), *begin = netns_link_find_bridge (far), *at;
  g_autoptr (GHashTable) ports = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref),
                         indexed = g_hash_table_new (NULL, NULL), came_by = g_hash_table_new (NULL, NULL);
  Walk walk = { ports, indexed, came_by, G_QUEUE_INIT };

  if (begin == NULL || (begin != bridge && netns_loops_are_broken_by (core, begin))
      || (only_up && !(is_up (port) && is_up (far) && is_up (bridge) && is_up (begin))))
    return NULL;
  g_hash_table_insert (came_by, begin, NULL);
  for (at = begin; at != NULL && at != bridge; at = g_queue_pop_head (&walk.next))
    visit (&walk, core, at, bridge, only_up, port);
  g_queue_clear (&walk.next);
  return at != NULL ? trace (mirror, came_by, port, at) : NULL;
}

/* Returns: (transfer full): the bridges of a ring, `br0, br1 (web)` */
char *
netns_loops_name_bridges (const GPtrArray *ports, const char *separator)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < ports->len; i++) {
    const NetnsLink *port = g_ptr_array_index (ports, i), *bridge = netns_link_find_bridge (port);
    g_autofree char *name = bridge ? g_utf8_make_valid (bridge->info.name, -1) : NULL;

    if (name == NULL) /* not a port yet */
      continue;
    g_string_append_printf (names, "%s%s", names->len ? separator : "", name);
    if (port->namespace->name != NULL && *port->namespace->name != '\0')
      g_string_append_printf (names, " (%s)", port->namespace->name);
  }
  return g_string_free (names, FALSE);
}

static gboolean
check (NetnsCore *core, NetnsLink *port, NetnsLink *bridge, GError **error)
{
  g_autoptr (GPtrArray) ring = netns_loops_find (core, port, bridge, FALSE);
  g_autofree char *names = ring ? netns_loops_name_bridges (ring, ", ") : NULL;

  if (ring == NULL)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_LOOP,
                       "Link “%s” as port of bridge “%s” would close a loop of bridges without the spanning tree "
                       "protocol: %s; set option “stp” of one of them, or, as root, “allow-loop”",
                       port->info.name, bridge->info.name, *names ? names : bridge->info.name);
}

/**
 * netns_loops_check_port:
 * @core: the service
 * @port: any link
 * @bridge: the bridge that it is a port of, or is to be
 * @error: `Loop`
 *
 * Returns: whether it can be one, and up, without closing a ring; links that are down count, because they can come up
 */
gboolean
netns_loops_check_port (NetnsCore *core, NetnsLink *port, NetnsLink *bridge, GError **error)
{
  return netns_loops_are_broken_by (core, bridge) || check (core, port, bridge, error);
}

/* Returns: whether a bridge can do without the spanning tree protocol, and without being allowed to be in a ring. Error:
 * `Loop`. */
gboolean
netns_loops_check_bridge (NetnsCore *core, NetnsLink *bridge, GError **error)
{
  g_autoptr (GPtrArray) ports = netns_link_list_ports (bridge);
  gboolean fits = TRUE;

  for (guint i = 0; fits && i < ports->len; i++)
    fits = check (core, g_ptr_array_index (ports, i), bridge, error);
  return fits;
}
