/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/dns.h"

#include "common/address.h"
#include "common/error.h"

#include <string.h>
#include <sys/socket.h>

#define MARK      "# Written by netnsd"
#define MARK_LINE MARK ", which overwrites and removes this file. Take this line out to keep it.\n"
#define IDENTITY  "# It goes with namespace "
#define BLANKS    " \t"
/* RFC 1035, 2.3.4: labels of at most 63 bytes; all together at most 253, without the dot at the end. */
#define LABEL  "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
#define DOMAIN "^(?=.{1,253}\\.?$)" LABEL "(?:\\." LABEL ")*\\.?$"
/* A line of resolv.conf. */
#define SETTING "^(nameserver|search|domain)[ \\t]+(.*)$"
/* A link's name or number, after a `%`. */
#define LINK "^[A-Za-z0-9_.@+-]{1,15}$"
/* A service and the actions that follow it: `resolve [!UNAVAIL=return]`. */
#define SERVICE "([^ \t[]*)[ \t]*(?:\\[[^]]*\\]?[ \t]*)*"

static gboolean
is_multicast (const NetnsAddress *address)
{
  return address->family == AF_INET6 ? address->bytes[0] == 0xff : (address->bytes[0] & 0xf0) == 0xe0;
}

static gboolean
matches (const char *text, const char *pattern)
{
  return g_regex_match_simple (pattern, text, G_REGEX_DOLLAR_ENDONLY, 0);
}

/* Untrusted text, made fit to be shown. */
static char *
show (const char *text)
{
  g_autofree char *begin = g_strndup (text, 60);

  return g_strescape (begin, NULL);
}

static gboolean
validate_server (const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "%", 2);
  g_autofree char *shown = show (text);
  const char *host = parts[0] ? parts[0] : "", *scope = *host != '\0' ? parts[1] : NULL;
  NetnsAddress address;

  if (!netns_address_parse_host (host, &address, NULL))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is not an IPv4 or IPv6 address of a name server (such as 192.0.2.1 or fe80::1%%eth0)",
                         shown);
  if (is_multicast (&address))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is a multicast address, which a name server cannot have", shown);
  if (!netns_address_is_link_local (&address) && scope != NULL)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "“%s” is not a link-local address and cannot have a link after a %%", shown);
  if (!netns_address_is_link_local (&address) || (scope != NULL && matches (scope, LINK)))
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "“%s” is a link-local address; add the link through which it is reached, such as %s%%eth0",
                       shown, host);
}

static gboolean
validate_search (const char *const *search, GError **error)
{
  gsize bytes = 0;

  if (g_strv_length ((char **) search) > NETNS_DNS_MAX_SEARCH)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "There can be at most %d search domains, not %u: some C libraries ignore more",
                         NETNS_DNS_MAX_SEARCH, g_strv_length ((char **) search));
  for (guint i = 0; search[i] != NULL; i++) {
    g_autofree char *shown = show (search[i]);

    bytes += strlen (search[i]) + (i > 0);
    if (!matches (search[i], DOMAIN))
      return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is not a domain name (such as example.org)",
                           shown);
  }
  if (bytes <= NETNS_DNS_MAX_SEARCH_BYTES)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                       "The search domains are too long together: %zu bytes (some C libraries read only %d)", bytes,
                       NETNS_DNS_MAX_SEARCH_BYTES);
}

/* Returns: whether a resolver will use all of these addresses of name servers and search domains; @error:
 * `InvalidArgument` */
gboolean
netns_dns_validate (const char *const *servers, const char *const *search, GError **error)
{
  guint count = g_strv_length ((char **) servers);

  if (count > NETNS_DNS_MAX_SERVERS)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "There can be at most %d name servers, not %u: resolvers ignore more", NETNS_DNS_MAX_SERVERS,
                         count);
  if (count == 0 && *search != NULL)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT,
                         "Search domains need a name server: without one a resolver asks this machine itself");
  for (guint i = 0; i < count; i++)
    if (!validate_server (servers[i], error))
      return FALSE;
  return validate_search (search, error);
}

/* Returns: whether the service wrote a file below /etc/netns */
gboolean
netns_dns_is_ours (const char *contents)
{
  return g_str_has_prefix (contents, MARK);
}

/* Returns: (transfer full) (nullable): which namespace a file was written for: another one can have its name by now. %NULL if
 * it does not say so */
char *
netns_dns_get_identity (const char *contents)
{
  const char *line = netns_dns_is_ours (contents) ? strchr (contents, '\n') : NULL;

  if (line == NULL || !g_str_has_prefix (line + 1, IDENTITY))
    return NULL;
  line += 1 + strlen (IDENTITY);
  return g_strndup (line, strcspn (line, "\n"));
}

