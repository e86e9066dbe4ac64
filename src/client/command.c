/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/busctl.h"
#include "client/command.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsCommand commands[] = {
  { "status", netns_status_verbs },   { "tree", netns_tree_verbs },
  { "monitor", netns_monitor_verbs }, { "namespace", netns_namespace_verbs },
  { "link", netns_link_verbs },       { "veth", netns_veth_verbs },
  { "bridge", netns_bridge_verbs },   { "address", netns_address_verbs },
  { "neighbour", netns_neighbour_verbs },
  { "route", netns_route_verbs },     { "network", netns_network_verbs },
  { "connect", netns_connect_verbs }, { "disconnect", netns_disconnect_verbs },
  { "firewall", netns_firewall_verbs, TRUE }, { "nat", netns_nat_verbs },         { "dns", netns_dns_verbs },
  { NETNS_EXEC_WORD, netns_exec_verbs },
  { "forward", netns_forward_verbs },
};

static const NetnsCommand *
find_command (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].word, word) == 0)
      return &commands[i];
  return NULL;
}

/* Without options: `link show NS LINK`, `firewall NS show`. */
static GString *
words_to_type (const NetnsCommand *command, const NetnsVerb *verb)
{
  GString *line = g_string_new (command->word);
  const char *usage = verb->usage;

  if (command->namespace_first) {
    gsize length = strcspn (usage, " ");

    g_string_append_printf (line, " %.*s", (int)length, usage);
    usage += usage[length] == ' ' ? length + 1 : length;
  }
  if (*verb->verb != '\0')
    g_string_append_printf (line, " %s", verb->verb);
  if (*usage != '\0')
    g_string_append_printf (line, " %s", usage);
  return line;
}

/* What to type, in one line: `netnsctl link show NS LINK`. */
static char *
synopsis (const NetnsCommand *command, const NetnsVerb *verb)
{
  GString *line = words_to_type (command, verb);

  for (const NetnsOption *option = verb->options; option != NULL && option->name != NULL; option++)
    g_string_append_printf (line, " [%s%s%s]%s", option->name, option->value ? " " : "",
                            option->value ? option->value : "",
                            option->type == NETNS_OPTION_LIST ? "..." : "");
  return g_string_free (line, FALSE);
}

static char *
list_verbs (const NetnsCommand *command)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) words = NULL;

  for (const NetnsVerb *verb = command->verbs; verb->verb != NULL; verb++)
    g_strv_builder_add (builder, verb->verb);
  words = g_strv_builder_end (builder);
  return g_strjoinv (", ", words);
}

/* Finds the verb and takes it off the arguments. */
static const NetnsVerb *
take_verb (const NetnsCommand *command, char ***arguments, GError **error)
{
  const char *word = **arguments;
  g_autofree char *words = NULL;

  if (*command->verbs->verb == '\0')
    return command->verbs;
  for (const NetnsVerb *verb = command->verbs; word != NULL && verb->verb != NULL; verb++) {
    if (strcmp (verb->verb, word) == 0) {
      (*arguments)++;
      return verb;
    }
  }
  words = list_verbs (command);
  if (word == NULL)
    netns_usage_error (error, _ ("There is no verb after “%s”; say one of: %s"), command->word, words);
  else
    netns_usage_error (error, _ ("“%s” is no verb of “%s”; say one of: %s"), word, command->word, words);
  return NULL;
}

/* Turns what the usage calls NS or TO into its name on the bus, in place. */
static gboolean
convert_namespaces (const NetnsVerb *verb, char **arguments, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (verb->usage, " []", -1);
  guint position = 0;

  for (guint i = 0; words[i] != NULL && arguments[position] != NULL; i++) {
    const char *name;

    if (*words[i] == '\0')
      continue;
    if (strcmp (words[i], "NS") == 0 || strcmp (words[i], "TO") == 0) {
      if (!netns_argument_namespace (arguments[position], &name, error))
        return FALSE;
      if (*name == '\0')
        arguments[position][0] = '\0';
    }
    position++;
  }
  return TRUE;
}

static gboolean
check_arguments (const NetnsCommand *command, const NetnsVerb *verb, char **arguments, GError **error)
{
  guint n_arguments = g_strv_length (arguments);
  g_autofree char *line = synopsis (command, verb);

  for (guint i = 0; i < n_arguments; i++)
    if (!g_utf8_validate (arguments[i], -1, NULL))
      return netns_usage_error (
          error, _ ("Argument %u is not UTF-8; names on the bus are, with \\xNN for other bytes"), i + 1);
  if (n_arguments < verb->min)
    return netns_usage_error (error, _ ("Something is missing; say: netnsctl %s"), line);
  if (n_arguments > verb->max)
    return netns_usage_error (error, _ ("“%s” is too much; say: netnsctl %s"), arguments[verb->max], line);
  return TRUE;
}

