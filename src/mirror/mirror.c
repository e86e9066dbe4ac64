/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/mirror.h"

#include "common/cleanup.h"
#include "common/later.h"
#include "common/observers.h"
#include "kernel/sysctl.h"
#include "mirror/discovery.h"
#include "mirror/dns.h"
#include "mirror/links.h"
#include "mirror/names.h"
#include "mirror/reading.h"
#include "mirror/routes.h"
#include "mirror/rules.h"
#include "mirror/table.h"

#include <sys/socket.h>

/* How many namespaces are read again in one turn of the main loop after an overrun: some 15 us each. */
#define RESYNC_SLICE 64
#define RESYNC_PAUSE 100 /* ms */
/* How long events wait for a plan to end. News of others must be on the bus within 5 ms. */
#define HOLD_MAX 4 /* ms */

struct _NetnsMirror {
  NetnsMirrorState state;
  NetnsNames *names;
  NetnsDiscovery *discovery;
  NetnsRuleWatch *rules;
  NetnsDnsReader *dns;
  GSource *events_source;
  GSource *hold_timer; /* ends a wait for a plan */
  GSource *resync_source;
  guint64 resync_count;
  gboolean forwarding4;
  gboolean forwarding6;
};

/* ---- hints of those who read for each other */

static void
on_unknown (gpointer data)
{
  netns_discovery_hint (((NetnsMirror *) data)->discovery);
}

static void
catch_up (gpointer data)
{
  netns_mirror_catch_up (data);
}

/* Those that change faster than they can be read are looked at again after a pause: it may be on purpose. */
static void
on_resync_slice (gpointer data)
{
  NetnsMirror *mirror = data;
  guint count = netns_state_read_dirty (&mirror->state, RESYNC_SLICE);

  if (count == RESYNC_SLICE)
    netns_later_end_of_turn (&mirror->resync_source, on_resync_slice, mirror);
  else if (count > 0)
    netns_later_after (&mirror->resync_source, RESYNC_PAUSE, on_resync_slice, mirror);
}

static void
on_dirty (gpointer data)
{
  NetnsMirror *mirror = data;

  netns_later_end_of_turn (&mirror->resync_source, on_resync_slice, mirror);
}

static const NetnsMirrorHints hints = {
  .unknown = on_unknown,
  .catch_up = catch_up,
  .dirty = on_dirty,
};

/* ---- what comes from the kernel */

static void
take_forwarding (NetnsMirror *mirror, int family, gboolean forwarding)
{
  gboolean *known = family == AF_INET ? &mirror->forwarding4 : &mirror->forwarding6;
  guint changes = family == AF_INET ? NETNS_MIRROR_FORWARDING4 : NETNS_MIRROR_FORWARDING6;

  if (*known == forwarding)
    return;
  *known = forwarding;
  netns_state_notify_machine_changed (&mirror->state, changes);
}

static void
set_forwards (NetnsMirror *mirror, NetnsLink *link, gboolean forwards)
{
  if (link == NULL || !link->info.forwards == !forwards)
    return;
  link->info.forwards = forwards;
  netns_state_notify_link_changed (&mirror->state, link, NETNS_LINK_FORWARDS);
}

/* To switch IPv4 for the whole namespace switches all its links, of which the kernel tells later (inet_forward_change() in
 * net/ipv4/devinet.c). */
static void
take_forwarding_event (NetnsMirror *mirror, NetnsNamespace *namespace, const NetnsEvent *event)
{
  g_autoptr (GPtrArray) links = NULL;

  if (event->index != 0) {
    set_forwards (mirror, netns_namespace_get_link (namespace, event->index), event->forwarding);
    return;
  }
  if (namespace == mirror->state.host) {
    take_forwarding (mirror, event->family, event->forwarding);
  } else {
    namespace->unforwarding[event->family == AF_INET6] = !event->forwarding;
    netns_state_notify_forwarding_changed (&mirror->state, namespace, event->family, event->forwarding);
  }
  links = event->family == AF_INET ? netns_namespace_list_links (namespace) : g_ptr_array_new ();
  for (guint i = 0; i < links->len; i++)
    set_forwards (mirror, links->pdata[i], event->forwarding);
}

