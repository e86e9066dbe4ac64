/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/forward-rules.h"

#include "common/names.h"
#include "core/network.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/socket.h>

/* What a packet is sent to: any address of the host, one IPv4 or one IPv6 address of it; always protocol and port. Each
 * has its own maps, because a map has one type. */
typedef struct {
  const char *name;
  int listen_family;
  const char *types;  /* of a key */
  const char *key;    /* of a packet */
  const char *called; /* of a connection: what was called before it was translated */
} Kind;

#define META(name)             "{'meta': <{'key': <'" name "'>}>}"
#define PAYLOAD(header, field) "{'payload': <{'protocol': <'" header "'>, 'field': <'" field "'>}>}"
#define CALLED(name)           "{'ct': <{'key': <'" name "'>, 'dir': <'original'>}>}"
#define CONCAT2(a, b)          "{'concat': <[<" a ">, <" b ">]>}"
#define CONCAT3(a, b, c)       "{'concat': <[<" a ">, <" b ">, <" c ">]>}"
#define PROTOCOL               META ("l4proto")
#define PORT                   PAYLOAD ("th", "dport")
#define CALLED_PORT            CALLED ("proto-dst")

static const Kind kinds[] = {
  { "any", AF_UNSPEC, "['inet_proto', 'inet_service']", CONCAT2 (PROTOCOL, PORT), CONCAT2 (PROTOCOL, CALLED_PORT) },
  { "one4", AF_INET, "['ipv4_addr', 'inet_proto', 'inet_service']", CONCAT3 (PAYLOAD ("ip", "daddr"), PROTOCOL, PORT),
    CONCAT3 (CALLED ("ip daddr"), PROTOCOL, CALLED_PORT) },
  { "one6", AF_INET6, "['ipv6_addr', 'inet_proto', 'inet_service']", CONCAT3 (PAYLOAD ("ip6", "daddr"), PROTOCOL, PORT),
    CONCAT3 (CALLED ("ip6 daddr"), PROTOCOL, CALLED_PORT) },
};

static const struct {
  int family;
  const char *digit;
  const char *type;
  const char *nfproto;
  const char *dnat;
} families[] = { { AF_INET, "4", "ipv4_addr", "ipv4", "ip" }, { AF_INET6, "6", "ipv6_addr", "ipv6", "ip6" } };

static const char *const protocols[] = { "tcp", "udp", "sctp" };

/* Rules that are the same for all forwards. `translate` sends a packet to where the maps say; the three chains before it
 * are named for scopes and say who may get there. What passes by is not for us; ::1 is the relay's (kernel/relay.h). An
 * address 127.0.0.1 that comes from a bridge was forged there: as the bridge may answer for it, nobody else would drop
 * it (CVE-2020-8558). */
#define MATCH(operator, left, right) "{'match': <{'op': <'" operator "'>, 'left': <" left ">, 'right': <" right ">}>}"
#define VERDICT(verdict, chain)      "{'" verdict "': <{'target': <'" chain "'>}>}"
#define PREFIX127                    "{'prefix': <{'addr': <'127.0.0.0'>, 'len': <8>}>}"
#define FROM_BRIDGE                  MATCH ("==", META ("iifname"), "'@bridges'")
#define FROM_HERE                    MATCH ("==", META ("oifname"), "'lo'")
#define TRANSLATED                   MATCH ("in", "{'ct': <{'key': <'status'>}>}", "'dnat'")
#define NOTHING                      "<@ms nothing>"

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
  { "prerouting", "nat", "prerouting", -100 },  /* NF_IP_PRI_NAT_DST */
  { "output", "nat", "output", -100 },
  { "count", "filter", "postrouting", 90 },
};

