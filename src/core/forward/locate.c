/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/forward/locate.h"

#include "core/forward/answers.h"
#include "core/link/address.h"
#include "core/network/pool.h"
#include "core/service/lookup.h"

#include <string.h>
#include <sys/socket.h>

/* Returns: whether a link of the host has it */
gboolean
netns_forward_is_of_host (NetnsCore *core, const NetnsAddress *address)
{
  return !netns_link_check_address (netns_mirror_get_host (netns_core_get_mirror (core)), NULL, address, "", NULL);
}

/* The owner of the namespace chooses its addresses, and must not redirect the forward to the host: neither to an
 * address of the host, nor to one to which it listens as a router. */
static gboolean
is_usable (NetnsCore *core, const NetnsNetwork *network, const NetnsAddress *address)
{
  for (guint i = 0; i < network->subnets->len; i++) {
    const NetnsAddress *subnet = &g_array_index (network->subnets, NetnsAddress, i);

    if (netns_address_contains (subnet, address) && !netns_pool_is_for_hosts (subnet, address))
      return FALSE;
  }
  return !netns_forward_is_of_host (core, address);
}

static void
take_addresses (NetnsCore *core, NetnsForward *forward, const NetnsNetwork *network, const NetnsLink *link)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (link->addresses, NetnsLinkAddress, i).address;
    NetnsAddress *place = &forward->addresses[address->family == AF_INET6];

    if (place->family == AF_UNSPEC && netns_addresses_find (network->subnets, netns_address_contains, address) != NULL
        && is_usable (core, network, address))
      *place = *address;
  }
}

static void
set_way (NetnsForward *forward, const char *network, const char *bridge, const char *port)
{
  g_free (forward->network);
  g_free (forward->bridge);
  g_free (forward->port);
  forward->network = g_strdup (network);
  forward->bridge = g_strdup (bridge);
  forward->port = g_strdup (port);
}

/* Notes which callers are answered by another way, and returns of how many families the default route goes back. */
static guint
take_answers (NetnsForward *forward, const NetnsNetwork *network, const NetnsLink *link, const NetnsLink *bridge)
{
  static const int families[] = { AF_INET, AF_INET6 };
  const NetnsWayIn way = {
    .routes = link->namespace->routes,
    .link = link->info.index,
    .subnets = network->subnets,
    .gateways = bridge->addresses,
  };
  guint defaults = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (netns_forward_has_family (forward, families[i])) {
      netns_answers_find_away (&way, families[i], forward->away);
      defaults += netns_answers_have_default (&way, families[i]) ? 1 : 0;
    }
  return defaults;
}

static void
clear_target (NetnsForward *forward)
{
  memset (forward->addresses, 0, sizeof forward->addresses);
  g_array_set_size (forward->away, 0);
  set_way (forward, "", "", "");
}

/* Notes how the namespace is reached by @link, if that is connected to a network of the host, with an address that the
 * forward can use.
 * Returns: 0 for not at all; the more, the better */
static guint
try_link (NetnsCore *core, NetnsForward *forward, NetnsLink *link)
{
  NetnsLink *port = netns_mirror_get_peer (netns_core_get_mirror (core), link);
  NetnsLink *bridge = port != NULL && port->namespace->source == NETNS_SOURCE_HOST
                        ? netns_namespace_get_link (port->namespace, port->info.master)
                        : NULL;
  const NetnsNetwork *network = bridge ? netns_core_find_network_of (core, bridge) : NULL;

  clear_target (forward);
  if (network == NULL || network->isolated)
    return 0;
  take_addresses (core, forward, network, link);
  if (!netns_forward_has_family (forward, AF_INET) && !netns_forward_has_family (forward, AF_INET6)
      && !(netns_forward_takes_loopback6 (forward) && forward->addresses[0].family != AF_UNSPEC))
    return 0;
  set_way (forward, network->base.name, network->bridge, port->info.name);
  return 1 + take_answers (forward, network, link, bridge);
}

/* Notes how the namespace of @forward is reached now: by a link that is connected to a network of the host and has an
 * address of that network, of the family that is forwarded. Of several by the one that its default routes use, because
 * its answers leave there; else by the first. */
void
netns_forward_locate (NetnsCore *core, NetnsForward *forward)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), forward->base.namespace_name);
  g_autoptr (GPtrArray) links = namespace ? netns_namespace_list_links (namespace) : g_ptr_array_new ();
  NetnsLink *best = NULL;
  guint most = 0;

  for (guint i = 0; i < links->len; i++) {
    guint value = try_link (core, forward, g_ptr_array_index (links, i));

    if (value > most)
      best = g_ptr_array_index (links, i);
    most = MAX (most, value);
  }
  clear_target (forward);
  if (best != NULL)
    try_link (core, forward, best);
}
