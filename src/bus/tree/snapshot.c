/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/snapshot.h"

#include "bus/tree/class.h"

typedef struct {
  NetnsCore *core;
  gboolean only_named; /* not what is in namespaces without a name */
  gsize size;          /* in bytes */
  GVariantBuilder objects;
} Collection;

static gboolean
is_too_much (const Collection *collection)
{
  return !collection->only_named && collection->size > NETNS_REPLY_BYTES_MAX;
}

static void
add_object (const NetnsObject *object, gpointer data)
{
  Collection *collection = data;
  const NetnsNamespace *namespace = object->link ? object->link->namespace : object->namespace;
  g_autofree char *path = NULL;
  g_autoptr (GVariant) description = NULL;

  if (is_too_much (collection)
      || (collection->only_named && namespace != NULL && netns_namespace_is_unnamed (namespace)))
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
collect_objects (NetnsCore *core, gboolean only_named)
{
  Collection collection = { .core = core, .only_named = only_named };
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
 *
 * Any user can make namespaces, and fill them: that must not keep others from seeing those that have names. So if it is too
 * much for the bus, it is without those that have none.
 *
 * Returns: (transfer full): a{oa{sa{sv}}}
 */
GVariant *
netns_snapshot_take (NetnsCore *core)
{
  GVariant *objects = collect_objects (core, FALSE);

  return objects ? objects : collect_objects (core, TRUE);
}
