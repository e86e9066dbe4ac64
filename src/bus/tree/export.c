/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/export.h"

#include "bus/tree/announced.h"
#include "bus/tree/class.h"
#include "bus/tree/snapshot.h"
#include "common/later.h"
#include "common/names.h"
#include "core/job/jobs.h"
#include "core/service/auth-scope.h"

/* A list of 2,000 entries in a signal costs the service, the bus and every listener some milliseconds, and one more
 * namespace changes several such lists. A longer one is announced without its value: who wants it can ask. */
#define ENTRIES_MAX 256
/* What users can do again and again is not logged more often. */
#define TELL_SPAN (60 * G_TIME_SPAN_SECOND)

struct _NetnsExport {
  NetnsCore *core;
  GDBusConnection *connection;
  GHashTable *by_path; /* path -> Pending */
  GPtrArray *order;    /* Pending, as they came */
  NetnsAnnounced *announced; /* lists with entries that come and go, and all of objects that repeat themselves */
  GHashTable *links;   /* NetnsLink -> Announced */
  GSource *turn;
  GVariant *snapshot; /* of all objects, NULL since something changed */
  gint64 told;        /* when the log said last that namespaces are left out of it */
};

/* The values of a link that were last announced. */
typedef struct {
  guint interfaces;
  guint owner;
} Announced;

/* The pending changes of one object, announced at the end of the turn. */
typedef struct {
  const NetnsObjectClass *class;
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

static void
on_turn (gpointer data)
{
  netns_export_flush (data);
}

static Pending *
note (NetnsExport *export, NetnsObject object)
{
  g_autofree char *path = netns_object_get_path (&object);
  Pending *pending = g_hash_table_lookup (export->by_path, path);

  g_clear_pointer (&export->snapshot, g_variant_unref);
  if (pending != NULL)
    return pending;
  pending = g_new0 (Pending, 1);
  pending->class = object.class;
  pending->path = g_steal_pointer (&path);
  g_hash_table_insert (export->by_path, pending->path, pending);
  g_ptr_array_add (export->order, pending);
  netns_later_end_of_turn (&export->turn, on_turn, export);
  return pending;
}

static void
note_added (NetnsExport *export, NetnsObject object)
{
  Pending *pending = note (export, object);

  pending->added = TRUE;
  pending->changes = 0;
}

static void
note_removed (NetnsExport *export, NetnsObject object)
{
  const Announced *announced = object.link ? g_hash_table_lookup (export->links, object.link) : NULL;
  Pending *pending = note (export, object);

  if (!pending->added && announced != NULL)
    pending->removed |= announced->interfaces;
  else if (!pending->added && object.link == NULL)
    pending->removed |= netns_object_get_interfaces (&object);
  pending->added = FALSE;
  pending->changes = 0;
  g_hash_table_remove (export->links, object.link);
}

static void
note_changed (NetnsExport *export, NetnsObject object, guint changes)
{
  note (export, object)->changes |= changes;
}

/* Whether a property is only announced if it is another one than before. */
static gboolean
is_compared (const NetnsObject *object, const NetnsProperty *property)
{
  return object->class->repeats || property->entry != NULL;
}

static void
note_announced (NetnsExport *export, const char *path, const NetnsObject *object, guint interfaces)
{
  for (guint i = 0; interfaces >> i != 0; i++)
    for (const NetnsProperty *property = object->class->interfaces[i].interface->properties;
         (interfaces & (1u << i)) != 0 && property->name != NULL; property++) {
      g_autoptr (GVariant) value = NULL;

      if (!is_compared (object, property))
        continue;
      value = g_variant_ref_sink (netns_property_get (property, export->core, object));
      netns_announced_take (export->announced, path, property->name, value, NULL);
    }
}

static void
emit_added (NetnsExport *export, const char *path, const NetnsObject *object, guint interfaces)
{
  note_announced (export, path, object, interfaces);
  netns_interface_emit (
    export->connection, NETNS_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
    g_variant_new ("(o@a{sa{sv}})", path, netns_object_describe (export->core, object, interfaces)));
}

static void
emit_removed (NetnsExport *export, const Pending *pending, guint interfaces)
{
  g_auto (GVariantBuilder) names = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (guint i = 0; interfaces >> i != 0; i++)
    if (interfaces & (1u << i))
      g_variant_builder_add (&names, "s", pending->class->interfaces[i].interface->info->name);
  netns_interface_emit (export->connection, NETNS_PATH, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
                        g_variant_new ("(o@as)", pending->path, g_variant_builder_end (&names)));
}

static void
emit_entry (NetnsExport *export, const char *path, const NetnsInterface *interface, const char *signal, GVariant *entry)
{
  netns_interface_emit (export->connection, path, interface->info->name, signal,
                        g_variant_is_of_type (entry, G_VARIANT_TYPE_TUPLE) ? entry : g_variant_new_tuple (&entry, 1));
}

/* What went first: an entry may have become another one. */
static void
emit_entries (NetnsExport *export, const char *path, const NetnsInterface *interface, const NetnsProperty *property,
              GVariant *before, GVariant *now)
{
  g_autoptr (GPtrArray) removed = netns_announced_list_missing (before, now);
  g_autoptr (GPtrArray) added = netns_announced_list_missing (now, before);
  g_autofree char *removal = g_strconcat (property->entry, "Removed", NULL);
  g_autofree char *addition = g_strconcat (property->entry, "Added", NULL);

  for (guint i = 0; i < removed->len; i++)
    emit_entry (export, path, interface, removal, g_ptr_array_index (removed, i));
  for (guint i = 0; i < added->len; i++)
    emit_entry (export, path, interface, addition, g_ptr_array_index (added, i));
}

static gboolean
is_too_long (NetnsExport *export, const NetnsObject *object, const NetnsProperty *property)
{
  return property->bound != NULL && property->bound (export->core, object) > ENTRIES_MAX;
}

static void
emit_changed (NetnsExport *export, const char *path, const NetnsObject *object, const NetnsInterface *interface,
              guint changes)
{
  g_auto (GVariantBuilder) changed = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sv}"));
  g_auto (GVariantBuilder) invalidated = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));
  gboolean any = FALSE;

  for (const NetnsProperty *property = interface->properties; property->name != NULL; property++) {
    g_autoptr (GVariant) value = NULL, before = NULL;

    if ((property->change & changes) == 0)
      continue;
    if (!is_too_long (export, object, property))
      value = g_variant_ref_sink (netns_property_get (property, export->core, object));
    if (value != NULL && is_compared (object, property)
        && !netns_announced_take (export->announced, path, property->name, value, &before))
      continue;
    any = TRUE;
    if (property->entry != NULL)
      emit_entries (export, path, interface, property, before, value);
    if (value == NULL || (property->entry != NULL && g_variant_n_children (value) > ENTRIES_MAX))
      g_variant_builder_add (&invalidated, "s", property->name);
    else
      g_variant_builder_add (&changed, "{sv}", property->name, value);
  }
  if (any)
    netns_interface_emit (export->connection, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                          g_variant_new ("(s@a{sv}@as)", interface->info->name, g_variant_builder_end (&changed),
                                         g_variant_builder_end (&invalidated)));
}

