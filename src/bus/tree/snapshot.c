/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/snapshot.h"

#include "bus/tree/class.h"

typedef struct {
  NetnsCore *core;
  gboolean only_named; /* not what is in namespaces without a name */
  GVariantBuilder objects;
} Collection;

static void
add_object (const NetnsObject *object, gpointer data)
{
  Collection *collection = data;
  const NetnsNamespace *namespace = object->link ? object->link->namespace : object->namespace;
  g_autofree char *path = netns_object_get_path (object);

  if (collection->only_named && namespace != NULL && netns_namespace_is_unnamed (namespace))
    return;
  g_variant_builder_add (&collection->objects, "{o@a{sa{sv}}}", path,
                         netns_object_describe (collection->core, object, netns_object_get_interfaces (object)));
}

static GVariant *
collect_objects (NetnsCore *core, gboolean only_named)
{
  Collection collection = { .core = core, .only_named = only_named };

  g_variant_builder_init (&collection.objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  netns_object_foreach (core, add_object, &collection);
  return g_variant_ref_sink (g_variant_builder_end (&collection.objects));
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
  g_autoptr (GVariant) objects = collect_objects (core, FALSE);

  if (g_variant_get_size (objects) <= NETNS_REPLY_BYTES_MAX)
    return g_steal_pointer (&objects);
  return collect_objects (core, TRUE);
}
