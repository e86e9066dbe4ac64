/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl connect, netnsctl disconnect */
#include "config.h"

#include "client/command.h"
#include "client/link.h"
#include "common/names.h"

#include <glib/gi18n.h>

static gboolean
plug (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_link_create (connection, "Connect",
                            g_variant_new ("(ss@a{sv})", arguments[0], arguments[1], options), error);
}

static gboolean
unplug (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  return netns_connection_change (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "Disconnect",
                                  g_variant_new ("(ss)", arguments[0], arguments[1]), "()", NULL, error);
}

static const NetnsOption connect_options[] = {
  { "--address", 0, "CIDR", "addresses", NETNS_OPTION_LIST, N_ ("An address; by default the next free one") },
  { "--name", 0, "LINK", "name", NETNS_OPTION_TEXT,
    N_ ("Name of the link inside, by default eth0, eth1 ...") },
  { "--firewall", 0, "check", "firewall", NETNS_OPTION_TEXT,
    N_ ("Fail if another firewall drops the network's packets") },
  { "--no-default-route", 0, NULL, "default-route", NETNS_OPTION_OFF, N_ ("Add no default route") },
  { NULL },
};

const NetnsVerb netns_connect_verbs[] = {
  { "", 2, 2, "NS NETWORK", N_ ("Plug a namespace into a network"), plug, connect_options },
  { NULL },
};

const NetnsVerb netns_disconnect_verbs[] = {
  { "", 2, 2, "NS NETWORK", N_ ("Unplug a namespace from a network"), unplug },
  { NULL },
};
