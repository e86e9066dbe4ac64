/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/lookers.h"

#define BUS_NAME      "org.freedesktop.DBus"
#define BUS_PATH      "/org/freedesktop/DBus"
#define BUS_INTERFACE "org.freedesktop.DBus"

/* One match rule for all of them, unlike senders.c: the bus gives a connection 512, and here nobody's leave is asked. */
struct _NetnsLookers {
  NetnsMirror *mirror;
  GDBusConnection *connection;
  GHashTable *names; /* unique bus names as a set */
  GCancellable *cancellable;
  guint subscription; /* 0 while nobody looks */
};

static void
unsubscribe (NetnsLookers *lookers)
{
  if (lookers->subscription != 0)
    g_dbus_connection_signal_unsubscribe (lookers->connection, lookers->subscription);
  lookers->subscription = 0;
}

static void
drop (NetnsLookers *lookers, const char *name)
{
  if (!g_hash_table_remove (lookers->names, name) || g_hash_table_size (lookers->names) > 0)
    return;
  unsubscribe (lookers);
  netns_mirror_watch (lookers->mirror, FALSE);
}

static void
on_name_owner_changed (GDBusConnection *connection, const char *bus, const char *path, const char *interface,
                       const char *signal_name, GVariant *parameters, gpointer data)
{
  const char *name, *new_owner;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (parameters, "(&s&s&s)", &name, NULL, &new_owner);
  if (*new_owner == '\0')
    drop (data, name);
}

typedef struct {
  NetnsLookers *lookers;
  char *name;
} Check;

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Check *check = data;
  g_autofree char *name = check->name;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    drop (check->lookers, name);
}

/* Who left before the bus knew of the match rule is told of by nobody. */
static void
check_presence (NetnsLookers *lookers, const char *name)
{
  Check *check = g_new0 (Check, 1);

  check->lookers = lookers;
  check->name = g_strdup (name);
  g_dbus_connection_call (lookers->connection, BUS_NAME, BUS_PATH, BUS_INTERFACE, "GetNameOwner",
                          g_variant_new ("(s)", name), G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, -1,
                          lookers->cancellable, on_checked, check);
}

/**
 * netns_lookers_new:
 * @mirror: what is looked at
 * @connection: the bus
 *
 * Returns: (transfer full): nobody looks yet
 */
NetnsLookers *
netns_lookers_new (NetnsMirror *mirror, GDBusConnection *connection)
{
  NetnsLookers *lookers = g_new0 (NetnsLookers, 1);

  lookers->mirror = mirror;
  lookers->connection = g_object_ref (connection);
  lookers->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  lookers->cancellable = g_cancellable_new ();
  return lookers;
}

void
netns_lookers_free (NetnsLookers *lookers)
{
  unsubscribe (lookers);
  g_cancellable_cancel (lookers->cancellable);
  g_object_unref (lookers->cancellable);
  g_hash_table_unref (lookers->names);
  g_object_unref (lookers->connection);
  g_free (lookers);
}

/**
 * netns_lookers_look:
 * @lookers: lookers
 * @sender: unique bus name of one who looks, from now until it leaves the bus
 * @again: whether what it looks for is not known
 * @looked: (scope async): called when the mirror has what there is; at once for one who looked before, and was told of
 *          all changes since
 * @data: for @looked
 */
void
netns_lookers_look (NetnsLookers *lookers, const char *sender, gboolean again, NetnsSettledFunc looked, gpointer data)
{
  gboolean is_new = g_hash_table_add (lookers->names, g_strdup (sender));

  if (is_new) {
    if (lookers->subscription == 0)
      lookers->subscription = g_dbus_connection_signal_subscribe (
          lookers->connection, BUS_NAME, BUS_INTERFACE, "NameOwnerChanged", BUS_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
          on_name_owner_changed, lookers, NULL);
    check_presence (lookers, sender);
  }
  if (is_new || again)
    netns_mirror_look (lookers->mirror, looked, data);
  else
    looked (data);
  /* Not before: the search that this begins would not be the one that @data waits for. */
  if (is_new)
    netns_mirror_watch (lookers->mirror, TRUE);
}
