/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/busctl.h"
#include "common/names.h"

#include <stdio.h>
#include <string.h>

#define NEEDS_NO_QUOTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,@%+=-"

/* A tilde or `=` in front mean something to some shells, so the set above counts only inside a word. */
static char *
quote (const char *word)
{
  if (*word != '\0' && *word != '=' && word[strspn (word, NEEDS_NO_QUOTES)] == '\0')
    return g_strdup (word);
  return g_shell_quote (word);
}

static void
take_word (GPtrArray *words, char *word)
{
  g_ptr_array_add (words, word);
}

/* busctl wants containers flattened: the number of elements in front of an array, the signature in front of a
 * variant's value, nothing around structures. */
static void
add_value (GPtrArray *words, GVariant *value)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN)) {
    take_word (words, g_strdup (g_variant_get_boolean (value) ? "true" : "false"));
  } else if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING)
             || g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH)
             || g_variant_is_of_type (value, G_VARIANT_TYPE_SIGNATURE)) {
    take_word (words, g_strdup (g_variant_get_string (value, NULL)));
  } else if (!g_variant_is_container (value)) {
    take_word (words, g_variant_print (value, FALSE));
  } else {
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_ARRAY))
      take_word (words, g_strdup_printf ("%zu", g_variant_n_children (value)));
    for (gsize i = 0; i < g_variant_n_children (value); i++) {
      g_autoptr (GVariant) child = g_variant_get_child_value (value, i);

      if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
        take_word (words, g_strdup (g_variant_get_type_string (child)));
      add_value (words, child);
    }
  }
}

static gboolean
has_leading_dash (const GPtrArray *words)
{
  for (guint i = 0; i < words->len; i++)
    if (*(const char *) words->pdata[i] == '-')
      return TRUE;
  return FALSE;
}

static void
append_bus (GString *line, const NetnsSettings *settings)
{
  g_autofree char *host = settings->host ? quote (settings->host) : NULL;

  if (host != NULL)
    g_string_append_printf (line, "--host=%s", host);
  else
    g_string_append (line, "--system");
}

/* Returns: (transfer full): the line for a call, without line feed. @arguments: (nullable): a tuple */
char *
netns_busctl_format (const NetnsSettings *settings, const char *path, const char *interface, const char *method,
                     GVariant *arguments)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  GString *line = g_string_new ("busctl call ");

  append_bus (line, settings);
  if (!settings->ask_password)
    g_string_append (line, " --allow-interactive-authorization=no");
  if (arguments != NULL)
    add_value (values, arguments);
  if (has_leading_dash (values))
    g_string_append (line, " --");
  g_string_append_printf (line, " %s %s %s %s", NETNS_BUS_NAME, path, interface, method);
  if (values->len > 0) {
    const char *type = g_variant_get_type_string (arguments);
    g_autofree char *signature = g_strndup (type + 1, strlen (type) - 2);
    g_autofree char *quoted = quote (signature);

    g_string_append_printf (line, " %s", quoted);
  }
  for (guint i = 0; i < values->len; i++) {
    g_autofree char *quoted = quote (values->pdata[i]);

    g_string_append_printf (line, " %s", quoted);
  }
  return g_string_free (line, FALSE);
}

/* Prints the line of netns_busctl_format(); floating @arguments are taken. As any word of it is the user's own bytes,
 * there is no charset conversion. */
void
netns_busctl_print (const NetnsSettings *settings, const char *path, const char *interface, const char *method,
                    GVariant *arguments)
{
  g_autoptr (GVariant) tuple = arguments ? g_variant_ref_sink (arguments) : NULL;
  g_autofree char *line = netns_busctl_format (settings, path, interface, method, tuple);

  puts (line);
}

/* Prints the line that shows all signals. */
void
netns_busctl_print_monitor (const NetnsSettings *settings)
{
  g_autoptr (GString) line = g_string_new ("busctl monitor ");

  append_bus (line, settings);
  g_string_append (line, " --match=\"type='signal',sender='" NETNS_BUS_NAME "'\"");
  puts (line->str);
}
