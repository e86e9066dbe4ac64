/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rule can say, whether it makes sense, and how nf_tables says it. */
#include "core/firewall.h"

#include "common/address.h"
#include "common/error.h"
#include "common/validate.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define COMMENT_MAX 100 /* NFTNL_UDATA_COMMENT_MAXLEN of libnftnl is 128 */
#define PORTS_MAX   64

static const struct {
  const char *name;
  guint number;
  gboolean has_ports;
  int family; /* AF_UNSPEC for both */
} protocols[] = {
  { "tcp", IPPROTO_TCP, TRUE, AF_UNSPEC },
  { "udp", IPPROTO_UDP, TRUE, AF_UNSPEC },
  { "sctp", IPPROTO_SCTP, TRUE, AF_UNSPEC },
  { "dccp", IPPROTO_DCCP, TRUE, AF_UNSPEC },
  { "udplite", IPPROTO_UDPLITE, TRUE, AF_UNSPEC },
  { "icmp", IPPROTO_ICMP, FALSE, AF_INET },
  { "icmpv6", IPPROTO_ICMPV6, FALSE, AF_INET6 },
  { "esp", IPPROTO_ESP, FALSE, AF_UNSPEC },
  { "ah", IPPROTO_AH, FALSE, AF_UNSPEC },
  { "gre", IPPROTO_GRE, FALSE, AF_UNSPEC },
};

static const char *const actions[] = { "accept", "drop", "reject", NULL };
static const char *const states[] = { "new", "established", "related", "invalid", "untracked", NULL };

static const char *
get (GVariant *rule, const char *key)
{
  const char *value = "";

  g_variant_lookup (rule, key, "&s", &value);
  return value;
}

static gboolean
check_word (const char *what, const char *word, const char *const *known, GError **error)
{
  g_autofree char *list = g_strjoinv (", ", (char **) known);

  if (g_strv_contains (known, word))
    return TRUE;
  if (*word == '\0')
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A rule needs a key “%s”: one of %s", what, list);
  else
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is no %s; say one of: %s", word, what, list);
  return FALSE;
}

/**
 * netns_firewall_parse_chain:
 * @name: input, forward or output
 * @chain: (out): which one that is
 * @error: `InvalidArgument`
 *
 * Returns: whether there is such a chain
 */
gboolean
netns_firewall_parse_chain (const char *name, NetnsFirewallChain *chain, GError **error)
{
  if (!check_word ("chain", name, netns_firewall_chains, error))
    return FALSE;
  *chain = NETNS_FIREWALL_INPUT;
  while (strcmp (netns_firewall_chains[*chain], name) != 0)
    (*chain)++;
  return TRUE;
}

/* Returns: the chain of a rule that was checked */
NetnsFirewallChain
netns_firewall_rule_get_chain (GVariant *rule)
{
  NetnsFirewallChain chain = NETNS_FIREWALL_INPUT;

  netns_firewall_parse_chain (get (rule, "chain"), &chain, NULL);
  return chain;
}

static const char **
get_list (GVariant *rule, const char *key)
{
  const char **list = NULL;

  g_variant_lookup (rule, key, "^a&s", &list);
  return list ? list : g_new0 (const char *, 1);
}

/* -1 for none */
static int
find_protocol (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (strcmp (protocols[i].name, name) == 0)
      return (int) i;
  return -1;
}

static gboolean
check_protocol (GVariant *rule, int *family, GError **error)
{
  const char *name = get (rule, "protocol"), *names[G_N_ELEMENTS (protocols) + 1] = { NULL };
  int protocol = find_protocol (name);

  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    names[i] = protocols[i].name;
  if (!g_variant_lookup (rule, "protocol", "&s", &name))
    return TRUE;
  if (!check_word ("protocol", name, names, error))
    return FALSE;
  *family = protocols[protocol].family;
  return TRUE;
}

static gboolean
check_address (GVariant *rule, const char *key, int *family, GError **error)
{
  NetnsAddress address;
  const char *text;

  if (!g_variant_lookup (rule, key, "&s", &text))
    return TRUE;
  if (!netns_address_parse_subnet (text, &address, error))
    return FALSE;
  if (*family != AF_UNSPEC && *family != address.family) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "No packet matches this rule: %s %s is of another family than its protocol or other address", key,
                 text);
    return FALSE;
  }
  *family = address.family;
  return TRUE;
}

