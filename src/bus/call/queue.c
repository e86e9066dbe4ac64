/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/queue.h"

#include "common/later.h"
#include "common/names.h"

#include <malloc.h>

#define BUS_NAME       "org.freedesktop.DBus"
#define BUS_PATH       "/org/freedesktop/DBus"
#define LIMITS_ERROR   "org.freedesktop.DBus.Error.LimitsExceeded"
#define CALLS_PER_USER 4096
#define BYTES_PER_USER (64 * 1024 * 1024)
/* Reads that wait for the mirror. Changes have limits of their own (bus/call/request.c, bus/call/authority.h). */
#define READS_PER_USER 32
/* Answers that were sent and not read yet. The bus keeps them, and when it has 127 MiB of one connection (max_incoming_bytes
 * of dbus-daemon(1)), here of the service, it takes nothing more from it, for whomever that is. */
#define UNREAD_PER_SENDER   (256 * 1024)
#define UNREAD_PER_USER     (1024 * 1024)
#define UNREAD_MILLISECONDS 100
/* Answers that the bus has not read yet: all that follows waits behind them. A dbus-daemon that somebody keeps busy reads
 * 2 KiB of them while it handles a dozen messages of each of those (max_bytes_read_per_iteration of dbus-transport-socket.c). */
#define UNDER_WAY_MAX (16 * 1024)
/* Descriptors that cannot be closed: a user with more hands in no further ones. */
#define UNCLOSED_PER_USER 256
/* Whoever is forgotten is asked for again. */
#define IDLE_SENDERS_MAX 1024
/* After so many bytes of calls and answers, memory that they needed is given back once there is nothing to do. */
#define TRIM_BYTES        (256 * 1024)
#define TRIM_MILLISECONDS 1000

typedef struct {
  guint uid;
  guint senders;
  GQueue ready; /* Sender, those whose next call can be taken */
  gboolean has_turn;
  guint calls; /* that wait */
  gsize bytes; /* of these */
  guint reads; /* that are worked out */
  gsize unread;
} User;

typedef struct {
  NetnsQueue *queue; /* NULL once it is gone */
  char *name;
  User *user; /* NULL until the bus has said who it is */
  GQueue waiting;
  guint calls; /* that wait or are worked out */
  gboolean ready;
  gsize unread;
  gsize sent; /* since the bus was asked what is unread */
  gboolean checking;
  GSource *again; /* when to ask once more */
  GList idle; /* its place among those without calls */
} Sender;

struct _NetnsQueue {
  GDBusConnection *connection;
  GCancellable *cancellable;
  NetnsInbox *inbox;
  NetnsTakeFunc take;
  gpointer data;
  GSource *source;
  GHashTable *senders; /* unique name -> Sender */
  GHashTable *users; /* uid -> User */
  GQueue order; /* User, those of whom something can be taken */
  GQueue idle; /* Sender, the longest idle first */
  gsize under_way; /* bytes of answers that the bus may not have read */
  gsize sent; /* of these, since the bus was asked */
  gboolean asking;
  gsize worked; /* bytes since memory was given back */
  GSource *trim;
};

static void check_unread (Sender *sender);

static void
sender_clear (gpointer data)
{
  Sender *sender = data;

  g_queue_clear_full (&sender->waiting, (GDestroyNotify) netns_invocation_free);
  netns_later_clear (&sender->again);
  g_free (sender->name);
}

