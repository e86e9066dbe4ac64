/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/ruleset/forward-rules.h"

#include "common/protocol.h"
#include "core/ruleset/nft-json.h"
#include "core/state/network.h"

#include <sys/socket.h>

#define COMMENT "forwards"

/* The destination of a packet: any address of the host, one IPv4 or one IPv6 address of it; always protocol and port.
 * Each has its own maps, because a map has one type. */
typedef struct {
  const char *name;
  int listen_family;
  const char *type; /* of an address; NULL for none */
} Kind;

static const Kind kinds[] = {
  { "any",  AF_UNSPEC, NULL        },
  { "one4", AF_INET,   "ipv4_addr" },
  { "one6", AF_INET6,  "ipv6_addr" },
};

/* What each kind has: maps that say where to, for targets of one family or of both, a set that counts what comes, and
 * sets of who is answered by another way, with ranges of ports and of addresses. */
typedef enum {
  ADDRESS4,
  ADDRESS6,
  PORT,
  COUNTED,
  SCOPE,
  AWAY4,
  AWAY6,
} Map;

static const struct {
  const char *name;
  int family;
  const char *type;   /* of what a map says, NULL for a set */
  const char *caller; /* type of the last part of the key, NULL for none */
} maps[] = {
  { "address4", AF_INET,   "ipv4_addr",    NULL        },
  { "address6", AF_INET6,  "ipv6_addr",    NULL        },
  { "port",     AF_UNSPEC, "inet_service", NULL        },
  { "counted",  AF_UNSPEC, NULL,           NULL        },
  { "scope",    AF_UNSPEC, "verdict",      NULL        },
  { "away4",    AF_INET,   NULL,           "ipv4_addr" },
  { "away6",    AF_INET6,  NULL,           "ipv6_addr" },
};

/* `translate` sends a packet to where the maps say; the three chains before it are named for scopes and say who may get
 * there. */
static const struct {
  const char *name;
  const char *type; /* NULL for a chain that others jump to */
  const char *hook;
  int priority;
} chains[] = {
  { "translate" },
  { "loopback" },
  { "host" },
  { "public" },
  { "forwards" },
  { "martians", "filter", "prerouting", -300 }, /* before connections are looked up */
  { "prerouting", "nat", "prerouting", -100 }, /* NF_IP_PRI_NAT_DST */
  { "output", "nat", "output", -100 },
  { "count", "filter", "postrouting", 90 },
};

#define RULE(chain, ...) netns_nft_add_rule (commands, chain, COMMENT, netns_nft_list (__VA_ARGS__))

static GVariant *
protocol_is (const char *operator, GVariant * right)
{
  return netns_nft_match (operator, netns_nft_meta ("l4proto"), right);
}

/* @field: `saddr` or `daddr` */
static GVariant *
is_loopback (const char *field)
{
  static const NetnsAddress loopback = { .family = AF_INET, .bytes = { 127 }, .prefix = 8 };

  return netns_nft_match ("==", netns_nft_payload ("ip", field), netns_nft_prefix (&loopback));
}

static GVariant *
is_dnat (void)
{
  return netns_nft_match ("in", netns_nft_connection ("status"), netns_nft_text ("dnat"));
}

/* Rules that are the same for all forwards. Packets to other hosts are ignored; ::1 is the relay's (kernel/relay.h). A
 * packet with 127.0.0.1 from a bridge is forged: as the bridge may answer for it, nothing else would drop it
 * (CVE-2020-8558). */
