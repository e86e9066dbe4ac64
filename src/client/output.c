/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/output.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/**
 * netns_output_escape:
 * @text: anything
 *
 * Returns: (transfer full): @text with each byte of what cannot be shown in one line as `\xNN`
 */
char *
netns_output_escape (const char *text)
{
  GString *shown = g_string_sized_new (strlen (text));

  while (*text != '\0') {
    gunichar c = g_utf8_get_char_validated (text, -1);
    gboolean valid = c != (gunichar)-1 && c != (gunichar)-2;
    gsize length = valid ? (gsize)(g_utf8_next_char (text) - text) : 1;

    if (valid && g_unichar_isprint (c))
      g_string_append_len (shown, text, (gssize)length);
    else
      for (gsize i = 0; i < length; i++)
        g_string_append_printf (shown, "\\x%02x", (guchar)text[i]);
    text += length;
  }
  return g_string_free (shown, FALSE);
}

/**
 * netns_output_encode:
 * @text: text in UTF-8
 *
 * Returns: (transfer full): @text in the charset of the locale, typographic quotes as plain ones where that
 * is not Unicode
 */
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

/**
 * netns_output_print_error:
 * @line: what is wrong, in UTF-8
 *
 * Writes it to standard error, with the name of the program in front.
 */
void
netns_output_print_error (const char *line)
{
  g_autofree char *encoded = netns_output_encode (line);

  fprintf (stderr, "netnsctl: %s\n", encoded);
}

static gboolean
write_directly (const char *text, GError **error)
{
  if (fputs (text, stdout) >= 0 && fflush (stdout) == 0)
    return TRUE;
  /* Whoever closed the pipe has seen enough. */
  if (errno == EPIPE)
    return TRUE;
  g_set_error (error, G_FILE_ERROR, (int)g_file_error_from_errno (errno),
               _ ("The output cannot be written (%s); make room or choose another file"), g_strerror (errno));
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
  return g_subprocess_launcher_spawnv (launcher, (const char *const *)arguments, NULL);
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

/**
 * netns_output_write:
 * @settings: the settings of this run
 * @text: complete lines, in the charset that they shall have
 * @error: why they cannot be written
 *
 * Returns: whether they were
 */
gboolean
netns_output_write (const NetnsSettings *settings, const char *text, GError **error)
{
  if (settings->pager && isatty (STDOUT_FILENO) && write_to_pager (text))
    return TRUE;
  return write_directly (text, error);
}

/**
 * netns_output_format_json:
 * @settings: the settings of this run
 * @node: (transfer none): a value
 *
 * Returns: (transfer full): it as the user wishes it, with a line feed at its end
 */
char *
netns_output_format_json (const NetnsSettings *settings, JsonNode *node)
{
  g_autofree char *text = json_to_string (node, settings->format == NETNS_FORMAT_JSON_PRETTY);

  return g_strconcat (text, "\n", NULL);
}

/**
 * netns_output_json:
 * @settings: the settings of this run
 * @node: (transfer full): a value
 * @error: why it cannot be written
 *
 * Returns: whether it was written
 */
gboolean
netns_output_json (const NetnsSettings *settings, JsonNode *node, GError **error)
{
  g_autoptr (JsonNode) owned = node;
  g_autofree char *text = netns_output_format_json (settings, owned);

  return netns_output_write (settings, text, error);
}

/**
 * netns_output_object:
 * @settings: the settings of this run
 * @path: (nullable): an object that a call made, %NULL if the call was only printed
 * @error: why it cannot be written
 *
 * Tells programs its path. People know already what they asked for.
 *
 * Returns: whether it could be written
 */
gboolean
netns_output_object (const NetnsSettings *settings, const char *path, GError **error)
{
  JsonNode *node;
  JsonObject *object;

  if (path == NULL || settings->format == NETNS_FORMAT_TEXT)
    return TRUE;
  node = json_node_new (JSON_NODE_OBJECT);
  object = json_object_new ();
  json_object_set_string_member (object, "object", path);
  json_node_take_object (node, object);
  return netns_output_json (settings, node, error);
}
