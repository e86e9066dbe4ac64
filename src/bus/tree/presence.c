/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/presence.h"

#define BUS_NAME      "org.freedesktop.DBus"
#define BUS_PATH      "/org/freedesktop/DBus"
#define BUS_INTERFACE "org.freedesktop.DBus"

struct _NetnsPresence {
  GDBusConnection *connection;
  GHashTable *names; /* unique bus names as a set */
  NetnsLeftFunc left;
  gpointer data;
  GCancellable *cancellable;
  guint subscription; /* 0 while there is nobody */
};

static void
unsubscribe (NetnsPresence *presence)
{
  if (presence->subscription != 0)
    g_dbus_connection_signal_unsubscribe (presence->connection, presence->subscription);
  presence->subscription = 0;
}

static void
drop (NetnsPresence *presence, const char *name)
{
  if (!g_hash_table_remove (presence->names, name))
    return;
  if (netns_presence_is_empty (presence))
    unsubscribe (presence);
  presence->left (name, presence->data);
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
  NetnsPresence *presence;
  char *name;
} Check;

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Check *check = data;
  g_autofree char *name = check->name;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  /* Without a bus the service ends, and the next one asks again. */
  if (reply == NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && !g_dbus_connection_is_closed (G_DBUS_CONNECTION (source)))
    drop (check->presence, name);
}

/* @left: called once for each client when it leaves, or turns out not to be there */
NetnsPresence *
netns_presence_new (GDBusConnection *connection, NetnsLeftFunc left, gpointer data)
{
  NetnsPresence *presence = g_new0 (NetnsPresence, 1);

  presence->connection = g_object_ref (connection);
  presence->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  presence->left = left;
  presence->data = data;
  presence->cancellable = g_cancellable_new ();
  return presence;
}

void
netns_presence_free (NetnsPresence *presence)
{
  unsubscribe (presence);
  g_cancellable_cancel (presence->cancellable);
  g_object_unref (presence->cancellable);
  g_hash_table_unref (presence->names);
  g_object_unref (presence->connection);
  g_free (presence);
}

/* Returns: whether that unique name was not in the set yet. A client that left before the match rule took effect
 * produces no NameOwnerChanged, so the bus is asked as well. */
gboolean
netns_presence_add (NetnsPresence *presence, const char *name)
{
  Check *check;

  if (!g_hash_table_add (presence->names, g_strdup (name)))
    return FALSE;
  if (presence->subscription == 0)
    presence->subscription
      = g_dbus_connection_signal_subscribe (presence->connection, BUS_NAME, BUS_INTERFACE, "NameOwnerChanged", BUS_PATH,
                                            NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_name_owner_changed, presence, NULL);
  check = g_new0 (Check, 1);
  check->presence = presence;
  check->name = g_strdup (name);
  g_dbus_connection_call (presence->connection, BUS_NAME, BUS_PATH, BUS_INTERFACE, "GetNameOwner",
                          g_variant_new ("(s)", name), G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE, -1,
                          presence->cancellable, on_checked, check);
  return TRUE;
}

gboolean
netns_presence_is_empty (const NetnsPresence *presence)
{
  return g_hash_table_size (presence->names) == 0;
}
