/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/texts.h"

#include <string.h>

#define HANDLE " # handle "

struct _NetnsTexts {
  GHashTable *by_handle; /* table and handle -> text */
};

/* The handle of a rule is not given to another one of its table. */
static char *
key_for (const char *table, const char *handle)
{
  return g_strconcat (table, " ", handle, NULL);
}

/* `table inet filter { # handle 1` becomes `inet filter`. */
static char *
table_of (const char *line)
{
  const char *name = line + strlen ("table "), *end = strstr (name, " {");

  return end ? g_strndup (name, (gsize) (end - name)) : NULL;
}

/**
 * netns_texts_new:
 * @list: what libnftables lists as text, with handles
 *
 * Returns: (transfer full): the rules in it
 */
NetnsTexts *
netns_texts_new (const char *list)
{
  g_auto (GStrv) lines = g_strsplit (list, "\n", -1);
  g_autofree char *table = NULL;
  NetnsTexts *texts = g_new0 (NetnsTexts, 1);

  texts->by_handle = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (char **line = lines; *line != NULL; line++) {
    char *handle = g_strrstr (*line, HANDLE);

    if (g_str_has_prefix (*line, "table ")) {
      g_free (table);
      table = table_of (*line);
    } else if (table != NULL && handle != NULL && g_str_has_prefix (*line, "\t\t")) {
      *handle = '\0';
      g_hash_table_replace (texts->by_handle, key_for (table, handle + strlen (HANDLE)), g_strdup (*line + 2));
    }
  }
  return texts;
}

void
netns_texts_free (NetnsTexts *texts)
{
  g_hash_table_unref (texts->by_handle);
  g_free (texts);
}

/**
 * netns_texts_find:
 * @texts: the rules of a namespace
 * @family: of a rule's table, such as `inet`
 * @table: its table
 * @handle: its number there
 * @comment: its comment, empty for none
 *
 * Returns: (transfer full) (nullable): such as `iifname "lan" tcp dport 80 accept`, without its comment; %NULL for one that
 *   is not in the list
 */
char *
netns_texts_find (const NetnsTexts *texts, const char *family, const char *table, guint64 handle, const char *comment)
{
  g_autofree char *place = g_strconcat (family, " ", table, NULL);
  g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, handle);
  g_autofree char *key = key_for (place, number), *said = g_strconcat (" comment \"", comment, "\"", NULL);
  const char *text = g_hash_table_lookup (texts->by_handle, key);

  if (text == NULL)
    return NULL;
  return g_strndup (text, strlen (text) - (g_str_has_suffix (text, said) ? strlen (said) : 0));
}
