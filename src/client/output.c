/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/output.h"

#include "common/text.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Returns: (transfer full): @text in one line, without anything that a terminal obeys */
char *
netns_output_escape (const char *text)
{
  return netns_text_escape (text, "");
}

/* Returns: (transfer full): @text in the charset of the locale, typographic quotes as plain ones where that is not
 * Unicode */
char *
netns_output_encode (const char *text)
{
  const char *charset;
  g_autoptr (GString) plain = NULL;
  char *encoded;

  if (g_get_charset (&charset))
    return g_strdup (text);
  plain = g_string_new (text);
  g_string_replace (plain, "“", "\"", 0);
  g_string_replace (plain, "”", "\"", 0);
  encoded = g_convert_with_fallback (plain->str, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
  return encoded ? encoded : g_strdup (plain->str);
}

static gboolean
write_directly (const char *text, GError **error)
{
  if (fputs (text, stdout) >= 0 && fflush (stdout) == 0)
    return TRUE;
  /* The reader closed the pipe, so the rest is not needed. */
  if (errno == EPIPE)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno),
               _ ("Cannot write the output (%s); free some space or choose another file"), g_strerror (errno));
  return FALSE;
}

/* The pager must see Ctrl-C, which this program ignores while it waits for it. */
static void
reset_signals (gpointer data)
{
  signal (SIGINT, SIG_DFL);
  signal (SIGPIPE, SIG_DFL);
}

static GSubprocess *
start_pager (void)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_auto (GStrv) arguments = NULL;
  const char *pager = g_getenv ("PAGER");

  if (pager == NULL)
    pager = "less -FRSX";
  if (!g_shell_parse_argv (pager, NULL, &arguments, NULL) || strcmp (arguments[0], "cat") == 0)
    return NULL;
  launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE);
  g_subprocess_launcher_set_child_setup (launcher, reset_signals, NULL, NULL);
  /* PAGER is most often plain `less`; these make it end by itself where all fits on the screen. */
  g_subprocess_launcher_setenv (launcher, "LESS", "FRSX", FALSE);
  return g_subprocess_launcher_spawnv (launcher, (const char *const *) arguments, NULL);
}

static gboolean
write_to_pager (const char *text)
{
  g_autoptr (GSubprocess) pager = start_pager ();

  if (pager == NULL)
    return FALSE;
  signal (SIGINT, SIG_IGN);
  /* A user who leaves the pager early makes this fail, and wants to. */
  g_output_stream_write_all (g_subprocess_get_stdin_pipe (pager), text, strlen (text), NULL, NULL, NULL);
  g_output_stream_close (g_subprocess_get_stdin_pipe (pager), NULL, NULL);
  g_subprocess_wait (pager, NULL, NULL);
  signal (SIGINT, SIG_DFL);
  return TRUE;
}

/* Writes a line to standard error. Sentences of the service can have several, the user's terminal gets one. */
void
netns_output_warn (const char *text)
{
  g_autofree char *shown = netns_output_escape (text), *encoded = netns_output_encode (shown);

  fprintf (stderr, "netnsctl: %s\n", encoded);
}

/* Writes complete lines, in the charset of the output. */
gboolean
netns_output_write (const NetnsSettings *settings, const char *text, GError **error)
{
  if (settings->pager && isatty (STDOUT_FILENO) && write_to_pager (text))
    return TRUE;
  return write_directly (text, error);
}

/* Returns: (transfer full): @value as JSON as the user wishes it, with a line feed at its end; a floating one is taken.
 * json-glib escapes ASCII control characters only. */
char *
netns_output_format_json (const NetnsSettings *settings, GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autoptr (JsonNode) node = json_gvariant_serialize (owned);
  g_autofree char *text = json_to_string (node, settings->format == NETNS_FORMAT_JSON_PRETTY);
  g_autofree char *shown = netns_text_escape (text, "\n");

  return g_strconcat (shown, "\n", NULL);
}

/* Writes it. As netns_output_write(). */
gboolean
netns_output_json (const NetnsSettings *settings, GVariant *value, GError **error)
{
  g_autofree char *text = netns_output_format_json (settings, value);

  return netns_output_write (settings, text, error);
}