static void
add_rules (GVariantBuilder *commands)
{
  RULE ("loopback", is_loopback ("daddr"), netns_nft_match_link ("oifname", "lo"),
        netns_nft_jump ("goto", "translate"));
  RULE ("loopback", netns_nft_match_link ("iifname", "@bridges"), netns_nft_jump ("goto", "translate"));
  RULE ("host", netns_nft_match_link ("oifname", "lo"), netns_nft_jump ("goto", "translate"));
  RULE ("host", netns_nft_match_link ("iifname", "@bridges"), netns_nft_jump ("goto", "translate"));
  RULE ("public", netns_nft_jump ("goto", "translate"));
  RULE ("forwards", protocol_is ("!=", netns_nft_word ("set", netns_nft_texts ("tcp", "udp", "sctp"))),
        netns_nft_statement ("return"));
  RULE ("forwards",
        netns_nft_match (
          "!=", netns_nft_object ("fib", "result", netns_nft_text ("type"), "flags", netns_nft_texts ("daddr"), NULL),
          netns_nft_text ("local")),
        netns_nft_statement ("return"));
  RULE ("forwards", netns_nft_match ("==", netns_nft_payload ("ip6", "daddr"), netns_nft_text ("::1")),
        netns_nft_statement ("return"));
  RULE ("martians", netns_nft_match_link ("iifname", "@bridges"), is_loopback ("daddr"), netns_nft_statement ("drop"));
  RULE ("martians", netns_nft_match_link ("iifname", "@bridges"), is_loopback ("saddr"), netns_nft_statement ("drop"));
  RULE ("prerouting", netns_nft_jump ("jump", "forwards"));
  RULE ("output", netns_nft_jump ("jump", "forwards"));
  RULE ("postrouting", is_dnat (), is_loopback ("saddr"), netns_nft_match_link ("oifname", "@bridges"),
        netns_nft_statement ("masquerade"));
}

/* The parts of the keys of its maps. */
static GVariant *
types_of (const Kind *kind, const char *caller)
{
  return netns_nft_list (kind->type ? netns_nft_text (kind->type) : NULL, netns_nft_text ("inet_proto"),
                         netns_nft_text ("inet_service"), caller ? netns_nft_text (caller) : NULL);
}

static GVariant *
make_key (GVariant *address, GVariant *protocol, GVariant *port, GVariant *caller)
{
  return netns_nft_word ("concat", netns_nft_list (address, protocol, port, caller));
}

/* The key of a packet. */
static GVariant *
key_of_packet (const Kind *kind)
{
  return make_key (kind->type ? netns_nft_payload (netns_nft_family (kind->listen_family), "daddr") : NULL,
                   netns_nft_meta ("l4proto"), netns_nft_payload ("th", "dport"), NULL);
}

static GVariant *
called (const char *key)
{
  return netns_nft_object ("ct", "key", netns_nft_text (key), "dir", netns_nft_text ("original"), NULL);
}

/* The key of a connection: what was called before it was translated, and who calls. */
static GVariant *
key_of_connection (const Kind *kind, GVariant *caller)
{
  g_autofree char *address = g_strconcat (netns_nft_family (kind->listen_family), " daddr", NULL);

  return make_key (kind->type ? called (address) : NULL, netns_nft_meta ("l4proto"), called ("proto-dst"), caller);
}

static char *
map_name (const Kind *kind, Map map)
{
  return g_strconcat (kind->name, "-", maps[map].name, NULL);
}

static gboolean
fits (const Kind *kind, Map map)
{
  return kind->listen_family == AF_UNSPEC || maps[map].family == AF_UNSPEC || maps[map].family == kind->listen_family;
}

static void
add_maps_of (GVariantBuilder *commands, const Kind *kind)
{
  for (Map map = 0; map < G_N_ELEMENTS (maps); map++) {
    g_autofree char *name = map_name (kind, map);
    const char *type = maps[map].type;

    if (fits (kind, map))
      netns_nft_add (commands, "add",
                     netns_nft_object (type ? "map" : "set", NETNS_NFT_OF_TABLE, "name", netns_nft_text (name), "type",
                                       types_of (kind, maps[map].caller), "map", type ? netns_nft_text (type) : NULL,
                                       "flags", maps[map].caller ? netns_nft_texts ("interval") : NULL, "stmt",
                                       map == COUNTED ? netns_nft_list (netns_nft_statement ("counter")) : NULL, NULL));
  }
}

/* All that elements of forwards are in, in a table that is there. */
void
netns_forward_rules_add_maps (GVariantBuilder *commands)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    add_maps_of (commands, &kinds[i]);
}

/* Looks up a packet in a map of @kind; @word is `map` for a value, `vmap` for a verdict. */
static GVariant *
look_up (const char *word, const Kind *kind, Map map)
{
  g_autofree char *name = map_name (kind, map), *reference = g_strconcat ("@", name, NULL);

  return netns_nft_object (word, "key", key_of_packet (kind), "data", netns_nft_text (reference), NULL);
}

