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
  GArray *folders;          /* registration ids */
  GHashTable *link_folders; /* path -> registration id */
};

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
  NetnsTree *tree = data;
  Enumeration enumeration = { path, g_ptr_array_new () };

  netns_mirror_catch_up (netns_core_get_mirror (tree->core));
  netns_object_foreach (tree->core, add_child, &enumeration);
  g_ptr_array_add (enumeration.children, NULL);
  return (char **) g_ptr_array_free (enumeration.children, FALSE);
}

static GDBusInterfaceInfo **
introspect (GDBusConnection *connection, const char *sender, const char *path, const char *node, gpointer data)
{
  NetnsTree *tree = data;
  g_autofree char *object_path = node ? g_strconcat (path, "/", node, NULL) : g_strdup (path);
  GPtrArray *infos;
  NetnsObject object;
  guint interfaces;

  netns_mirror_catch_up (netns_core_get_mirror (tree->core));
  if (!netns_object_find (tree->core, object_path, &object))
    return NULL;
  interfaces = netns_object_get_interfaces (&object);
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
  NetnsTree *tree = data;

  *out_data = tree->vtable_data;
  return tree->vtable;
}

static const GDBusSubtreeVTable subtree = { enumerate, introspect, dispatch };

static guint
register_folder (NetnsTree *tree, const char *path, GError **error)
{
  return g_dbus_connection_register_subtree (tree->connection, path, &subtree,
                                             G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES, tree, NULL, error);
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
  NetnsTree *tree = data;
  g_autofree char *path = link_folder (namespace);
  guint id = register_folder (tree, path, NULL);

  if (id != 0)
    g_hash_table_insert (tree->link_folders, g_steal_pointer (&path), GUINT_TO_POINTER (id));
}

static void
remove_link_folder (NetnsNamespace *namespace, gpointer data)
{
  NetnsTree *tree = data;
  g_autofree char *path = link_folder (namespace);
  guint id = GPOINTER_TO_UINT (g_hash_table_lookup (tree->link_folders, path));

  if (id == 0)
    return;
  g_dbus_connection_unregister_subtree (tree->connection, id);
  g_hash_table_remove (tree->link_folders, path);
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
    = { NETNS_PATH, NETNS_PATH_NAMESPACES, NETNS_PATH_NETWORKS, NETNS_PATH_NATS };
  g_autoptr (NetnsTree) tree = g_new0 (NetnsTree, 1);
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));

  tree->core = core;
  tree->connection = g_object_ref (connection);
  tree->vtable = vtable;
  tree->vtable_data = vtable_data;
  tree->folders = g_array_new (FALSE, FALSE, sizeof (guint));
  tree->link_folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
    guint id = register_folder (tree, folders[i], error);

    if (id == 0)
      return NULL;
    g_array_append_val (tree->folders, id);
  }
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

  for (guint i = 0; i < tree->folders->len; i++)
    g_dbus_connection_unregister_subtree (tree->connection, g_array_index (tree->folders, guint, i));
  g_hash_table_iter_init (&iter, tree->link_folders);
  while (g_hash_table_iter_next (&iter, NULL, &id))
    g_dbus_connection_unregister_subtree (tree->connection, GPOINTER_TO_UINT (id));
  g_array_unref (tree->folders);
  g_hash_table_unref (tree->link_folders);
  g_object_unref (tree->connection);
  g_free (tree);
}