/* A link can become a bridge port, and cease to be one. Notes @interfaces. Returns: what the bus has heard of so far */
static guint
take_announced (NetnsExport *export, const NetnsObject *object, guint interfaces)
{
  Announced *announced;
  guint before;

  if (object->link == NULL)
    return interfaces;
  announced = g_hash_table_lookup (export->links, object->link);
  if (announced == NULL) {
    announced = g_new0 (Announced, 1);
    g_hash_table_insert (export->links, object->link, announced);
  }
  before = announced->interfaces;
  announced->interfaces = interfaces;
  announced->owner = netns_core_get_link_owner (export->core, object->link);
  return before;
}

static void
say_added (NetnsExport *export, const Pending *pending)
{
  NetnsObject object;
  guint interfaces;

  if (!pending->added || !netns_object_find (export->core, pending->path, &object))
    return;
  interfaces = netns_object_get_interfaces (&object);
  take_announced (export, &object, interfaces);
  emit_added (export, pending->path, &object, interfaces);
}

/* The owner of a link depends on so much that it is looked at more often than it changes. */
static guint
leave_out_same_owner (NetnsExport *export, const NetnsObject *object, guint changes)
{
  const Announced *announced = object->link ? g_hash_table_lookup (export->links, object->link) : NULL;

  if (announced != NULL && announced->owner == netns_core_get_link_owner (export->core, object->link))
    changes &= ~NETNS_OBJECT_OWNER;
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
  published = take_announced (export, &object, interfaces);
  if (published & ~interfaces)
    emit_removed (export, pending, published & ~interfaces);
  if (interfaces & ~published)
    emit_added (export, pending->path, &object, interfaces & ~published);
  for (guint i = 0; (interfaces & published) >> i != 0; i++)
    if (interfaces & published & (1u << i))
      emit_changed (export, pending->path, &object, pending->class->interfaces[i].interface, changes);
}