static void
sender_unref (gpointer sender)
{
  g_rc_box_release_full (sender, sender_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sender, sender_unref)

static void
set_place (GQueue *places, gpointer who, gboolean *has_place, gboolean wanted)
{
  if (wanted && !*has_place)
    g_queue_push_tail (places, who);
  else if (!wanted && *has_place)
    g_queue_remove (places, who);
  *has_place = wanted;
}

static void
update_user (NetnsQueue *queue, User *user)
{
  set_place (&queue->order, user, &user->has_turn,
             user->ready.length > 0 && user->reads < READS_PER_USER && user->unread <= UNREAD_PER_USER);
  if (queue->order.length > 0)
    g_source_set_ready_time (queue->source, 0);
}

static void
update_idle (NetnsQueue *queue, Sender *sender)
{
  gboolean idle = sender->calls == 0 && sender->user != NULL && !sender->checking && sender->again == NULL;
  gboolean is_idle = sender->idle.data != NULL;

  if (idle && !is_idle) {
    sender->idle.data = sender;
    g_queue_push_tail_link (&queue->idle, &sender->idle);
  } else if (!idle && is_idle) {
    g_queue_unlink (&queue->idle, &sender->idle);
    sender->idle.data = NULL;
  }
}

/* To be called after each change of a sender. */
static void
update (Sender *sender)
{
  NetnsQueue *queue = sender->queue;
  User *user = sender->user;

  update_idle (queue, sender);
  if (user == NULL)
    return;
  set_place (&user->ready, sender, &sender->ready, sender->waiting.length > 0 && sender->unread <= UNREAD_PER_SENDER);
  update_user (queue, user);
  if (sender->waiting.length > 0 && sender->unread > UNREAD_PER_SENDER)
    check_unread (sender);
}

static void
set_unread (Sender *sender, gsize unread)
{
  sender->user->unread += unread - sender->unread;
  sender->unread = unread;
}

/* Nobody is left who could get an answer. */
static void
forget_sender (NetnsQueue *queue, Sender *sender)
{
  User *user = sender->user;
  NetnsInvocation *invocation;

  while ((invocation = g_queue_pop_head (&sender->waiting)) != NULL) {
    if (user != NULL) {
      user->calls--;
      user->bytes -= invocation->bytes;
    }
    netns_invocation_free (invocation);
  }
  if (sender->calls > 0 || sender->queue == NULL)
    return;
  if (user != NULL) {
    set_unread (sender, 0);
    set_place (&user->ready, sender, &sender->ready, FALSE);
    update_user (queue, user);
    if (--user->senders == 0)
      g_hash_table_remove (queue->users, GUINT_TO_POINTER (user->uid));
  }
  if (sender->idle.data != NULL)
    g_queue_unlink (&queue->idle, &sender->idle);
  netns_later_clear (&sender->again);
  sender->queue = NULL;
  g_hash_table_remove (queue->senders, sender->name);
}

static void
on_again (gpointer data)
{
  check_unread (data);
}

/* How much the bus keeps for a connection that does not read. dbus-daemon tells root; a bus that does not tell has a limit of
 * its own (dbus-broker lets such a connection go). This reply comes after the bus took all answers that were sent before. */
static void
on_unread (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Sender) sender = data;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  g_autoptr (GVariant) stats = reply ? g_variant_get_child_value (reply, 0) : NULL;
  NetnsQueue *queue = sender->queue;
  guint32 kept = 0;

  if (queue == NULL)
    return;
  sender->checking = FALSE;
  if (stats != NULL)
    g_variant_lookup (stats, "OutgoingBytes", "u", &kept);
  set_unread (sender, kept + sender->sent);
  if (sender->unread > UNREAD_PER_SENDER || (sender->unread > 0 && sender->user->unread > UNREAD_PER_USER))
    netns_later_after (&sender->again, UNREAD_MILLISECONDS, on_again, sender);
  update (sender);
}

static void
check_unread (Sender *sender)
{
  if (sender->checking || sender->again != NULL)
    return;
  sender->checking = TRUE;
  sender->sent = 0;
  update_idle (sender->queue, sender);
  g_dbus_connection_call (sender->queue->connection, BUS_NAME, BUS_PATH, "org.freedesktop.DBus.Debug.Stats",
                          "GetConnectionStats", g_variant_new ("(s)", sender->name), G_VARIANT_TYPE ("(a{sv})"),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_unread, g_rc_box_acquire (sender));
}

/* Any of a user's connections can be the one that does not read. */
static void
check_user (NetnsQueue *queue, const User *user)
{
  g_autoptr (GList) senders = g_hash_table_get_values (queue->senders);

  for (GList *item = senders; item != NULL; item = item->next) {
    Sender *sender = item->data;

    if (sender->user == user && sender->unread > 0)
      check_unread (sender);
  }
}

/* Returns: (nullable): why @user can have no call more */
static const char *
find_refusal (const User *user, const NetnsInvocation *invocation)
{
  if (user->calls >= CALLS_PER_USER || user->bytes > BYTES_PER_USER)
    return "Too many calls of this user wait for their answers";
  if (invocation->descriptors != NULL && netns_descriptors_count_unclosed (user->uid) > UNCLOSED_PER_USER)
    return "Descriptors that this user handed in cannot be closed";
  return NULL;
}

