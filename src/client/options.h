/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of the command line as a table. GOption is not used: it wants a static variable for each option and
 * cannot leave the options of a command for later, while here the values become the `a{sv}` of the call. */
#pragma once

#include <glib.h>

/**
 * NetnsOptionType:
 * @NETNS_OPTION_ON: a switch that means true
 * @NETNS_OPTION_OFF: a switch that means false
 * @NETNS_OPTION_TEXT: takes a text
 * @NETNS_OPTION_LIST: takes a text and can be repeated
 * @NETNS_OPTION_NUMBER: takes a number
 * @NETNS_OPTION_NAMESPACE: takes a namespace, `@host` for the host
 */
typedef enum {
  NETNS_OPTION_ON,
  NETNS_OPTION_OFF,
  NETNS_OPTION_TEXT,
  NETNS_OPTION_LIST,
  NETNS_OPTION_NUMBER,
  NETNS_OPTION_NAMESPACE,
} NetnsOptionType;

/**
 * NetnsOption:
 * @name: with its dashes; %NULL ends a table
 * @letter: short form, 0 for none
 * @value: what the help calls its value, %NULL for a switch
 * @key: its key in the result
 * @type: what it takes
 * @help: what it does
 */
typedef struct {
  const char *name;
  char letter;
  const char *value;
  const char *key;
  NetnsOptionType type;
  const char *help;
} NetnsOption;

GVariant *netns_options_parse (const NetnsOption *options, gboolean keep_unknown, const char *command_word,
                               char ***arguments, GError **error);