/* The host's id of a namespace was released: the namespace has ended. */
static void
take_end (NetnsMirror *mirror, const NetnsEvent *event)
{
  NetnsNamespace *namespace;

  if (event->nsid != mirror->state.host->nsid)
    return;
  netns_end_watches_note (&mirror->state, event->gone_nsid);
  namespace = netns_state_find_namespace (&mirror->state, event->gone_nsid);
  if (namespace != NULL && namespace != mirror->state.host)
    netns_state_drop_namespace (&mirror->state, namespace);
}

static void
take_event (NetnsEvent *event, gpointer data)
{
  NetnsMirror *mirror = data;
  NetnsNamespace *namespace = netns_state_find_namespace (&mirror->state, event->nsid);

  if (mirror->state.host == NULL) /* still being built */
    return;
  switch (event->type) {
  case NETNS_EVENT_LINK:
    netns_state_take_link (&mirror->state, event);
    break;
  case NETNS_EVENT_LINK_GONE:
    netns_state_take_link_gone (&mirror->state, event);
    break;
  case NETNS_EVENT_ADDRESS:
  case NETNS_EVENT_ADDRESS_GONE:
    netns_state_take_address (&mirror->state, event);
    break;
  case NETNS_EVENT_ROUTES:
    if (namespace != NULL)
      netns_route_reader_take (mirror->state.routes, namespace, event);
    break;
  case NETNS_EVENT_ROUTING_RULES:
    if (namespace != NULL)
      netns_state_notify_namespace_changed (&mirror->state, namespace, NETNS_NAMESPACE_ROUTING_RULES);
    break;
  case NETNS_EVENT_FORWARDING:
    if (namespace != NULL)
      take_forwarding_event (mirror, namespace, event);
    break;
  case NETNS_EVENT_NSID_GONE:
    take_end (mirror, event);
    break;
  default:
    g_assert_not_reached ();
  }
}

/* Events were lost: what each namespace looks like is read again, some in each turn of the main loop. A namespace that
 * is accessed before its turn is read at once. */
void
netns_mirror_resync (NetnsMirror *mirror)
{
  GHashTableIter iter;
  NetnsNamespace *namespace;

  mirror->resync_count++;
  g_hash_table_iter_init (&iter, mirror->state.by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace)) {
    namespace->links_dirty = TRUE;
    netns_route_reader_mark (mirror->state.routes, namespace);
  }
  netns_names_scan (mirror->names);
  netns_state_notify_machine_changed (&mirror->state, NETNS_MIRROR_RESYNC_COUNT);
  on_dirty (mirror);
}

/* Takes in all that the kernel has announced up to now. Due before each look at the mirror, so that a change which a
 * caller made by other means the moment before is seen. */
void
netns_mirror_catch_up (NetnsMirror *mirror)
{
  g_autoptr (GError) error = NULL;

  netns_dns_reader_drain (mirror->dns);
  if (!netns_event_socket_drain (mirror->state.events, &error))
    g_error ("%s", error->message); /* deaf: a restart is the only cure */
  if (netns_event_socket_take_overrun (mirror->state.events))
    netns_mirror_resync (mirror);
}

/* Begins to take in events as they come. */
static void
start_intake (gpointer data)
{
  NetnsMirror *mirror = data;

  netns_later_watch (&mirror->events_source, netns_event_socket_get_fd (mirror->state.events), G_IO_IN, catch_up,
                     mirror);
  netns_dns_reader_watch (mirror->dns, TRUE);
}

