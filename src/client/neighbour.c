/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl neighbour */
#include "config.h"

#include "client/command.h"
#include "client/table.h"
#include "common/names.h"

#include <glib/gi18n.h>

static const NetnsColumn columns[] = {
  { "address", N_ ("Address"), NULL, NULL },
  { "link", N_ ("Link"), NULL, NULL },
  { "mac-address", N_ ("MAC"), NULL, NULL },
  { "state", N_ ("State"), NULL, NULL },
  { NULL },
};

static gboolean
list (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsTable) table = netns_table_new (columns);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) rows = NULL;
  const char *address, *link, *mac, *state;

  if (!netns_objects_ask_namespace (connection, arguments[0], NETNS_INTERFACE_NAMESPACE, "ListNeighbours", NULL,
                                    "(a(ssss))", &reply, error))
    return FALSE;
  if (reply == NULL)
    return TRUE;
  g_variant_get (reply, "(a(ssss))", &rows);
  while (g_variant_iter_next (rows, "(&s&s&s&s)", &address, &link, &mac, &state)) {
    netns_table_add_value (table, netns_value_new_text (address));
    netns_table_add_value (table, netns_value_new_text (link));
    netns_table_add_value (table, netns_value_new_text (mac));
    netns_table_add_value (table, netns_value_new_text (state));
  }
  return netns_table_print_list (table, connection->settings, error);
}

const NetnsVerb netns_neighbour_verbs[] = {
  { "list", 1, 1, "NS", N_ ("List whom a namespace knows on its links"), list },
  { NULL },
};
