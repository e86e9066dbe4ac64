/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl bridge */
#include "config.h"

#include "client/command.h"
#include "client/link.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>

static const NetnsColumn port_columns[] = {
  { "name", N_ ("Name"), NETNS_INTERFACE_LINK, "Name" },
  { "kind", N_ ("Kind"), NETNS_INTERFACE_LINK, "Kind" },
  { "enabled", N_ ("Enabled"), NETNS_INTERFACE_LINK, "Enabled" },
  { "state", N_ ("State"), NETNS_INTERFACE_BRIDGE_PORT, "State" },
  { "cost", N_ ("Cost"), NETNS_INTERFACE_BRIDGE_PORT, "Cost" },
  { "hairpin", N_ ("Hairpin"), NETNS_INTERFACE_BRIDGE_PORT, "Hairpin" },
  { "isolated", N_ ("Isolated"), NETNS_INTERFACE_BRIDGE_PORT, "Isolated" },
  { "learning", N_ ("Learning"), NETNS_INTERFACE_BRIDGE_PORT, "Learning" },
  { "peer", N_ ("Peer"), NETNS_INTERFACE_VETH, "Peer" },
  { NULL },
};

static gboolean
create (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_link_create (connection, "CreateBridge",
                            g_variant_new ("(ss@a{sv})", arguments[0], arguments[1], options), error);
}

static gboolean
attach (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *bridge = netns_connection_find_link (connection, arguments[0], arguments[1], error);
  char *namespace_and_link[] = { arguments[0], arguments[2], NULL };

  return bridge != NULL && netns_connection_change_link (connection, namespace_and_link, "AttachTo",
                                                         g_variant_new ("(o)", bridge), error);
}

static gboolean
detach (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_connection_change_link (connection, arguments, "Detach", NULL, error);
}

static gboolean
ports (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autoptr (NetnsObjects) objects = netns_objects_read (connection, error);
  const char *path = objects ? netns_objects_find_link (objects, arguments[0], arguments[1], error) : NULL;
  g_autoptr (GVariant) bridge = NULL;
  g_auto (GStrv) paths = NULL;

  if (path == NULL)
    return FALSE;
  bridge = netns_objects_get (objects, path, NETNS_INTERFACE_BRIDGE);
  if (bridge == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, _ ("“%s” is no bridge"), arguments[1]);
    return FALSE;
  }
  paths = netns_property_paths (bridge, "Ports");
  return netns_link_print_list (connection, port_columns, objects, paths, error);
}

const NetnsVerb netns_bridge_verbs[] = {
  { "create", 2, 2, "NS NAME", N_ ("Make a bridge"), create },
  { "attach", 3, 3, "NS BRIDGE LINK", N_ ("Make a link a port of a bridge"), attach },
  { "detach", 2, 2, "NS LINK", N_ ("Take a link off its bridge"), detach },
  { "ports", 2, 2, "NS BRIDGE", N_ ("List the ports of a bridge"), ports, .reads_objects = TRUE },
  { NULL },
};