static void
stop_intake (NetnsMirror *mirror)
{
  netns_later_clear (&mirror->events_source);
  netns_later_clear (&mirror->hold_timer);
  if (mirror->dns != NULL) /* it may have failed to begin */
    netns_dns_reader_watch (mirror->dns, FALSE);
}

/* A plan begins: its changes must be announced at once and not in pieces. Reads of the mirror meanwhile show the
 * current state. */
void
netns_mirror_hold_events (NetnsMirror *mirror)
{
  stop_intake (mirror);
  netns_later_after (&mirror->hold_timer, HOLD_MAX, start_intake, mirror);
}

/* The plan has ended: takes in what came meanwhile. */
void
netns_mirror_release_events (NetnsMirror *mirror)
{
  netns_later_clear (&mirror->hold_timer);
  if (mirror->events_source == NULL)
    start_intake (mirror);
  netns_mirror_catch_up (mirror);
}

static gboolean
read_forwarding (NetnsMirror *mirror, int family, const char *path, GError **error)
{
  g_autofree char *value = netns_sysctl_get (-1, path, error);

  if (value == NULL)
    return FALSE;
  take_forwarding (mirror, family, g_strcmp0 (value, "0") != 0);
  return TRUE;
}

static gboolean
add_host (NetnsMirror *mirror, GError **error)
{
  netns_autofd int fd = netns_nsfs_open ("/proc/self/ns/net", error);
  NetnsFileId id;

  if (fd < 0 || !netns_nsfs_identify (fd, &id, error))
    return FALSE;
  mirror->state.host
    = netns_namespace_new (NETNS_SOURCE_HOST, &id, netns_event_socket_get_host_nsid (mirror->state.events));
  g_hash_table_insert (mirror->state.by_nsid, GINT_TO_POINTER (mirror->state.host->nsid), mirror->state.host);
  netns_state_attach_name (&mirror->state, mirror->state.host, "");
  netns_state_read_namespace (&mirror->state, mirror->state.host);
  netns_route_reader_mark (mirror->state.routes, mirror->state.host);
  /* A kernel without IPv6 has no such setting, and forwards nothing. */
  read_forwarding (mirror, AF_INET6, "net/ipv6/conf/all/forwarding", NULL);
  return read_forwarding (mirror, AF_INET, "net/ipv4/ip_forward", error);
}

/* Reads all namespaces, their links and addresses; @worker is who enters them. Their routes are there after
 * netns_mirror_settle(). @receive_buffer: bytes for events that the kernel may queue. Error: `KernelRefused` */
NetnsMirror *
netns_mirror_new (NetnsWorker *worker, int receive_buffer, GError **error)
{
  g_autoptr (NetnsMirror) mirror = g_new0 (NetnsMirror, 1);

  netns_state_begin (&mirror->state, &hints, mirror);
  mirror->state.routes = netns_route_reader_new (&mirror->state, worker);
  mirror->discovery = netns_discovery_new (&mirror->state);
  mirror->dns = netns_dns_reader_new (&mirror->state, error);
  if (mirror->dns == NULL)
    return NULL;
  mirror->state.events = netns_event_socket_new (receive_buffer, take_event, mirror, error);
  if (mirror->state.events == NULL || !add_host (mirror, error))
    return NULL;
  mirror->names = netns_names_new (&mirror->state, error);
  if (mirror->names == NULL)
    return NULL;
  netns_names_scan (mirror->names);
  start_intake (mirror);
  mirror->rules = netns_rule_watch_new (&mirror->state);
  return g_steal_pointer (&mirror);
}

/* Its worker must have finished its jobs. */
void
netns_mirror_free (NetnsMirror *mirror)
{
  stop_intake (mirror);
  netns_later_clear (&mirror->resync_source);
  g_clear_pointer (&mirror->discovery, netns_discovery_free);
  g_clear_pointer (&mirror->rules, netns_rule_watch_free);
  g_clear_pointer (&mirror->names, netns_names_free);
  g_clear_pointer (&mirror->state.routes, netns_route_reader_free);
  g_clear_pointer (&mirror->dns, netns_dns_reader_free);
  netns_state_end (&mirror->state);
  g_free (mirror);
}