static GString *
begin_file (const char *identity)
{
  GString *text = g_string_new (MARK_LINE);

  g_string_append_printf (text, IDENTITY "%s\n", identity);
  return text;
}

/* Only what can be a server: it goes to the bus. */
static void
take_server (GPtrArray *servers, const char *value)
{
  g_autofree char *server = g_strndup (value, strcspn (value, BLANKS));

  if (servers->len < NETNS_DNS_MAX_SERVERS && validate_server (server, NULL))
    g_ptr_array_add (servers, g_steal_pointer (&server));
}

static void
take_search (GPtrArray *search, const char *value, gboolean only_one)
{
  g_auto (GStrv) words = g_strsplit_set (value, BLANKS, -1);

  g_ptr_array_set_size (search, 0);
  for (guint i = 0; words[i] != NULL && !(only_one && search->len > 0); i++)
    if (*words[i] != '\0')
      g_ptr_array_add (search, g_utf8_make_valid (words[i], -1));
}

static char **
end_list (GPtrArray *list)
{
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}

/* Returns: (transfer full): what a resolver takes from a resolv.conf */
NetnsDns *
netns_dns_parse (const char *contents)
{
  g_autoptr (GRegex) setting = g_regex_new (SETTING, G_REGEX_RAW | G_REGEX_MULTILINE | G_REGEX_NEWLINE_LF, 0, NULL);
  GPtrArray *servers = g_ptr_array_new (), *search = g_ptr_array_new_with_free_func (g_free);
  NetnsDns *dns = g_new0 (NetnsDns, 1);
  g_autoptr (GMatchInfo) match = NULL;

  for (g_regex_match (setting, contents, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL)) {
    g_autofree char *keyword = g_match_info_fetch (match, 1), *value = g_match_info_fetch (match, 2);

    if (g_str_equal (keyword, "nameserver"))
      take_server (servers, value);
    else /* the last one counts */
      take_search (search, value, g_str_equal (keyword, "domain"));
  }
  dns->servers = end_list (servers);
  dns->search = end_list (search);
  dns->ours = netns_dns_is_ours (contents);
  dns->identity = netns_dns_get_identity (contents);
  return dns;
}

void
netns_dns_free (NetnsDns *dns)
{
  g_strfreev (dns->servers);
  g_strfreev (dns->search);
  g_free (dns->identity);
  g_free (dns);
}

/* Returns: (transfer full): the file for the namespace with @identity, a line of text, with these name servers and search
 * domains, marked as the service's */
char *
netns_dns_print_resolv_conf (const char *identity, const char *const *servers, const char *const *search)
{
  GString *text = begin_file (identity);

  if (*search != NULL) {
    g_autofree char *list = g_strjoinv (" ", (char **) search);

    g_string_append_printf (text, "search %s\n", list);
  }
  for (guint i = 0; servers[i] != NULL; i++)
    g_string_append_printf (text, "nameserver %s\n", servers[i]);
  return g_string_free (text, FALSE);
}

/* systemd's services ask programs outside of the namespace; what is left must ask the name servers. */
static void
append_hosts (GString *text, const char *services)
{
  g_autoptr (GRegex) service = g_regex_new (SERVICE, G_REGEX_RAW, G_REGEX_MATCH_NOTEMPTY, NULL);
  g_autofree char *list = g_strstrip (g_strndup (services, strcspn (services, "#")));
  g_autoptr (GMatchInfo) match = NULL;
  gboolean asks = FALSE;

  g_string_append (text, "hosts:");
  for (g_regex_match (service, list, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL)) {
    g_autofree char *whole = g_strchomp (g_match_info_fetch (match, 0)), *name = g_match_info_fetch (match, 1);

    if (!g_str_equal (name, "resolve") && !g_str_equal (name, "mymachines"))
      g_string_append_printf (text, " %s", whole);
    asks |= g_str_equal (name, "dns");
  }
  g_string_append (text, asks ? "\n" : " dns\n");
}

/* Returns: (transfer full): the file for the namespace with @identity, a line of text, with these name servers and search
 * domains, marked as the service's */
char *
netns_dns_print_nsswitch_conf (const char *identity, const char *host)
{
  g_auto (GStrv) lines = g_strsplit (host, "\n", -1);
  GString *text = begin_file (identity);

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *line = lines[i] + strspn (lines[i], BLANKS);

    if (g_str_has_prefix (line, "hosts:"))
      append_hosts (text, line + strlen ("hosts:"));
    else if (lines[i + 1] != NULL || *line != '\0') /* not behind the last newline */
      g_string_append_printf (text, "%s\n", lines[i]);
  }
  return g_string_free (text, FALSE);
}