static void
say_removed (NetnsExport *export, const Pending *pending)
{
  gboolean known;

  if (pending->removed == 0)
    return;
  known = netns_announced_forget (export->announced, pending->path);
  if (!known && pending->class->repeats) /* when it came, its namespace had another name already */
    return;
  emit_removed (export, pending, pending->removed);
}

/* Says what there is to say now: before a reply leaves, so that a caller who gets it has heard of the change. */
void
netns_export_flush (NetnsExport *export)
{
  /* A property can name an object that is new, so this comes first. */
  static void (*const says[]) (NetnsExport *export, const Pending *pending) = { say_removed, say_added, say_changed };
  g_autoptr (GPtrArray) order = g_steal_pointer (&export->order);

  export->order = g_ptr_array_new_with_free_func (free_pending);
  g_hash_table_remove_all (export->by_path);
  netns_later_clear (&export->turn);
  for (gsize say = 0; say < G_N_ELEMENTS (says); say++)
    for (guint i = 0; i < order->len; i++)
      says[say](export, g_ptr_array_index (order, i));
}

/**
 * netns_export_get_snapshot:
 * @export: the exporter
 *
 * It costs some milliseconds, and anybody can ask for it again and again; so it is made once, until something changes.
 *
 * Returns: (transfer none): all objects with all their properties
 */
GVariant *
netns_export_get_snapshot (NetnsExport *export)
{
  guint excess;

  if (export->snapshot != NULL)
    return export->snapshot;
  export->snapshot = netns_snapshot_take (export->core, &excess);
  if (excess > 0 && g_get_monotonic_time () >= export->told + TELL_SPAN) {
    export->told = g_get_monotonic_time ();
    g_message (
      "GetManagedObjects is without %u namespaces, because their users have too many links, addresses and routes",
      excess);
  }
  return export->snapshot;
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
      if (candidates[i] != NULL && netns_network_has_bridge (network, candidates[i])) {
        guint changes = NETNS_NETWORK_LEASES | (i == 0 ? NETNS_NETWORK_BRIDGE : 0);

        note_changed (export, netns_object_for_definition (&network->base), changes);
      }
}

/* A bridge that has another name now may have been one's, or may be now; of others nothing is announced. */
static void
note_networks_beside (NetnsExport *export, const NetnsLink *link)
{
  g_autoptr (GPtrArray) networks
    = netns_core_list_definitions (export->core, &netns_network_class, link->namespace->name);

  for (guint i = 0; i < networks->len; i++)
    note_changed (export, netns_object_for_definition (networks->pdata[i]),
                  NETNS_NETWORK_BRIDGE | NETNS_NETWORK_LEASES);
}

static void
on_link_added (NetnsLink *link, gpointer data)
{
  note_added (data, netns_object_for_link (link));
  note_networks (data, link);
}

static void
on_link_removed (NetnsLink *link, gpointer data)
{
  note_networks (data, link);
  note_removed (data, netns_object_for_link (link));
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  const guint of_networks
    = NETNS_LINK_NAME | NETNS_LINK_ADDRESSES | NETNS_LINK_MASTER | NETNS_LINK_PEER | NETNS_LINK_PORTS;

  if ((changes & NETNS_LINK_PEER) && link->namespace->source == NETNS_SOURCE_HOST)
    changes |= NETNS_OBJECT_OWNER;
  note_changed (data, netns_object_for_link (link), changes);
  if (changes & of_networks)
    note_networks (data, link);
  if ((changes & NETNS_LINK_NAME) && g_strcmp0 (link->info.kind, "bridge") == 0)
    note_networks_beside (data, link);
}

static void
on_namespace_added (NetnsNamespace *namespace, gpointer data)
{
  note_added (data, netns_object_for_namespace (namespace));
}

static void
on_namespace_removed (NetnsNamespace *namespace, gpointer data)
{
  note_removed (data, netns_object_for_namespace (namespace));
}

static void
on_namespace_changed (NetnsNamespace *namespace, guint changes, gpointer data)
{
  note_changed (data, netns_object_for_namespace (namespace), changes);
}

