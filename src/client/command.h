/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands as tables: one for each object word, which its help is printed from as well. */
#pragma once

#include "client/arguments.h"
#include "client/connection.h"
#include "client/objects.h"
#include "client/options.h"

#define NETNS_ANY_NUMBER G_MAXUINT
#define NETNS_EXEC_WORD  "exec"

/**
 * NetnsVerb:
 * @verb: the word; empty for an object word that is a command by itself; %NULL ends a table
 * @min: least number of arguments
 * @max: greatest number of arguments
 * @usage: what the arguments are called. What is called NS or TO here is a namespace, and arrives as its name
 * on the bus
 * @help: what it does
 * @run: does it, with the arguments and the values of the options
 * @options: (nullable): its options
 * @reads_objects: whether all that it does is reading what is on the bus
 * @takes_command: whether what follows the first argument is a command line of its own, options and all
 */
typedef struct {
  const char *verb;
  guint min;
  guint max;
  const char *usage;
  const char *help;
  gboolean (*run) (NetnsConnection *connection, char **arguments, GVariant *options, GError **error);
  const NetnsOption *options;
  gboolean reads_objects;
  gboolean takes_command;
} NetnsVerb;

/**
 * NetnsCommand:
 * @word: the object word
 * @verbs: what can be done with it
 * @namespace_first: whether the namespace stands in front of the verb: `firewall NS show`
 */
typedef struct {
  const char *word;
  const NetnsVerb *verbs;
  gboolean namespace_first;
} NetnsCommand;

extern const NetnsVerb netns_status_verbs[], netns_tree_verbs[], netns_monitor_verbs[],
    netns_namespace_verbs[], netns_link_verbs[], netns_veth_verbs[], netns_bridge_verbs[],
    netns_address_verbs[], netns_route_verbs[], netns_network_verbs[], netns_connect_verbs[],
    netns_disconnect_verbs[], netns_exec_verbs[], netns_nat_verbs[], netns_forward_verbs[], netns_firewall_verbs[],
    netns_neighbour_verbs[],
    netns_dns_verbs[];

gboolean netns_command_run (NetnsConnection *connection, char **arguments, GError **error);
char *netns_command_help (const char *word, const NetnsOption *global_options);