static gboolean
run_verb (NetnsConnection *connection, const NetnsCommand *command, const NetnsVerb *verb, char **arguments,
          GError **error)
{
  static const NetnsOption no_options[] = { { NULL } };
  g_auto (GStrv) rest = g_strdupv (arguments);
  g_autoptr (GVariant) options =
      verb->takes_command ? g_variant_ref_sink (g_variant_new ("a{sv}", NULL))
                          : netns_options_parse (verb->options ? verb->options : no_options, FALSE, NULL, &rest, error);

  if (options == NULL || !check_arguments (command, verb, rest, error) ||
      !convert_namespaces (verb, rest, error))
    return FALSE;
  if (verb->reads_objects && connection->settings->busctl) {
    netns_busctl_print (connection->settings, NETNS_PATH, "org.freedesktop.DBus.ObjectManager",
                        "GetManagedObjects", NULL);
    return TRUE;
  }
  return verb->run (connection, rest, options, error);
}

/* `firewall NS show` becomes `firewall show NS`; a namespace alone is no verb. */
static void
put_verb_first (char ***arguments)
{
  char *namespace = **arguments;

  if (namespace == NULL)
    return;
  if ((*arguments)[1] == NULL) {
    (*arguments)++;
    return;
  }
  (*arguments)[0] = (*arguments)[1];
  (*arguments)[1] = namespace;
}

/**
 * netns_command_run:
 * @connection: the way to the service
 * @arguments: object word, verb, arguments and their options
 * @error: what went wrong
 *
 * Does what the user typed.
 *
 * Returns: whether it worked
 */
gboolean
netns_command_run (NetnsConnection *connection, char **arguments, GError **error)
{
  const NetnsCommand *command;
  const NetnsVerb *verb;

  if (*arguments == NULL)
    return netns_usage_error (error, _ ("Nothing to do; see “netnsctl --help”"));
  command = find_command (*arguments);
  if (command == NULL)
    return netns_usage_error (error, _ ("There is no command “%s”; see “netnsctl --help”"), *arguments);
  arguments++;
  if (command->namespace_first)
    put_verb_first (&arguments);
  verb = take_verb (command, &arguments, error);
  return verb != NULL && run_verb (connection, command, verb, arguments, error);
}

static void
append_options (GString *help, const NetnsOption *options)
{
  for (const NetnsOption *option = options; option != NULL && option->name != NULL; option++) {
    g_autofree char *value = option->value ? g_strdup_printf (" %s", option->value) : g_strdup ("");
    g_autofree char *letter = option->letter ? g_strdup_printf ("-%c, ", option->letter) : g_strdup ("");
    g_autofree char *name = g_strconcat (letter, option->name, value, NULL);

    g_string_append_printf (help, "      %-26s %s\n", name, _ (option->help));
  }
}

static void
append_command (GString *help, const NetnsCommand *command, gboolean with_options)
{
  for (const NetnsVerb *verb = command->verbs; verb->verb != NULL; verb++) {
    g_autoptr (GString) line = words_to_type (command, verb);

    if (verb->options && !with_options)
      g_string_append (line, _ (" [OPTION]..."));
    g_string_append_printf (help, "  %s\n        %s\n", line->str, _ (verb->help));
    if (with_options)
      append_options (help, verb->options);
  }
}

/**
 * netns_command_help:
 * @word: (nullable): an object word, %NULL for all
 * @global_options: the options in front of it
 *
 * Returns: (transfer full): what there is to type; of everything if there is no such word
 */
char *
netns_command_help (const char *word, const NetnsOption *global_options)
{
  const NetnsCommand *command = word ? find_command (word) : NULL;
  GString *help = g_string_new (NULL);

  g_string_append_printf (help, _ ("Usage: netnsctl [OPTION]... %s\n\n"),
                          command ? command->word : _ ("OBJECT VERB ARGUMENT..."));
  if (command != NULL) {
    append_command (help, command, TRUE);
  } else {
    g_string_append (help, _ ("Network namespaces, and how they are plugged together.\n\nCommands:\n"));
    for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
      append_command (help, &commands[i], FALSE);
    g_string_append (help, _ ("\nOptions:\n"));
    append_options (help, global_options);
  }
  g_string_append_printf (help,
                          _ ("\nNS is the name of a network namespace, %s the host's. See netnsctl(1).\n"),
                          NETNS_HOST_WORD);
  return g_string_free (help, FALSE);
}