/* A call of a sender of whom the bus has said who it is. */
static void
enqueue (Sender *sender, NetnsInvocation *invocation)
{
  User *user = sender->user;
  const char *refusal = find_refusal (user, invocation);

  invocation->uid = user->uid;
  if (!invocation->wants_reply && !invocation->changes) {
    netns_invocation_free (invocation);
    return;
  }
  if (refusal != NULL) {
    netns_invocation_refuse (invocation, LIMITS_ERROR, refusal);
    return;
  }
  user->calls++;
  user->bytes += invocation->bytes;
  g_queue_push_tail (&sender->waiting, invocation);
  update (sender);
}

static User *
get_user (NetnsQueue *queue, guint uid)
{
  User *user = g_hash_table_lookup (queue->users, GUINT_TO_POINTER (uid));

  if (user == NULL) {
    user = g_new0 (User, 1);
    user->uid = uid;
    g_hash_table_insert (queue->users, GUINT_TO_POINTER (uid), user);
  }
  return user;
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Sender) sender = data;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
  GQueue waiting;
  guint uid;

  if (sender->queue == NULL)
    return;
  if (reply == NULL) {
    forget_sender (sender->queue, sender);
    return;
  }
  g_variant_get (reply, "(u)", &uid);
  waiting = sender->waiting;
  g_queue_init (&sender->waiting);
  sender->user = get_user (sender->queue, uid);
  sender->user->senders++;
  while (waiting.length > 0)
    enqueue (sender, g_queue_pop_head (&waiting));
}

static Sender *
get_sender (NetnsQueue *queue, const char *name)
{
  Sender *sender = g_hash_table_lookup (queue->senders, name);

  if (sender != NULL)
    return sender;
  if (queue->idle.length > IDLE_SENDERS_MAX)
    forget_sender (queue, g_queue_peek_head (&queue->idle));
  sender = g_rc_box_new0 (Sender);
  sender->queue = queue;
  sender->name = g_strdup (name);
  g_hash_table_insert (queue->senders, sender->name, sender);
  g_dbus_connection_call (queue->connection, BUS_NAME, BUS_PATH, BUS_NAME, "GetConnectionUnixUser",
                          g_variant_new ("(s)", name), G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          on_identified, g_rc_box_acquire (sender));
  return sender;
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  NetnsQueue *queue = data;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  queue->asking = FALSE;
  queue->under_way = queue->sent;
  g_source_set_ready_time (queue->source, 0);
}

/* The bus answers when it has read all that came before the question. */
static void
ask_bus (NetnsQueue *queue, GAsyncReadyCallback on_answer)
{
  g_dbus_connection_call (queue->connection, BUS_NAME, BUS_PATH, BUS_NAME, "GetId", NULL, G_VARIANT_TYPE ("(s)"),
                          G_DBUS_CALL_FLAGS_NONE, G_MAXINT, queue->cancellable, on_answer, queue);
}

static void
ask_for_reading (NetnsQueue *queue)
{
  if (queue->asking || queue->under_way <= UNDER_WAY_MAX)
    return;
  queue->asking = TRUE;
  queue->sent = 0;
  ask_bus (queue, on_read);
}

static void
on_all_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  if (reply != NULL)
    malloc_trim (0);
}

/* Answers need memory until the bus has read them. */
static void
on_trim (gpointer data)
{
  NetnsQueue *queue = data;

  if (queue->order.length > 0) {
    netns_later_after (&queue->trim, TRIM_MILLISECONDS, on_trim, queue);
    return;
  }
  queue->worked = 0;
  ask_bus (queue, on_all_read);
}

/* What waits for an event has a limit of its own (bus/tree/waits.c), and keeps nothing else of its user waiting. */
static gboolean
is_read (const NetnsInvocation *invocation)
{
  return !invocation->changes && (invocation->method == NULL || invocation->method->wait == NULL);
}

