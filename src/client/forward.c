/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl forward */
#include "config.h"

#include "client/command.h"
#include "client/output.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "id", N_ ("ID"), NULL, NULL },
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

/* The path is where the number is, so it needs no property. */
static gint64
id_of (const char *path)
{
  return g_ascii_strtoll (strrchr (path, '/') + 1, NULL, 10);
}

static gboolean
list (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GPtrArray) paths = NULL;

  if (objects == NULL)
    return FALSE;
  paths = netns_objects_list (objects, NETNS_INTERFACE_FORWARD);
  for (guint i = 0; i < paths->len; i++) {
    netns_table_add_value (table, netns_value_new_number (id_of (paths->pdata[i])));
    netns_table_add_properties (table, objects, paths->pdata[i]);
  }
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
parse_port (const char *text, guint16 *port, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT16, &number, NULL))
    return netns_usage_error (error, _ ("“%s” cannot be a port; ports are 1 to 65535"), text);
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
    return netns_usage_error (error, _ ("“%s” is no range of ports; the first one must not be greater than the last"),
                              text);
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
    return netns_usage_error (error, _ ("“%s” names no ports; say [ADDRESS:]PORT:PORT, such as 8080:80"), text);
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
    return netns_usage_error (error, _ ("“%s” names %u ports here and %u there"), text, count, target_count);
  if (count > G_MAXUINT16)
    return netns_usage_error (error, _ ("“%s” names too many ports"), text);
  g_variant_dict_insert (options, "listen-port", "q", first);
  if (count > 1)
    g_variant_dict_insert (options, "count", "q", (guint16) count);
  return TRUE;
}

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_auto (GVariantDict) values = G_VARIANT_DICT_INIT (options);
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *line = NULL;
  const char *path;
  guint16 target;

  if (!parse_ports (arguments[2], &target, &values, error))
    return FALSE;
  if (!netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "CreateForward",
                                g_variant_new ("(ssq@a{sv})", arguments[0], arguments[1], target,
                                               g_variant_dict_end (&values)),
                                "(o)", &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(&o)", &path);
  if (connection->settings->format != NETNS_FORMAT_TEXT)
    return netns_output_object (connection->settings, path, error);
  /* Nobody else could tell what to say to `forward delete`. */
  line = g_strdup_printf ("%" G_GINT64_FORMAT "\n", id_of (path));
  return netns_output_write (connection->settings, line, error);
}

static gboolean delete (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *path = NULL, *missing = NULL;
  guint32 id;

  if (!netns_argument_number ("ID", arguments[0], &id, error))
    return FALSE;
  path = netns_path_for_forward (id);
  missing = g_strdup_printf (_ ("There is no forward with number %u"), id);
  if (netns_objects_change (connection, path, NETNS_INTERFACE_FORWARD, "Delete", NULL, missing, error))
    return TRUE;
  connection->method = "forward delete";
  return FALSE;
}

static const NetnsOption create_options[] = {
  { "--scope", 0, "SCOPE", "scope", NETNS_OPTION_TEXT,
    N_ ("From where it can be used: loopback (default), host, or public") },
  { NULL },
};

const NetnsVerb netns_forward_verbs[] = {
  { "list", 0, 0, "", N_ ("List the port forwards"), list, .reads_objects = TRUE },
  { "create", 3, 3, "NS PROTOCOL [ADDRESS:]PORT:PORT",
    N_ ("Lead a port of this machine to one of namespace NS, or a range FIRST-LAST; prints the ID"), create,
    create_options },
  { "delete", 1, 1, "ID", N_ ("Remove one"), delete },
  { NULL },
};
