/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/follow.h"

#include "common/names.h"
#include "core/holds.h"
#include "kernel/relay.h"

#include <string.h>

struct _NetnsFollow {
  NetnsCore *core;
  const NetnsGrant *grant;
  NetnsRelay *relay;
  GSource *source;  /* waits for the end of the turn of the main loop */
  gboolean dirty;   /* something happened that forwards may have to follow */
  gboolean waiting; /* for its turn among the calls, or runs */
  GArray *calls;    /* Call */
  NetnsPlan *plan;
};

/* A call that is done and waits with its answer. */
typedef struct {
  NetnsSettledFunc done;
  gpointer data;
} Call;

static void
answer_calls (NetnsFollow *follow)
{
  g_autoptr (GArray) calls = g_steal_pointer (&follow->calls);

  follow->calls = g_array_new (FALSE, FALSE, sizeof (Call));
  for (guint i = 0; i < calls->len; i++)
    g_array_index (calls, Call, i).done (g_array_index (calls, Call, i).data);
}

static void
serve (NetnsFollow *follow, const NetnsForward *forward)
{
  g_autoptr (GArray) listeners = netns_holds_steal_listeners (forward->base.name);
  NetnsAddress target = netns_forward_choose_relay_target (forward);

  if (listeners != NULL && listeners->len > 0)
    netns_relay_serve (follow->relay, forward->base.name, forward->protocol, listeners);
  netns_relay_aim (follow->relay, forward->base.name, &target, forward->target_port);
}

static gboolean
is_same (const NetnsForward *a, const NetnsForward *b)
{
  return a->base.class->compare (&a->base, &b->base) == 0 && strcmp (a->network, b->network) == 0
         && strcmp (a->bridge, b->bridge) == 0 && strcmp (a->port, b->port) == 0;
}

/* Those that are not where they were, and what they shall be: without an heir if the namespace is gone. */
static void
find_movers (NetnsCore *core, GPtrArray *before, GPtrArray *after)
{
  GHashTableIter iter;
  NetnsForward *forward;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_forward_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &forward)) {
    g_autoptr (NetnsForward) moved = NULL;

    if (netns_core_is_orphan (core, &forward->base)) {
      g_ptr_array_add (before, forward);
      continue;
    }
    moved = netns_definition_copy (forward);
    netns_forward_locate (core, moved);
    if (is_same (forward, moved))
      continue;
    g_ptr_array_add (before, forward);
    g_ptr_array_add (after, g_steal_pointer (&moved));
  }
}

/* After a start of the service. */
static void
plan_holds (NetnsCore *core, NetnsPlan *plan)
{
  GHashTableIter iter;
  NetnsForward *forward;

  g_hash_table_iter_init (&iter, netns_core_get_definitions (core, &netns_forward_class));
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &forward))
    if (!netns_holds_has (forward->base.name) && !netns_core_is_orphan (core, &forward->base))
      netns_forward_plan_hold (plan, forward, TRUE);
}

static void wait_for_turn (gpointer data);

/* Calls that are done wait until nothing is left to follow. */
static void
end_turn (NetnsFollow *follow)
{
  follow->waiting = FALSE;
  if (follow->dirty)
    wait_for_turn (follow);
  else
    answer_calls (follow);
}

static void
on_done (const GError *error, gpointer data)
{
  NetnsFollow *follow = data;
  g_autoptr (NetnsPlan) plan = g_steal_pointer (&follow->plan);
  GHashTableIter iter;
  gpointer forward;

  if (error != NULL)
    g_warning ("Forwards cannot follow their namespaces: %s", error->message);
  g_hash_table_iter_init (&iter, netns_core_get_definitions (follow->core, &netns_forward_class));
  while (g_hash_table_iter_next (&iter, NULL, &forward))
    serve (follow, forward);
  end_turn (follow);
}

static void
on_turn (gpointer data)
{
  NetnsFollow *follow = data;
  g_autoptr (GPtrArray) before = g_ptr_array_new (), after = g_ptr_array_new_with_free_func (netns_definition_free);
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  follow->dirty = FALSE;
  find_movers (follow->core, before, after);
  plan_holds (follow->core, plan);
  netns_forward_plan_move (follow->core, plan, before, after);
  if (netns_plan_get_steps (plan)->len > 0) {
    follow->plan = g_steal_pointer (&plan);
    netns_core_run (follow->core, follow->plan, follow->grant, on_done, follow);
    return;
  }
  netns_core_skip (follow->core);
  end_turn (follow);
}

