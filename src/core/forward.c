/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/forward.h"

#include "common/error.h"
#include "core/core.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define GROUP          "Forward"
#define PROTOCOL       "Protocol"
#define LISTEN_ADDRESS "ListenAddress"
#define LISTEN_PORT    "ListenPort"
#define COUNT          "Count"
#define TARGET_PORT    "TargetPort"
#define SCOPE          "Scope"
#define NETWORK        "Network"
#define BRIDGE         "Bridge"
#define PORT           "Port"
#define ADDRESS4       "Address4"
#define ADDRESS6       "Address6"

static const struct {
  guint8 number;
  const char *name;
} protocols[] = { { IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" }, { IPPROTO_SCTP, "sctp" } };

static const char *const scopes[] = { "loopback", "host", "public" };

const char *
netns_scope_print (NetnsScope scope)
{
  return scopes[scope];
}

gboolean
netns_scope_parse (const char *text, NetnsScope *scope)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scopes); i++) {
    *scope = (NetnsScope) i;
    if (strcmp (text, scopes[i]) == 0)
      return TRUE;
  }
  return FALSE;
}

const char *
netns_protocol_print (guint8 protocol)
{
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (protocols[i].number == protocol)
      return protocols[i].name;
  g_assert_not_reached ();
}

gboolean
netns_protocol_parse (const char *text, guint8 *protocol)
{
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++) {
    *protocol = protocols[i].number;
    if (strcmp (text, protocols[i].name) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
copy_forward (NetnsDefinition *definition)
{
  NetnsForward *copy = (NetnsForward *) definition;

  copy->network = g_strdup (copy->network);
  copy->bridge = g_strdup (copy->bridge);
  copy->port = g_strdup (copy->port);
}

static void
clear_forward (NetnsDefinition *definition)
{
  NetnsForward *forward = (NetnsForward *) definition;

  g_free (forward->network);
  g_free (forward->bridge);
  g_free (forward->port);
}

static void
set_address (GKeyFile *key_file, const char *key, const NetnsAddress *address)
{
  char text[NETNS_ADDRESS_MAX_TEXT] = "";

  if (address->family != AF_UNSPEC)
    netns_address_print_host (address, text);
  g_key_file_set_string (key_file, GROUP, key, text);
}

static gboolean
get_address (GKeyFile *key_file, const char *key, NetnsAddress *address, GError **error)
{
  g_autofree char *text = netns_definition_get_string (key_file, GROUP, key);

  return *text == '\0' || netns_address_parse_host (text, address, error);
}

static void
print_forward (const NetnsDefinition *definition, GKeyFile *key_file)
{
  const NetnsForward *forward = (const NetnsForward *) definition;

  g_key_file_set_string (key_file, GROUP, PROTOCOL, netns_protocol_print (forward->protocol));
  set_address (key_file, LISTEN_ADDRESS, &forward->listen_address);
  g_key_file_set_integer (key_file, GROUP, LISTEN_PORT, forward->listen_port);
  g_key_file_set_integer (key_file, GROUP, COUNT, forward->count);
  g_key_file_set_integer (key_file, GROUP, TARGET_PORT, forward->target_port);
  g_key_file_set_string (key_file, GROUP, SCOPE, netns_scope_print (forward->scope));
  g_key_file_set_string (key_file, GROUP, NETWORK, forward->network);
  g_key_file_set_string (key_file, GROUP, BRIDGE, forward->bridge);
  g_key_file_set_string (key_file, GROUP, PORT, forward->port);
  set_address (key_file, ADDRESS4, &forward->addresses[0]);
  set_address (key_file, ADDRESS6, &forward->addresses[1]);
}

static gboolean
get_port (GKeyFile *key_file, const char *key, guint16 *port)
{
  int value = g_key_file_get_integer (key_file, GROUP, key, NULL);

  *port = (guint16) value;
  return value > 0 && value <= G_MAXUINT16;
}

static gboolean
parse_forward (NetnsDefinition *definition, GKeyFile *key_file, GError **error)
{
  NetnsForward *forward = (NetnsForward *) definition;
  g_autofree char *protocol = netns_definition_get_string (key_file, GROUP, PROTOCOL);
  g_autofree char *scope = netns_definition_get_string (key_file, GROUP, SCOPE);

  forward->network = netns_definition_get_string (key_file, GROUP, NETWORK);
  forward->bridge = netns_definition_get_string (key_file, GROUP, BRIDGE);
  forward->port = netns_definition_get_string (key_file, GROUP, PORT);
  if (!netns_protocol_parse (protocol, &forward->protocol) || !netns_scope_parse (scope, &forward->scope)
      || !get_port (key_file, LISTEN_PORT, &forward->listen_port) || !get_port (key_file, COUNT, &forward->count)
      || !get_port (key_file, TARGET_PORT, &forward->target_port)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "It is damaged");
    return FALSE;
  }
  return get_address (key_file, LISTEN_ADDRESS, &forward->listen_address, error)
         && get_address (key_file, ADDRESS4, &forward->addresses[0], error)
         && get_address (key_file, ADDRESS6, &forward->addresses[1], error);
}

static gboolean
is_same_address (const NetnsAddress *a, const NetnsAddress *b)
{
  return a->family == b->family && (a->family == AF_UNSPEC || netns_address_equal_host (a, b));
}

static guint
compare_forwards (const NetnsDefinition *definition, const NetnsDefinition *other)
{
  const NetnsForward *a = (const NetnsForward *) definition, *b = (const NetnsForward *) other;

  return is_same_address (&a->addresses[0], &b->addresses[0]) && is_same_address (&a->addresses[1], &b->addresses[1])
           ? 0
           : NETNS_FORWARD_ADDRESSES;
}

const NetnsDefinitionClass netns_forward_class = {
  .folder = "forwards",
  .group = GROUP,
  .size = sizeof (NetnsForward),
  .copy = copy_forward,
  .clear = clear_forward,
  .print = print_forward,
  .parse = parse_forward,
  .compare = compare_forwards,
  .renamed = NETNS_FORWARD_TARGET,
};

/* Whether it leads there by the kernel's rules, which change no family. */
gboolean
netns_forward_has_family (const NetnsForward *forward, int family)
{
  return forward->addresses[family == AF_INET6].family == family
         && (forward->listen_address.family == AF_UNSPEC || forward->listen_address.family == family);
}

/* A relay can carry from ::1 to either family. */
NetnsAddress
netns_forward_choose_relay_target (const NetnsForward *forward)
{
  return forward->addresses[forward->addresses[1].family != AF_UNSPEC];
}

/* Whether it takes what comes to ::1. */
gboolean
netns_forward_takes_loopback6 (const NetnsForward *forward)
{
  static const NetnsAddress loopback = { .family = AF_INET6, .prefix = 128, .bytes = { [15] = 1 } };

  return forward->listen_address.family == AF_UNSPEC || is_same_address (&forward->listen_address, &loopback);
}

static const NetnsNetwork *
find_network (NetnsCore *core, const NetnsLink *bridge)
{
  GHashTableIter iter;
  NetnsNetwork *network;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_network_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    if (*network->base.namespace_name == '\0' && !network->isolated && strcmp (network->bridge, bridge->info.name) == 0)
      return network;
  return NULL;
}

static gboolean
is_in_network (const NetnsNetwork *network, const NetnsAddress *address)
{
  for (guint i = 0; i < network->subnets->len; i++)
    if (netns_address_contains (&g_array_index (network->subnets, NetnsAddress, i), address))
      return TRUE;
  return FALSE;
}

/* Returns: whether a link of the host has it */
gboolean
netns_forward_is_of_host (NetnsCore *core, const NetnsAddress *address)
{
  NetnsNamespace *host = netns_mirror_get_host (netns_core_get_mirror (core));
  GHashTableIter iter;
  NetnsLink *link;

  g_hash_table_iter_init (&iter, host->links);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &link))
    for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++)
      if (netns_address_equal_host (&g_array_index (link->addresses, NetnsLinkAddressEntry, i).address, address))
        return TRUE;
  return FALSE;
}