/* `80` or `1000-2000` */
static gboolean
parse_ports (const char *text, guint *first, guint *last, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "-", 2);
  guint64 values[2];

  for (guint i = 0; i < 2; i++) {
    const char *part = parts[0] == NULL ? "" : i == 1 && parts[1] != NULL ? parts[1] : parts[0];

    if (!g_ascii_isdigit (*part) || !g_ascii_string_to_unsigned (part, 10, 1, G_MAXUINT16, &values[i], NULL)) {
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                   "“%s” is no port; say a number from 1 to 65535, or two with a dash between them", text);
      return FALSE;
    }
  }
  if (values[0] > values[1]) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The ports %s begin behind their end", text);
    return FALSE;
  }
  *first = (guint) values[0];
  *last = (guint) values[1];
  return TRUE;
}

/* nf_tables refuses sets whose intervals overlap. */
static gboolean
check_disjoint (const char **ports, guint index, GError **error)
{
  guint first, last, other_first, other_last;

  if (!parse_ports (ports[index], &first, &last, error))
    return FALSE;
  for (guint i = 0; i < index; i++) {
    parse_ports (ports[i], &other_first, &other_last, NULL);
    if (first > other_last || last < other_first)
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The ports %s and %s overlap", ports[i],
                 ports[index]);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_ports (GVariant *rule, const char *key, GError **error)
{
  g_autofree const char **ports = get_list (rule, key);
  int protocol = find_protocol (get (rule, "protocol"));
  guint count = g_strv_length ((char **) ports);

  if (count == 0)
    return TRUE;
  if (protocol < 0 || !protocols[protocol].has_ports) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Ports (%s) need a protocol that has some: tcp, udp, sctp, dccp or udplite", key);
    return FALSE;
  }
  if (count > PORTS_MAX) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "At most %d ports or ranges in one rule, not %u",
                 PORTS_MAX, count);
    return FALSE;
  }
  for (guint i = 0; i < count; i++)
    if (!check_disjoint (ports, i, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_states (GVariant *rule, GError **error)
{
  g_autofree const char **list = get_list (rule, "connection-state");

  for (guint i = 0; list[i] != NULL; i++)
    if (!check_word ("connection-state", list[i], states, error))
      return FALSE;
  return TRUE;
}

/* Packets that come in have no link to leave by, and those that go out none that they came by. */
static gboolean
check_link (GVariant *rule, const char *key, NetnsFirewallChain not_in, GError **error)
{
  const char *name;

  if (!g_variant_lookup (rule, key, "&s", &name))
    return TRUE;
  if (!netns_validate_link_name (name, error))
    return FALSE;
  if (strlen (name) > NETNS_LINK_NAME_MAX) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_NAME,
                 "“%s” is longer than the kernel's %d bytes; say the link's own name, not an alternative one", name,
                 NETNS_LINK_NAME_MAX);
    return FALSE;
  }
  if (netns_firewall_rule_get_chain (rule) != not_in)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Packets in chain %s have no %s",
               netns_firewall_chains[not_in], key);
  return FALSE;
}

static gboolean
check_comment (const char *comment, GError **error)
{
  gboolean printable = strlen (comment) <= COMMENT_MAX;

  for (const char *rest = comment; printable && *rest != '\0'; rest = g_utf8_next_char (rest))
    printable = g_unichar_isprint (g_utf8_get_char (rest)) && *rest != '"';
  if (printable)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "A comment has at most %d bytes on one line, without quotation marks", COMMENT_MAX);
  return FALSE;
}

/**
 * netns_firewall_rule_check:
 * @rule: a{sv}
 * @handle: its number
 * @error: `InvalidArgument`, `InvalidName`
 *
 * Returns: (transfer full) (nullable): the rule with its `handle` and without `position`
 */
GVariant *
netns_firewall_rule_check (GVariant *rule, guint64 handle, GError **error)
{
  GVariantDict result;
  NetnsFirewallChain chain;
  int family = AF_UNSPEC;

  if (!netns_firewall_parse_chain (get (rule, "chain"), &chain, error)
      || !check_word ("action", get (rule, "action"), actions, error) || !check_protocol (rule, &family, error)
      || !check_address (rule, "source", &family, error) || !check_address (rule, "destination", &family, error)
      || !check_ports (rule, "source-ports", error) || !check_ports (rule, "destination-ports", error)
      || !check_states (rule, error) || !check_link (rule, "in-link", NETNS_FIREWALL_OUTPUT, error)
      || !check_link (rule, "out-link", NETNS_FIREWALL_INPUT, error) || !check_comment (get (rule, "comment"), error))
    return NULL;
  g_variant_dict_init (&result, rule);
  g_variant_dict_remove (&result, "position");
  g_variant_dict_insert (&result, "handle", "t", handle);
  return g_variant_ref_sink (g_variant_dict_end (&result));
}

