/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of namespaces: by id, and by each of their names. */
#include "mirror/private.h"

#include "common/names.h"

#include <sys/stat.h>
#include <unistd.h>

NetnsNamespace *
netns_namespace_new (NetnsSource source, const NetnsFileId *id, int nsid)
{
  NetnsNamespace *namespace = g_new0 (NetnsNamespace, 1);

  namespace->source = source;
  if (id != NULL)
    namespace->id = *id;
  namespace->nsid = nsid;
  namespace->links = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) netns_link_free);
  return namespace;
}

void
netns_namespace_free (NetnsNamespace *namespace)
{
  g_free (namespace->name);
  g_clear_pointer (&namespace->aliases, g_ptr_array_unref);
  g_clear_pointer (&namespace->links, g_hash_table_unref);
  g_clear_pointer (&namespace->routes, g_array_unref);
  g_free (namespace->path);
  g_free (namespace->label);
  g_free (namespace);
}

typedef struct {
  gpointer dead;
  GDestroyNotify destroy;
} Buried;

static void
free_buried (gpointer data)
{
  Buried *buried = data;

  buried->destroy (buried->dead);
  g_free (buried);
}

void
netns_mirror_free_buried (NetnsMirror *mirror)
{
  if (mirror->burial_source != NULL)
    g_source_destroy (mirror->burial_source);
  g_clear_pointer (&mirror->burial_source, g_source_unref);
  g_clear_pointer (&mirror->buried, g_ptr_array_unref);
}

static gboolean
on_burial (gpointer data)
{
  netns_mirror_free_buried (data);
  return G_SOURCE_REMOVE;
}

/* Frees it at the end of the turn. To look at one namespace can be to read it, and what the kernel announces meanwhile
 * may be the end of another one, or of a link, that somebody up the stack found a moment before. */