static const struct {
  const char *chain;
  const char *expressions;
} rules[] = {
  { "loopback", MATCH ("==", PAYLOAD ("ip", "daddr"), PREFIX127) ", " FROM_HERE ", " VERDICT ("goto", "translate") },
  { "loopback", FROM_BRIDGE ", " VERDICT ("goto", "translate") },
  { "host", FROM_HERE ", " VERDICT ("goto", "translate") },
  { "host", FROM_BRIDGE ", " VERDICT ("goto", "translate") },
  { "public", VERDICT ("goto", "translate") },
  { "forwards", MATCH ("!=", PROTOCOL, "{'set': <['tcp', 'udp', 'sctp']>}") ", {'return': " NOTHING "}" },
  { "forwards", MATCH ("!=", "{'fib': <{'result': <'type'>, 'flags': <['daddr']>}>}", "'local'") ", {'return': " NOTHING "}" },
  { "forwards", MATCH ("==", PAYLOAD ("ip6", "daddr"), "'::1'") ", {'return': " NOTHING "}" },
  { "martians", FROM_BRIDGE ", " MATCH ("==", PAYLOAD ("ip", "daddr"), PREFIX127) ", {'drop': " NOTHING "}" },
  { "martians", FROM_BRIDGE ", " MATCH ("==", PAYLOAD ("ip", "saddr"), PREFIX127) ", {'drop': " NOTHING "}" },
  { "prerouting", VERDICT ("jump", "forwards") },
  { "output", VERDICT ("jump", "forwards") },
  { "postrouting", TRANSLATED ", " MATCH ("==", PAYLOAD ("ip", "saddr"), PREFIX127) ", "
                     MATCH ("==", META ("oifname"), "'@bridges'") ", {'masquerade': " NOTHING "}" },
};

static void
add (GVariantBuilder *commands, const char *object, GVariant *properties)
{
  g_variant_builder_add_parsed (commands, "{'add': <{%s: <%@a{sv}>}>}", object, properties);
}

static void
add_rule (GVariantBuilder *commands, const char *chain, const char *expressions)
{
  g_autofree char *list = g_strdup_printf ("[%s]", expressions);

  add (commands, "rule",
       g_variant_new_parsed ("{'family': <'inet'>, 'table': <%s>, 'chain': <%s>, 'expr': <%@aa{sv}>,"
                             " 'comment': <'forwards'>}",
                             NETNS_TABLE, chain, g_variant_new_parsed (list)));
}

static void
add_map (GVariantBuilder *commands, const Kind *kind, const char *what, const char *digit, const char *to)
{
  g_autofree char *name = g_strconcat (kind->name, "-", what, digit, NULL);

  add (commands, "map",
       g_variant_new_parsed ("{'family': <'inet'>, 'table': <%s>, 'name': <%s>, 'type': <%@as>, 'map': <%s>}",
                             NETNS_TABLE, name, g_variant_new_parsed (kind->types), to));
}

static gboolean
fits (const Kind *kind, gsize family)
{
  return kind->listen_family == AF_UNSPEC || kind->listen_family == families[family].family;
}

static void
add_maps (GVariantBuilder *commands, const Kind *kind)
{
  g_autofree char *counted = g_strconcat (kind->name, "-counted", NULL);

  add_map (commands, kind, "scope", "", "verdict");
  add_map (commands, kind, "port", "", "inet_service");
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (fits (kind, i))
      add_map (commands, kind, "address", families[i].digit, families[i].type);
  add (commands, "set",
       g_variant_new_parsed ("{'family': <'inet'>, 'table': <%s>, 'name': <%s>, 'type': <%@as>,"
                             " 'stmt': <[{'counter': <@ms nothing>}]>}",
                             NETNS_TABLE, counted, g_variant_new_parsed (kind->types)));
}

static void
add_translations (GVariantBuilder *commands, const Kind *kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++) {
    g_autofree char *expressions = g_strdup_printf (
      "{'match': <{'op': <'=='>, 'left': <" META ("nfproto") ">, 'right': <'%s'>}>},"
      " {'dnat': <{'family': <'%s'>, 'addr': <{'map': <{'key': <%s>, 'data': <'@%s-address%s'>}>}>,"
      " 'port': <{'map': <{'key': <%s>, 'data': <'@%s-port'>}>}>}>}",
      families[i].nfproto, families[i].dnat, kind->key, kind->name, families[i].digit, kind->key, kind->name);

    if (fits (kind, i))
      add_rule (commands, "translate", expressions);
  }
}

/* What goes to the target. nft knows the type of a port only behind a match of the protocol. */
static void
add_counts (GVariantBuilder *commands, const Kind *kind)
{
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++) {
    g_autofree char *expressions = g_strdup_printf (
      "{'match': <{'op': <'=='>, 'left': <" PROTOCOL ">, 'right': <'%s'>}>}, %s, " TRANSLATED
      ", {'match': <{'op': <'=='>, 'left': <%s>, 'right': <'@%s-counted'>}>}",
      protocols[i], MATCH ("==", "{'ct': <{'key': <'direction'>}>}", "'original'"), kind->called, kind->name);

    add_rule (commands, "count", expressions);
  }
}

