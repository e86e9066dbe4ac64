/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/export.h"

#include "bus/interface.h"
#include "common/names.h"

#include <string.h>

/* A list of 2,000 entries in a signal costs the service, the bus and every listener some milliseconds, and one more
 * namespace changes several such lists. A longer one is announced without its value: who wants it can ask. */
#define ENTRIES_MAX 256

struct _NetnsExport {
  NetnsCore *core;
  GDBusConnection *connection;
  GHashTable *by_path; /* path -> Pending */
  GPtrArray *order;    /* Pending, as they came */
  GHashTable *said;    /* path and property of a network -> its value */
  GSource *turn;
};

/* What is to be said of one object at the end of the turn. */
typedef struct {
  char *path;
  guint removed; /* interfaces that the bus has heard of and that are gone */
  gboolean added;
  guint changes;
} Pending;

static void
free_pending (gpointer data)
{
  Pending *pending = data;

  g_free (pending->path);
  g_free (pending);
}

static gboolean
on_turn (gpointer data)
{
  netns_export_flush (data);
  return G_SOURCE_REMOVE;
}

static Pending *
note (NetnsExport *export, const NetnsObject *object)
{
  g_autofree char *path = netns_object_get_path (object);
  Pending *pending = g_hash_table_lookup (export->by_path, path);

  if (pending != NULL)
    return pending;
  pending = g_new0 (Pending, 1);
  pending->path = g_steal_pointer (&path);
  g_hash_table_insert (export->by_path, pending->path, pending);
  g_ptr_array_add (export->order, pending);
  if (export->turn == NULL) {
    export->turn = g_idle_source_new ();
    g_source_set_priority (export->turn, G_PRIORITY_DEFAULT);
    g_source_set_callback (export->turn, on_turn, export, NULL);
    g_source_attach (export->turn, g_main_context_get_thread_default ());
  }
  return pending;
}

static void
note_added (NetnsExport *export, const NetnsObject *object)
{
  Pending *pending = note (export, object);

  pending->added = TRUE;
  pending->changes = 0;
}

static void
note_removed (NetnsExport *export, const NetnsObject *object, guint published)
{
  Pending *pending = note (export, object);

  if (!pending->added)
    pending->removed |= published;
  pending->added = FALSE;
  pending->changes = 0;
}

static void
note_changed (NetnsExport *export, const NetnsObject *object, guint changes)
{
  note (export, object)->changes |= changes;
}

static void
emit (NetnsExport *export, const char *path, const char *interface, const char *signal, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;

  /* Only a connection that has closed refuses, and then the service ends anyway. */
  if (!g_dbus_connection_emit_signal (export->connection, NULL, path, interface, signal, parameters, &error))
    g_debug ("%s", error->message);
}

/* What a network shows hangs on what happens to many other objects, so what was said of it is kept. Notes @value. */
static gboolean
is_said (NetnsExport *export, const char *path, const NetnsProperty *property, GVariant *value)
{
  g_autofree char *key = g_strconcat (path, " ", property->name, NULL);
  GVariant *said = g_hash_table_lookup (export->said, key);

  if (said != NULL && g_variant_equal (said, value))
    return TRUE;
  g_hash_table_replace (export->said, g_steal_pointer (&key), g_variant_ref (value));
  return FALSE;
}

static void
forget_said (NetnsExport *export, const char *path, const NetnsProperty *property)
{
  g_autofree char *key = g_strconcat (path, " ", property->name, NULL);

  g_hash_table_remove (export->said, key);
}

static void
note_said (NetnsExport *export, const char *path, const NetnsObject *object)
{
  const NetnsProperty *property = netns_interface_network.properties;

  for (; object->type == NETNS_OBJECT_NETWORK && property->name != NULL; property++) {
    g_autoptr (GVariant) value = g_variant_ref_sink (property->get (export->core, object));

    is_said (export, path, property, value);
  }
}

static gboolean
is_of_path (gpointer key, gpointer value, gpointer path)
{
  return g_str_has_prefix (key, path) && ((const char *) key)[strlen (path)] == ' ';
}

static void
emit_added (NetnsExport *export, const char *path, const NetnsObject *object, guint interfaces)
{
  note_said (export, path, object);
  emit (export, NETNS_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
        g_variant_new ("(o@a{sa{sv}})", path, netns_interface_describe (export->core, object, interfaces)));
}

