/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl namespace */
#include "config.h"

#include "client/command.h"
#include "client/output.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn list_columns[] = {
  { "name", N_ ("Name"), NULL, NULL },
  { "source", N_ ("Source"), NETNS_INTERFACE_NAMESPACE, "Source" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAMESPACE, "Owner" },
  { "ns-id", N_ ("NSID"), NETNS_INTERFACE_NAMESPACE, "NsId" },
  { "inode", N_ ("Inode"), NETNS_INTERFACE_NAMESPACE, "Inode" },
  { "n-links", N_ ("Links"), NULL, NULL },
  { NULL },
};

static const NetnsColumn all_columns[] = {
  { "name", N_ ("Name"), NULL, NULL },
  { "source", N_ ("Source"), NETNS_INTERFACE_NAMESPACE, "Source" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAMESPACE, "Owner" },
  { "owner-label", N_ ("Held by"), NETNS_INTERFACE_NAMESPACE, "OwnerLabel" },
  { "ns-id", N_ ("NSID"), NETNS_INTERFACE_NAMESPACE, "NsId" },
  { "inode", N_ ("Inode"), NETNS_INTERFACE_NAMESPACE, "Inode" },
  { "n-links", N_ ("Links"), NULL, NULL },
  { "path", N_ ("Path"), NETNS_INTERFACE_NAMESPACE, "Path" },
  { NULL },
};

static const NetnsOption list_options[] = {
  { "--all", 'a', NULL, "all", NETNS_OPTION_ON, N_ ("Also those without a name, with what holds them") },
  { NULL },
};

static const NetnsColumn show_columns[] = {
  { "name", N_ ("Name"), NULL, NULL },
  { "path", N_ ("Path"), NETNS_INTERFACE_NAMESPACE, "Path" },
  { "source", N_ ("Source"), NETNS_INTERFACE_NAMESPACE, "Source" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAMESPACE, "Owner" },
  { "owner-label", N_ ("Held by"), NETNS_INTERFACE_NAMESPACE, "OwnerLabel" },
  { "ns-id", N_ ("NSID"), NETNS_INTERFACE_NAMESPACE, "NsId" },
  { "inode", N_ ("Inode"), NETNS_INTERFACE_NAMESPACE, "Inode" },
  { "links", N_ ("Links"), NETNS_INTERFACE_NAMESPACE, "Links" },
  { "routes", N_ ("Routes"), NETNS_INTERFACE_NAMESPACE, "Routes" },
  { "dns-servers", N_ ("Name servers"), NETNS_INTERFACE_NAMESPACE, "DnsServers" },
  { "dns-search", N_ ("Search domains"), NETNS_INTERFACE_NAMESPACE, "DnsSearch" },
  { NULL },
};

static void
add_name (NetnsTable *table, const NetnsObjects *objects, const char *path)
{
  g_autofree char *name = netns_objects_namespace_of (objects, path);

  netns_table_add_value (table, netns_value_new_text (name));
}

/* A number, because the names of a host's links would fill the screen; `link list` has them. */
static guint
n_links (const NetnsObjects *objects, const char *path)
{
  g_autoptr (GVariant) properties = netns_objects_get (objects, path, NETNS_INTERFACE_NAMESPACE);
  g_auto (GStrv) links = netns_property_paths (properties, "Links");

  return g_strv_length (links);
}

static gboolean
list (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  gboolean all = netns_property_flag (options, "all");
  g_autoptr (NetnsTable) table = netns_table_new (all ? all_columns : list_columns);
  g_autoptr (GPtrArray) paths = NULL;

  if (objects == NULL)
    return FALSE;
  paths = netns_objects_list (objects, NETNS_INTERFACE_NAMESPACE);
  for (guint i = 0; i < paths->len; i++) {
    if (!all && netns_objects_is_unnamed (paths->pdata[i]))
      continue;
    add_name (table, objects, paths->pdata[i]);
    netns_table_add_properties (table, objects, paths->pdata[i]);
    netns_table_add_value (table, netns_value_new_number (n_links (objects, paths->pdata[i])));
    if (all)
      netns_table_add_properties (table, objects, paths->pdata[i]);
  }
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
show (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  const char *path = objects ? netns_objects_find_namespace (objects, arguments[0], error) : NULL;
  g_autoptr (NetnsTable) table = netns_table_new (show_columns);

  if (path == NULL)
    return FALSE;
  add_name (table, objects, path);
  netns_table_add_properties (table, objects, path);
  return netns_table_print_details (table, connection->settings, error);
}

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  const char *path = NULL;

  if (strcmp (arguments[0], NETNS_HOST_WORD) == 0)
    return netns_usage_error (error, _ ("%s is what the host namespace is called here; choose another name"),
                              NETNS_HOST_WORD);
  if (!netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "CreateNamespace",
                                g_variant_new ("(s@a{sv})", arguments[0], options), "(o)", &reply, error))
    return FALSE;
  if (reply != NULL)
    g_variant_get (reply, "(&o)", &path);
  return netns_output_object (connection->settings, path, error);
}

static gboolean
change (NetnsConnection *connection, const char *name, const char *method, GVariant *arguments,
        GError **error)
{
  g_autofree char *path = netns_path_for_namespace (name);
  g_autofree char *missing = g_strdup_printf (_ ("There is no namespace “%s”"), name);

  return netns_objects_change (connection, path, NETNS_INTERFACE_NAMESPACE, method, arguments, missing,
                               error);
}

static gboolean delete (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  if (change (connection, arguments[0], "Delete", g_variant_new ("(@a{sv})", options), error))
    return TRUE;
  connection->method = "namespace delete";
  return FALSE;
}

