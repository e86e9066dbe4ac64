/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl dns */
#include "config.h"

#include "client/busctl.h"
#include "client/command.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "dns-servers", N_ ("Servers"), NETNS_INTERFACE_NAMESPACE, "DnsServers" },
  { "dns-search", N_ ("Search"), NETNS_INTERFACE_NAMESPACE, "DnsSearch" },
  { NULL },
};

static gboolean
show (NetnsConnection *connection, const char *name, GError **error)
{
  g_autoptr (NetnsObjects) objects = NULL;
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  const char *path;

  if (connection->settings->busctl) {
    netns_busctl_print (connection->settings, NETNS_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                        NULL);
    return TRUE;
  }
  objects = netns_objects_read (connection, error);
  path = objects ? netns_objects_find_namespace (objects, name, error) : NULL;
  if (path == NULL)
    return FALSE;
  netns_table_add_properties (table, objects, path);
  return netns_table_print_details (table, connection->settings, error);
}

/* A lone dash stands for none, as it does for the owner of a namespace. */
static gboolean
dns (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  const char *const none[] = { NULL };
  const char *name = arguments[0], *const *servers = (const char *const *) arguments + 1;
  g_autofree const char **search = NULL;
  g_autofree char *path = netns_path_for_namespace (name);
  g_autofree char *missing = g_strdup_printf (_ ("There is no namespace “%s”"), name);

  g_variant_lookup (options, "search", "^a&s", &search);
  if (*servers == NULL && search == NULL)
    return show (connection, name, error);
  if (*servers != NULL && strcmp (*servers, "-") == 0 && servers[1] == NULL)
    servers = none;
  return netns_objects_change (connection, path, NETNS_INTERFACE_NAMESPACE, "SetDns",
                               g_variant_new ("(^as^as)", servers, search ? search : (const char **) none), missing,
                               error);
}

static const NetnsOption options_of_dns[] = {
  { "--search", 0, "DOMAIN", "search", NETNS_OPTION_LIST, N_ ("A domain to look in for names without a dot") },
  { NULL },
};

const NetnsVerb netns_dns_verbs[] = {
  { "", 1, NETNS_ANY_NUMBER, "NS [SERVER]...", N_ ("Show or set its name servers; “-” gives it the machine's again"), dns,
    options_of_dns },
  { NULL },
};
