/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl forward */
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "id", N_ ("ID"), NETNS_OF_PATH, "Id" },
  { "protocol", N_ ("Protocol"), NETNS_INTERFACE_FORWARD, "Protocol" },
  { "listen-address", N_ ("Listen address"), NETNS_INTERFACE_FORWARD, "ListenAddress" },
  { "listen-port", N_ ("Port"), NETNS_INTERFACE_FORWARD, "ListenPort" },
  { "count", N_ ("Count"), NETNS_INTERFACE_FORWARD, "Count" },
  { "target", N_ ("Namespace"), NETNS_INTERFACE_FORWARD, "Target" },
  { "target-addresses", N_ ("Addresses"), NETNS_INTERFACE_FORWARD, "TargetAddresses" },
  { "target-port", N_ ("Target port"), NETNS_INTERFACE_FORWARD, "TargetPort" },
  { "scope", N_ ("Scope"), NETNS_INTERFACE_FORWARD, "Scope" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_FORWARD, "Owner" },
  { NULL },
};

static gboolean
parse_port (const char *text, guint16 *port, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &number, NULL))
    return netns_usage_error (error, _ ("Invalid port “%s”: must be between 1 and 65535"), text);
  *port = (guint16) number;
  return TRUE;
}

/* `8080` or `8080-8089` */
static gboolean
parse_range (const char *text, guint16 *first, guint *count, GError **error)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);
  guint16 last;

  if (!parse_port (ends[0] ? ends[0] : "", first, error))
    return FALSE;
  *count = 1;
  if (ends[1] == NULL)
    return TRUE;
  if (!parse_port (ends[1], &last, error))
    return FALSE;
  if (last < *first)
    return netns_usage_error (error, _ ("Invalid port range “%s”: start is greater than end"), text);
  *count = (guint) last - *first + 1;
  return TRUE;
}

/* [ADDRESS:]PORT:PORT, from the right: an IPv6 address has colons itself, and may stand in brackets. */
static gboolean
parse_ports (const char *text, guint16 *target, GVariantDict *options, GError **error)
{
  g_autofree char *listen = g_strdup (text), *address = NULL;
  char *colon = strrchr (listen, ':'), *ports;
  guint count, target_count;
  guint16 first;

  if (colon == NULL)
    return netns_usage_error (error, _ ("Invalid port mapping “%s”; expected [ADDRESS:]PORT:PORT, such as 8080:80"),
                              text);
  *colon = '\0';
  if (!parse_range (colon + 1, target, &target_count, error))
    return FALSE;
  ports = strrchr (listen, ':');
  if (ports != NULL) {
    *ports = '\0';
    address = *listen == '[' && g_str_has_suffix (listen, "]") ? g_strndup (listen + 1, strlen (listen) - 2)
                                                               : g_strdup (listen);
    g_variant_dict_insert (options, "listen-address", "s", address);
  }
  if (!parse_range (ports ? ports + 1 : listen, &first, &count, error))
    return FALSE;
  if (target_count != 1 && target_count != count)
    return netns_usage_error (error, _ ("“%s” listens on %u ports but forwards to %u"), text, count, target_count);
  if (count > G_MAXUINT16)
    return netns_usage_error (error, _ ("“%s” has too many ports"), text);
  g_variant_dict_insert (options, "listen-port", "q", first);
  if (count > 1)
    g_variant_dict_insert (options, "count", "q", (guint16) count);
  return TRUE;
}

static GVariant *
parse_create (char **words, GVariant *options, GError **error)
{
  g_auto (GVariantDict) values = G_VARIANT_DICT_INIT (options);
  guint16 target;

  if (!parse_ports (words[2], &target, &values, error))
    return NULL;
  return g_variant_new ("(ssq@a{sv})", words[0], words[1], target, g_variant_dict_end (&values));
}

static const NetnsOption create_options[] = {
  { "--scope", 0, "SCOPE", "scope", NETNS_OPTION_TEXT,
   N_ ("Where it can be used from: loopback (default), host, or public") },
  { NULL },
};

const NetnsVerb netns_forward_verbs[] = {
  { "list", 0, 0, "", N_ ("List the port forwards"), .lists = NETNS_INTERFACE_FORWARD, .columns = columns },
  { "create", 3, 3, "NS PROTOCOL [ADDRESS:]PORT:PORT",
   N_ ("Forward a host port, or a range FIRST-LAST, to namespace NS; prints the ID"), .options = create_options,
   .method = "Manager.CreateForward", .parse = parse_create, .reply = "(o)" },
  { "delete", 1, 1, "ID", N_ ("Delete a port forward"), .method = "Forward.Delete" },
  { NULL },
};