static void
on_machine_changed (guint changes, gpointer data)
{
  note_changed (data, netns_object_for_service (), changes);
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
note_bridge (NetnsExport *export, const NetnsDefinition *definition)
{
  NetnsMirror *mirror = netns_core_get_mirror (export->core);
  NetnsLink *bridge = NULL;

  if (definition->class == &netns_network_class)
    bridge = netns_network_find_bridge (mirror, (const NetnsNetwork *) definition);
  if (bridge != NULL)
    note_changed (export, netns_object_for_link (bridge), NETNS_OBJECT_OWNER);
}

/* A property of a bridge, which may just be on its way out. */
static void
note_permit (NetnsExport *export, const NetnsDefinition *definition)
{
  NetnsLink *bridge = NULL;

  if (definition->class == &netns_loop_permit_class)
    bridge = netns_loop_permit_find_bridge ((const NetnsLoopPermit *) definition, netns_core_get_mirror (export->core));
  if (bridge != NULL)
    note_changed (export, netns_object_for_link (bridge), NETNS_OBJECT_ALLOW_LOOP);
}

/* Not every class of what is remembered is an object on the bus. */
static void
on_definition_added (NetnsDefinition *definition, gpointer data)
{
  NetnsObject object = netns_object_for_definition (definition);

  if (object.class != NULL)
    note_added (data, object);
  note_bridge (data, definition);
  note_permit (data, definition);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  NetnsObject object = netns_object_for_definition (definition);

  if (object.class != NULL)
    note_removed (data, object);
  note_bridge (data, definition);
  note_permit (data, definition);
}

static void
on_definition_changed (NetnsDefinition *definition, guint changes, gpointer data)
{
  NetnsObject object = netns_object_for_definition (definition);

  if (object.class != NULL)
    note_changed (data, object, changes);
}

static void
on_job_added (NetnsJob *job, gpointer data)
{
  note_added (data, netns_object_for_job (job));
}

static void
on_job_removed (NetnsJob *job, gpointer data)
{
  note_removed (data, netns_object_for_job (job));
}

static void
on_job_changed (NetnsJob *job, gpointer data)
{
  note_changed (data, netns_object_for_job (job), NETNS_OBJECT_PLACE);
}

/* After the news that it is there, and with its end as properties. */
static void
on_job_exited (NetnsJob *job, gpointer data)
{
  NetnsObject object = netns_object_for_job (job);
  g_autofree char *path = netns_object_get_path (&object);

  note_changed (data, object, NETNS_OBJECT_END);
  netns_export_flush (data);
  netns_interface_emit (((NetnsExport *) data)->connection, path, NETNS_INTERFACE_PROCESS, "Exited",
                        g_variant_new ("(ii)", job->status, job->signal));
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

  on_namespace_changed (namespace, NETNS_OBJECT_OWNER, data);
  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);
    NetnsLink *peer = netns_mirror_get_peer (netns_core_get_mirror (export->core), link);

    note_changed (export, netns_object_for_link (link), NETNS_OBJECT_OWNER);
    if (peer != NULL && peer->namespace->source == NETNS_SOURCE_HOST)
      note_changed (export, netns_object_for_link (peer), NETNS_OBJECT_OWNER);
  }
}

static void
on_ruleset_error_changed (NetnsNamespace *namespace, gpointer data)
{
  on_namespace_changed (namespace, NETNS_CORE_RULESET_ERROR, data);
}

static const NetnsCoreObserver core_observer = {
  .definition_added = on_definition_added,
  .definition_removed = on_definition_removed,
  .definition_changed = on_definition_changed,
  .owner_changed = on_owner_changed,
  .ruleset_error_changed = on_ruleset_error_changed,
  .machine_changed = on_machine_changed,
};

static void
mark_announced (const NetnsObject *object, gpointer data)
{
  g_autofree char *path = netns_object_get_path (object);
  guint interfaces = netns_object_get_interfaces (object);

  take_announced (data, object, interfaces);
  note_announced (data, path, object, interfaces);
}

/* Announces changes of the service, settled. What is there already needs no signal: whoever comes asks
 * GetManagedObjects(). */
NetnsExport *
netns_export_new (NetnsCore *core, GDBusConnection *connection)
{
  NetnsExport *export = g_new0 (NetnsExport, 1);

  export->core = core;
  export->told = -TELL_SPAN;
  export->connection = g_object_ref (connection);
  export->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  export->order = g_ptr_array_new_with_free_func (free_pending);
  export->announced = netns_announced_new ();
  export->links = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  netns_object_foreach (core, mark_announced, export);
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, export);
  netns_core_observe (core, &core_observer, export);
  netns_jobs_observe (netns_core_get_jobs (core), &job_observer, export);
  return export;
}

/* The mirror must not change afterwards. */
void
netns_export_free (NetnsExport *export)
{
  netns_later_clear (&export->turn);
  g_clear_pointer (&export->snapshot, g_variant_unref);
  g_hash_table_unref (export->by_path);
  netns_announced_free (export->announced);
  g_hash_table_unref (export->links);
  g_ptr_array_unref (export->order);
  g_object_unref (export->connection);
  g_free (export);
}
