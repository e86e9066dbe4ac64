/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/definition.h"

#include "common/error.h"
#include "core/store.h"

/**
 * netns_definition_open:
 * @file: name below /run/netnsd
 * @error: why it cannot be used
 *
 * Returns: (transfer full) (nullable): its keys
 */
GKeyFile *
netns_definition_open (const char *file, GError **error)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autofree char *contents = NULL;

  if (!netns_store_read (file, &contents, error))
    return NULL;
  if (contents == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no such file");
    return NULL;
  }
  if (!g_key_file_load_from_data (key_file, contents, G_MAXSIZE, G_KEY_FILE_NONE, error))
    return NULL;
  return g_steal_pointer (&key_file);
}

/* What is not there is the empty string. */
char *
netns_definition_get_string (GKeyFile *key_file, const char *group, const char *key)
{
  char *value = g_key_file_get_string (key_file, group, key, NULL);

  return value ? value : g_strdup ("");
}

void
netns_definition_set_addresses (GKeyFile *key_file, const char *group, const char *key, const GArray *addresses)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; i < addresses->len; i++)
    g_ptr_array_add (texts, g_strdup (netns_address_print (&g_array_index (addresses, NetnsAddress, i), text)));
  g_key_file_set_string_list (key_file, group, key, (const char *const *) texts->pdata, texts->len);
}

GArray *
netns_definition_get_addresses (GKeyFile *key_file, const char *group, const char *key, GError **error)
{
  g_auto (GStrv) texts = g_key_file_get_string_list (key_file, group, key, NULL, NULL);
  g_autoptr (GArray) addresses = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));

  for (guint i = 0; texts != NULL && texts[i] != NULL; i++) {
    NetnsAddress address;

    if (!netns_address_parse (texts[i], &address, error))
      return NULL;
    g_array_append_val (addresses, address);
  }
  return g_steal_pointer (&addresses);
}

GArray *
netns_definition_copy_addresses (const GArray *addresses)
{
  GArray *copy = g_array_new (FALSE, FALSE, sizeof (NetnsAddress));

  g_array_append_vals (copy, addresses->data, addresses->len);
  return copy;
}
