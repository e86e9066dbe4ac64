/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/announced.h"

#include <string.h>

struct _NetnsAnnounced {
  GHashTable *values; /* path and name of a property -> its value */
};

NetnsAnnounced *
netns_announced_new (void)
{
  NetnsAnnounced *announced = g_new0 (NetnsAnnounced, 1);

  announced->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  return announced;
}

void
netns_announced_free (NetnsAnnounced *announced)
{
  g_hash_table_unref (announced->values);
  g_free (announced);
}

/**
 * netns_announced_take:
 * @announced: what was announced
 * @path: an object
 * @property: the name of a property, of which an object has one only
 * @value: what it is now
 * @before: (out) (optional) (nullable) (transfer full): what it was, if the result is %TRUE; %NULL if it is new
 *
 * Notes @value.
 *
 * Returns: whether it is to be announced: it is new, or another one than before
 */
gboolean
netns_announced_take (NetnsAnnounced *announced, const char *path, const char *property, GVariant *value,
                      GVariant **before)
{
  g_autofree char *key = g_strconcat (path, " ", property, NULL);
  GVariant *known = g_hash_table_lookup (announced->values, key);

  if (known != NULL && g_variant_equal (known, value))
    return FALSE;
  if (before != NULL)
    *before = known ? g_variant_ref (known) : NULL;
  (void) g_variant_get_data (value); /* what it was built of needs twenty times as much memory */
  g_hash_table_replace (announced->values, g_steal_pointer (&key), g_variant_ref (value));
  return TRUE;
}

static gboolean
is_of_path (gpointer key, gpointer value, gpointer path)
{
  return g_str_has_prefix (key, path) && ((const char *) key)[strlen (path)] == ' ';
}

/* An object is gone. Returns: whether anything of it was announced */
gboolean
netns_announced_forget (NetnsAnnounced *announced, const char *path)
{
  return g_hash_table_foreach_remove (announced->values, is_of_path, (gpointer) path) > 0;
}

static gint
count_in (GHashTable *counts, GBytes *bytes)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (counts, bytes));
}

/**
 * netns_announced_list_missing:
 * @list: (nullable): an array, %NULL for an empty one
 * @other: (nullable): another one of that type
 *
 * Returns: (transfer full) (element-type GVariant): the entries of @list that are not in @other, or not as often
 */
GPtrArray *
netns_announced_list_missing (GVariant *list, GVariant *other)
{
  g_autoptr (GHashTable) there
    = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  GPtrArray *missing = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);

  for (gsize i = 0; other != NULL && i < g_variant_n_children (other); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (other, i);
    GBytes *bytes = g_variant_get_data_as_bytes (entry);

    g_hash_table_replace (there, bytes, GINT_TO_POINTER (count_in (there, bytes) + 1));
  }
  for (gsize i = 0; list != NULL && i < g_variant_n_children (list); i++) {
    g_autoptr (GVariant) entry = g_variant_get_child_value (list, i);
    g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (entry);

    gint count = count_in (there, bytes);

    if (count > 0)
      g_hash_table_replace (there, g_steal_pointer (&bytes), GINT_TO_POINTER (count - 1));
    else
      g_ptr_array_add (missing, g_steal_pointer (&entry));
  }
  return missing;
}
