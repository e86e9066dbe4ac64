/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/forward/locate.h"

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

/* Whether the link is connected to a network of the host, with an address that the forward can use. */
static gboolean
try_link (NetnsCore *core, NetnsForward *forward, NetnsLink *link)
{
  NetnsLink *port = netns_mirror_get_peer (netns_core_get_mirror (core), link);
  NetnsLink *bridge = port != NULL && port->namespace->source == NETNS_SOURCE_HOST
                        ? netns_namespace_get_link (port->namespace, port->info.master)
                        : NULL;
  const NetnsNetwork *network = bridge ? netns_core_find_network_of (core, bridge) : NULL;

  memset (forward->addresses, 0, sizeof forward->addresses);
  if (network == NULL || network->isolated)
    return FALSE;
  take_addresses (core, forward, network, link);
  if (!netns_forward_has_family (forward, AF_INET) && !netns_forward_has_family (forward, AF_INET6)
      && !(netns_forward_takes_loopback6 (forward) && forward->addresses[0].family != AF_UNSPEC))
    return FALSE;
  set_way (forward, network->base.name, network->bridge, port->info.name);
  return TRUE;
}

/* Notes how the namespace of @forward is reached now: by the first of its links that is connected to a network of the
 * host and has an address of that network, of the family that is forwarded. */
void
netns_forward_locate (NetnsCore *core, NetnsForward *forward)
{
  NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (core), forward->base.namespace_name);
  g_autoptr (GPtrArray) links = namespace ? netns_namespace_list_links (namespace) : g_ptr_array_new ();

  for (guint i = 0; i < links->len; i++)
    if (try_link (core, forward, g_ptr_array_index (links, i)))
      return;
  memset (forward->addresses, 0, sizeof forward->addresses);
  set_way (forward, "", "", "");
}
