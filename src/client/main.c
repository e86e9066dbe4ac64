/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl: network namespaces from the command line, by way of the service netnsd. */
#include "config.h"

#include "client/command.h"
#include "client/failure.h"
#include "client/output.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <string.h>

static const NetnsOption global_options[] = {
  { "--json", 0, "short|pretty|off", "json", NETNS_OPTION_TEXT, N_ ("Print JSON") },
  { "--no-pager", 0, NULL, "pager", NETNS_OPTION_OFF, N_ ("Do not pipe output into a pager") },
  { "--no-legend", 0, NULL, "legend", NETNS_OPTION_OFF, N_ ("Print tables without headings") },
  { "--busctl", 0, NULL, "busctl", NETNS_OPTION_ON, N_ ("Print the call for busctl(1) instead of making it") },
  { "--host", 'H', "[USER@]HOST", "host", NETNS_OPTION_TEXT, N_ ("Connect to another machine over ssh") },
  { "--no-ask-password", 0, NULL, "ask-password", NETNS_OPTION_OFF, N_ ("Do not ask for passwords") },
  { "--help", 'h', NULL, "help", NETNS_OPTION_ON, N_ ("Show this help, or that of a command") },
  { "--version", 0, NULL, "version", NETNS_OPTION_ON, N_ ("Show the version") },
  { NULL },
};

static gboolean
read_format (const char *word, NetnsFormat *format, GError **error)
{
  static const char *const formats[] = {
    [NETNS_FORMAT_TEXT] = "off",
    [NETNS_FORMAT_JSON_SHORT] = "short",
    [NETNS_FORMAT_JSON_PRETTY] = "pretty",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (formats[i], word) == 0) {
      *format = (NetnsFormat) i;
      return TRUE;
    }
  return netns_usage_error (error, _ ("Invalid --json value “%s”; use short, pretty or off"), word);
}

static gboolean
read_settings (GVariant *options, NetnsSettings *settings, GError **error)
{
  const char *format = "off";

  *settings = (NetnsSettings) { .pager = TRUE, .legend = TRUE, .ask_password = TRUE };
  g_variant_lookup (options, "pager", "b", &settings->pager);
  g_variant_lookup (options, "legend", "b", &settings->legend);
  g_variant_lookup (options, "busctl", "b", &settings->busctl);
  g_variant_lookup (options, "ask-password", "b", &settings->ask_password);
  g_variant_lookup (options, "host", "&s", &settings->host);
  g_variant_lookup (options, "json", "&s", &format);
  if (settings->host != NULL && *settings->host == '\0')
    return netns_usage_error (error, _ ("Missing host name; use --host=[USER@]HOST"));
  return read_format (format, &settings->format, error);
}

static gboolean
print_help (const NetnsSettings *settings, const char *word, GError **error)
{
  g_autofree char *help = netns_command_help (word, global_options);
  g_autofree char *encoded = netns_output_encode (help);

  return netns_output_write (settings, encoded, error);
}

static gboolean
run (NetnsConnection *connection, NetnsSettings *settings, char ***arguments, GError **error)
{
  g_autoptr (GVariant) options = netns_options_parse (global_options, TRUE, NETNS_EXEC_WORD, arguments, error);
  gboolean wanted;

  if (options == NULL || !read_settings (options, settings, error))
    return FALSE;
  /* The host must outlive this function, unlike the options. */
  settings->host = g_intern_string (settings->host);
  if (g_variant_lookup (options, "help", "b", &wanted))
    return print_help (settings, **arguments, error);
  if (g_strcmp0 (**arguments, "help") == 0)
    return print_help (settings, (*arguments)[1], error);
  if (g_variant_lookup (options, "version", "b", &wanted))
    return netns_output_write (settings, "netnsctl " PACKAGE_VERSION "\n", error);
  /* For the build: data/generate_commands.py. */
  if (g_strcmp0 (**arguments, "--dump-commands") == 0)
    return netns_output_json (settings, netns_command_describe (global_options), error);
  return netns_command_run (connection, *arguments, error);
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) arguments = g_strdupv (argv + (argc > 0));
  g_autoptr (GError) error = NULL;
  NetnsSettings settings;
  g_auto (NetnsConnection) connection = { .settings = &settings };

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* A pager, a pipe or ssh that goes away is an error to report, not the end. */
  signal (SIGPIPE, SIG_IGN);

  if (run (&connection, &settings, &arguments, &error))
    return connection.status;
  return netns_failure_report (error, connection.method);
}
