/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/definition.h"

#include "common/error.h"
#include "core/store.h"

#define NAME      "Name"
#define NAMESPACE "Namespace"
#define COOKIE    "Cookie"
#define OWNER     "Owner"

/**
 * netns_definition_new:
 * @class: what it shall be
 * @name: its name
 * @namespace_name: the namespace where it is
 * @cookie: that of the namespace
 * @owner: uid that it belongs to
 *
 * Returns: (transfer full): one of that class, the rest of it empty
 */
gpointer
netns_definition_new (const NetnsDefinitionClass *class, const char *name, const char *namespace_name, guint64 cookie,
                      guint owner)
{
  NetnsDefinition *definition = g_malloc0 (class->size);

  definition->class = class;
  definition->name = g_strdup (name);
  definition->namespace_name = g_strdup (namespace_name);
  definition->cookie = cookie;
  definition->owner = owner;
  return definition;
}

/* Returns: (transfer full): the same again */
gpointer
netns_definition_copy (gconstpointer definition)
{
  const NetnsDefinition *original = definition;
  NetnsDefinition *copy = g_memdup2 (original, original->class->size);

  copy->name = g_strdup (original->name);
  copy->namespace_name = g_strdup (original->namespace_name);
  copy->class->copy (copy);
  return copy;
}

void
netns_definition_free (gpointer definition)
{
  NetnsDefinition *dead = definition;

  if (dead == NULL)
    return;
  dead->class->clear (dead);
  g_free (dead->name);
  g_free (dead->namespace_name);
  g_free (dead);
}

/* Returns: (transfer full): its file, below /run/netnsd */
char *
netns_definition_get_file (const NetnsDefinition *definition)
{
  return g_build_filename (definition->class->folder, definition->name, NULL);
}

/* Returns: its name as a number, for those that are numbered */
guint64
netns_definition_get_number (const NetnsDefinition *definition)
{
  return g_ascii_strtoull (definition->name, NULL, 10);
}

/* Returns: (transfer full): what its file says */
char *
netns_definition_print (const NetnsDefinition *definition)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  const char *group = definition->class->group;

  g_key_file_set_string (key_file, group, NAME, definition->name);
  g_key_file_set_string (key_file, group, NAMESPACE, definition->namespace_name);
  g_key_file_set_uint64 (key_file, group, COOKIE, definition->cookie);
  g_key_file_set_uint64 (key_file, group, OWNER, definition->owner);
  definition->class->print (definition, key_file);
  return g_key_file_to_data (key_file, NULL, NULL);
}

static GKeyFile *
open_key_file (const char *file, GError **error)
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

/**
 * netns_definition_load:
 * @class: what it is
 * @file: name below /run/netnsd
 * @error: why it cannot be used
 *
 * Returns: (transfer full) (nullable): what netns_definition_print() wrote
 */
NetnsDefinition *
netns_definition_load (const NetnsDefinitionClass *class, const char *file, GError **error)
{
  g_autoptr (GKeyFile) key_file = open_key_file (file, error);
  g_autoptr (NetnsDefinition) definition = NULL;
  g_autofree char *name = NULL, *namespace_name = NULL, *own_file = NULL;

  if (key_file == NULL)
    return NULL;
  name = netns_definition_get_string (key_file, class->group, NAME);
  namespace_name = netns_definition_get_string (key_file, class->group, NAMESPACE);
  definition = netns_definition_new (class, name, namespace_name,
                                     g_key_file_get_uint64 (key_file, class->group, COOKIE, NULL),
                                     (guint) g_key_file_get_uint64 (key_file, class->group, OWNER, NULL));
  own_file = netns_definition_get_file (definition);
  if (!g_str_equal (own_file, file)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "It is that of “%s”", name);
    return NULL;
  }
  if (!class->parse (definition, key_file, error))
    return NULL;
  return g_steal_pointer (&definition);
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