/* ---- as nf_tables has it */

static void
match (GVariantBuilder *statements, const char *operator, GVariant *left, GVariant *right)
{
  g_variant_builder_add_parsed (statements, "{'match': <{'op': <%s>, 'left': <%@a{sv}>, 'right': <%*>}>}", operator, left,
                                right);
}

static void
match_link (GVariantBuilder *statements, GVariant *rule, const char *key, const char *meta)
{
  if (*get (rule, key) != '\0')
    match (statements, "==", g_variant_new_parsed ("{'meta': <{'key': <%s>}>}", meta),
           g_variant_new_string (get (rule, key)));
}

static void
match_address (GVariantBuilder *statements, GVariant *rule, const char *key, const char *field)
{
  NetnsAddress address;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (*get (rule, key) == '\0' || !netns_address_parse_subnet (get (rule, key), &address, NULL))
    return;
  match (statements, "==",
         g_variant_new_parsed ("{'payload': <{'protocol': <%s>, 'field': <%s>}>}",
                               address.family == AF_INET ? "ip" : "ip6", field),
         g_variant_new_parsed ("{'prefix': <{'addr': <%s>, 'len': <%i>}>}", netns_address_print_host (&address, text),
                               (int) address.prefix));
}

static GVariant *
ports_value (const char *text)
{
  guint first = 0, last = 0;

  parse_ports (text, &first, &last, NULL);
  return first == last ? g_variant_new_uint32 (first) : g_variant_new_parsed ("{'range': <[%u, %u]>}", first, last);
}

static void
match_ports (GVariantBuilder *statements, GVariant *rule, const char *key, const char *field)
{
  g_autofree const char **ports = get_list (rule, key);
  g_auto (GVariantBuilder) set = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("av"));

  if (ports[0] == NULL)
    return;
  for (guint i = 0; ports[i] != NULL; i++)
    g_variant_builder_add (&set, "v", ports_value (ports[i]));
  match (statements, "==",
         g_variant_new_parsed ("{'payload': <{'protocol': <%s>, 'field': <%s>}>}", get (rule, "protocol"), field),
         ports[1] == NULL ? ports_value (ports[0])
                          : g_variant_new_parsed ("{'set': <%*>}", g_variant_builder_end (&set)));
}

/* By number: their names come from a file that a small system does not have. A port says of which protocol it is. */
static void
match_protocol (GVariantBuilder *statements, GVariant *rule, gboolean for_people)
{
  g_autofree const char **from = get_list (rule, "source-ports"), **to = get_list (rule, "destination-ports");
  const char *name = get (rule, "protocol");
  int protocol = find_protocol (name);

  if (protocol >= 0 && from[0] == NULL && to[0] == NULL)
    match (statements, "==", g_variant_new_parsed ("{'meta': <{'key': <'l4proto'>}>}"),
           for_people ? g_variant_new_string (name) : g_variant_new_uint32 (protocols[protocol].number));
}

static void
match_states (GVariantBuilder *statements, GVariant *rule)
{
  g_autofree const char **list = get_list (rule, "connection-state");

  if (list[0] != NULL)
    match (statements, "in", g_variant_new_parsed ("{'ct': <{'key': <'state'>}>}"), g_variant_new_strv (list, -1));
}

/**
 * netns_firewall_rule_to_statements:
 * @rule: a rule that was checked
 * @for_people: whether people read it, or libnftables
 *
 * Returns: (transfer floating): the same as libnftables-json(5) has it, aa{sv}
 */
GVariant *
netns_firewall_rule_to_statements (GVariant *rule, gboolean for_people)
{
  g_auto (GVariantBuilder) statements = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  match_link (&statements, rule, "in-link", "iifname");
  match_link (&statements, rule, "out-link", "oifname");
  match_address (&statements, rule, "source", "saddr");
  match_address (&statements, rule, "destination", "daddr");
  match_protocol (&statements, rule, for_people);
  match_ports (&statements, rule, "source-ports", "sport");
  match_ports (&statements, rule, "destination-ports", "dport");
  match_states (&statements, rule);
  g_variant_builder_add_parsed (&statements, "{%s: <@ms nothing>}", get (rule, "action"));
  return g_variant_builder_end (&statements);
}
