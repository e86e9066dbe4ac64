/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is not in these tables cannot be reached: no path is ever made of what a caller says but of the words here and of
 * the names of links that are there. Left out is what belongs to the whole machine, what takes its memory, fills its log,
 * loads modules or holds secrets. */
#include "core/sysctl.h"

#include "common/error.h"
#include "core/core.h"
#include "core/operations.h"

#include <string.h>

#define VALUE_MAX 255

static const char *const ipv4_conf[] = {
  "accept_local", "accept_redirects", "accept_source_route", "arp_accept", "arp_announce", "arp_filter", "arp_ignore",
  "arp_notify", "forwarding", "ignore_routes_with_linkdown", "promote_secondaries", "proxy_arp", "proxy_arp_pvlan",
  "route_localnet", "rp_filter", "secure_redirects", "send_redirects", "shared_media", "src_valid_mark", NULL
};
static const char *const ipv6_conf[] = {
  "accept_dad", "accept_ra", "accept_ra_defrtr", "accept_ra_pinfo", "accept_redirects", "accept_source_route",
  "addr_gen_mode", "autoconf", "dad_transmits", "disable_ipv6", "forwarding", "hop_limit", "keep_addr_on_down", "mtu",
  "ndisc_notify", "proxy_ndp", "router_solicitations", "temp_prefered_lft", "temp_valid_lft", "use_tempaddr", NULL
};
static const char *const neighbour[]
  = { "base_reachable_time_ms", "delay_first_probe_time", "gc_stale_time", "mcast_solicit", "retrans_time_ms",
      "ucast_solicit", NULL };
static const char *const ipv4[] = {
  "icmp_echo_ignore_all", "icmp_echo_ignore_broadcasts", "ip_default_ttl", "ip_forward", "ip_local_port_range",
  "ip_local_reserved_ports", "ip_no_pmtu_disc", "ip_nonlocal_bind", "ip_unprivileged_port_start", "ping_group_range",
  "tcp_ecn", "tcp_fin_timeout", "tcp_keepalive_intvl", "tcp_keepalive_probes", "tcp_keepalive_time",
  "tcp_max_syn_backlog", "tcp_mtu_probing", "tcp_retries2", "tcp_rmem", "tcp_sack", "tcp_slow_start_after_idle",
  "tcp_syn_retries", "tcp_synack_retries", "tcp_syncookies", "tcp_timestamps", "tcp_tw_reuse", "tcp_window_scaling",
  "tcp_wmem", NULL
};
static const char *const ipv6[] = { "bindv6only", "ip_nonlocal_bind", NULL };
static const char *const core_settings[] = { "somaxconn", NULL };
static const char *const conntrack[]
  = { "nf_conntrack_tcp_timeout_established", "nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream", NULL };

/* Those of single links first: what follows the link's name has no dot, while the name may have some. */
static const struct {
  const char *prefix;
  gboolean of_link;
  const char *const *names;
} groups[] = {
  { "net.ipv4.conf.", TRUE, ipv4_conf },   { "net.ipv6.conf.", TRUE, ipv6_conf },
  { "net.ipv4.neigh.", TRUE, neighbour },  { "net.ipv6.neigh.", TRUE, neighbour },
  { "net.ipv4.", FALSE, ipv4 },            { "net.ipv6.", FALSE, ipv6 },
  { "net.core.", FALSE, core_settings },   { "net.netfilter.", FALSE, conntrack },
};

/* How many numbers a setting has, where it is not one. The kernel would take the first of too many, and then complain. */
static const struct {
  const char *name;
  guint min, max;
} shapes[] = {
  { "ip_local_port_range", 2, 2 }, { "ping_group_range", 2, 2 }, { "tcp_rmem", 3, 3 },
  { "tcp_wmem", 3, 3 },            { "ip_local_reserved_ports", 1, VALUE_MAX },
};

static char *
list_names (const char *const *names)
{
  return g_strjoinv (", ", (char **) names);
}

static void
set_unknown (GError **error, const char *key, gsize group)
{
  g_autofree char *begin = g_strndup (key, 80), *shown = g_strescape (begin, NULL);
  g_autoptr (GString) known = g_string_new (NULL);

  if (group < G_N_ELEMENTS (groups)) {
    g_autofree char *names = list_names (groups[group].names);

    g_string_printf (known, "%s%s followed by one of: %s", groups[group].prefix, groups[group].of_link ? "LINK." : "",
                     names);
  } else {
    for (gsize i = 0; i < G_N_ELEMENTS (groups); i++)
      g_string_append_printf (known, "%s%s%s", i ? ", " : "what begins with one of: ", groups[i].prefix,
                              groups[i].of_link ? "LINK." : "");
  }
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_SUPPORTED,
               "“%s” is none of the settings that are safe to change in one namespace; known: %s", shown, known->str);
}

static gsize
find_group (const char *key)
{
  gsize i = 0;

  while (i < G_N_ELEMENTS (groups) && !g_str_has_prefix (key, groups[i].prefix))
    i++;
  return i;
}