/* Calls the functions of @observer, which must outlive the mirror, on differences. */
void
netns_mirror_observe (NetnsMirror *mirror, const NetnsObserver *observer, gpointer data)
{
  netns_observers_add (mirror->state.observers, observer, data);
}

/* Calls @settled when the mirror shows everything that the kernel was when this was called; at once if it does
 * already. */
void
netns_mirror_settle (NetnsMirror *mirror, NetnsSettledFunc settled, gpointer data)
{
  /* While it is read, events can be lost again. */
  for (int attempt = 0; attempt < NETNS_READ_ATTEMPTS; attempt++) {
    netns_mirror_catch_up (mirror);
    if (!netns_state_read_dirty (&mirror->state, G_MAXUINT))
      break;
  }
  netns_route_reader_settle (mirror->state.routes, settled, data);
}

NetnsNamespace *
netns_mirror_get_host (NetnsMirror *mirror)
{
  return netns_mirror_get_namespace (mirror, "");
}

/* Returns: (transfer none) (nullable): the namespace of that name as it is now, the host's for an empty one */
NetnsNamespace *
netns_mirror_get_namespace (NetnsMirror *mirror, const char *name)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->state.by_name, name);

  if (namespace != NULL && namespace->links_dirty && !netns_state_read_namespace (&mirror->state, namespace))
    return NULL;
  return namespace;
}

/* Returns: (transfer none) (nullable): the namespace with that cookie, whatever it is called in /run/netns now; if cookies
 * are not known, 0 or not read yet, the one of that name */
NetnsNamespace *
netns_mirror_find_namespace (NetnsMirror *mirror, const char *name, guint64 cookie)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, name), *other;
  const char *found = NULL;
  GHashTableIter iter;

  if (cookie == 0 || (namespace != NULL && (namespace->cookie == 0 || namespace->cookie == cookie)))
    return namespace;
  g_hash_table_iter_init (&iter, mirror->state.by_nsid);
  while (found == NULL && g_hash_table_iter_next (&iter, NULL, (gpointer *) &other))
    if (other->cookie == cookie && !netns_namespace_is_unnamed (other))
      found = other->name;
  return found ? netns_mirror_get_namespace (mirror, found) : NULL;
}

/* Returns: whether the host forwards packets of AF_INET or AF_INET6 */
gboolean
netns_mirror_get_forwarding (NetnsMirror *mirror, int family)
{
  return family == AF_INET ? mirror->forwarding4 : mirror->forwarding6;
}

/* Returns: how often everything was read again */
guint64
netns_mirror_get_resync_count (NetnsMirror *mirror)
{
  return mirror->resync_count;
}

/* Returns: a number that grows with each difference */
guint64
netns_mirror_get_generation (NetnsMirror *mirror)
{
  return mirror->state.generation;
}

/* Ignores a name in /run/netns that a plan is about to create, rename or remove, so that no partial change is seen,
 * until netns_mirror_release_name(). */
void
netns_mirror_hold_name (NetnsMirror *mirror, const char *name)
{
  netns_names_hold (mirror->names, name);
}

/* The same of a name whose namespace was unmounted and may be mounted again, for as long as that takes. */
void
netns_mirror_reserve_name (NetnsMirror *mirror, const char *name, gboolean reserved)
{
  netns_names_reserve (mirror->names, name, reserved);
}

void
netns_mirror_release_name (NetnsMirror *mirror, const char *name)
{
  netns_names_release (mirror->names, name);
}

/* Looks at one name in /run/netns now, without waiting for the news of it. @connection: (nullable): to the namespace
 * that it stands for, if one is at hand */
