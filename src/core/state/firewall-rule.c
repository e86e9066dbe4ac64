/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a rule, and whether they are valid. */
#include "core/state/firewall-rule.h"

#include "common/address.h"
#include "common/error.h"
#include "common/options.h"
#include "common/protocol.h"
#include "common/validate.h"

#include <string.h>
#include <sys/socket.h>

#define COMMENT_MAX 100 /* NFTNL_UDATA_COMMENT_MAXLEN of libnftnl is 128 */
#define PORTS_MAX   64

/* Returns: (transfer none): what a rule says for a key of type s, empty for nothing */
const char *
netns_firewall_rule_get (GVariant *rule, const char *key)
{
  const char *value = "";

  g_variant_lookup (rule, key, "&s", &value);
  return value;
}

/* Which chain is called input, forward or output. Error: `InvalidArgument`. */
gboolean
netns_firewall_parse_chain (const char *name, NetnsFirewallChain *chain, GError **error)
{
  for (*chain = 0; *chain < NETNS_FIREWALL_N_CHAINS; (*chain)++)
    if (strcmp (netns_firewall_chains[*chain], name) == 0)
      return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid chain “%s”; use input, forward or output", name);
}

/* Returns: the chain of a rule that was checked */
NetnsFirewallChain
netns_firewall_rule_get_chain (GVariant *rule)
{
  NetnsFirewallChain chain = NETNS_FIREWALL_INPUT;

  netns_firewall_parse_chain (netns_firewall_rule_get (rule, "chain"), &chain, NULL);
  return chain;
}

/* Returns: (transfer container): what a rule says for a key of type as, none for nothing */
const char **
netns_firewall_rule_get_list (GVariant *rule, const char *key)
{
  const char **list = NULL;

  g_variant_lookup (rule, key, "^a&s", &list);
  return list ? list : g_new0 (const char *, 1);
}

static gboolean
check_address (GVariant *rule, const char *key, int *family, GError **error)
{
  NetnsAddress address;
  const char *text;

  if (!g_variant_lookup (rule, key, "&s", &text) || !netns_address_parse_subnet (text, &address, NULL))
    return TRUE;
  if (*family != AF_UNSPEC && *family != address.family)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Cannot mix IPv4 and IPv6 in one rule: %s %s", key, text);
  *family = address.family;
  return TRUE;
}

/* The first and the last port of `80` or `1000-2000`. Error: `InvalidArgument`. */
gboolean
netns_firewall_parse_ports (const char *text, guint *first, guint *last, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "-", 2);
  guint64 values[2];

  for (guint i = 0; i < 2; i++) {
    const char *part = parts[0] == NULL ? "" : i == 1 && parts[1] != NULL ? parts[1] : parts[0];

    if (!g_ascii_isdigit (*part) || !g_ascii_string_to_unsigned (part, 10, 1, G_MAXUINT16, &values[i], NULL))
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                           "“%s” is not a port; give a number from 1 to 65535 or a range such as 80-90", text);
  }
  if (values[0] > values[1])
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid port range %s: start is greater than end", text);
  *first = (guint) values[0];
  *last = (guint) values[1];
  return TRUE;
}

/* nf_tables refuses sets whose intervals overlap. */
static gboolean
check_disjoint (const char **ports, guint index, GError **error)
{
  guint first, last, other_first, other_last;

  if (!netns_firewall_parse_ports (ports[index], &first, &last, error))
    return FALSE;
  for (guint i = 0; i < index; i++) {
    netns_firewall_parse_ports (ports[i], &other_first, &other_last, NULL);
    if (first > other_last || last < other_first)
      continue;
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The ports %s and %s overlap", ports[i], ports[index]);
  }
  return TRUE;
}

static gboolean
check_ports (GVariant *rule, const char *key, GError **error)
{
  g_autofree const char **ports = netns_firewall_rule_get_list (rule, key);
  const NetnsProtocol *protocol = netns_protocol_find (netns_firewall_rule_get (rule, "protocol"));
  guint count = g_strv_length ((char **) ports);

  if (count == 0)
    return TRUE;
  if (protocol == NULL || !protocol->has_ports)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "Ports (%s) need a protocol with ports: tcp, udp, sctp, dccp or udplite", key);
  if (count > PORTS_MAX)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "A rule can have at most %d ports or ranges, not %u",
                         PORTS_MAX, count);
  for (guint i = 0; i < count; i++)
    if (!check_disjoint (ports, i, error))
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
  if (strlen (name) > NETNS_LINK_NAME_MAX)
    return netns_refuse (error, NETNS_ERROR_INVALID_NAME,
                         "“%s” is longer than %d bytes; use the link's own name, not an alternative name", name,
                         NETNS_LINK_NAME_MAX);
  if (netns_firewall_rule_get_chain (rule) != not_in)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Packets in chain %s have no %s",
                       netns_firewall_chains[not_in], key);
}

static gboolean
check_comment (const char *comment, GError **error)
{
  gboolean printable = strlen (comment) <= COMMENT_MAX;

  for (const char *rest = comment; printable && *rest != '\0'; rest = g_utf8_next_char (rest))
    printable = g_unichar_isprint (g_utf8_get_char (rest)) && *rest != '"';
  if (printable)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "A comment must be one line of at most %d bytes without quotation marks", COMMENT_MAX);
}

/* Returns: (transfer full) (nullable): the argument of Firewall.AddRule(), or a rule that was checked before, with its
 * `handle` and without `position`. Errors: `InvalidArgument`, `InvalidName`. */
GVariant *
netns_firewall_rule_check (GVariant *rule, guint64 handle, GError **error)
{
  g_autoptr (GVariant) given = NULL;
  const NetnsProtocol *protocol;
  GVariantDict result;
  int family;

  g_variant_dict_init (&result, rule);
  g_variant_dict_remove (&result, "handle");
  given = g_variant_ref_sink (g_variant_dict_end (&result));
  if (!netns_options_check (netns_options_firewall_add_rule, NULL, given, error))
    return NULL;
  protocol = netns_protocol_find (netns_firewall_rule_get (rule, "protocol"));
  family = protocol ? protocol->family : AF_UNSPEC;
  if (!check_address (rule, "source", &family, error) || !check_address (rule, "destination", &family, error)
      || !check_ports (rule, "source-ports", error) || !check_ports (rule, "destination-ports", error)
      || !check_link (rule, "in-link", NETNS_FIREWALL_OUTPUT, error)
      || !check_link (rule, "out-link", NETNS_FIREWALL_INPUT, error)
      || !check_comment (netns_firewall_rule_get (rule, "comment"), error))
    return NULL;
  g_variant_dict_init (&result, rule);
  g_variant_dict_remove (&result, "position");
  g_variant_dict_insert (&result, "handle", "t", handle);
  return g_variant_ref_sink (g_variant_dict_end (&result));
}