static void
emit_removed (NetnsExport *export, const char *path, guint interfaces)
{
  g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (guint bit = 0; bit < NETNS_N_INTERFACES; bit++)
    if (interfaces & (1u << bit))
      g_variant_builder_add (&names, "s", netns_interface_get (bit)->info->name);
  emit (export, NETNS_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
        g_variant_new ("(o@as)", path, g_variant_builder_end (&names)));
}

static void
emit_changed (NetnsExport *export, const char *path, const NetnsObject *object, const NetnsInterface *interface,
              guint changes)
{
  g_auto (GVariantBuilder) changed = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sv}"));
  g_auto (GVariantBuilder) invalidated = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  gboolean any = FALSE;

  for (const NetnsProperty *property = interface->properties; property->name != NULL; property++) {
    g_autoptr (GVariant) value = NULL;

    if ((property->change & changes) == 0)
      continue;
    if (property->bound != NULL && property->bound (export->core, object) > ENTRIES_MAX) {
      forget_said (export, path, property);
      g_variant_builder_add (&invalidated, "s", property->name);
      any = TRUE;
      continue;
    }
    value = g_variant_ref_sink (property->get (export->core, object));
    if (object->type == NETNS_OBJECT_NETWORK && is_said (export, path, property, value))
      continue;
    g_variant_builder_add (&changed, "{sv}", property->name, value);
    any = TRUE;
  }
  if (any)
    emit (export, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
          g_variant_new ("(s@a{sv}@as)", interface->info->name, g_variant_builder_end (&changed),
                         g_variant_builder_end (&invalidated)));
}

/* A link can become a bridge port, and cease to be one. */
static guint
take_published (NetnsExport *export, const NetnsObject *object, guint interfaces)
{
  guint published;

  if (object->type != NETNS_OBJECT_LINK)
    return interfaces;
  object->link->published_owner = netns_core_get_link_owner (export->core, object->link);
  published = object->link->published;
  object->link->published = interfaces;
  return published;
}

static void
say_added (NetnsExport *export, const Pending *pending)
{
  NetnsObject object;
  guint interfaces;

  if (!pending->added || !netns_object_find (export->core, pending->path, &object))
    return;
  interfaces = netns_object_get_interfaces (&object);
  take_published (export, &object, interfaces);
  emit_added (export, pending->path, &object, interfaces);
}

/* Whose a link is hangs on so much that it is looked at more often than it changes. */
static guint
leave_out_same_owner (NetnsExport *export, const NetnsObject *object, guint changes)
{
  if (object->type == NETNS_OBJECT_LINK && (changes & NETNS_LINK_OWNER)
      && object->link->published_owner == netns_core_get_link_owner (export->core, object->link))
    changes &= ~(guint) NETNS_LINK_OWNER;
  return changes;
}

static void
say_changed (NetnsExport *export, const Pending *pending)
{
  NetnsObject object;
  guint interfaces, published, changes;

  if (pending->added || pending->changes == 0 || !netns_object_find (export->core, pending->path, &object))
    return;
  interfaces = netns_object_get_interfaces (&object);
  changes = leave_out_same_owner (export, &object, pending->changes);
  published = take_published (export, &object, interfaces);
  if (published & ~interfaces)
    emit_removed (export, pending->path, published & ~interfaces);
  if (interfaces & ~published)
    emit_added (export, pending->path, &object, interfaces & ~published);
  for (guint bit = 0; bit < NETNS_N_INTERFACES; bit++)
    if (interfaces & published & (1u << bit))
      emit_changed (export, pending->path, &object, netns_interface_get (bit), changes);
}

static void
say_removed (NetnsExport *export, const Pending *pending)
{
  if (pending->removed == 0)
    return;
  g_hash_table_foreach_remove (export->said, is_of_path, pending->path);
  emit_removed (export, pending->path, pending->removed);
}

/**
 * netns_export_flush:
 * @export: the exporter
 *
 * Says what there is to say now: before a reply leaves, so that a caller who gets it has heard of the change.
 */
