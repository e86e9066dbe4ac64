/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl namespace */
#include "client/verb.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn list_columns[] = {
  { "name", N_ ("Name"), NETNS_OF_PATH, "Namespace" },
  { "source", N_ ("Source"), NETNS_INTERFACE_NAMESPACE, "Source" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAMESPACE, "Owner" },
  { "ns-id", N_ ("NSID"), NETNS_INTERFACE_NAMESPACE, "NsId" },
  { "inode", N_ ("Inode"), NETNS_INTERFACE_NAMESPACE, "Inode" },
  { "n-links", N_ ("Links"), NETNS_OF_PATH, "NLinks" },
  { NULL },
};

static const NetnsColumn all_columns[] = {
  { "name", N_ ("Name"), NETNS_OF_PATH, "Namespace" },
  { "source", N_ ("Source"), NETNS_INTERFACE_NAMESPACE, "Source" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAMESPACE, "Owner" },
  { "owner-label", N_ ("Held by"), NETNS_INTERFACE_NAMESPACE, "OwnerLabel" },
  { "ns-id", N_ ("NSID"), NETNS_INTERFACE_NAMESPACE, "NsId" },
  { "inode", N_ ("Inode"), NETNS_INTERFACE_NAMESPACE, "Inode" },
  { "n-links", N_ ("Links"), NETNS_OF_PATH, "NLinks" },
  { "path", N_ ("Path"), NETNS_INTERFACE_NAMESPACE, "Path" },
  { NULL },
};

static const NetnsOption list_options[] = {
  { "--all", 'a', NULL, "all", NETNS_OPTION_ON, N_ ("Include namespaces without a name, and show what holds them") },
  { NULL },
};

static const NetnsColumn show_columns[] = {
  { "name", N_ ("Name"), NETNS_OF_PATH, "Namespace" },
  { "path", N_ ("Path"), NETNS_INTERFACE_NAMESPACE, "Path" },
  { "source", N_ ("Source"), NETNS_INTERFACE_NAMESPACE, "Source" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAMESPACE, "Owner" },
  { "owner-label", N_ ("Held by"), NETNS_INTERFACE_NAMESPACE, "OwnerLabel" },
  { "ns-id", N_ ("NSID"), NETNS_INTERFACE_NAMESPACE, "NsId" },
  { "inode", N_ ("Inode"), NETNS_INTERFACE_NAMESPACE, "Inode" },
  { "links", N_ ("Links"), NETNS_INTERFACE_NAMESPACE, "Links" },
  { "routes", N_ ("Routes"), NETNS_INTERFACE_NAMESPACE, "RouteData" },
  { "dns-servers", N_ ("Name servers"), NETNS_INTERFACE_NAMESPACE, "DnsServers" },
  { "dns-search", N_ ("Search domains"), NETNS_INTERFACE_NAMESPACE, "DnsSearch" },
  { "ruleset-error", N_ ("Ruleset error"), NETNS_INTERFACE_FIREWALL, "RulesetError" },
  { NULL },
};

static const NetnsColumn identify_columns[] = {
  { "name", N_ ("Name"), NULL, "Namespace" },
  { NULL },
};

static const NetnsColumn process_columns[] = {
  { "pid", N_ ("PID"), NULL, NULL },
  { "user", N_ ("User"), NULL, "Owner" },
  { "command", N_ ("Command"), NULL, NULL },
  { NULL },
};

static GVariant *
parse_create (char **words, GVariant *options, GError **error)
{
  if (strcmp (words[0], NETNS_HOST_WORD) == 0)
    return netns_usage_null (error, _ ("%s stands for the host namespace; choose another name"), NETNS_HOST_WORD);
  return g_variant_new ("(s@a{sv})", words[0], options);
}

static const NetnsOption delete_options[] = {
  { "--kill", 0, NULL, "kill", NETNS_OPTION_ON,
   N_ ("Terminate the processes that use it; after five seconds, kill them") },
  { NULL },
};

/* With a value it is set, without one it is shown; settings are made one after the other. */
static gboolean
handle_setting (NetnsConnection *connection, char **words, const char *word, NetnsTable *table, GError **error)
{
  const char *equals = strchr (word, '=');
  g_autofree char *key = equals ? g_strndup (word, (gsize) (equals - word)) : g_strdup (word);
  g_autoptr (GVariant) reply = NULL;
  const char *value;

  if (equals != NULL)
    return netns_call (connection, "Namespace.SetSysctl", words, g_variant_new ("(ss)", key, equals + 1), NULL, NULL,
                       error);
  if (!netns_call (connection, "Namespace.GetSysctl", words, g_variant_new ("(s)", key), "(s)", &reply, error))
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
  static const NetnsColumn columns[] = {
    { "key", N_ ("Key"), NULL, NULL },
    { "value", N_ ("Value"), NULL, NULL },
    { NULL }
  };
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  gboolean shows = FALSE;

  for (char **word = arguments + 1; *word != NULL; word++) {
    shows = shows || strchr (*word, '=') == NULL;
    if (!handle_setting (connection, arguments, *word, table, error))
      return FALSE;
  }
  return !shows || connection->settings->busctl || netns_table_print_list (table, connection->settings, error);
}

const NetnsVerb netns_namespace_verbs[] = {
  { "list", 0, 0, "", N_ ("List the namespaces"), .options = list_options, .lists = NETNS_INTERFACE_NAMESPACE,
   .columns = list_columns, .all_columns = all_columns },
  { "show", 1, 1, "NS", N_ ("Show a namespace"), .shows = NETNS_INTERFACE_NAMESPACE, .columns = show_columns },
  { "create", 1, 1, "NAME", N_ ("Create a namespace with its loopback link up; you will own it"),
   .method = "Manager.CreateNamespace", .parse = parse_create, .reply = "(o)" },
  { "delete", 1, 1, "NS", N_ ("Delete a namespace with everything in it"), .options = delete_options,
   .method = "Namespace.Delete", .arguments = "o" },
  { "rename", 2, 2, "NS NEW", N_ ("Rename a namespace"), .method = "Namespace.Rename", .arguments = "s" },
  { "adopt", 2, 2, "NAME PID", N_ ("Name the namespace of a process"), .method = "Manager.AdoptProcess",
   .arguments = "spo", .reply = "(o)" },
  { "identify", 1, 1, "PID", N_ ("Show which namespace a process is in"), .method = "Manager.GetNamespaceByPID",
   .arguments = "p", .reply = "(o)", .columns = identify_columns },
  { "processes", 1, 1, "NS", N_ ("List the processes in a namespace"), .method = "Namespace.ListProcesses",
   .reply = "(a(uus))", .columns = process_columns },
  { "sysctl", 2, NETNS_ANY_NUMBER, "NS KEY[=VALUE]...", N_ ("Change or show kernel settings (sysctl) of a namespace"),
   settings },
  { "owner", 2, 2, "NS USER", N_ ("Give a namespace to a user (name or ID), or to nobody (-)"),
   .method = "Namespace.SetOwner", .arguments = "U" },
  { NULL },
};
