/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of namespaces: by id, and by each of their names. */
#include "mirror/table.h"

#include "mirror/links.h"
#include "mirror/namespace.h"

static void
add_alias (NetnsNamespace *namespace, const char *name)
{
  GPtrArray **aliases = &namespace->aliases;

  if (*aliases == NULL)
    *aliases = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (*aliases, g_strdup (name));
}

static void
announce (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  netns_state_notify_namespace_added (state, namespace);
  netns_state_announce_links (state, namespace, TRUE);
}

static void
withdraw (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  netns_state_announce_links (state, namespace, FALSE);
  netns_state_notify_namespace_removed (state, namespace);
}

/* The namespace without a name is announced as removed, and as added again once it has its name. */
static void
give_up_id (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  withdraw (state, namespace);
  g_hash_table_remove (state->by_name, namespace->name);
  g_clear_pointer (&namespace->name, g_free);
  g_clear_pointer (&namespace->path, g_free);
  namespace->source = NETNS_SOURCE_NAMED;
}

/* The first name makes a namespace known, with all that was read of it before; the others are only found by. */
void
netns_state_attach_name (NetnsMirrorState *state, NetnsNamespace *namespace, const char *name)
{
  if (netns_namespace_is_unnamed (namespace) && namespace->name != NULL)
    give_up_id (state, namespace);
  g_hash_table_insert (state->by_name, g_strdup (name), namespace);
  if (namespace->name != NULL) {
    add_alias (namespace, name);
    return;
  }
  namespace->name = g_strdup (name);
  announce (state, namespace);
}

static void
forget (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  g_hash_table_steal (state->by_nsid, GINT_TO_POINTER (namespace->nsid));
  netns_state_free_later (state, state->dead_namespaces, namespace);
}

static void
lose_primary_name (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  withdraw (state, namespace);
  if (namespace->aliases == NULL || namespace->aliases->len == 0) {
    forget (state, namespace);
    NETNS_HINT (state, unknown);
    return;
  }
  g_free (namespace->name);
  namespace->name = g_ptr_array_steal_index (namespace->aliases, 0);
  announce (state, namespace);
}

/* A namespace that has lost its last name is forgotten: a search has to find its remaining users. */
void
netns_state_detach_name (NetnsMirrorState *state, const char *name)
{
  NetnsNamespace *namespace = g_hash_table_lookup (state->by_name, name);
  guint position;

  if (namespace == NULL)
    return;
  if (namespace->source == NETNS_SOURCE_BROKEN) {
    netns_state_notify_namespace_removed (state, namespace);
    g_hash_table_remove (state->by_name, name);
    g_hash_table_steal (state->broken, name);
    netns_state_free_later (state, state->dead_namespaces, namespace);
    return;
  }
  g_hash_table_remove (state->by_name, name);
  if (g_strcmp0 (namespace->name, name) == 0)
    lose_primary_name (state, namespace);
  else if (namespace->aliases != NULL
           && g_ptr_array_find_with_equal_func (namespace->aliases, name, g_str_equal, &position))
    g_ptr_array_remove_index (namespace->aliases, position);
}

/* The kernel says that it is dead: all its names go. */
void
netns_state_drop_namespace (NetnsMirrorState *state, NetnsNamespace *namespace)
{
  if (namespace->name != NULL)
    withdraw (state, namespace);
  if (namespace->name != NULL)
    g_hash_table_remove (state->by_name, namespace->name);
  for (guint i = 0; namespace->aliases != NULL && i < namespace->aliases->len; i++)
    g_hash_table_remove (state->by_name, g_ptr_array_index (namespace->aliases, i));
  forget (state, namespace);
}