/* Who calls from the same bridge would get the answer from somebody whom he has not called. */
static void
add_hairpin (GVariantBuilder *commands, const NetnsNetwork *network)
{
  for (guint i = 0; i < network->subnets->len; i++) {
    const NetnsAddress *subnet = &g_array_index (network->subnets, NetnsAddress, i);
    char text[NETNS_ADDRESS_MAX_TEXT];
    g_autofree char *expressions = g_strdup_printf (
      TRANSLATED ", {'match': <{'op': <'=='>, 'left': <{'payload': <{'protocol': <'%s'>, 'field': <'saddr'>}>}>,"
                 " 'right': <{'prefix': <{'addr': <'%s'>, 'len': <%u>}>}>}>},"
                 " {'match': <{'op': <'=='>, 'left': <" META ("oifname") ">, 'right': <'%s'>}>},"
                 " {'masquerade': " NOTHING "}",
      subnet->family == AF_INET ? "ip" : "ip6", netns_address_print_host (subnet, text), subnet->prefix,
      network->bridge);

    add_rule (commands, "postrouting", expressions);
  }
}

/**
 * netns_forward_rules_add_frame:
 * @commands: commands that have made the table, its set `bridges` and its chain `postrouting`
 * @networks: (element-type NetnsNetwork): all networks of the host
 *
 * What forwards need besides elements.
 */
void
netns_forward_rules_add_frame (GVariantBuilder *commands, GPtrArray *networks)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    add_maps (commands, &kinds[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (chains); i++)
    if (chains[i].type == NULL)
      add (commands, "chain",
           g_variant_new_parsed ("{'family': <'inet'>, 'table': <%s>, 'name': <%s>}", NETNS_TABLE, chains[i].name));
    else
      add (commands, "chain",
           g_variant_new_parsed ("{'family': <'inet'>, 'table': <%s>, 'name': <%s>, 'type': <%s>, 'hook': <%s>,"
                                 " 'prio': <%i>, 'policy': <'accept'>}",
                                 NETNS_TABLE, chains[i].name, chains[i].type, chains[i].hook, chains[i].priority));
  for (gsize i = G_N_ELEMENTS (kinds); i > 0; i--)
    add_translations (commands, &kinds[i - 1]);
  for (gsize i = 0; i < G_N_ELEMENTS (rules); i++)
    add_rule (commands, rules[i].chain, rules[i].expressions);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *by_scope
      = g_strdup_printf ("{'vmap': <{'key': <%s>, 'data': <'@%s-scope'>}>}", kinds[i].key, kinds[i].name);

    add_rule (commands, "forwards", by_scope);
    add_counts (commands, &kinds[i]);
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
key_of (const NetnsForward *forward, guint offset)
{
  const char *protocol = netns_protocol_print (forward->protocol);
  guint port = (guint) forward->listen_port + offset;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (forward->listen_address.family == AF_UNSPEC)
    return g_variant_new_parsed ("{'concat': <[<%s>, <%u>]>}", protocol, port);
  return g_variant_new_parsed ("{'concat': <[<%s>, <%s>, <%u>]>}",
                               netns_address_print_host (&forward->listen_address, text), protocol, port);
}

typedef GVariant *(*ValueFunc) (const NetnsForward *forward, guint offset, gsize family);

static GVariant *
get_scope (const NetnsForward *forward, guint offset, gsize family)
{
  return g_variant_new_parsed ("{'goto': <{'target': <%s>}>}", netns_scope_print (forward->scope));
}

static GVariant *
get_port (const NetnsForward *forward, guint offset, gsize family)
{
  return g_variant_new_uint32 ((guint) forward->target_port + offset);
}

static GVariant *
get_address (const NetnsForward *forward, guint offset, gsize family)
{
  char text[NETNS_ADDRESS_MAX_TEXT];

  return g_variant_new_string (netns_address_print_host (&forward->addresses[family], text));
}

/* One element for each port; without @value those of a set. */
static void
add_elements (GVariantBuilder *commands, const char *verb, const NetnsForward *forward, const char *what,
              const char *digit, ValueFunc value, gsize family)
{
  g_autofree char *name = g_strconcat (kind_of (forward)->name, "-", what, digit, NULL);
  g_auto (GVariantBuilder) elements = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("av"));

  for (guint offset = 0; offset < forward->count; offset++)
    if (value != NULL)
      g_variant_builder_add_parsed (&elements, "<[<%*>, <%*>]>", key_of (forward, offset),
                                    value (forward, offset, family));
    else
      g_variant_builder_add_parsed (&elements, "<%*>", key_of (forward, offset));
  g_variant_builder_add_parsed (commands,
                                "{%s: <{'element': <{'family': <'inet'>, 'table': <%s>, 'name': <%s>, 'elem': <%*>}>}>}",
                                verb, NETNS_TABLE, name, g_variant_builder_end (&elements));
}