static void
wait_for_turn (gpointer data)
{
  NetnsFollow *follow = data;

  if (follow->waiting || !follow->dirty)
    return;
  follow->waiting = TRUE;
  netns_core_wait_for_turn (follow->core, NETNS_UID_NOBODY, on_turn, follow);
}

static gboolean
on_end_of_turn (gpointer data)
{
  NetnsFollow *follow = data;

  g_clear_pointer (&follow->source, g_source_unref);
  netns_mirror_settle (netns_core_get_mirror (follow->core), wait_for_turn, follow);
  return G_SOURCE_REMOVE;
}

static void
note (NetnsFollow *follow)
{
  if (g_hash_table_size (netns_core_get_definitions (follow->core, &netns_forward_class)) == 0)
    return;
  follow->dirty = TRUE;
  if (follow->source != NULL)
    return;
  follow->source = g_idle_source_new ();
  g_source_set_priority (follow->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (follow->source, on_end_of_turn, follow, NULL);
  g_source_attach (follow->source, g_main_context_get_thread_default ());
}

/* A call has changed something, the mirror knows it, and its answer is due. */
static gboolean
on_call_done (NetnsSettledFunc done, gpointer data, gpointer follower)
{
  NetnsFollow *follow = follower;
  Call call = { done, data };

  if (!follow->dirty && !follow->waiting)
    return FALSE;
  g_array_append_val (follow->calls, call);
  wait_for_turn (follow);
  return TRUE;
}

static void
on_link (NetnsLink *link, gpointer data)
{
  note (data);
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  if (changes & (NETNS_LINK_ADDRESSES | NETNS_LINK_MASTER | NETNS_LINK_PEER | NETNS_LINK_NAME))
    note (data);
}

static void
on_namespace_removed (NetnsNamespace *namespace, gpointer data)
{
  note (data);
}

static const NetnsObserver mirror_observer = {
  .link_added = on_link,
  .link_removed = on_link,
  .link_changed = on_link_changed,
  .namespace_removed = on_namespace_removed,
};

/* A network that comes may be on a bridge that is there already. */
static void
on_definition_added (NetnsDefinition *definition, gpointer data)
{
  if (definition->class == &netns_forward_class)
    serve (data, (NetnsForward *) definition);
  else
    note (data);
}

static void
on_definition_removed (NetnsDefinition *definition, gpointer data)
{
  NetnsFollow *follow = data;

  if (definition->class != &netns_forward_class) {
    note (follow);
    return;
  }
  netns_relay_stop (follow->relay, definition->name);
  netns_holds_release (definition->name);
}

static void
on_definition_changed (NetnsDefinition *definition, guint changes, gpointer data)
{
  if (definition->class == &netns_forward_class)
    serve (data, (NetnsForward *) definition);
}

static const NetnsCoreObserver core_observer = {
  .definition_added = on_definition_added,
  .definition_removed = on_definition_removed,
  .definition_changed = on_definition_changed,
};

/**
 * netns_follow_new:
 * @core: the service, settled
 * @grant: that of the service itself; must live as long as this
 *
 * Holds the ports of the forwards that there are.
 *
 * Returns: (transfer full): who looks after forwards from now on
 */
NetnsFollow *
netns_follow_new (NetnsCore *core, const NetnsGrant *grant)
{
  NetnsFollow *follow = g_new0 (NetnsFollow, 1);

  follow->core = core;
  follow->grant = grant;
  follow->relay = netns_relay_new ();
  follow->calls = g_array_new (FALSE, FALSE, sizeof (Call));
  netns_mirror_observe (netns_core_get_mirror (core), &mirror_observer, follow);
  netns_core_observe (core, &core_observer, follow);
  netns_core_set_follower (core, on_call_done, follow);
  follow->dirty = TRUE;
  wait_for_turn (follow);
  return follow;
}

/**
 * netns_follow_free:
 * @follow: (transfer full): it; nothing may change any more
 *
 * Connections that go by ::1 end; all others are the kernel's.
 */
void
netns_follow_free (NetnsFollow *follow)
{
  if (follow->source != NULL)
    g_source_destroy (follow->source);
  g_clear_pointer (&follow->source, g_source_unref);
  g_clear_pointer (&follow->plan, netns_plan_free);
  netns_relay_free (follow->relay);
  g_array_unref (follow->calls);
  g_free (follow);
}

/**
 * netns_follow_count:
 * @follow: it
 * @name: of a forward
 * @packets: (inout): what the service itself carried to the target is added
 * @bytes: (inout): the same
 */
void
netns_follow_count (NetnsFollow *follow, const char *name, guint64 *packets, guint64 *bytes)
{
  netns_relay_count (follow->relay, name, packets, bytes);
}
