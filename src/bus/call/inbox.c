/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/inbox.h"

#include "bus/call/gate.h"
#include "bus/tree/class.h"
#include "common/names.h"

#define PEER "org.freedesktop.DBus.Peer"

/* Of one sender, with those that are worked out. The bus has a limit of its own on calls that want a reply: 128 in
 * dbus-daemon (max_replies_per_connection). */
#define CALLS_MAX 512
#define BYTES_MAX (64 * 1024 * 1024)
/* After so many refusals in a row, the next ones have no answer. */
#define REFUSALS_MAX 1024

struct _NetnsInbox {
  NetnsGate *gate;
  GMutex mutex;
  NetnsArrivedFunc arrived; /* NULL as long as nobody listens */
  gpointer data;
  GDBusConnection *connection; /* NULL before that as well */
  GQueue waiting;              /* NetnsInvocation */
  GHashTable *tallies;         /* unique name of a sender -> Tally */
};

typedef struct {
  guint calls;
  gsize bytes;
  guint refusals;
} Tally;

typedef enum {
  ADMITTED,
  REFUSED,
  DROPPED,
} Admission;

/* With the mutex. */
static Admission
admit (NetnsInbox *inbox, const NetnsInvocation *invocation)
{
  Tally *tally = g_hash_table_lookup (inbox->tallies, invocation->sender);

  if (tally == NULL) {
    tally = g_new0 (Tally, 1);
    g_hash_table_insert (inbox->tallies, g_strdup (invocation->sender), tally);
  }
  if (tally->calls >= CALLS_MAX || tally->bytes > BYTES_MAX)
    return tally->refusals++ < REFUSALS_MAX ? REFUSED : DROPPED;
  tally->calls++;
  tally->bytes += invocation->bytes;
  return ADMITTED;
}

static void
take (NetnsInbox *inbox, NetnsInvocation *invocation)
{
  g_autoptr (NetnsInvocation) left = invocation;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&inbox->mutex);

  switch (admit (inbox, invocation)) {
  case ADMITTED:
    g_queue_push_tail (&inbox->waiting, g_steal_pointer (&left));
    if (inbox->arrived != NULL)
      inbox->arrived (inbox->data);
    break;
  case REFUSED:
    if (inbox->connection == NULL)
      break;
    left->connection = g_object_ref (inbox->connection);
    netns_invocation_refuse (g_steal_pointer (&left), "org.freedesktop.DBus.Error.LimitsExceeded",
                             "Too many calls of this connection wait for their answers");
    break;
  case DROPPED:
    break;
  }
}

/* Whether a call changes nothing; it is dropped if nobody waits for its answer either. */
static gboolean
is_without_effect (const char *interface_name, const char *member)
{
  const NetnsInterface *interface = interface_name ? netns_classes_find_interface (interface_name) : NULL;
  const NetnsMethod *method = interface ? netns_interface_find_method (interface, member) : NULL;

  return method == NULL || method->plan == NULL;
}

/* With descriptors, what is without effect goes on as far as it takes to know who must wait until they are closed. */
static gboolean
on_call (GDBusMessage *message, NetnsDescriptors *descriptors, gpointer data)
{
  g_autoptr (NetnsInvocation) invocation = netns_invocation_new (g_object_ref (message), descriptors);

  if (netns_invocation_is_of (invocation, PEER) && descriptors == NULL)
    return FALSE;
  take (data, g_steal_pointer (&invocation));
  return TRUE;
}

/**
 * netns_inbox_new:
 * @error: why the system bus cannot be reached
 *
 * Returns: (transfer full) (nullable): an inbox, which gets all method calls from now on
 */
NetnsInbox *
netns_inbox_new (GError **error)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  g_autoptr (NetnsInbox) inbox = g_new0 (NetnsInbox, 1);

  inbox->tallies = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_mutex_init (&inbox->mutex);
  inbox->gate = address ? netns_gate_open (address, on_call, is_without_effect, inbox, error) : NULL;
  return inbox->gate ? g_steal_pointer (&inbox) : NULL;
}

/**
 * netns_inbox_free:
 * @inbox: (transfer full): the inbox; all that was taken from it is freed
 *
 * Closes the connection, when all that was said has reached the bus.
 */
void
netns_inbox_free (NetnsInbox *inbox)
{
  g_clear_pointer (&inbox->gate, netns_gate_close);
  g_queue_clear_full (&inbox->waiting, (GDestroyNotify) netns_invocation_free);
  g_clear_object (&inbox->connection);
  g_hash_table_unref (inbox->tallies);
  g_mutex_clear (&inbox->mutex);
  g_free (inbox);
}

/* Returns: (transfer none): the connection to the bus */
GDBusConnection *
netns_inbox_get_connection (NetnsInbox *inbox)
{
  return netns_gate_get_connection (inbox->gate);
}

/**
 * netns_inbox_listen:
 * @inbox: the inbox
 * @arrived: (nullable): called when something was put in; %NULL to hear no more
 * @data: for @arrived
 */
void
netns_inbox_listen (NetnsInbox *inbox, NetnsArrivedFunc arrived, gpointer data)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&inbox->mutex);

  inbox->arrived = arrived;
  inbox->data = data;
  g_set_object (&inbox->connection, netns_inbox_get_connection (inbox));
  if (arrived != NULL && inbox->waiting.length > 0)
    arrived (data);
}

/**
 * netns_inbox_pop:
 * @inbox: the inbox
 *
 * Returns: (transfer full) (nullable): the oldest call in it; counted until netns_inbox_forget()
 */
NetnsInvocation *
netns_inbox_pop (NetnsInbox *inbox)
{
  NetnsInvocation *invocation;

  g_mutex_lock (&inbox->mutex);
  invocation = g_queue_pop_head (&inbox->waiting);
  g_mutex_unlock (&inbox->mutex);
  return invocation;
}

/* @invocation, which came from @inbox, no longer needs room. */
void
netns_inbox_forget (NetnsInbox *inbox, const NetnsInvocation *invocation)
{
  Tally *tally;

  g_mutex_lock (&inbox->mutex);
  tally = g_hash_table_lookup (inbox->tallies, invocation->sender);
  tally->calls--;
  tally->bytes -= invocation->bytes;
  if (tally->calls == 0)
    g_hash_table_remove (inbox->tallies, invocation->sender);
  g_mutex_unlock (&inbox->mutex);
}