/* As sysctl(8) wants it, a dot in a link's name may be given as slash. */
static char *
find_link_name (NetnsNamespace *namespace, const char *begin, const char *end, GError **error)
{
  g_autofree char *name = g_strndup (begin, (gsize) (end - begin));
  const NetnsLink *link;

  g_strdelimit (name, "/", '.');
  if (strcmp (name, "all") == 0 || strcmp (name, "default") == 0)
    return g_steal_pointer (&name);
  link = netns_namespace_find_link (namespace, name);
  if (link != NULL && g_utf8_validate (link->info.name, -1, NULL))
    return g_strdup (link->info.name);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link “%s” in %s%s%s", name,
               *namespace->name ? "namespace “" : "the host namespace", namespace->name, *namespace->name ? "”" : "");
  return NULL;
}

/* Returns: (transfer full) (nullable): the path below /proc/sys; @setting is the last word of it */
static char *
find_path (NetnsNamespace *namespace, const char *key, const char **setting, GError **error)
{
  gsize group = find_group (key);
  g_autoptr (GString) path = g_string_new (NULL);
  g_autofree char *link = NULL;
  const char *rest, *word;

  if (group == G_N_ELEMENTS (groups)) {
    set_unknown (error, key, group);
    return NULL;
  }
  rest = key + strlen (groups[group].prefix);
  word = groups[group].of_link ? strrchr (rest, '.') : rest;
  *setting = groups[group].of_link && word != NULL ? word + 1 : word;
  if (*setting == NULL || !g_strv_contains (groups[group].names, *setting)) {
    set_unknown (error, key, group);
    return NULL;
  }
  g_string_append (path, groups[group].prefix);
  g_string_replace (path, ".", "/", 0);
  if (groups[group].of_link) {
    link = find_link_name (namespace, rest, word, error);
    if (link == NULL)
      return NULL;
    g_string_append_printf (path, "%s/", link);
  }
  g_string_append (path, *setting);
  return g_string_free (g_steal_pointer (&path), FALSE);
}

static gboolean
is_number (const char *text)
{
  return g_ascii_isdigit (text[*text == '-']) && text[(*text == '-') + strspn (text + (*text == '-'), "0123456789")] == '\0';
}

static gboolean
is_port_range (const char *text)
{
  return g_ascii_isdigit (*text) && text[strspn (text, "0123456789-")] == '\0';
}

static gboolean
check_value (const char *key, const char *setting, const char *value, GError **error)
{
  gboolean are_ports = strcmp (setting, "ip_local_reserved_ports") == 0, good = TRUE;
  g_auto (GStrv) words = g_strsplit_set (value, are_ports ? "," : " \t", -1);
  guint min = 1, max = 1, n_words = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    if (strcmp (shapes[i].name, setting) == 0) {
      min = shapes[i].min;
      max = shapes[i].max;
    }
  for (char **word = words; *word != NULL; word++) {
    if (**word == '\0' && !are_ports)
      continue;
    good = good && (are_ports ? is_port_range (*word) : is_number (*word));
    n_words++;
  }
  if (good && n_words >= min && n_words <= max && strlen (value) <= VALUE_MAX)
    return TRUE;
  if (are_ports)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "The value of “%s” is a list of ports and ranges with commas between them, such as 8080,9000-9100", key);
  else
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The value of “%s” is %u number%s", key, min,
                 min == 1 ? "" : "s with spaces between them");
  return FALSE;
}

/* Who forwards packets is a matter of NAT, whatever makes it so. */
static gboolean
is_forwarding (const char *setting)
{
  return strcmp (setting, "forwarding") == 0 || strcmp (setting, "ip_forward") == 0;
}

/**
 * netns_namespace_set_sysctl:
 * @core: the service
 * @caller: uid that asks for it
 * @name: a namespace
 * @key: a setting such as `net.ipv4.conf.eth0.rp_filter`
 * @value: its new value
 * @error: `NotFound` (the namespace, or the link in the key), `NotSupported` (not one that may be changed),
 *   `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.SetSysctl
 */
NetnsPlan *
netns_namespace_set_sysctl (NetnsCore *core, guint caller, const char *name, const char *key, const char *value,
                            GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);
  const char *setting = NULL;
  g_autofree char *path = namespace ? find_path (namespace, key, &setting, error) : NULL;

  if (path == NULL || !check_value (key, setting, value, error))
    return NULL;
  if (is_forwarding (setting))
    netns_plan_add_reach (plan, NETNS_REACH_NAT);
  netns_plan_add (plan, &netns_operation_sysctl_set, name, "{'path': <%s>, 'value': <%s>}", path, value);
  return g_steal_pointer (&plan);
}

/**
 * netns_namespace_get_sysctl:
 * @core: the service
 * @caller: uid that asks
 * @name: a namespace
 * @key: as for netns_namespace_set_sysctl()
 * @error: as there
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.GetSysctl
 */
NetnsPlan *
netns_namespace_get_sysctl (NetnsCore *core, guint caller, const char *name, const char *key, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  NetnsNamespace *namespace = netns_core_use_namespace (core, plan, caller, name, error);
  const char *setting = NULL;
  g_autofree char *path = namespace ? find_path (namespace, key, &setting, error) : NULL;

  if (path == NULL)
    return NULL;
  netns_plan_add (plan, &netns_operation_sysctl_get, name, "{'path': <%s>}", path);
  return g_steal_pointer (&plan);
}