void
netns_mirror_refresh_name (NetnsMirror *mirror, const char *name, NetnsNetlink *connection)
{
  NetnsNamespace *namespace;

  netns_names_refresh (mirror->names, name, connection ? netns_netlink_get_cookie (connection) : 0);
  namespace = connection ? g_hash_table_lookup (mirror->state.by_name, name) : NULL;
  if (namespace != NULL && namespace->routes == NULL)
    netns_route_reader_read (mirror->state.routes, namespace, connection);
}

/* Looks at one link now, by its ifindex, or if that is 0 by its name: the kernel does not announce each change of a
 * link that is down, and a carrier late. */
void
netns_mirror_refresh_link (NetnsMirror *mirror, const char *namespace_name, guint index, const char *name)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, namespace_name);
  NetnsLink *link = NULL;

  if (namespace != NULL)
    link = index ? netns_namespace_get_link (namespace, index) : netns_namespace_find_link (namespace, name);
  if (link != NULL)
    netns_event_socket_read_link (mirror->state.events, namespace->nsid, link->info.index);
}

/* Looks at addresses now: the kernel announces IPv6 ones without duplicate address detection a moment after they were
 * added (inet6_addr_add() in net/ipv6/addrconf.c). */
void
netns_mirror_refresh_addresses (NetnsMirror *mirror, const char *namespace_name)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (mirror, namespace_name);
  gboolean interrupted;

  if (namespace != NULL)
    netns_event_socket_read_addresses (mirror->state.events, namespace->nsid, &interrupted, NULL);
}

/* Reads into @counters, by the kernel's name of each, what is not mirrored. `NotFound` if the link is no
 * longer there. */
gboolean
netns_mirror_read_statistics (NetnsMirror *mirror, const NetnsLink *link, GHashTable *counters, GError **error)
{
  return netns_event_socket_read_statistics (mirror->state.events, link->namespace->nsid, link->info.index, counters,
                                             error);
}

/* Returns: (transfer container) (element-type NetnsNamespace): all that have a name, by name; the host comes first */
GPtrArray *
netns_mirror_list_namespaces (NetnsMirror *mirror)
{
  return netns_state_list_namespaces (&mirror->state);
}

/* See netns_state_get_peer(). */
NetnsLink *
netns_mirror_get_peer (NetnsMirror *mirror, const NetnsLink *link)
{
  return netns_state_get_peer (&mirror->state, link);
}

/* See netns_end_watch_new(). */
NetnsEndWatch *
netns_mirror_watch_end (NetnsMirror *mirror, const NetnsNamespace *namespace)
{
  NetnsEndWatch *watch = netns_end_watch_new (&mirror->state, namespace);
  GHashTableIter iter;
  const NetnsLink *link;

  g_hash_table_iter_init (&iter, namespace->links);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &link)) {
    const NetnsLink *peer = netns_state_get_peer (&mirror->state, link);

    if (peer != NULL && peer->namespace != namespace)
      netns_end_watch_add_far_end (watch, peer);
  }
  return watch;
}

/* See netns_dns_reader_list_ours(). */
GPtrArray *
netns_mirror_list_own_dns (NetnsMirror *mirror)
{
  return netns_dns_reader_list_ours (mirror->dns);
}

/* See netns_dns_reader_get(). */
const NetnsDns *
netns_mirror_get_dns (NetnsMirror *mirror, const char *name)
{
  return netns_dns_reader_get (mirror->dns, name);
}

/* See netns_discovery_watch(). */
void
netns_mirror_watch (NetnsMirror *mirror, gboolean watched)
{
  netns_discovery_watch (mirror->discovery, watched);
}

/* See netns_discovery_is_complete(). */
gboolean
netns_mirror_is_complete (NetnsMirror *mirror)
{
  return netns_discovery_is_complete (mirror->discovery);
}

/* See netns_discovery_search(). */
void
netns_mirror_search (NetnsMirror *mirror, NetnsSettledFunc searched, gpointer data)
{
  netns_discovery_search (mirror->discovery, searched, data);
}
