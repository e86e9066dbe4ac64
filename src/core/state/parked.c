/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/parked.h"

#include "common/names.h"
#include "kernel/address.h"
#include "kernel/route.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* Of each for a link: who can fill a namespace with addresses and routes can also set its links down and up all the time. */
#define THINGS_MAX 256

struct _NetnsParked {
  NetnsMirror *mirror;
  NetnsOwners *owners;
  GHashTable *by_link; /* NetnsLink -> NetnsParkedThings */
};

static void
free_things (gpointer data)
{
  NetnsParkedThings *things = data;

  g_ptr_array_unref (things->addresses);
  g_ptr_array_unref (things->routes);
  g_free (things);
}

/* In the host, what leads to a namespace with an owner. */
static gboolean
has_owner (const NetnsParked *parked, const NetnsLink *link)
{
  const NetnsLink *there
    = link->namespace->source == NETNS_SOURCE_HOST ? netns_mirror_get_peer (parked->mirror, link) : link;

  return there != NULL && netns_owners_get (parked->owners, there->namespace) != NETNS_UID_NOBODY;
}

static GPtrArray *
save_addresses (const NetnsLink *link)
{
  g_autoptr (GArray) lost = g_array_new (FALSE, FALSE, sizeof (NetnsLinkAddress));

  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsLinkAddress *address = &g_array_index (link->addresses, NetnsLinkAddress, i);

    if (address->address.family == AF_INET6 && lost->len < THINGS_MAX)
      g_array_append_vals (lost, address, 1);
  }
  return netns_link_addresses_save (lost, link->info.name);
}

/* Those that the service made, or who calls them static as well: others look after theirs, such as DHCP clients. */
static GPtrArray *
save_routes (const NetnsLink *link)
{
  const GArray *routes = link->namespace->routes;
  g_autoptr (GArray) lost = g_array_new (FALSE, FALSE, sizeof (NetnsRoute));

  for (guint i = 0; routes != NULL && i < routes->len; i++) {
    const NetnsRoute *route = &g_array_index (routes, NetnsRoute, i);

    if (route->link == link->info.index && route->type == RTN_UNICAST && route->protocol == RTPROT_STATIC
        && route->n_ways == 0 && route->nexthop_id == 0 && lost->len < THINGS_MAX)
      g_array_append_vals (lost, route, 1);
  }
  return netns_routes_save ((const NetnsRoute *) (gconstpointer) lost->data, lost->len);
}

static gpointer
ref_dict (gconstpointer dict, gpointer data)
{
  return g_variant_ref ((GVariant *) dict);
}

static void
extend (GPtrArray *things, GPtrArray *more)
{
  if (things->len + more->len <= 2 * THINGS_MAX)
    g_ptr_array_extend (things, more, ref_dict, NULL);
}

/* This news comes before that of what is lost (__dev_notify_flags() in net/core/dev.c). */
static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  NetnsParked *parked = data;
  g_autoptr (GPtrArray) addresses = NULL, routes = NULL;
  NetnsParkedThings *things;

  if ((changes & NETNS_LINK_ENABLED) == 0 || (link->info.flags & IFF_UP) != 0 || !has_owner (parked, link))
    return;
  things = g_hash_table_lookup (parked->by_link, link);
  addresses = save_addresses (link);
  routes = save_routes (link);
  if (things != NULL) { /* it was up for a moment only */
    extend (things->addresses, addresses);
    extend (things->routes, routes);
  } else if (addresses->len > 0 || routes->len > 0) {
    things = g_new (NetnsParkedThings, 1);
    things->addresses = g_steal_pointer (&addresses);
    things->routes = g_steal_pointer (&routes);
    g_hash_table_insert (parked->by_link, link, things);
  }
}

static void
on_link_removed (NetnsLink *link, gpointer data)
{
  netns_parked_forget (data, link);
}

static const NetnsObserver mirror_observer = { .link_removed = on_link_removed, .link_changed = on_link_changed };

/* Returns: (transfer full): nothing is remembered yet; the mirror must outlive it */
NetnsParked *
netns_parked_new (NetnsMirror *mirror, NetnsOwners *owners)
{
  NetnsParked *parked = g_new0 (NetnsParked, 1);

  parked->mirror = mirror;
  parked->owners = owners;
  parked->by_link = g_hash_table_new_full (NULL, NULL, NULL, free_things);
  netns_mirror_observe (mirror, &mirror_observer, parked);
  return parked;
}

void
netns_parked_free (NetnsParked *parked)
{
  g_hash_table_unref (parked->by_link);
  g_free (parked);
}

/* Returns: (transfer none) (nullable): what a link lost when it was set down last */
const NetnsParkedThings *
netns_parked_find (NetnsParked *parked, const NetnsLink *link)
{
  return g_hash_table_lookup (parked->by_link, link);
}

void
netns_parked_forget (NetnsParked *parked, const NetnsLink *link)
{
  g_hash_table_remove (parked->by_link, link);
}

/* Returns: (transfer container) (element-type NetnsLink): those that are up again and may lack something */
GPtrArray *
netns_parked_list_links_up (NetnsParked *parked)
{
  GPtrArray *links = g_ptr_array_new ();
  GHashTableIter iter;
  NetnsLink *link;

  g_hash_table_iter_init (&iter, parked->by_link);
  while (g_hash_table_iter_next (&iter, (gpointer *) &link, NULL))
    if ((link->info.flags & IFF_UP) != 0)
      g_ptr_array_add (links, link);
  return links;
}
