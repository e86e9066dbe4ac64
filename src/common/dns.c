/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/dns.h"

#include "common/address.h"
#include "common/error.h"
#include "common/validate.h"

#include <string.h>
#include <sys/socket.h>

#define MARK        "# Written by netnsd"
#define MARK_LINE   MARK ", which overwrites and removes this file. Take this line out to keep it.\n"
#define MAX_DOMAIN  253 /* RFC 1035, 2.3.4, without the dot at the end */
#define MAX_LABEL   63
#define BLANKS      " \t"
#define LETTERS     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static gboolean
is_link_local (const NetnsAddress *address)
{
  return address->family == AF_INET6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static gboolean
is_multicast (const NetnsAddress *address)
{
  return address->family == AF_INET6 ? address->bytes[0] == 0xff : (address->bytes[0] & 0xf0) == 0xe0;
}

/* What stands behind a `%`: a link's name or number. */
static gboolean
is_scope (const char *text)
{
  return *text != '\0' && strlen (text) <= NETNS_LINK_NAME_MAX && text[strspn (text, LETTERS "_.@+-")] == '\0';
}

/* What a stranger gave, fit to be shown. */
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
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "“%s” is no IPv4 or IPv6 address of a name server (such as 192.0.2.1 or fe80::1%%eth0)", shown);
  else if (is_multicast (&address))
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is a multicast address, no name server has it",
                 shown);
  else if (is_link_local (&address) && (scope == NULL || !is_scope (scope)))
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "“%s” is a link-local address: say by which link it is reached, such as %s%%eth0", shown, host);
  else if (!is_link_local (&address) && scope != NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "“%s” is no link-local address and cannot have a link behind a %%", shown);
  else
    return TRUE;
  return FALSE;
}

static gboolean
is_label (const char *label)
{
  gsize length = strlen (label);

  return length > 0 && length <= MAX_LABEL && label[strspn (label, LETTERS "_-")] == '\0' && label[0] != '-'
         && label[length - 1] != '-';
}

static gboolean
is_domain (const char *text)
{
  gsize length = strlen (text);
  g_autofree char *domain = g_strndup (text, length > 0 && text[length - 1] == '.' ? length - 1 : length);
  g_auto (GStrv) labels = NULL;

  if (*domain == '\0' || strlen (domain) > MAX_DOMAIN)
    return FALSE;
  labels = g_strsplit (domain, ".", -1);
  for (guint i = 0; labels[i] != NULL; i++)
    if (!is_label (labels[i]))
      return FALSE;
  return TRUE;
}

static gboolean
validate_search (const char *const *search, GError **error)
{
  gsize bytes = 0;

  if (g_strv_length ((char **) search) > NETNS_DNS_MAX_SEARCH) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "There can be %d search domains, not %u: more are ignored by some C libraries", NETNS_DNS_MAX_SEARCH,
                 g_strv_length ((char **) search));
    return FALSE;
  }
  for (guint i = 0; search[i] != NULL; i++) {
    g_autofree char *shown = show (search[i]);

    bytes += strlen (search[i]) + (i > 0);
    if (is_domain (search[i]))
      continue;
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "“%s” is no domain name (such as example.org)", shown);
    return FALSE;
  }
  if (bytes <= NETNS_DNS_MAX_SEARCH_BYTES)
    return TRUE;
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
               "The search domains have %zu bytes together, %d are read by all C libraries", bytes,
               NETNS_DNS_MAX_SEARCH_BYTES);
  return FALSE;
}

/**
 * netns_dns_validate:
 * @servers: (array zero-terminated=1): addresses of name servers
 * @search: (array zero-terminated=1): search domains
 * @error: `InvalidArgument`
 *
 * Returns: whether a resolver will use all of them
 */
gboolean
netns_dns_validate (const char *const *servers, const char *const *search, GError **error)
{
  guint count = g_strv_length ((char **) servers);

  if (count > NETNS_DNS_MAX_SERVERS) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "There can be %d name servers, not %u: a resolver asks no more", NETNS_DNS_MAX_SERVERS, count);
    return FALSE;
  }
  if (count == 0 && *search != NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT,
                 "Search domains need a name server: without one a resolver asks this machine itself");
    return FALSE;
  }
  for (guint i = 0; i < count; i++)
    if (!validate_server (servers[i], error))
      return FALSE;
  return validate_search (search, error);
}

/**
 * netns_dns_is_ours:
 * @contents: a file below /etc/netns
 *
 * Returns: whether the service wrote it
 */
gboolean
netns_dns_is_ours (const char *contents)
{
  return g_str_has_prefix (contents, MARK);
}