/**
 * netns_forward_rules_add_elements:
 * @commands: commands
 * @verb: `add` or `delete`
 * @forward: a forward; one without an address has no elements
 */
void
netns_forward_rules_add_elements (GVariantBuilder *commands, const char *verb, const NetnsForward *forward)
{
  if (!netns_forward_has_family (forward, AF_INET) && !netns_forward_has_family (forward, AF_INET6))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (netns_forward_has_family (forward, families[i].family))
      add_elements (commands, verb, forward, "address", families[i].digit, get_address, i);
  add_elements (commands, verb, forward, "port", "", get_port, 0);
  add_elements (commands, verb, forward, "counted", "", NULL, 0);
  add_elements (commands, verb, forward, "scope", "", get_scope, 0);
}

/* Returns: (transfer full): the command that lists what netns_forward_rules_count() reads, as JSON */
char *
netns_forward_rules_list_counters (const NetnsForward *forward)
{
  g_autofree char *name = g_strconcat (kind_of (forward)->name, "-counted", NULL);
  g_autoptr (GVariant) document = g_variant_ref_sink (g_variant_new_parsed (
    "{'nftables': <[{'list': <{'set': <{'family': <'inet'>, 'table': <%s>, 'name': <%s>}>}>}]>}", NETNS_TABLE, name));

  return json_gvariant_serialize_data (document, NULL);
}

/* The last part of a key is the port, and that before it the protocol; before that comes the address, if there is one. */
static gboolean
is_of_forward (const NetnsForward *forward, JsonArray *key)
{
  guint length = json_array_get_length (key);
  char text[NETNS_ADDRESS_MAX_TEXT];
  gint64 port;

  if (length < 2 || strcmp (json_array_get_string_element (key, length - 2), netns_protocol_print (forward->protocol)) != 0)
    return FALSE;
  port = json_array_get_int_element (key, length - 1);
  return port >= forward->listen_port && port < forward->listen_port + forward->count
         && (length == 2
             || strcmp (json_array_get_string_element (key, 0),
                        netns_address_print_host (&forward->listen_address, text)) == 0);
}

static void
count_element (const NetnsForward *forward, JsonObject *element, guint64 *packets, guint64 *bytes)
{
  JsonObject *counter = json_object_get_object_member (element, "counter");
  JsonObject *key = json_object_get_object_member (element, "val");

  if (!is_of_forward (forward, json_object_get_array_member (key, "concat")))
    return;
  *packets += (guint64) json_object_get_int_member (counter, "packets");
  *bytes += (guint64) json_object_get_int_member (counter, "bytes");
}

/**
 * netns_forward_rules_count:
 * @forward: a forward
 * @list: (nullable): what the kernel has for netns_forward_rules_list_counters()
 * @packets: (inout): packets are added
 * @bytes: (inout): and bytes
 */
void
netns_forward_rules_count (const NetnsForward *forward, const char *list, guint64 *packets, guint64 *bytes)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *items, *elements;

  if (list == NULL || !json_parser_load_from_data (parser, list, -1, NULL))
    return;
  items = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "nftables");
  for (guint i = 0; i < json_array_get_length (items); i++) {
    JsonObject *item = json_array_get_object_element (items, i);
    JsonObject *set = json_object_has_member (item, "set") ? json_object_get_object_member (item, "set") : NULL;

    elements = set != NULL && json_object_has_member (set, "elem") ? json_object_get_array_member (set, "elem") : NULL;
    for (guint j = 0; elements != NULL && j < json_array_get_length (elements); j++)
      count_element (forward, json_object_get_object_member (json_array_get_object_element (elements, j), "elem"),
                     packets, bytes);
  }
}
