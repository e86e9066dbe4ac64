/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/command.h"
#include "client/key-values.h"

#include <glib/gi18n.h>
#include <string.h>

static const NetnsCommand commands[] = {
  { "status", netns_status_verbs },
  { "tree", netns_tree_verbs },
  { "monitor", netns_monitor_verbs },
  { "namespace", netns_namespace_verbs },
  { "link", netns_link_verbs },
  { "veth", netns_veth_verbs },
  { "bridge", netns_bridge_verbs },
  { "address", netns_address_verbs },
  { "neighbour", netns_neighbour_verbs },
  { "route", netns_route_verbs },
  { "network", netns_network_verbs },
  { "connect", netns_connect_verbs },
  { "disconnect", netns_disconnect_verbs },
  { "firewall", netns_firewall_verbs, TRUE },
  { "nat", netns_nat_verbs },
  { "dns", netns_dns_verbs },
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

    g_string_append_printf (line, " %.*s", (int) length, usage);
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
                            option->value ? option->value : "", option->type == NETNS_OPTION_LIST ? "..." : "");
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
    return netns_usage_null (error, _ ("Missing command after “%s”; expected one of: %s"), command->word, words);
  return netns_usage_null (error, _ ("Unknown command “%s %s”; expected one of: %s"), command->word, word, words);
}

/* The namespace in front of a network, which for one of the host is left out on the bus. */
static gboolean
convert_network (char *argument, GError **error)
{
  char *colon = strrchr (argument, ':');
  g_autofree char *place = NULL;
  const char *name;

  if (colon == NULL)
    return TRUE;
  place = g_strndup (argument, (gsize) (colon - argument));
  if (!netns_argument_namespace (place, &name, error))
    return FALSE;
  if (*name == '\0')
    memmove (argument, colon + 1, strlen (colon));
  return TRUE;
}

/* Turns what the usage calls NS, TO or NETWORK into its name on the bus, in place. */
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
    if (strcmp (words[i], "NETWORK") == 0 && !convert_network (arguments[position], error))
      return FALSE;
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
      return netns_usage_error (error, _ ("Argument %u is not valid UTF-8; escape other bytes as \\xNN"), i + 1);
  if (n_arguments < verb->min)
    return netns_usage_error (error, _ ("Missing argument. Usage: netnsctl %s"), line);
  if (n_arguments > verb->max)
    return netns_usage_error (error, _ ("Unexpected argument “%s”. Usage: netnsctl %s"), arguments[verb->max], line);
  return TRUE;
}

static gboolean
run_verb (NetnsConnection *connection, const NetnsCommand *command, const NetnsVerb *verb, char **arguments,
          GError **error)
{
  static const NetnsOption no_options[] = { { NULL } };
  g_auto (GStrv) rest = g_strdupv (arguments);
  g_autoptr (GVariant) options
    = verb->takes_command ? g_variant_ref_sink (g_variant_new ("a{sv}", NULL))
                          : netns_options_parse (verb->options ? verb->options : no_options, FALSE, NULL, &rest, error);

  if (options == NULL || !check_arguments (command, verb, rest, error) || !convert_namespaces (verb, rest, error))
    return FALSE;
  return netns_verb_run (connection, verb, rest, options, error);
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

/* Does what the user typed: object word, verb, arguments and their options. */
gboolean
netns_command_run (NetnsConnection *connection, char **arguments, GError **error)
{
  const NetnsCommand *command;
  const NetnsVerb *verb;

  if (*arguments == NULL)
    return netns_usage_error (error, _ ("Missing command; see “netnsctl --help”"));
  command = find_command (*arguments);
  if (command == NULL && **arguments == '-')
    return netns_usage_error (error, _ ("Unknown option “%s”; see “netnsctl --help”"), *arguments);
  if (command == NULL)
    return netns_usage_error (error, _ ("Unknown command “%s”; see “netnsctl --help”"), *arguments);
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

static gboolean
has_keys_behind (const NetnsVerb *verb)
{
  return strstr (verb->usage, "KEY=VALUE") != NULL;
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
    if (with_options && has_keys_behind (verb))
      netns_key_values_describe (help, verb->keys ? verb->keys : verb->method);
  }
}

/* Returns: (transfer full): what there is to type for @word; for all if it is %NULL or no object word */
char *
netns_command_help (const char *word, const NetnsOption *global_options)
{
  const NetnsCommand *command = word ? find_command (word) : NULL;
  GString *help = g_string_new (NULL);

  g_string_append_printf (help, _ ("Usage: netnsctl [OPTION]... %s\n\n"),
                          command ? command->word : _ ("OBJECT COMMAND ARGUMENT..."));
  if (command != NULL) {
    append_command (help, command, TRUE);
  } else {
    g_string_append (help, _ ("Manage network namespaces, their links, networks, NAT and firewalls.\n\nCommands:\n"));
    for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
      append_command (help, &commands[i], FALSE);
    g_string_append (help, _ ("\nOptions:\n"));
    append_options (help, global_options);
  }
  g_string_append_printf (
    help,
    _ ("\nNS is the name of a network namespace, %s the host's. NETWORK is a network of the host, or "
       "NS:NAME. See netnsctl(1).\n"),
    NETNS_HOST_WORD);
  return g_string_free (help, FALSE);
}

static GVariant *
describe_options (const NetnsOption *options)
{
  GVariantBuilder array;

  g_variant_builder_init (&array, G_VARIANT_TYPE ("aa{sv}"));
  for (const NetnsOption *option = options; option != NULL && option->name != NULL; option++) {
    const char letter[] = { option->letter, '\0' };

    g_variant_builder_add_parsed (
      &array, "{'name': <%s>, 'letter': <%s>, 'value': <%ms>, 'key': <%s>, 'list': <%b>, 'help': <%s>}", option->name,
      letter, option->value, option->key, option->type == NETNS_OPTION_LIST, option->help);
  }
  return g_variant_builder_end (&array);
}

static GVariant *
describe_verbs (const NetnsVerb *verbs)
{
  GVariantBuilder array;

  g_variant_builder_init (&array, G_VARIANT_TYPE ("aa{sv}"));
  for (const NetnsVerb *verb = verbs; verb->verb != NULL; verb++) {
    gboolean has_keys = has_keys_behind (verb);

    g_variant_builder_add_parsed (
      &array, "{'verb': <%s>, 'usage': <%s>, 'help': <%s>, 'options': <%@aa{sv}>, 'method': <%ms>, 'keys': <%ms>}",
      verb->verb, verb->usage, verb->help, describe_options (verb->options), verb->method,
      has_keys && !verb->keys ? verb->method : verb->keys);
  }
  return g_variant_builder_end (&array);
}

/* Returns: (transfer floating): all commands and options with what their help says, untranslated, for programs that
 * make the manual page and the completion */
GVariant *
netns_command_describe (const NetnsOption *global_options)
{
  GVariantBuilder array;

  g_variant_builder_init (&array, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    g_variant_builder_add_parsed (&array, "{'word': <%s>, 'namespace-first': <%b>, 'verbs': <%@aa{sv}>}",
                                  commands[i].word, commands[i].namespace_first, describe_verbs (commands[i].verbs));
  return g_variant_new_parsed ("{'options': <%@aa{sv}>, 'commands': <%@aa{sv}>}", describe_options (global_options),
                               g_variant_builder_end (&array));
}