/* The word behind a keyword at the beginning of a line, %NULL if it is another line. */
static const char *
get_value (const char *line, const char *keyword)
{
  gsize length = strlen (keyword);

  if (strncmp (line, keyword, length) != 0 || line[length] == '\0' || strchr (BLANKS, line[length]) == NULL)
    return NULL;
  return line + length + strspn (line + length, BLANKS);
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

/**
 * netns_dns_parse:
 * @contents: a resolv.conf
 *
 * Returns: (transfer full): what a resolver takes from it
 */
NetnsDns *
netns_dns_parse (const char *contents)
{
  g_auto (GStrv) lines = g_strsplit (contents, "\n", -1);
  GPtrArray *servers = g_ptr_array_new (), *search = g_ptr_array_new_with_free_func (g_free);
  NetnsDns *dns = g_new0 (NetnsDns, 1);

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *server = get_value (lines[i], "nameserver");
    const char *list = get_value (lines[i], "search"), *domain = get_value (lines[i], "domain");

    if (server != NULL)
      take_server (servers, server);
    else if (list != NULL || domain != NULL) /* the last one counts */
      take_search (search, list ? list : domain, domain != NULL);
  }
  dns->servers = end_list (servers);
  dns->search = end_list (search);
  dns->ours = netns_dns_is_ours (contents);
  return dns;
}

void
netns_dns_free (NetnsDns *dns)
{
  g_strfreev (dns->servers);
  g_strfreev (dns->search);
  g_free (dns);
}

gboolean
netns_dns_equal (const NetnsDns *a, const NetnsDns *b)
{
  return a->ours == b->ours && g_strv_equal ((const char *const *) a->servers, (const char *const *) b->servers)
         && g_strv_equal ((const char *const *) a->search, (const char *const *) b->search);
}

/**
 * netns_dns_print_resolv_conf:
 * @servers: (array zero-terminated=1): addresses of name servers
 * @search: (array zero-terminated=1): search domains
 *
 * Returns: (transfer full): the file, marked as the service's
 */
char *
netns_dns_print_resolv_conf (const char *const *servers, const char *const *search)
{
  GString *text = g_string_new (MARK_LINE);

  if (*search != NULL) {
    g_autofree char *list = g_strjoinv (" ", (char **) search);

    g_string_append_printf (text, "search %s\n", list);
  }
  for (guint i = 0; servers[i] != NULL; i++)
    g_string_append_printf (text, "nameserver %s\n", servers[i]);
  return g_string_free (text, FALSE);
}

/* Goes to the end of a service with what shall happen after it: `resolve [!UNAVAIL=return]`. */
static const char *
skip_service (const char *text)
{
  text += strcspn (text, BLANKS "[");
  text += strspn (text, BLANKS);
  while (*text == '[') {
    text += strcspn (text, "]");
    text += *text == ']';
    text += strspn (text, BLANKS);
  }
  return text;
}

static gboolean
is_service (const char *text, const char *end, const char *name)
{
  gsize length = strlen (name);

  return (gsize) (end - text) >= length && strncmp (text, name, length) == 0
         && (text[length] == '\0' || strchr (BLANKS "[", text[length]) != NULL);
}

/* systemd's services ask programs outside of the namespace; what is left must ask the name servers. */
static void
append_hosts (GString *text, const char *services)
{
  g_autofree char *list = g_strndup (services, strcspn (services, "#"));
  const char *service = list + strspn (list, BLANKS), *end;
  gboolean asks = FALSE;

  g_string_append (text, "hosts:");
  for (; *service != '\0'; service = end) {
    g_autofree char *whole = NULL;

    end = skip_service (service);
    if (is_service (service, end, "resolve") || is_service (service, end, "mymachines"))
      continue;
    whole = g_strchomp (g_strndup (service, (gsize) (end - service)));
    g_string_append_printf (text, " %s", whole);
    asks |= is_service (service, end, "dns");
  }
  g_string_append (text, asks ? "\n" : " dns\n");
}

/**
 * netns_dns_print_nsswitch_conf:
 * @host: the machine's nsswitch.conf
 *
 * Returns: (transfer full): the same, but names of hosts are asked from name servers, not from systemd's services on
 *   the host; marked as the service's
 */
char *
netns_dns_print_nsswitch_conf (const char *host)
{
  g_auto (GStrv) lines = g_strsplit (host, "\n", -1);
  GString *text = g_string_new (MARK_LINE);

  for (guint i = 0; lines[i] != NULL; i++) {
    const char *line = lines[i] + strspn (lines[i], BLANKS);

    if (g_str_has_prefix (line, "hosts:"))
      append_hosts (text, line + strlen ("hosts:"));
    else if (lines[i + 1] != NULL || *line != '\0') /* not behind the last newline */
      g_string_append_printf (text, "%s\n", lines[i]);
  }
  return g_string_free (text, FALSE);
}
