/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree.h"

#include "bus/interface.h"
#include "common/names.h"

#include <string.h>

/* GDBus looks for a subtree at a path and at its parent, not above: so each folder of objects is one, and each
 * namespace has a folder for its links. Ten thousand links cost no registration. */

struct _NetnsTree {
  NetnsCore *core;
  GDBusConnection *connection;
  const GDBusInterfaceVTable *vtable;
  gpointer vtable_data;
  GHashTable *folders; /* path -> registration id */
};

/* One subtree. Keeps its path itself: GDBus hands over the path of the folder when it introspects and that of the whole
 * object when it dispatches (handle_subtree_introspect() and handle_subtree_method_invocation()). */
typedef struct {
  NetnsTree *tree;
  char *path;
} Folder;

typedef struct {
  const char *folder;
  GPtrArray *children;
} Enumeration;

static void
add_child (const NetnsObject *object, gpointer data)
{
  Enumeration *enumeration = data;
  g_autofree char *path = netns_object_get_path (object), *parent = g_path_get_dirname (path);

  if (strcmp (parent, enumeration->folder) == 0)
    g_ptr_array_add (enumeration->children, g_path_get_basename (path));
}

static char **
enumerate (GDBusConnection *connection, const char *sender, const char *path, gpointer data)
{
  const Folder *folder = data;
  Enumeration enumeration = { folder->path, g_ptr_array_new () };

  netns_mirror_catch_up (netns_core_get_mirror (folder->tree->core));
  netns_object_foreach (folder->tree->core, add_child, &enumeration);
  g_ptr_array_add (enumeration.children, NULL);
  return (char **) g_ptr_array_free (enumeration.children, FALSE);
}

/* Whether there is a namespace of that number, only a search can tell, and a call leads to one. */
static gboolean
may_be_unnamed (const Folder *folder, const char *object_path)
{
  g_autofree char *name = netns_object_get_namespace_name (object_path);

  return strcmp (folder->path, NETNS_PATH_NAMESPACES) == 0 && name != NULL && netns_name_is_id (name);
}

static GDBusInterfaceInfo **
introspect (GDBusConnection *connection, const char *sender, const char *path, const char *node, gpointer data)
{
  const Folder *folder = data;
  g_autofree char *object_path = node ? g_strconcat (folder->path, "/", node, NULL) : g_strdup (folder->path);
  GPtrArray *infos;
  NetnsObject object;
  guint interfaces;

  netns_mirror_catch_up (netns_core_get_mirror (folder->tree->core));
  if (netns_object_find (folder->tree->core, object_path, &object))
    interfaces = netns_object_get_interfaces (&object);
  else if (node != NULL && may_be_unnamed (folder, object_path))
    interfaces = NETNS_HAS_NAMESPACE;
  else
    return NULL;
  infos = g_ptr_array_new ();
  for (guint bit = 0; bit < NETNS_N_INTERFACES; bit++)
    if (interfaces & (1u << bit))
      g_ptr_array_add (infos, g_dbus_interface_info_ref ((GDBusInterfaceInfo *) netns_interface_get (bit)->info));
  g_ptr_array_add (infos, NULL);
  return (GDBusInterfaceInfo **) g_ptr_array_free (infos, FALSE);
}

static const GDBusInterfaceVTable *
dispatch (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *node,
          gpointer *out_data, gpointer data)
{
  const Folder *folder = data;

  *out_data = folder->tree->vtable_data;
  return folder->tree->vtable;
}

static const GDBusSubtreeVTable subtree = { enumerate, introspect, dispatch };

static void
free_folder (gpointer data)
{
  Folder *folder = data;

  g_free (folder->path);
  g_free (folder);
}

static gboolean
register_folder (NetnsTree *tree, const char *path, GError **error)
{
  Folder *folder = g_new0 (Folder, 1);
  guint id;

  folder->tree = tree;
  folder->path = g_strdup (path);
  id = g_dbus_connection_register_subtree (tree->connection, path, &subtree,
                                           G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES, folder, free_folder,
                                           error);
  if (id != 0)
    g_hash_table_insert (tree->folders, g_strdup (path), GUINT_TO_POINTER (id));
  return id != 0;
}

static char *
link_folder (const NetnsNamespace *namespace)
{
  g_autofree char *path = netns_path_for_namespace (namespace->name);

  return g_strconcat (path, "/link", NULL);
}

static void
add_link_folder (NetnsNamespace *namespace, gpointer data)
{
  g_autofree char *path = link_folder (namespace);
  g_autoptr (GError) error = NULL;

  if (!register_folder (data, path, &error))
    g_warning ("Cannot serve %s: %s", path, error->message);
}

static void
remove_link_folder (NetnsNamespace *namespace, gpointer data)
{
  NetnsTree *tree = data;
  g_autofree char *path = link_folder (namespace);
  guint id = GPOINTER_TO_UINT (g_hash_table_lookup (tree->folders, path));

  if (id == 0)
    return;
  g_dbus_connection_unregister_subtree (tree->connection, id);
  g_hash_table_remove (tree->folders, path);
}

static const NetnsObserver observer = {
  .namespace_added = add_link_folder,
  .namespace_removed = remove_link_folder,
};

/**
 * netns_tree_new:
 * @core: the service
 * @connection: the bus
 * @vtable: whoever answers calls
 * @vtable_data: for it
 * @error: when something else is registered there
 *
 * Returns: (transfer full) (nullable): the tree
 */
NetnsTree *
netns_tree_new (NetnsCore *core, GDBusConnection *connection, const GDBusInterfaceVTable *vtable, gpointer vtable_data,
                GError **error)
{
  static const char *const folders[]
    = { NETNS_PATH, NETNS_PATH_NAMESPACES, NETNS_PATH_NETWORKS, NETNS_PATH_NATS, NETNS_PATH_PROCESSES,
        NETNS_PATH_FORWARDS };
  g_autoptr (NetnsTree) tree = g_new0 (NetnsTree, 1);
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));

  tree->core = core;
  tree->connection = g_object_ref (connection);
  tree->vtable = vtable;
  tree->vtable_data = vtable_data;
  tree->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++)
    if (!register_folder (tree, folders[i], error))
      return NULL;
  for (guint i = 0; i < namespaces->len; i++)
    add_link_folder (g_ptr_array_index (namespaces, i), tree);
  netns_mirror_observe (netns_core_get_mirror (core), &observer, tree);
  return g_steal_pointer (&tree);
}

/**
 * netns_tree_free:
 * @tree: (transfer full): the tree; nothing may change any more
 */
void
netns_tree_free (NetnsTree *tree)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, tree->folders);
  while (g_hash_table_iter_next (&iter, NULL, &id))
    g_dbus_connection_unregister_subtree (tree->connection, GPOINTER_TO_UINT (id));
  g_hash_table_unref (tree->folders);
  g_object_unref (tree->connection);
  g_free (tree);
}
