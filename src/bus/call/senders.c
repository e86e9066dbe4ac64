/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/senders.h"

#include "common/error.h"

#define BUS_NAME      "org.freedesktop.DBus"
#define BUS_PATH      "/org/freedesktop/DBus"
#define BUS_INTERFACE "org.freedesktop.DBus"

/* Each sender that is known costs a match rule, and the bus gives one connection 512 of them
 * (max_match_rules_per_connection): users who open many connections must not use them up. */
#define IDLE_SENDERS_MAX 128

struct _NetnsSenders {
  GDBusConnection *connection;
  GHashTable *senders; /* unique name → Sender */
  GQueue idle;         /* those without watches, the longest idle first */
};

typedef struct {
  NetnsSenders *senders; /* not once it is gone */
  char *name;
  gboolean known; /* the bus said that it is there */
  gboolean gone;
  gboolean idle;
  guint subscription;
  GCancellable *cancellable;
  GQueue watches; /* the oldest first */
} Sender;

struct _NetnsSenderWatch {
  Sender *sender;
  NetnsSenderLeftFunc left;
  gpointer data;
};

static void
sender_clear (gpointer data)
{
  Sender *sender = data;

  g_object_unref (sender->cancellable);
  g_free (sender->name);
}

static void
sender_unref (gpointer sender)
{
  g_rc_box_release_full (sender, sender_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sender, sender_unref)

static void
set_idle (Sender *sender, gboolean idle)
{
  if (sender->idle == idle)
    return;
  sender->idle = idle;
  if (idle)
    g_queue_push_tail (&sender->senders->idle, sender);
  else
    g_queue_remove (&sender->senders->idle, sender);
}

/* Forgets a sender. All watches get @error; the latest first, so that of several questions in a queue none moves up into the
 * place of one that was cancelled just before. */
static void
drop_sender (Sender *sender, const GError *error)
{
  NetnsSenders *senders = sender->senders;
  g_autoptr (Sender) self = sender;

  set_idle (sender, FALSE);
  sender->gone = TRUE;
  g_hash_table_steal (senders->senders, sender->name);
  g_dbus_connection_signal_unsubscribe (senders->connection, sender->subscription);
  g_cancellable_cancel (sender->cancellable);
  while (sender->watches.length > 0) {
    NetnsSenderWatch *watch = g_queue_pop_tail (&sender->watches);

    watch->left (error, watch->data);
  }
}

/* A sender without watches stays known until it leaves, or until there are too many. */
static void
settle_sender (Sender *sender)
{
  NetnsSenders *senders = sender->senders;

  if (sender->gone || !sender->known || sender->watches.length > 0)
    return;
  set_idle (sender, TRUE);
  if (senders->idle.length > IDLE_SENDERS_MAX)
    drop_sender (g_queue_peek_head (&senders->idle), NULL);
}

static void
on_name_owner_changed (GDBusConnection *connection, const char *bus, const char *path, const char *interface,
                       const char *signal_name, GVariant *parameters, gpointer data)
{
  Sender *sender = data;
  const char *new_owner = NULL;
  g_autoptr (GError) error = NULL;

  if (sender->gone || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get_child (parameters, 2, "&s", &new_owner);
  if (*new_owner != '\0')
    return;
  error
    = g_error_new (NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED, "Not authorized: the caller %s left the bus", sender->name);
  drop_sender (sender, error);
}

static void
on_owner (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Sender) sender = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (sender->gone)
    return;
  if (reply == NULL) {
    g_autoptr (GError) denied = NULL;

    g_dbus_error_strip_remote_error (error);
    denied = g_error_new (NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED, "Not authorized: cannot find the caller %s: %s",
                          sender->name, error->message);
    drop_sender (sender, denied);
    return;
  }
  sender->known = TRUE;
  settle_sender (sender);
}

/* The bus handles the match rule before the question, so a sender that leaves is noticed either way: by the signal, or by
 * the error. */
static Sender *
add_sender (NetnsSenders *senders, const char *name)
{
  Sender *sender = g_rc_box_new0 (Sender);

  sender->senders = senders;
  sender->name = g_strdup (name);
  sender->cancellable = g_cancellable_new ();
  g_hash_table_insert (senders->senders, sender->name, sender);
  sender->subscription = g_dbus_connection_signal_subscribe (
    senders->connection, BUS_NAME, BUS_INTERFACE, "NameOwnerChanged", BUS_PATH, name, G_DBUS_SIGNAL_FLAGS_NONE,
    on_name_owner_changed, g_rc_box_acquire (sender), sender_unref);
  g_dbus_connection_call (senders->connection, BUS_NAME, BUS_PATH, BUS_INTERFACE, "GetNameOwner",
                          g_variant_new ("(s)", name), G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, -1,
                          sender->cancellable, on_owner, g_rc_box_acquire (sender));
  return sender;
}

static Sender *
get_sender (NetnsSenders *senders, const char *name)
{
  Sender *sender = g_hash_table_lookup (senders->senders, name);

  if (sender == NULL)
    return add_sender (senders, name);
  set_idle (sender, FALSE);
  return sender;
}

/**
 * netns_senders_new:
 * @connection: a message bus
 *
 * Returns: (transfer full): without senders yet
 */
NetnsSenders *
netns_senders_new (GDBusConnection *connection)
{
  NetnsSenders *senders = g_new0 (NetnsSenders, 1);

  senders->connection = g_object_ref (connection);
  senders->senders = g_hash_table_new (g_str_hash, g_str_equal);
  return senders;
}

/**
 * netns_senders_free:
 * @senders: (transfer full): not from within one of its callbacks
 *
 * First calls all watches with `AccessDenied`.
 */
void
netns_senders_free (NetnsSenders *senders)
{
  g_autoptr (GError) error
    = g_error_new_literal (NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED, "Not authorized: the service is shutting down");
  GHashTableIter iterator;
  gpointer sender;

  for (;;) {
    g_hash_table_iter_init (&iterator, senders->senders);
    if (!g_hash_table_iter_next (&iterator, NULL, &sender))
      break;
    drop_sender (sender, error);
  }
  g_hash_table_unref (senders->senders);
  g_object_unref (senders->connection);
  g_free (senders);
}

/**
 * netns_senders_watch:
 * @senders: senders
 * @name: unique bus name of one
 * @left: called at most once, when the sender leaves or turns out not to be there, never before this returns
 * @data: for @left
 *
 * Returns: (transfer full): to be given to netns_senders_unwatch(), also after @left
 */
NetnsSenderWatch *
netns_senders_watch (NetnsSenders *senders, const char *name, NetnsSenderLeftFunc left, gpointer data)
{
  NetnsSenderWatch *watch = g_new0 (NetnsSenderWatch, 1);

  watch->sender = g_rc_box_acquire (get_sender (senders, name));
  watch->left = left;
  watch->data = data;
  g_queue_push_tail (&watch->sender->watches, watch);
  return watch;
}

/**
 * netns_senders_unwatch:
 * @watch: (transfer full): a watch
 */
void
netns_senders_unwatch (NetnsSenderWatch *watch)
{
  g_queue_remove (&watch->sender->watches, watch);
  settle_sender (watch->sender);
  sender_unref (watch->sender);
  g_free (watch);
}