static void
add_dnat (GVariantBuilder *commands, const Kind *kind)
{
  for (Map map = ADDRESS4; map <= ADDRESS6; map++)
    if (fits (kind, map))
      RULE ("translate",
            netns_nft_match ("==", netns_nft_meta ("nfproto"), netns_nft_text (map == ADDRESS4 ? "ipv4" : "ipv6")),
            netns_nft_object ("dnat", "family", netns_nft_text (netns_nft_family (maps[map].family)), "addr",
                              look_up ("map", kind, map), "port", look_up ("map", kind, PORT), NULL));
}

/* What goes to the target. nft knows the type of a port only behind a match of the protocol. */
static void
add_counts (GVariantBuilder *commands, const Kind *kind)
{
  g_autofree char *name = map_name (kind, COUNTED), *counted = g_strconcat ("@", name, NULL);

  for (const NetnsWord *protocol = netns_forwarded_protocols; protocol->word != NULL; protocol++)
    RULE ("count", protocol_is ("==", netns_nft_text (protocol->word)),
          netns_nft_match ("==", netns_nft_connection ("direction"), netns_nft_text ("original")), is_dnat (),
          netns_nft_match ("==", key_of_connection (kind, NULL), netns_nft_text (counted)));
}

/* Who is answered by another way would get no answers, or such as nobody translates back. So the target sees the host's
 * address on its network, which it answers there. */
static void
add_away (GVariantBuilder *commands, const Kind *kind, Map map)
{
  g_autofree char *name = map_name (kind, map), *away = g_strconcat ("@", name, NULL);

  for (const NetnsWord *protocol = netns_forwarded_protocols; protocol->word != NULL; protocol++)
    RULE (
      "postrouting", protocol_is ("==", netns_nft_text (protocol->word)), is_dnat (),
      netns_nft_match_link ("oifname", "@bridges"),
      netns_nft_match ("==", key_of_connection (kind, netns_nft_payload (netns_nft_family (maps[map].family), "saddr")),
                       netns_nft_text (away)),
      netns_nft_statement ("masquerade"));
}

/* A client on the same bridge would get replies from an address to which it did not connect. */
static void
add_hairpin (GVariantBuilder *commands, const NetnsNetwork *network)
{
  for (guint i = 0; i < network->subnets->len; i++) {
    const NetnsAddress *subnet = &g_array_index (network->subnets, NetnsAddress, i);

    RULE (
      "postrouting", is_dnat (),
      netns_nft_match ("==", netns_nft_payload (netns_nft_family (subnet->family), "saddr"), netns_nft_prefix (subnet)),
      netns_nft_match_link ("oifname", network->bridge), netns_nft_statement ("masquerade"));
  }
}

/* What forwards need besides elements, in a table that has the set `bridges` and the chain `postrouting`; @networks are
 * all of the host. */
void
netns_forward_rules_add_frame (GVariantBuilder *commands, GPtrArray *networks)
{
  netns_forward_rules_add_maps (commands);
  for (gsize i = 0; i < G_N_ELEMENTS (chains); i++)
    netns_nft_add_chain (commands, chains[i].name, chains[i].type, chains[i].hook, chains[i].priority, FALSE);
  for (gsize i = G_N_ELEMENTS (kinds); i > 0; i--)
    add_dnat (commands, &kinds[i - 1]);
  add_rules (commands);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    RULE ("forwards", look_up ("vmap", &kinds[i], SCOPE));
    add_counts (commands, &kinds[i]);
    for (Map map = AWAY4; map <= AWAY6; map++)
      if (fits (&kinds[i], map))
        add_away (commands, &kinds[i], map);
  }
  for (guint i = 0; i < networks->len; i++)
    add_hairpin (commands, g_ptr_array_index (networks, i));
}

static const Kind *
kind_of (const NetnsForward *forward)
{
  gsize i = 0;

  while (kinds[i].listen_family != forward->listen_address.family)
    i++;
  return &kinds[i];
}

static GVariant *
address_value (const NetnsAddress *address)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  return netns_nft_text (netns_address_print_host (address, text));
}