static gboolean
rename_to (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return change (connection, arguments[0], "Rename", g_variant_new ("(s)", arguments[1]), error);
}

static gboolean
owner (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  guint32 uid;

  return netns_argument_user (arguments[1], connection->settings->host == NULL, &uid, error) &&
         change (connection, arguments[0], "SetOwner", g_variant_new ("(u)", uid), error);
}

static gboolean
adopt (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  const char *path = NULL;
  guint32 pid;

  if (!netns_argument_number (_ ("process id"), arguments[1], &pid, error)
      || !netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "AdoptProcess",
                                   g_variant_new ("(su@a{sv})", arguments[0], pid, options), "(o)", &reply, error))
    return FALSE;
  if (reply != NULL)
    g_variant_get (reply, "(&o)", &path);
  return netns_output_object (connection->settings, path, error);
}

static gboolean
identify (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  static const NetnsColumn columns[] = { { "name", N_ ("Name"), NULL, NULL }, { NULL } };
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *label = NULL, *name = NULL;
  const char *path;
  guint32 pid;

  if (!netns_argument_number (_ ("process id"), arguments[0], &pid, error)
      || !netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "GetNamespaceByPID",
                                   g_variant_new ("(u)", pid), "(o)", &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(&o)", &path);
  label = g_path_get_basename (path);
  name = netns_name_from_label (label);
  netns_table_add_value (table, netns_value_new_text (name ? netns_argument_for_namespace (name) : label));
  return netns_table_print_details (table, connection->settings, error);
}

static gboolean
processes (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  static const NetnsColumn columns[] = {
    { "pid", N_ ("PID"), NULL, NULL },
    { "user", N_ ("User"), NULL, NULL },
    { "command", N_ ("Command"), NULL, NULL },
    { NULL },
  };
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (NetnsObjects) objects = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) rows = NULL;
  const char *name, *command;
  guint32 pid, uid;

  if (!netns_argument_namespace (arguments[0], &name, error))
    return FALSE;
  if (!netns_objects_ask_namespace (connection, name, NETNS_INTERFACE_NAMESPACE, "ListProcesses", NULL, "(a(uus))",
                                    &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  objects = netns_objects_read (connection, error);
  if (objects == NULL)
    return FALSE;
  g_variant_get (reply, "(a(uus))", &rows);
  while (g_variant_iter_next (rows, "(uu&s)", &pid, &uid, &command)) {
    netns_table_add_value (table, netns_value_new_number (pid));
    netns_table_add_value (table, netns_value_new_text (netns_objects_user (objects, uid)));
    netns_table_add_value (table, netns_value_new_text (command));
  }
  return netns_table_print_list (table, connection->settings, error);
}

static const NetnsOption delete_options[] = {
  { "--kill", 0, NULL, "kill", NETNS_OPTION_ON, N_ ("End the processes that use it, after five seconds by force") },
  { NULL },
};

/* With a value it is set, without one it is shown; settings are made one after the other. */
static gboolean
handle_setting (NetnsConnection *connection, const char *name, const char *word, NetnsTable *table, GError **error)
{
  const char *equals = strchr (word, '=');
  g_autofree char *key = equals ? g_strndup (word, (gsize)(equals - word)) : g_strdup (word);
  g_autoptr (GVariant) reply = NULL;
  const char *value;

  if (equals != NULL)
    return netns_objects_ask_namespace (connection, name, NETNS_INTERFACE_NAMESPACE, "SetSysctl",
                                        g_variant_new ("(ss)", key, equals + 1), "()", NULL, error);
  if (!netns_objects_ask_namespace (connection, name, NETNS_INTERFACE_NAMESPACE, "GetSysctl",
                                    g_variant_new ("(s)", key), "(s)", &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(&s)", &value);
  netns_table_add_value (table, netns_value_new_text (key));
  netns_table_add_value (table, netns_value_new_text (value));
  return TRUE;
}

static gboolean
settings (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  static const NetnsColumn columns[] = { { "key", N_ ("Key"), NULL, NULL }, { "value", N_ ("Value"), NULL, NULL }, { NULL } };
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  gboolean shows = FALSE;

  for (char **word = arguments + 1; *word != NULL; word++) {
    shows = shows || strchr (*word, '=') == NULL;
    if (!handle_setting (connection, arguments[0], *word, table, error))
      return FALSE;
  }
  return !shows || connection->settings->busctl || netns_table_print_list (table, connection->settings, error);
}

const NetnsVerb netns_namespace_verbs[] = {
  { "list", 0, 0, "", N_ ("List the namespaces"), list, list_options, .reads_objects = TRUE },
  { "show", 1, 1, "NS", N_ ("Show the details of one"), show, .reads_objects = TRUE },
  { "create", 1, 1, "NAME", N_ ("Make one, with its loopback link up; it is yours"), create },
  { "delete", 1, 1, "NS", N_ ("Remove one with everything in it"), delete, delete_options },
  { "rename", 2, 2, "NS NEW", N_ ("Give one another name"), rename_to },
  { "adopt", 2, 2, "NAME PID", N_ ("Give a name to the namespace of a process"), adopt },
  { "identify", 1, 1, "PID", N_ ("Tell which one a process lives in"), identify },
  { "processes", 1, 1, "NS", N_ ("List the processes that live in one"), processes },
  { "sysctl", 2, NETNS_ANY_NUMBER, "NS KEY[=VALUE]...", N_ ("Change kernel settings of one, or show them"), settings },
  { "owner", 2, 2, "NS USER", N_ ("Give one to a user (name or number), or to nobody (-)"), owner },
  { NULL },
};
