/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/service/definitions.h"

#include "core/plan/store.h"
#include "core/state/binding.h"
#include "core/state/firewall.h"
#include "core/state/forward.h"
#include "core/state/loop-permit.h"
#include "core/state/nat.h"
#include "core/state/network.h"

#include <string.h>

/* Each with a folder of files. */
static const NetnsDefinitionClass *const classes[]
  = { &netns_network_class, &netns_nat_class,     &netns_firewall_class,
      &netns_forward_class, &netns_binding_class, &netns_loop_permit_class };

struct _NetnsDefinitions {
  GHashTable *tables[G_N_ELEMENTS (classes)]; /* name -> NetnsDefinition, by class */
  const NetnsDefinitionsObserver *observer;
  gpointer data;
};

static void
load (NetnsDefinitions *definitions, const NetnsDefinitionClass *class)
{
  g_autoptr (GPtrArray) files = netns_store_list (class->folder);

  for (guint i = 0; i < files->len; i++) {
    NetnsDefinition *definition = netns_definition_load (class, g_ptr_array_index (files, i));

    if (definition != NULL)
      g_hash_table_replace (netns_definitions_get (definitions, class), definition->name, definition);
  }
}

/* Returns: (transfer full): what was known when the service stopped. @observer: who is told of differences from then on */
NetnsDefinitions *
netns_definitions_new (const NetnsDefinitionsObserver *observer, gpointer data)
{
  NetnsDefinitions *definitions = g_new0 (NetnsDefinitions, 1);

  definitions->observer = observer;
  definitions->data = data;
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++) {
    definitions->tables[i] = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, netns_definition_free);
    load (definitions, classes[i]);
  }
  return definitions;
}

void
netns_definitions_free (NetnsDefinitions *definitions)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    g_hash_table_unref (definitions->tables[i]);
  g_free (definitions);
}

/* Returns: (transfer none) (element-type utf8 NetnsDefinition): all of a class, by name */
GHashTable *
netns_definitions_get (NetnsDefinitions *definitions, const NetnsDefinitionClass *class)
{
  gsize position = 0;

  while (classes[position] != class)
    position++;
  return definitions->tables[position];
}

/* Returns: (transfer container) (element-type NetnsDefinition): all of them, or only those of one class, and only those
 * in one namespace */
GPtrArray *
netns_definitions_list (NetnsDefinitions *definitions, const NetnsDefinitionClass *class, const char *namespace_name)
{
  GPtrArray *list = g_ptr_array_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++) {
    GHashTableIter iter;
    NetnsDefinition *definition;

    g_hash_table_iter_init (&iter, definitions->tables[i]);
    while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &definition))
      if ((class == NULL || definition->class == class)
          && (namespace_name == NULL || strcmp (definition->namespace_name, namespace_name) == 0))
        g_ptr_array_add (list, definition);
  }
  return list;
}

/* Takes @definition; one of its class and name is replaced. */
void
netns_definitions_put (NetnsDefinitions *definitions, NetnsDefinition *definition)
{
  GHashTable *table = netns_definitions_get (definitions, definition->class);
  const NetnsDefinition *old = g_hash_table_lookup (table, definition->name);
  guint changes = old != NULL ? netns_definition_compare (old, definition) : 0;
  gboolean is_new = old == NULL;

  g_hash_table_replace (table, definition->name, definition);
  if (is_new)
    definitions->observer->added (definition, definitions->data);
  else if (changes != 0)
    definitions->observer->changed (definition, changes, definitions->data);
}

/* @like: one of its class and name */
void
netns_definitions_drop (NetnsDefinitions *definitions, const NetnsDefinition *like)
{
  GHashTable *table = netns_definitions_get (definitions, like->class);
  NetnsDefinition *definition = g_hash_table_lookup (table, like->name);

  if (definition == NULL)
    return;
  definitions->observer->removed (definition, definitions->data);
  g_hash_table_remove (table, definition->name);
}

/* The namespace of @definition is called @namespace_name now. */
void
netns_definitions_move (NetnsDefinitions *definitions, NetnsDefinition *definition, const char *namespace_name)
{
  if (definition->class->below)
    definitions->observer->removed (definition, definitions->data);
  g_free (definition->namespace_name);
  definition->namespace_name = g_strdup (namespace_name);
  if (definition->class->below)
    definitions->observer->added (definition, definitions->data);
  else
    definitions->observer->changed (definition, definition->class->renamed, definitions->data);
}

/* It is in @namespace, whose name another program has changed. */
static void
follow (NetnsDefinitions *definitions, NetnsDefinition *definition, const NetnsNamespace *namespace)
{
  g_autofree char *file = NULL, *contents = NULL;
  g_autoptr (GError) error = NULL;

  if (strcmp (definition->namespace_name, namespace->name) == 0)
    return;
  netns_definitions_move (definitions, definition, namespace->name);
  file = netns_definition_get_file (definition);
  contents = netns_definition_print (definition);
  if (!netns_store_write (file, contents, &error))
    g_message ("%s", error->message);
}

/* Gives what is in @namespace the name that it has now. */
void
netns_definitions_follow (NetnsDefinitions *definitions, const NetnsNamespace *namespace)
{
  g_autoptr (GPtrArray) list = NULL;

  if (namespace->cookie == 0 || netns_namespace_is_unnamed (namespace))
    return;
  list = netns_definitions_list (definitions, NULL, NULL);
  for (guint i = 0; i < list->len; i++)
    if (((NetnsDefinition *) g_ptr_array_index (list, i))->cookie == namespace->cookie)
      follow (definitions, g_ptr_array_index (list, i), namespace);
}

/* The same of all namespaces, and forgets what was in those that are gone; @mirror has settled, and so knows their
 * cookies. Forwards to them have rules elsewhere, see core/forward/forward-reconciler.h. */
void
netns_definitions_follow_all (NetnsDefinitions *definitions, NetnsMirror *mirror)
{
  g_autoptr (GPtrArray) list = netns_definitions_list (definitions, NULL, NULL);

  for (guint i = 0; i < list->len; i++) {
    NetnsDefinition *definition = g_ptr_array_index (list, i);
    const NetnsNamespace *namespace = netns_definition_find_namespace (definition, mirror);
    g_autofree char *file = NULL;

    if (namespace != NULL) {
      follow (definitions, definition, namespace);
    } else if (!definition->class->in_host) {
      file = netns_definition_get_file (definition);
      netns_store_write (file, NULL, NULL);
      netns_definitions_drop (definitions, definition);
    }
  }
}