/* Of a call that came from here, and is about to be freed. */
static void
on_done (const NetnsInvocation *invocation)
{
  NetnsQueue *queue = invocation->queue;
  g_autoptr (Sender) sender = invocation->place;
  User *user = sender->user;

  netns_inbox_forget (queue->inbox, invocation);
  sender->calls--;
  queue->worked += invocation->bytes + invocation->answered;
  queue->under_way += invocation->answered;
  queue->sent += invocation->answered;
  ask_for_reading (queue);
  if (queue->worked > TRIM_BYTES)
    netns_later_after (&queue->trim, TRIM_MILLISECONDS, on_trim, queue);
  if (sender->queue == NULL || user == NULL)
    return;
  if (invocation->taken && is_read (invocation))
    user->reads--;
  sender->sent += invocation->answered;
  set_unread (sender, sender->unread + invocation->answered);
  if (user->unread > UNREAD_PER_USER)
    check_user (queue, user);
  update (sender);
}

static void
sort (NetnsQueue *queue, NetnsInvocation *invocation)
{
  Sender *sender = get_sender (queue, invocation->sender);

  invocation->connection = g_object_ref (queue->connection);
  invocation->done = on_done;
  invocation->queue = queue;
  invocation->place = g_rc_box_acquire (sender);
  sender->calls++;
  update_idle (queue, sender);
  if (sender->user != NULL)
    enqueue (sender, invocation);
  else
    g_queue_push_tail (&sender->waiting, invocation);
}

static NetnsInvocation *
take_next (NetnsQueue *queue)
{
  User *user = queue->under_way <= UNDER_WAY_MAX ? g_queue_pop_head (&queue->order) : NULL;
  NetnsInvocation *invocation;
  Sender *sender;

  if (user == NULL)
    return NULL;
  user->has_turn = FALSE;
  sender = g_queue_pop_head (&user->ready);
  sender->ready = FALSE;
  invocation = g_queue_pop_head (&sender->waiting);
  user->calls--;
  user->bytes -= invocation->bytes;
  invocation->taken = TRUE;
  if (is_read (invocation))
    user->reads++;
  update (sender);
  return invocation;
}

/* One call for each turn of the main loop, so that nothing else has to wait longer than one call takes. */
static gboolean
on_turn (gpointer data)
{
  NetnsQueue *queue = data;
  NetnsInvocation *invocation;

  g_source_set_ready_time (queue->source, -1);
  while ((invocation = netns_inbox_pop (queue->inbox)) != NULL)
    sort (queue, invocation);
  ask_for_reading (queue);
  invocation = take_next (queue);
  if (queue->order.length > 0 && queue->under_way <= UNDER_WAY_MAX)
    g_source_set_ready_time (queue->source, 0);
  if (invocation != NULL)
    queue->take (invocation, queue->data);
  return G_SOURCE_CONTINUE;
}

static void
on_arrived (gpointer data)
{
  g_source_set_ready_time (((NetnsQueue *) data)->source, 0);
}

static gboolean
dispatch_source (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs source_functions = { .dispatch = dispatch_source };

/**
 * netns_queue_new:
 * @inbox: where calls arrive
 * @take: called for each call, in the order of turns
 * @data: for @take
 *
 * Returns: (transfer full): a queue, which gets all method calls from now on
 */
NetnsQueue *
netns_queue_new (NetnsInbox *inbox, NetnsTakeFunc take, gpointer data)
{
  NetnsQueue *queue = g_new0 (NetnsQueue, 1);

  queue->connection = g_object_ref (netns_inbox_get_connection (inbox));
  queue->inbox = inbox;
  queue->cancellable = g_cancellable_new ();
  queue->take = take;
  queue->data = data;
  queue->senders = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, sender_unref);
  queue->users = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  queue->source = g_source_new (&source_functions, sizeof (GSource));
  g_source_set_callback (queue->source, on_turn, queue, NULL);
  g_source_attach (queue->source, NULL);
  netns_inbox_listen (inbox, on_arrived, queue);
  return queue;
}

/**
 * netns_queue_free:
 * @queue: (transfer full): the queue; no call that came from it is left
 */
void
netns_queue_free (NetnsQueue *queue)
{
  g_autoptr (GList) senders = g_hash_table_get_values (queue->senders);

  netns_inbox_listen (queue->inbox, NULL, NULL);
  g_cancellable_cancel (queue->cancellable);
  for (GList *item = senders; item != NULL; item = item->next)
    forget_sender (queue, item->data);
  g_source_destroy (queue->source);
  netns_later_clear (&queue->trim);
  g_source_unref (queue->source);
  g_hash_table_unref (queue->senders);
  g_hash_table_unref (queue->users);
  g_object_unref (queue->cancellable);
  g_object_unref (queue->connection);
  g_free (queue);
}
