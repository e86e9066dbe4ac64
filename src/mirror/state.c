/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/state.h"

#include "common/later.h"
#include "common/observers.h"

/* @hints: who acts on them; must outlive @state */
void
netns_state_begin (NetnsMirrorState *state, const NetnsMirrorHints *hints, gpointer data)
{
  state->hints = hints;
  state->hint_data = data;
  state->observers = netns_observers_new ();
  state->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  state->by_nsid = g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) netns_namespace_free);
  state->broken = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) netns_namespace_free);
  state->end_watches = g_ptr_array_new ();
  state->dead_namespaces = g_ptr_array_new_with_free_func ((GDestroyNotify) netns_namespace_free);
  state->dead_links = g_ptr_array_new_with_free_func ((GDestroyNotify) netns_link_free);
}

void
netns_state_end (NetnsMirrorState *state)
{
  netns_later_clear (&state->teardown_source);
  g_clear_pointer (&state->dead_links, g_ptr_array_unref);
  g_clear_pointer (&state->dead_namespaces, g_ptr_array_unref);
  g_clear_pointer (&state->events, netns_event_socket_free);
  g_clear_pointer (&state->by_name, g_hash_table_unref);
  g_clear_pointer (&state->by_nsid, g_hash_table_unref);
  g_clear_pointer (&state->broken, g_hash_table_unref);
  g_clear_pointer (&state->observers, g_array_unref);
  g_clear_pointer (&state->end_watches, g_ptr_array_unref);
}

/* Returns: (transfer none) (nullable): the namespace that the host knows by this id */
NetnsNamespace *
netns_state_find_namespace (NetnsMirrorState *state, int nsid)
{
  return g_hash_table_lookup (state->by_nsid, GINT_TO_POINTER (nsid));
}

void
netns_link_free (NetnsLink *link)
{
  netns_link_info_clear (&link->info);
  g_clear_pointer (&link->addresses, g_array_unref);
  g_free (link);
}

NetnsNamespace *
netns_namespace_new (NetnsSource source, const NetnsFileId *id, int nsid)
{
  NetnsNamespace *namespace = g_new0 (NetnsNamespace, 1);

  namespace->source = source;
  namespace->id = id ? *id : (NetnsFileId) { 0 };
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

static void
on_teardown (gpointer data)
{
  NetnsMirrorState *state = data;

  g_ptr_array_set_size (state->dead_links, 0);
  g_ptr_array_set_size (state->dead_namespaces, 0);
}

/* Frees what goes among the dead at the end of the turn. Accessing one namespace can mean to read it, and the events read
 * meanwhile may be the end of another namespace, or of a link, to which a caller up the stack holds a pointer. */
void
netns_state_free_later (NetnsMirrorState *state, GPtrArray *dead, gpointer thing)
{
  g_ptr_array_add (dead, thing);
  netns_later_end_of_turn (&state->teardown_source, on_teardown, state);
}

/* A namespace without a name is not announced yet, or no longer. */
#define ANNOUNCED(namespace) ((namespace)->name != NULL)

/* Defines who tells the observers of an event, on a condition: @arguments are those of the parameters that follow. */
#define NOTIFY(event, condition, arguments, ...)                                                                       \
  void netns_state_notify_##event (NetnsMirrorState *state, __VA_ARGS__)                                               \
  {                                                                                                                    \
    if (!(condition))                                                                                                  \
      return;                                                                                                          \
    state->generation++;                                                                                               \
    NETNS_OBSERVERS_NOTIFY (state->observers, NetnsObserver, event, UNPACK arguments);                                 \
  }
#define UNPACK(...) __VA_ARGS__

NOTIFY (namespace_added, ANNOUNCED (namespace), (namespace), NetnsNamespace *namespace)
NOTIFY (namespace_removed, ANNOUNCED (namespace), (namespace), NetnsNamespace *namespace)
NOTIFY (namespace_changed, ANNOUNCED (namespace) && changes != 0, (namespace, changes), NetnsNamespace *namespace,
        guint changes)
NOTIFY (link_added, ANNOUNCED (link->namespace), (link), NetnsLink *link)
NOTIFY (link_removed, ANNOUNCED (link->namespace), (link), NetnsLink *link)
NOTIFY (link_changed, ANNOUNCED (link->namespace) && changes != 0, (link, changes), NetnsLink *link, guint changes)
NOTIFY (link_moved, ANNOUNCED (link->namespace), (link, to, index), NetnsLink *link, NetnsNamespace *to, guint index)
NOTIFY (rules_changed, ANNOUNCED (namespace), (namespace, changes), NetnsNamespace *namespace, guint changes)
NOTIFY (machine_changed, TRUE, (changes), guint changes)
NOTIFY (forwarding_changed, ANNOUNCED (namespace), (namespace, family, forwarding), NetnsNamespace *namespace,
        int family, gboolean forwarding)
