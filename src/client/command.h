/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands as tables: one for each object word, which its help is printed from as well. */
#pragma once

#include "client/verb.h"

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

gboolean netns_command_run (NetnsConnection *connection, char **arguments, GError **error);
char *netns_command_help (const char *word, const NetnsOption *global_options);
GVariant *netns_command_describe (const NetnsOption *global_options);