void
netns_export_flush (NetnsExport *export)
{
  /* A property can name an object that is new, so this comes first. */
  static void (*const says[]) (NetnsExport * export, const Pending *pending) = { say_removed, say_added, say_changed };
  g_autoptr (GPtrArray) order = g_steal_pointer (&export->order);

  export->order = g_ptr_array_new_with_free_func (free_pending);
  g_hash_table_remove_all (export->by_path);
  if (export->turn != NULL)
    g_source_destroy (export->turn);
  g_clear_pointer (&export->turn, g_source_unref);
  for (gsize say = 0; say < G_N_ELEMENTS (says); say++)
    for (guint i = 0; i < order->len; i++)
      says[say](export, g_ptr_array_index (order, i));
}

/* A network shows its bridge and who is connected: both are other objects' business, so look whose this link is. */
static void
note_networks (NetnsExport *export, NetnsLink *link)
{
  GHashTable *networks = netns_core_get_definitions (export->core, &netns_network_class);
  NetnsMirror *mirror = netns_core_get_mirror (export->core);
  NetnsLink *peer, *candidates[3] = { link, NULL, NULL };
  GHashTableIter iter;
  NetnsNetwork *network;

  if (g_hash_table_size (networks) == 0)
    return;
  peer = netns_mirror_get_peer (mirror, link);
  candidates[1] = netns_namespace_get_link (link->namespace, link->info.master);
  candidates[2] = peer ? netns_namespace_get_link (peer->namespace, peer->info.master) : NULL;
  g_hash_table_iter_init (&iter, networks);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &network))
    for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
      if (candidates[i] != NULL && g_strcmp0 (candidates[i]->namespace->name, network->base.namespace_name) == 0
          && strcmp (candidates[i]->info.name, network->bridge) == 0)
        note_changed (export, &(NetnsObject){ .type = NETNS_OBJECT_NETWORK, .network = network },
                      NETNS_NETWORK_LEASES | (i == 0 ? NETNS_NETWORK_BRIDGE : 0));
}

static const NetnsObject *
link_object (NetnsObject *object, NetnsLink *link)
{
  *object = (NetnsObject){ .type = NETNS_OBJECT_LINK, .namespace = link->namespace, .link = link };
  return object;
}

static void
on_link_added (NetnsLink *link, gpointer data)
{
  NetnsObject object;

  note_added (data, link_object (&object, link));
  note_networks (data, link);
}

static void
on_link_removed (NetnsLink *link, gpointer data)
{
  NetnsObject object;

  note_networks (data, link);
  note_removed (data, link_object (&object, link), link->published);
  link->published = 0;
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  const guint of_networks
    = NETNS_LINK_NAME | NETNS_LINK_ADDRESSES | NETNS_LINK_MASTER | NETNS_LINK_PEER | NETNS_LINK_PORTS;
  NetnsObject object;

  if ((changes & NETNS_LINK_PEER) && link->namespace->source == NETNS_SOURCE_HOST)
    changes |= NETNS_LINK_OWNER;
  note_changed (data, link_object (&object, link), changes);
  if (changes & of_networks)
    note_networks (data, link);
}

static void
on_namespace_added (NetnsNamespace *namespace, gpointer data)
{
  note_added (data, &(NetnsObject){ .type = NETNS_OBJECT_NAMESPACE, .namespace = namespace });
}

static void
on_namespace_removed (NetnsNamespace *namespace, gpointer data)
{
  const NetnsObject object = { .type = NETNS_OBJECT_NAMESPACE, .namespace = namespace };

  note_removed (data, &object, netns_object_get_interfaces (&object));
}

static void
on_namespace_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  note_changed (data, &(NetnsObject){ .type = NETNS_OBJECT_NAMESPACE, .namespace = namespace }, changes);
}

static void
on_machine_changed (guint changes, gpointer data)
{
  note_changed (data, &(NetnsObject){ .type = NETNS_OBJECT_ROOT }, changes);
}

static const NetnsObserver mirror_observer = {
  .namespace_added = on_namespace_added,
  .namespace_removed = on_namespace_removed,
  .namespace_changed = on_namespace_changed,
  .link_added = on_link_added,
  .link_removed = on_link_removed,
  .link_changed = on_link_changed,
  .machine_changed = on_machine_changed,
};

/* A bridge belongs to whom its network belongs; it may have been announced before. */
static void
note_bridge (NetnsExport *export, const NetnsNetwork *network)
{
  NetnsLink *bridge = netns_network_find_bridge (netns_core_get_mirror (export->core), network);
  NetnsObject object;

  if (bridge != NULL)
    note_changed (export, link_object (&object, bridge), NETNS_LINK_OWNER);
}

