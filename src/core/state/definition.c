/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/definition.h"

#include "common/error.h"
#include "core/plan/store.h"

#include <string.h>

static const NetnsField common_fields[] = {
  { "Name", NETNS_FIELD_TEXT, offsetof (NetnsDefinition, name) },
  { "Namespace", NETNS_FIELD_BYTES, offsetof (NetnsDefinition, namespace_name) },
  { "Cookie", NETNS_FIELD_UINT64, offsetof (NetnsDefinition, cookie) },
  { "Owner", NETNS_FIELD_UINT32, offsetof (NetnsDefinition, owner) },
  { "Identity", NETNS_FIELD_UINT64, offsetof (NetnsDefinition, identity) },
  { NULL }
};

/* By chance, because a file would have to count on when the service starts anew. */
static guint64
choose_identity (void)
{
  return (guint64) g_random_int () << 32 | g_random_int ();
}

/* Returns: (transfer full): one of that class in the namespace with that cookie, the rest of it empty */
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
  definition->identity = choose_identity ();
  return definition;
}

/* Returns: (transfer full): the same again */
gpointer
netns_definition_copy (gconstpointer definition)
{
  const NetnsDefinition *original = definition;
  NetnsDefinition *copy = g_memdup2 (original, original->class->size);

  netns_fields_copy (common_fields, copy);
  netns_fields_copy (copy->class->fields, copy);
  return copy;
}

void
netns_definition_free (gpointer definition)
{
  NetnsDefinition *dead = definition;

  if (dead == NULL)
    return;
  netns_fields_clear (dead->class->fields, dead);
  netns_fields_clear (common_fields, dead);
  g_free (dead);
}

/* Returns: what differs between two of one class and name, as bits of the class */
guint
netns_definition_compare (gconstpointer definition, gconstpointer other)
{
  return netns_fields_compare (((const NetnsDefinition *) definition)->class->fields, definition, other);
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
  const NetnsDefinitionClass *class = definition->class;
  g_autoptr (GKeyFile) key_file = g_key_file_new ();

  netns_fields_to_key_file (common_fields, definition, key_file, class->group);
  netns_fields_to_key_file (class->fields, definition, key_file, class->group);
  return g_key_file_to_data (key_file, NULL, NULL);
}

static gboolean
parse_common_fields (NetnsDefinition *definition, GKeyFile *key_file, GError **error)
{
  if (!netns_fields_from_key_file (common_fields, definition, key_file, definition->class->group, error))
    return FALSE;
  if (definition->namespace_name == NULL)
    definition->namespace_name = g_strdup ("");
  return TRUE;
}

/* Returns: (transfer full) (nullable): what netns_definition_print() wrote; @error says why it cannot be used */
NetnsDefinition *
netns_definition_parse (const NetnsDefinitionClass *class, const char *text, GError **error)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autoptr (NetnsDefinition) definition = g_malloc0 (class->size);

  definition->class = class;
  if (!g_key_file_load_from_data (key_file, text, G_MAXSIZE, G_KEY_FILE_NONE, error)
      || !parse_common_fields (definition, key_file, error)
      || !netns_fields_from_key_file (class->fields, definition, key_file, class->group, error)
      || (class->check != NULL && !class->check (definition, error)))
    return NULL;
  return g_steal_pointer (&definition);
}

static NetnsDefinition *
parse_file (const NetnsDefinitionClass *class, const char *file, const char *contents, GError **error)
{
  g_autoptr (NetnsDefinition) definition = netns_definition_parse (class, contents, error);
  g_autofree char *own_file = definition ? netns_definition_get_file (definition) : NULL;

  if (definition == NULL || g_str_equal (own_file, file))
    return g_steal_pointer (&definition);
  return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "It is about “%s”", definition->name);
}

/* An earlier version of the service kept it in another file. */
static void
update (NetnsDefinition *definition, const char *file)
{
  g_autofree char *own_file = NULL, *contents = NULL;
  g_autoptr (GError) error = NULL;

  if (definition->class->update == NULL)
    return;
  definition->class->update (definition);
  own_file = netns_definition_get_file (definition);
  if (strcmp (own_file, file) == 0)
    return;
  contents = netns_definition_print (definition);
  if (!netns_store_write (own_file, contents, &error) || !netns_store_write (file, NULL, &error))
    g_message ("%s", error->message);
}

/* Returns: (transfer full) (nullable): what is in a file below /run/netnsd; one that cannot be used is set aside */
NetnsDefinition *
netns_definition_load (const NetnsDefinitionClass *class, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  NetnsDefinition *definition;

  if (!netns_store_read (file, &contents, &error))
    g_warning ("%s", error->message);
  if (contents == NULL)
    return NULL;
  definition = parse_file (class, file, contents, &error);
  if (definition != NULL)
    update (definition, file);
  else
    netns_store_set_aside (file, error->message);
  return definition;
}

/* Returns: (transfer none) (nullable): the namespace that it is in, also when that has got another name; %NULL if it is
 * gone, maybe with another one in its place */
NetnsNamespace *
netns_definition_find_namespace (const NetnsDefinition *definition, NetnsMirror *mirror)
{
  return netns_mirror_find_namespace (mirror, definition->namespace_name, definition->cookie);
}