/* Whoever owns the namespace gives it its addresses, and must not lead to the host what was to lead to it: neither to
 * an address of the host, nor to the first or last one of a subnet, to which every router listens (RFC 4291, 2.6.1;
 * RFC 1812, 4.2.3.1). */
static gboolean
is_usable (NetnsCore *core, const NetnsNetwork *network, const NetnsAddress *address)
{
  for (guint i = 0; i < network->subnets->len; i++) {
    const NetnsAddress *subnet = &g_array_index (network->subnets, NetnsAddress, i);
    NetnsAddress after_last;

    if (!netns_address_contains (subnet, address) || !netns_address_get_last (subnet, &after_last))
      continue;
    netns_address_add (&after_last, 1);
    if (netns_address_equal_host (subnet, address)
        || (netns_address_contains (subnet, &after_last) && netns_address_equal_host (&after_last, address)))
      return FALSE;
  }
  return !netns_forward_is_of_host (core, address);
}

static void
take_addresses (NetnsCore *core, NetnsForward *forward, const NetnsNetwork *network, const NetnsLink *link)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsAddress *address = &g_array_index (link->addresses, NetnsLinkAddressEntry, i).address;
    NetnsAddress *place = &forward->addresses[address->family == AF_INET6];

    if (place->family == AF_UNSPEC && is_in_network (network, address) && is_usable (core, network, address))
      *place = *address;
  }
}