void
netns_mirror_bury (NetnsMirror *mirror, gpointer dead, GDestroyNotify destroy)
{
  Buried *buried = g_new0 (Buried, 1);

  buried->dead = dead;
  buried->destroy = destroy;
  if (mirror->buried == NULL)
    mirror->buried = g_ptr_array_new_with_free_func (free_buried);
  g_ptr_array_add (mirror->buried, buried);
  if (mirror->burial_source != NULL)
    return;
  mirror->burial_source = g_idle_source_new ();
  g_source_set_priority (mirror->burial_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (mirror->burial_source, on_burial, mirror, NULL);
  g_source_attach (mirror->burial_source, g_main_context_get_thread_default ());
}

static void
add_alias (NetnsNamespace *namespace, const char *name)
{
  if (namespace->aliases == NULL)
    namespace->aliases = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (namespace->aliases, g_strdup (name));
}

static void
announce (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  netns_mirror_notify_namespace_added (mirror, namespace);
  netns_mirror_announce_links (mirror, namespace, TRUE);
}

static void
withdraw (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  netns_mirror_announce_links (mirror, namespace, FALSE);
  netns_mirror_notify_namespace_removed (mirror, namespace);
}

/* It goes, and comes again with its name. */
static void
give_up_id (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  withdraw (mirror, namespace);
  g_hash_table_remove (mirror->by_name, namespace->name);
  g_clear_pointer (&namespace->name, g_free);
  g_clear_pointer (&namespace->path, g_free);
  namespace->source = NETNS_SOURCE_NAMED;
}

/* The first name makes a namespace known, with all that was read of it before; the others are only found by. */
void
netns_mirror_attach_name (NetnsMirror *mirror, NetnsNamespace *namespace, const char *name)
{
  if (netns_namespace_is_unnamed (namespace) && namespace->name != NULL)
    give_up_id (mirror, namespace);
  g_hash_table_insert (mirror->by_name, g_strdup (name), namespace);
  if (namespace->name != NULL) {
    add_alias (namespace, name);
    return;
  }
  namespace->name = g_strdup (name);
  announce (mirror, namespace);
}

/* A namespace without a name, known by its inode as long as somebody looks. Returns %NULL if it ended meanwhile. */
NetnsNamespace *
netns_mirror_add_unnamed (NetnsMirror *mirror, const NetnsFileId *id, int nsid, NetnsSource source, const char *path)
{
  NetnsNamespace *namespace = netns_namespace_new (source, id, nsid);
  g_autofree char *name = netns_name_for_id (id->inode);

  namespace->path = g_strdup (path);
  g_hash_table_insert (mirror->by_nsid, GINT_TO_POINTER (nsid), namespace);
  if (!netns_mirror_read_namespace (mirror, namespace))
    return NULL;
  netns_mirror_attach_name (mirror, namespace, name);
  netns_route_reader_mark (mirror->routes, namespace);
  return namespace;
}

static void
forget (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  g_hash_table_steal (mirror->by_nsid, GINT_TO_POINTER (namespace->nsid));
  netns_mirror_bury (mirror, namespace, (GDestroyNotify) netns_namespace_free);
}

static void
lose_primary_name (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  withdraw (mirror, namespace);
  if (namespace->aliases == NULL || namespace->aliases->len == 0) {
    forget (mirror, namespace);
    netns_discovery_hint (mirror->discovery);
    return;
  }
  g_free (namespace->name);
  namespace->name = g_ptr_array_steal_index (namespace->aliases, 0);
  announce (mirror, namespace);
}

/* A namespace that has lost its last name is forgotten: whoever still holds it has to be found anew. */
void
netns_mirror_detach_name (NetnsMirror *mirror, const char *name)
{
  NetnsNamespace *namespace = g_hash_table_lookup (mirror->by_name, name);
  guint position;

  if (namespace == NULL)
    return;
  if (namespace->source == NETNS_SOURCE_BROKEN) {
    netns_mirror_notify_namespace_removed (mirror, namespace);
    g_hash_table_remove (mirror->by_name, name);
    g_hash_table_steal (mirror->broken, name);
    netns_mirror_bury (mirror, namespace, (GDestroyNotify) netns_namespace_free);
    return;
  }
  g_hash_table_remove (mirror->by_name, name);
  if (g_strcmp0 (namespace->name, name) == 0)
    lose_primary_name (mirror, namespace);
  else if (namespace->aliases != NULL
           && g_ptr_array_find_with_equal_func (namespace->aliases, name, g_str_equal, &position))
    g_ptr_array_remove_index (namespace->aliases, position);
}

/* The kernel says that it is dead: all its names go. */
void
netns_mirror_drop_namespace (NetnsMirror *mirror, NetnsNamespace *namespace)
{
  if (namespace->name != NULL)
    withdraw (mirror, namespace);
  if (namespace->name != NULL)
    g_hash_table_remove (mirror->by_name, namespace->name);
  for (guint i = 0; namespace->aliases != NULL && i < namespace->aliases->len; i++)
    g_hash_table_remove (mirror->by_name, g_ptr_array_index (namespace->aliases, i));
  forget (mirror, namespace);
}

/**
 * netns_namespace_is_unnamed:
 * @namespace: a namespace
 *
 * Returns: whether it is none of /run/netns, and not the host's
 */
gboolean
netns_namespace_is_unnamed (const NetnsNamespace *namespace)
{
  return namespace->source >= NETNS_SOURCE_PROCESS;
}

/**
 * netns_namespace_get_path:
 * @namespace: a namespace
 *
 * Returns: (transfer full): the file that stands for it
 */
char *
netns_namespace_get_path (const NetnsNamespace *namespace)
{
  struct stat first;

  if (namespace->source == NETNS_SOURCE_HOST) {
    if (stat ("/proc/1/ns/net", &first) == 0 && first.st_ino == namespace->id.inode)
      return g_strdup ("/proc/1/ns/net");
    return g_strdup_printf ("/proc/%d/ns/net", getpid ()); /* the service runs in a container of its own */
  }
  return namespace->path ? g_strdup (namespace->path) : g_build_filename (NETNS_RUN_DIR, namespace->name, NULL);
}
