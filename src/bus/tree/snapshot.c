/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/snapshot.h"

#include "bus/tree/class.h"
#include "bus/tree/shares.h"

typedef struct {
  NetnsCore *core;
  GHashTable *excess;  /* (element-type NetnsNamespace) (nullable): what else is left out; then it must do */
  gboolean only_named; /* not what is in namespaces without a name */
  gsize size;          /* in bytes */
  GVariantBuilder objects;
} Collection;

static gboolean
is_too_much (const Collection *collection)
{
  return collection->excess == NULL && collection->size > NETNS_REPLY_BYTES_MAX;
}

static gboolean
is_left_out (const Collection *collection, const NetnsNamespace *namespace)
{
  return namespace != NULL
         && ((collection->only_named && netns_namespace_is_unnamed (namespace))
             || (collection->excess != NULL && g_hash_table_contains (collection->excess, namespace)));
}

static void
add_object (const NetnsObject *object, gpointer data)
{
  Collection *collection = data;
  const NetnsNamespace *namespace = object->link ? object->link->namespace : object->namespace;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) description = NULL;

  if (is_too_much (collection) || is_left_out (collection, namespace))
    return;
  path = netns_object_get_path (object);
  description
    = g_variant_ref_sink (netns_object_describe (collection->core, object, netns_object_get_interfaces (object)));
  g_variant_get_data (
    description); /* the values that it was built of take 20 times as much memory, and are let go of */
  collection->size += g_variant_get_size (description);
  g_variant_builder_add (&collection->objects, "{o@a{sa{sv}}}", path, description);
}

/* Returns: (transfer full) (nullable): %NULL if it is too much, which is seen before all of it is collected */
static GVariant *
collect_objects (NetnsCore *core, GHashTable *excess, gboolean only_named)
{
  Collection collection = { .core = core, .excess = excess, .only_named = only_named };
  g_autoptr (GVariant) objects = NULL;

  g_variant_builder_init (&collection.objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  netns_object_foreach (core, add_object, &collection);
  objects = g_variant_ref_sink (g_variant_builder_end (&collection.objects));
  collection.size = g_variant_get_size (objects); /* with the paths */
  return is_too_much (&collection) ? NULL : g_steal_pointer (&objects);
}

/**
 * netns_snapshot_take:
 * @core: the service
 * @excess: (out): how many namespaces are left out because their users have too much
 *
 * Any user can make namespaces, and fill them: that must not keep others from seeing theirs. So if it is too much for the
 * bus, it is without those that have no name, and if it is nevertheless, without the largest ones of who has most.
 *
 * Returns: (transfer full): a{oa{sa{sv}}}
 */
GVariant *
netns_snapshot_take (NetnsCore *core, guint *excess)
{
  GVariant *objects = collect_objects (core, NULL, FALSE);
  g_autoptr (GHashTable) left_out = NULL;

  *excess = 0;
  if (objects == NULL)
    objects = collect_objects (core, NULL, TRUE);
  if (objects != NULL)
    return objects;
  left_out = netns_shares_list_excess (core);
  *excess = g_hash_table_size (left_out);
  return collect_objects (core, left_out, TRUE);
}
