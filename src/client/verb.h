/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be done with a kind of objects, as rows: most say which objects are read, or which method is called with what,
 * and the others have a function. Help, completion and manual page are made from them as well. */
#pragma once

#include "client/arguments.h"
#include "client/call.h"
#include "client/options.h"
#include "client/table.h"

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
 * @reads_objects: whether all that @run does is reading what is on the bus
 * @takes_command: whether what follows the first argument is a command line of its own, options and all
 * @lists: (nullable): without @run, the interface whose objects it lists; namespaces without a name only with `--all`
 * @shows: (nullable): without @run, the interface of the object that it shows
 * @rows: (nullable): with @shows, the property that is shown instead: objects, or structures as netns_value_convert() has
 * them. Where @shows is a link's interface and only its namespace is named, that of all its links
 * @method: (nullable): without these, the method that it calls, such as `Link.SetMtu`; with @run only the one whose
 * options it knows
 * @arguments: (nullable): how what stands behind the words that name the object becomes its arguments, one letter for each:
 * `s` a text, `l` all texts that are left, `p` the number of a process, `h` a handle, `U` a user, `n` on or off for NAT,
 * `k` all that are left, as KEY=VALUE, `o` the values of the options
 * @parse: (nullable): in place of @arguments, makes all of them of what stands behind those words and of the values of the
 * options; a floating tuple
 * @reply: (nullable): type of its answer
 * @after: (nullable): called when @method worked, with its answer
 * @columns: (nullable): what of the objects or of the answer is shown
 * @all_columns: (nullable): the same with `--all`
 * @keys: (nullable): methods whose options are the keys of KEY=VALUE, with blanks between them; by default @method
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
  const char *lists;
  const char *shows;
  const char *rows;
  const char *method;
  const char *arguments;
  GVariant *(*parse) (char **words, GVariant *options, GError **error);
  const char *reply;
  gboolean (*after) (NetnsConnection *connection, char **arguments, GVariant *options, GVariant *reply, GError **error);
  const NetnsColumn *columns;
  const NetnsColumn *all_columns;
  const char *keys;
} NetnsVerb;

extern const NetnsVerb netns_status_verbs[], netns_tree_verbs[], netns_monitor_verbs[], netns_namespace_verbs[],
  netns_link_verbs[], netns_veth_verbs[], netns_bridge_verbs[], netns_address_verbs[], netns_route_verbs[],
  netns_network_verbs[], netns_connect_verbs[], netns_disconnect_verbs[], netns_exec_verbs[], netns_nat_verbs[],
  netns_forward_verbs[], netns_firewall_verbs[], netns_neighbour_verbs[], netns_dns_verbs[];

gboolean netns_verb_run (NetnsConnection *connection, const NetnsVerb *verb, char **arguments, GVariant *options,
                         GError **error);
gboolean netns_verb_call (NetnsConnection *connection, const char *method, char **words, GVariant *arguments,
                          const char *reply_type, GError **error);
