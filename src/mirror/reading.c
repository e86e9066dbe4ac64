/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/reading.h"

#include "common/error.h"
#include "mirror/links.h"
#include "mirror/table.h"

/* Returns whether the namespace is now as the kernel has it; %FALSE when it changes faster than it can be read. */
static gboolean
read_once (NetnsMirrorState *state, NetnsNamespace *namespace, GError **error)
{
  gboolean interrupted = FALSE;

  namespace->generation++;
  if (!netns_event_socket_read_links (state->events, namespace->nsid, &interrupted, error)
      || !netns_event_socket_read_addresses (state->events, namespace->nsid, &interrupted, error))
    return FALSE;
  if (interrupted)
    return FALSE;
  netns_state_prune_links (state, namespace);
  return TRUE;
}

/* Reads links and addresses now. While they change faster than they can be read, what was seen is taken and the
 * namespace stays marked, so that the next look tries again. Returns: whether the namespace is still there */
gboolean
netns_state_read_namespace (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  int nsid = namespace->nsid;

  for (int attempt = 0; attempt < NETNS_READ_ATTEMPTS; attempt++) {
    g_autoptr (GError) error = NULL;
    gboolean complete;

    namespace->links_dirty = FALSE;
    complete = read_once (state, namespace, &error);
    /* The events that came with the answer may say that it ended, even if the answer is complete. */
    if (netns_state_find_namespace (state, nsid) != namespace)
      return FALSE;
    if (complete)
      return TRUE;
    namespace->links_dirty = TRUE;
    if (g_error_matches (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND)) {
      netns_state_drop_namespace (state, namespace);
      return FALSE;
    }
    if (error != NULL)
      g_debug ("%s", error->message);
  }
  return TRUE;
}

static GPtrArray *
list_dirty (NetnsMirrorState *state, guint at_most)
{
  GPtrArray *dirty = g_ptr_array_new ();
  GHashTableIter iter;
  NetnsNamespace *namespace;

  g_hash_table_iter_init (&iter, state->by_nsid);
  while (dirty->len < at_most && g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    if (namespace->links_dirty)
      g_ptr_array_add (dirty, GINT_TO_POINTER (namespace->nsid));
  return dirty;
}

/* Returns: how many there were to read, at most so many. Goes by nsid, since reading one namespace can end another. */
guint
netns_state_read_dirty (NetnsMirrorState *state, guint at_most)
{
  g_autoptr (GPtrArray) dirty = list_dirty (state, at_most);

  for (guint i = 0; i < dirty->len; i++) {
    NetnsNamespace *namespace = g_hash_table_lookup (state->by_nsid, g_ptr_array_index (dirty, i));

    if (namespace != NULL)
      netns_state_read_namespace (state, namespace);
  }
  return dirty->len;
}

static int
compare_namespaces (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 ((*(NetnsNamespace *const *) a)->name, (*(NetnsNamespace *const *) b)->name);
}

/* Returns: (transfer container) (element-type NetnsNamespace): all that have a name, by name; the host comes first */
GPtrArray *
netns_state_list_namespaces (NetnsMirrorState *state)
{
  GPtrArray *namespaces = g_ptr_array_sized_new (g_hash_table_size (state->by_nsid));
  GHashTableIter iter;
  NetnsNamespace *namespace;

  netns_state_read_dirty (state, G_MAXUINT);
  g_hash_table_iter_init (&iter, state->by_nsid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    if (namespace->name != NULL)
      g_ptr_array_add (namespaces, namespace);
  g_hash_table_iter_init (&iter, state->broken);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &namespace))
    g_ptr_array_add (namespaces, namespace);
  g_ptr_array_sort (namespaces, compare_namespaces);
  return namespaces;
}