static GVariant *
make_range (GVariant *first, GVariant *last)
{
  return netns_nft_word ("range", netns_nft_list (first, last));
}

/* The callers from the first address of @range to the second, of all ports of @forward. */
static GVariant *
key_of_callers (const NetnsForward *forward, const NetnsAddress *range)
{
  GVariant *first = g_variant_new_uint32 (forward->listen_port);
  GVariant *ports = forward->count == 1
                      ? first
                      : make_range (first, g_variant_new_uint32 (forward->listen_port + forward->count - 1u));

  return make_key (forward->listen_address.family ? address_value (&forward->listen_address) : NULL,
                   netns_nft_text (netns_protocol_print (forward->protocol)), ports,
                   netns_address_equal_host (&range[0], &range[1])
                     ? address_value (range)
                     : make_range (address_value (&range[0]), address_value (&range[1])));
}

static void
add_list (GVariantBuilder *commands, const char *verb, const char *name, GPtrArray *elements)
{
  netns_nft_add (commands, verb,
                 netns_nft_object ("element", NETNS_NFT_OF_TABLE, "name", netns_nft_text (name), "elem",
                                   netns_nft_list_of ((GVariant **) elements->pdata, elements->len), NULL));
}

static GVariant *
element_of (const NetnsForward *forward, Map map, guint offset)
{
  GVariant *key = make_key (forward->listen_address.family ? address_value (&forward->listen_address) : NULL,
                            netns_nft_text (netns_protocol_print (forward->protocol)),
                            g_variant_new_uint32 ((guint) forward->listen_port + offset), NULL);

  if (map == COUNTED)
    return key;
  if (map == PORT)
    return netns_nft_list (key, g_variant_new_uint32 ((guint) forward->target_port + offset));
  if (map == SCOPE)
    return netns_nft_list (key, netns_nft_jump ("goto", netns_word_print (netns_scopes, forward->scope)));
  return netns_nft_list (key, address_value (&forward->addresses[map == ADDRESS6]));
}

/* One element for each range of callers. */
static void
add_away_elements (GVariantBuilder *commands, const char *verb, const NetnsForward *forward, Map map)
{
  g_autofree char *name = map_name (kind_of (forward), map);
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();

  for (guint i = 0; i + 1 < forward->away->len; i += 2) {
    const NetnsAddress *range = &g_array_index (forward->away, NetnsAddress, i);

    if (range->family == maps[map].family)
      g_ptr_array_add (elements, key_of_callers (forward, range));
  }
  if (elements->len > 0)
    add_list (commands, verb, name, elements);
}

/* One element for each port. */
static void
add_elements (GVariantBuilder *commands, const char *verb, const NetnsForward *forward, Map map)
{
  g_autofree char *name = map_name (kind_of (forward), map);
  g_autoptr (GPtrArray) elements = g_ptr_array_new ();

  for (guint offset = 0; offset < forward->count; offset++)
    g_ptr_array_add (elements, element_of (forward, map, offset));
  add_list (commands, verb, name, elements);
}

/* Returns: whether @forward has elements to `add` or `delete`; one without an address has none */
gboolean
netns_forward_rules_add_elements (GVariantBuilder *commands, const char *verb, const NetnsForward *forward)
{
  if (!netns_forward_has_family (forward, AF_INET) && !netns_forward_has_family (forward, AF_INET6))
    return FALSE;
  for (Map map = 0; map < G_N_ELEMENTS (maps); map++)
    if (maps[map].family == AF_UNSPEC || netns_forward_has_family (forward, maps[map].family))
      (maps[map].caller ? add_away_elements : add_elements) (commands, verb, forward, map);
  return TRUE;
}

/* Returns: (transfer floating): the parameter of netns_query_count_elements for a forward */
GVariant *
netns_forward_rules_print_count (const NetnsForward *forward)
{
  g_autofree char *name = map_name (kind_of (forward), COUNTED);
  gboolean any = forward->listen_address.family == AF_UNSPEC;
  char text[NETNS_ADDRESS_MAX_TEXT];

  return g_variant_new ("(ssuus)", name, netns_protocol_print (forward->protocol), (guint) forward->listen_port,
                        (guint) forward->count, any ? "" : netns_address_print_host (&forward->listen_address, text));
}