static void
on_definition_added (NetnsDefinition *definition, gpointer data)
{
  NetnsObject object = netns_object_for_definition (definition);

  if (definition->class->hidden)
    return;
  note_added (data, &object);
  if (object.type == NETNS_OBJECT_NETWORK)
    note_bridge (data, object.network);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  NetnsObject object = netns_object_for_definition (definition);

  if (definition->class->hidden)
    return;
  note_removed (data, &object, netns_object_get_interfaces (&object));
  if (object.type == NETNS_OBJECT_NETWORK)
    note_bridge (data, object.network);
}

static void
on_definition_changed (NetnsDefinition *definition, guint changes, gpointer data)
{
  NetnsObject object = netns_object_for_definition (definition);

  if (definition->class->hidden)
    return;
  note_changed (data, &object, changes);
}

static void
on_job_added (NetnsJob *job, gpointer data)
{
  note_added (data, &(NetnsObject){ .type = NETNS_OBJECT_PROCESS, .job = job });
}

static void
on_job_removed (NetnsJob *job, gpointer data)
{
  note_removed (data, &(NetnsObject){ .type = NETNS_OBJECT_PROCESS, .job = job }, NETNS_HAS_PROCESS);
}

static void
on_job_changed (NetnsJob *job, gpointer data)
{
  note_changed (data, &(NetnsObject){ .type = NETNS_OBJECT_PROCESS, .job = job }, 1);
}

/* Between the news that it is there and the news that it is gone. */
static void
on_job_exited (NetnsJob *job, int status, int signal, gpointer data)
{
  g_autofree char *path = netns_path_for_process (job->id);

  netns_export_flush (data);
  emit (data, path, NETNS_INTERFACE_PROCESS, "Exited", g_variant_new ("(ii)", status, signal));
}

static const NetnsJobObserver job_observer = {
  .added = on_job_added,
  .changed = on_job_changed,
  .exited = on_job_exited,
  .removed = on_job_removed,
};

/* The links of a namespace belong to whom it belongs, and so do the far ends of its veth pairs in the host. */
static void
on_owner_changed (NetnsNamespace *namespace, gpointer data)
{
  NetnsExport *export = data;
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);
  NetnsObject object;

  on_namespace_changed (namespace, NETNS_NAMESPACE_OWNER, data);
  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);
    NetnsLink *peer = netns_mirror_get_peer (netns_core_get_mirror (export->core), link);

    note_changed (export, link_object (&object, link), NETNS_LINK_OWNER);
    if (peer != NULL && peer->namespace->source == NETNS_SOURCE_HOST)
      note_changed (export, link_object (&object, peer), NETNS_LINK_OWNER);
  }
}

static const NetnsCoreObserver core_observer = {
  .definition_added = on_definition_added,
  .definition_removed = on_definition_removed,
  .definition_changed = on_definition_changed,
  .owner_changed = on_owner_changed,
  .machine_changed = on_machine_changed,
};

static void
mark_published (const NetnsObject *object, gpointer data)
{
  g_autofree char *path = netns_object_get_path (object);

  take_published (data, object, netns_object_get_interfaces (object));
  note_said (data, path, object);
}

/**
 * netns_export_new:
 * @core: the service, settled
 * @connection: the bus
 *
 * What is there already needs no signal: whoever comes asks GetManagedObjects().
 *
 * Returns: (transfer full): the exporter
 */
NetnsExport *
netns_export_new (NetnsCore *core, GDBusConnection *connection)
{
  NetnsExport *export = g_new0 (NetnsExport, 1);

  export->core = core;
  export->connection = g_object_ref (connection);
  export->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  export->order = g_ptr_array_new_with_free_func (free_pending);
  export->said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  netns_object_foreach (core, mark_published, export);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, export);
  netns_core_observe (core, &core_observer, export);
  netns_jobs_observe (netns_core_get_jobs (core), &job_observer, export);
  return export;
}

/**
 * netns_export_free:
 * @export: (transfer full): the exporter; nothing may change any more
 */
void
netns_export_free (NetnsExport *export)
{
  if (export->turn != NULL)
    g_source_destroy (export->turn);
  g_clear_pointer (&export->turn, g_source_unref);
  g_hash_table_unref (export->by_path);
  g_hash_table_unref (export->said);
  g_ptr_array_unref (export->order);
  g_object_unref (export->connection);
  g_free (export);
}