/* Whether the link is connected to a network of the host, with an address that the forward can use. */
static gboolean
try_link (NetnsCore *core, NetnsForward *forward, NetnsLink *link)
{
  NetnsLink *port = netns_mirror_get_peer (netns_core_get_mirror (core), link);
  NetnsLink *bridge = port != NULL && port->namespace->source == NETNS_SOURCE_HOST
                        ? netns_namespace_get_link (port->namespace, port->info.master)
                        : NULL;
  const NetnsNetwork *network = bridge ? find_network (core, bridge) : NULL;

  memset (forward->addresses, 0, sizeof forward->addresses);
  if (network == NULL)
    return FALSE;
  take_addresses (core, forward, network, link);
  if (!netns_forward_has_family (forward, AF_INET) && !netns_forward_has_family (forward, AF_INET6)
      && !(netns_forward_takes_loopback6 (forward) && forward->addresses[0].family != AF_UNSPEC))
    return FALSE;
  g_free (forward->network);
  g_free (forward->bridge);
  g_free (forward->port);
  forward->network = g_strdup (network->base.name);
  forward->bridge = g_strdup (network->bridge);
  forward->port = g_strdup (port->info.name);
  return TRUE;
}

static int
compare_links (gconstpointer a, gconstpointer b)
{
  return (int) (*(NetnsLink *const *) a)->info.index - (int) (*(NetnsLink *const *) b)->info.index;
}

/**
 * netns_forward_locate:
 * @core: the service
 * @forward: a forward, whose target is looked up
 *
 * Notes how its namespace is reached now: by the first of its links that is connected to a network of the host and has an
 * address of that network, of the family that is forwarded.
 */
void
netns_forward_locate (NetnsCore *core, NetnsForward *forward)
{
  NetnsNamespace *namespace
    = netns_mirror_get_namespace (netns_core_get_mirror (core), forward->base.namespace_name);
  g_autoptr (GPtrArray) links = namespace ? netns_namespace_list_links (namespace) : g_ptr_array_new ();

  g_ptr_array_sort (links, compare_links);
  for (guint i = 0; i < links->len; i++)
    if (try_link (core, forward, g_ptr_array_index (links, i)))
      return;
  memset (forward->addresses, 0, sizeof forward->addresses);
  g_free (g_steal_pointer (&forward->network));
  g_free (g_steal_pointer (&forward->bridge));
  g_free (g_steal_pointer (&forward->port));
  forward->network = g_strdup ("");
  forward->bridge = g_strdup ("");
  forward->port = g_strdup ("");
}
