/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl nat */
#include "config.h"

#include "client/command.h"
#include "client/output.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsColumn columns[] = {
  { "id", N_ ("ID"), NULL, NULL },
  { "namespace", N_ ("Namespace"), NETNS_INTERFACE_NAT, "Namespace" },
  { "sources", N_ ("Sources"), NETNS_INTERFACE_NAT, "Sources" },
  { "uplink", N_ ("Uplink"), NETNS_INTERFACE_NAT, "Uplink" },
  { "to-address", N_ ("To address"), NETNS_INTERFACE_NAT, "ToAddress" },
  { "owner", N_ ("Owner"), NETNS_INTERFACE_NAT, "Owner" },
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
  paths = netns_objects_list (objects, NETNS_INTERFACE_NAT);
  for (guint i = 0; i < paths->len; i++) {
    netns_table_add_value (table, netns_value_new_number (id_of (paths->pdata[i])));
    netns_table_add_properties (table, objects, paths->pdata[i]);
  }
  return netns_table_print_list (table, connection->settings, error);
}

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *line = NULL;
  const char *path;

  if (!netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "CreateNat",
                                g_variant_new ("(s^as@a{sv})", arguments[0], arguments + 1, options), "(o)",
                                &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(&o)", &path);
  if (connection->settings->format != NETNS_FORMAT_TEXT)
    return netns_output_object (connection->settings, path, error);
  /* Nobody else could tell what to say to `nat delete`. */
  line = g_strdup_printf ("%" G_GINT64_FORMAT "\n", id_of (path));
  return netns_output_write (connection->settings, line, error);
}

static gboolean delete (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *path = NULL, *missing = NULL;
  guint32 id;

  if (!netns_argument_number ("ID", arguments[0], &id, error))
    return FALSE;
  path = netns_path_for_nat (id);
  missing = g_strdup_printf (_ ("There is no NAT with number %u"), id);
  if (netns_objects_change (connection, path, NETNS_INTERFACE_NAT, "Delete", NULL, missing, error))
    return TRUE;
  connection->method = "nat delete";
  return FALSE;
}

static const NetnsOption create_options[] = {
  { "--uplink", 0, "LINK", "uplink", NETNS_OPTION_TEXT, N_ ("Only packets that leave by this link") },
  { "--to-address", 0, "ADDRESS", "to-address", NETNS_OPTION_TEXT,
    N_ ("Put in this address instead of that of the leaving link") },
  { NULL },
};

const NetnsVerb netns_nat_verbs[] = {
  { "list", 0, 0, "", N_ ("List the translations of source addresses that belong to no network"), list,
    .reads_objects = TRUE },
  { "create", 2, NETNS_ANY_NUMBER, "NS SUBNET...",
    N_ ("Translate what comes from these subnets and leaves namespace NS; prints the ID"), create,
    create_options },
  { "delete", 1, 1, "ID", N_ ("Remove one"), delete },
  { NULL },
};
