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
  { "--no-legend", 0, NULL, "legend", NETNS_OPTION_OFF, N_ ("Print tables without their heading") },
  { "--busctl", 0, NULL, "busctl", NETNS_OPTION_ON, N_ ("Print the call for busctl(1), and change nothing") },
  { "--host", 'H', "[USER@]HOST", "host", NETNS_OPTION_TEXT, N_ ("Talk to another machine over ssh") },
  { "--no-ask-password", 0, NULL, "ask-password", NETNS_OPTION_OFF, N_ ("Do not ask for passwords") },
  { "--help", 'h', NULL, "help", NETNS_OPTION_ON, N_ ("Show this, or the help of a command") },
  { "--version", 0, NULL, "version", NETNS_OPTION_ON, N_ ("Show the version") },
  { NULL },
};

static gboolean
read_format (const char *word, NetnsFormat *format, GError **error)
{
  static const struct {
    const char *word;
    NetnsFormat format;
  } formats[] = {
    { "off", NETNS_FORMAT_TEXT },
    { "short", NETNS_FORMAT_JSON_SHORT },
    { "pretty", NETNS_FORMAT_JSON_PRETTY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (strcmp (formats[i].word, word) == 0) {
      *format = formats[i].format;
      return TRUE;
    }
  }
  return netns_usage_error (
      error, _ ("“%s” is no way to print JSON; say --json=short, --json=pretty or --json=off"), word);
}

static gboolean
read_settings (GVariant *options, NetnsSettings *settings, GError **error)
{
  const char *format = "off";

  *settings = (NetnsSettings){ .pager = TRUE, .legend = TRUE, .ask_password = TRUE };
  g_variant_lookup (options, "pager", "b", &settings->pager);
  g_variant_lookup (options, "legend", "b", &settings->legend);
  g_variant_lookup (options, "busctl", "b", &settings->busctl);
  g_variant_lookup (options, "ask-password", "b", &settings->ask_password);
  g_variant_lookup (options, "host", "&s", &settings->host);
  g_variant_lookup (options, "json", "&s", &format);
  if (settings->host != NULL && *settings->host == '\0')
    return netns_usage_error (error, _ ("The name of the other machine is empty; say --host=[USER@]HOST"));
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
  /* It must outlive this function, unlike the options. */
  settings->host = g_intern_string (settings->host);
  if (g_variant_lookup (options, "help", "b", &wanted))
    return print_help (settings, **arguments, error);
  if (g_variant_lookup (options, "version", "b", &wanted))
    return netns_output_write (settings, "netnsctl " PACKAGE_VERSION "\n", error);
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
