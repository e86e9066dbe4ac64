/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/object.h"

#include "common/names.h"

#include <string.h>

/* Returns: (transfer full): the object path of a link */
char *
netns_link_get_object_path (const NetnsLink *link)
{
  return netns_path_for_link (link->namespace->name, link->info.index);
}

/* Returns: (transfer full): what the kernel has for a name, any bytes, each byte that is no UTF-8 as `\xNN` */
char *
netns_text_to_utf8 (const char *text)
{
  g_autoptr (GString) result = g_string_sized_new (strlen (text));
  const char *rest = text, *end;

  while (!g_utf8_validate (rest, -1, &end)) {
    g_string_append_len (result, rest, end - rest);
    g_string_append_printf (result, "\\x%02x", (guchar) *end);
    rest = end + 1;
  }
  g_string_append (result, rest);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

/* Returns: (transfer floating): what the kernel has for a name, empty for none */
GVariant *
netns_text_to_variant (const char *text)
{
  return g_variant_new_take_string (netns_text_to_utf8 (text ? text : ""));
}

/* The same of several; @texts: (nullable) */
GVariant *
netns_texts_to_variant (const char *const *texts)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (; texts != NULL && *texts != NULL; texts++)
    g_variant_builder_add_value (&builder, netns_text_to_variant (*texts));
  return g_variant_builder_end (&builder);
}

/* @path: (transfer full) (nullable): an object path. Returns: (transfer floating): it, `/` for none */
GVariant *
netns_path_to_variant (char *path)
{
  g_autofree char *owned = path;

  return g_variant_new_object_path (owned ? owned : "/");
}

/* Returns: (transfer floating): the object path of the namespace of that name, `/` for none */
GVariant *
netns_namespace_to_path (const char *name)
{
  return netns_path_to_variant (name ? netns_path_for_namespace (name) : NULL);
}

/* Returns: (transfer floating): its object path, `/` for none */
GVariant *
netns_link_to_path (const NetnsLink *link)
{
  return netns_path_to_variant (link ? netns_link_get_object_path (link) : NULL);
}

/* Returns: (transfer floating): their object paths, ao */
GVariant *
netns_links_to_paths (GPtrArray *links)
{
  g_auto (GVariantBuilder) paths = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ao"));

  for (guint i = 0; i < links->len; i++)
    g_variant_builder_add_value (&paths, netns_link_to_path (g_ptr_array_index (links, i)));
  return g_variant_builder_end (&paths);
}

/* Returns: (transfer floating): addresses as @print writes them, as */
GVariant *
netns_addresses_to_texts (const GArray *addresses,
                          const char *(*print) (const NetnsAddress *address, char text[NETNS_ADDRESS_MAX_TEXT]))
{
  g_auto (GVariantBuilder) texts = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  char text[NETNS_ADDRESS_MAX_TEXT];

  for (guint i = 0; i < addresses->len; i++)
    g_variant_builder_add (&texts, "s", print (&g_array_index (addresses, NetnsAddress, i), text));
  return g_variant_builder_end (&texts);
}
