/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/text.h"

#include <string.h>

/* Neither control sequences in one character (U+0080 to U+009F) nor marks that change the direction of what follows are
 * printable to GLib; separators of lines and paragraphs are. */
static gboolean
is_shown (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return g_unichar_isprint (c) && type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* As JSON does it: what is beyond 16 bits as two surrogates. */
static void
append_escaped (GString *shown, gunichar c)
{
  if (c > 0xffff)
    g_string_append_printf (shown, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
  else
    g_string_append_printf (shown, "\\u%04x", c);
}

/**
 * netns_text_escape:
 * @text: anything
 * @keep: ASCII characters that stay although they are not printable
 *
 * For text, for a line of a log, and for JSON, in whose texts the escapes mean the same characters.
 *
 * Returns: (transfer full): @text with each character that cannot be shown in one line as `\uNNNN`, and each byte that
 * is not UTF-8 as `\xNN`
 */
char *
netns_text_escape (const char *text, const char *keep)
{
  g_autoptr (GString) shown = g_string_sized_new (strlen (text));

  while (*text != '\0') {
    gunichar c = g_utf8_get_char_validated (text, -1);
    gboolean valid = c != (gunichar) -1 && c != (gunichar) -2;
    gsize length = valid ? (gsize) (g_utf8_next_char (text) - text) : 1;

    if (!valid)
      g_string_append_printf (shown, "\\x%02x", (guchar) *text);
    else if (is_shown (c) || strchr (keep, *text) != NULL)
      g_string_append_len (shown, text, (gssize) length);
    else
      append_escaped (shown, c);
    text += length;
  }
  return g_string_free (g_steal_pointer (&shown), FALSE);
}
