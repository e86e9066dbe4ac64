/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/watch.h"
#include "common/names.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>

typedef struct {
  NetnsConnection *connection;
  NetnsWatchFunc func;
  gpointer data;
  GMainLoop *loop;
  NetnsObjects *objects; /* as of the last signal; NULL until the first answer */
  gboolean current; /* FALSE while the service is away or has not answered yet: signals are in its answer then */
  GError *error;
} Watch;

static void
tell (Watch *watch, NetnsChange change, const char *path, const char *name, GVariant *value)
{
  if (!watch->func (watch->objects, change, path, name, value, watch->data))
    g_main_loop_quit (watch->loop);
}

static void
tell_properties (Watch *watch, const char *path, GVariant *before, GVariant *now)
{
  GVariantIter iter;
  const char *property;
  GVariant *value;

  g_variant_iter_init (&iter, now);
  while (g_variant_iter_next (&iter, "{&sv}", &property, &value)) {
    g_autoptr (GVariant) new_value = value;
    g_autoptr (GVariant) old_value = before ? g_variant_lookup_value (before, property, NULL) : NULL;

    /* It belongs to a property that changes with it and says the same in less. */
    if (g_str_has_suffix (property, "Data"))
      continue;
    if (old_value == NULL || !g_variant_equal (old_value, new_value))
      tell (watch, NETNS_CHANGE_PROPERTY, path, property, new_value);
  }
}

static void
tell_interfaces (Watch *watch, const char *path, GVariant *before, GVariant *now)
{
  GVariantIter iter;
  const char *interface;
  GVariant *properties;

  g_variant_iter_init (&iter, now);
  while (g_variant_iter_next (&iter, "{&s@a{sv}}", &interface, &properties)) {
    g_autoptr (GVariant) new_properties = properties;
    g_autoptr (GVariant) old_properties = g_variant_lookup_value (before, interface, NULL);

    if (old_properties == NULL)
      tell (watch, NETNS_CHANGE_INTERFACE_ADDED, path, interface, NULL);
    else
      tell_properties (watch, path, old_properties, new_properties);
  }
  g_variant_iter_init (&iter, before);
  while (g_variant_iter_next (&iter, "{&s@a{sv}}", &interface, &properties)) {
    g_autoptr (GVariant) old_properties = properties;
    g_autoptr (GVariant) new_properties = g_variant_lookup_value (now, interface, NULL);

    if (new_properties == NULL)
      tell (watch, NETNS_CHANGE_INTERFACE_REMOVED, path, interface, NULL);
  }
}

/* Puts @interfaces in place of what is known of the object, and tells the difference. */
static void
set_object (Watch *watch, const char *path, GVariant *interfaces)
{
  GVariant *known = g_hash_table_lookup (watch->objects->by_path, path);
  g_autoptr (GVariant) before = known ? g_variant_ref (known) : NULL;

  netns_objects_set (watch->objects, path, interfaces);
  if (before == NULL)
    tell (watch, NETNS_CHANGE_ADDED, path, NULL, NULL);
  else
    tell_interfaces (watch, path, before, interfaces);
}

static void
remove_object (Watch *watch, const char *path)
{
  tell (watch, NETNS_CHANGE_REMOVED, path, NULL, NULL);
  g_hash_table_remove (watch->objects->by_path, path);
}

/* Tells what became different while the service was away. */
static void
take_snapshot (Watch *watch, GVariant *reply)
{
  g_autoptr (NetnsObjects) now = netns_objects_new (reply, watch->connection->settings->host == NULL);
  g_autoptr (GPtrArray) before = NULL, there = NULL;

  if (watch->objects == NULL) {
    watch->objects = g_steal_pointer (&now);
    return;
  }
  before = netns_objects_list (watch->objects, NULL, TRUE);
  /* From the end: links before their namespace. */
  for (guint i = before->len; i > 0; i--)
    if (!g_hash_table_contains (now->by_path, before->pdata[i - 1]))
      remove_object (watch, before->pdata[i - 1]);
  there = netns_objects_list (now, NULL, TRUE);
  for (guint i = 0; i < there->len; i++)
    set_object (watch, there->pdata[i], g_hash_table_lookup (now->by_path, there->pdata[i]));
}

/* An object is now what was known of it, with @added over it and without @removed. */
static void
merge_object (Watch *watch, const char *path, GVariant *added, const char *const *removed)
{
  GVariant *known = g_hash_table_lookup (watch->objects->by_path, path);
  g_autoptr (GVariant) merged = NULL;
  GVariantBuilder interfaces;
  GVariantIter iter;
  const char *interface;
  GVariant *properties;

  g_variant_builder_init (&interfaces, G_VARIANT_TYPE ("a{sa{sv}}"));
  for (GVariant *source = known ? known : added; source != NULL; source = source == known ? added : NULL) {
    g_variant_iter_init (&iter, source);
    while (g_variant_iter_loop (&iter, "{&s@a{sv}}", &interface, &properties)) {
      g_autoptr (GVariant) over = source == known && added ? g_variant_lookup_value (added, interface, NULL) : NULL;

      if (over == NULL && (removed == NULL || !g_strv_contains (removed, interface)))
        g_variant_builder_add (&interfaces, "{s@a{sv}}", interface, properties);
    }
  }
  merged = g_variant_ref_sink (g_variant_builder_end (&interfaces));
  if (g_variant_n_children (merged) > 0)
    set_object (watch, path, merged);
  else if (known != NULL)
    remove_object (watch, path);
}

static void
on_added (Watch *watch, const char *manager, GVariant *parameters)
{
  g_autoptr (GVariant) added = NULL;
  const char *path;

  g_variant_get (parameters, "(&o@a{sa{sv}})", &path, &added);
  merge_object (watch, path, added, NULL);
}

static void
on_removed (Watch *watch, const char *manager, GVariant *parameters)
{
  g_autofree const char **removed = NULL;
  const char *path;

  g_variant_get (parameters, "(&o^a&s)", &path, &removed);
  merge_object (watch, path, NULL, removed);
}

static void
on_properties (Watch *watch, const char *path, GVariant *parameters)
{
  g_autoptr (GVariant) changed = NULL, before = NULL, update = NULL;
  const char *interface, *name;
  GVariant *known = g_hash_table_lookup (watch->objects->by_path, path);
  GVariantDict properties;
  GVariantIter iter;
  GVariant *value;

  g_variant_get (parameters, "(&s@a{sv}@as)", &interface, &changed, NULL);
  if (!g_str_has_prefix (interface, NETNS_INTERFACE_PREFIX))
    return;
  if (known == NULL) {
    /* The Manager is not among the objects that it manages, so there is nothing to compare with. */
    tell_properties (watch, path, NULL, changed);
    return;
  }
  before = g_variant_lookup_value (known, interface, NULL);
  g_variant_dict_init (&properties, before);
  g_variant_iter_init (&iter, changed);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    g_variant_dict_insert_value (&properties, name, value);
  update = g_variant_ref_sink (g_variant_new_parsed ("{%s: %@a{sv}}", interface, g_variant_dict_end (&properties)));
  merge_object (watch, path, update, NULL);
}

static void
on_drifted (Watch *watch, const char *manager, GVariant *parameters)
{
  g_autoptr (GVariant) found = g_variant_get_child_value (parameters, 2);
  GVariantIter iter;
  const char *path, *name;
  GVariant *value;

  g_variant_get_child (parameters, 0, "&o", &path);
  g_variant_iter_init (&iter, found);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    tell (watch, NETNS_CHANGE_DRIFTED, path, name, value);
}

static void
on_restored (Watch *watch, const char *manager, GVariant *parameters)
{
  g_autoptr (GVariant) what = g_variant_get_child_value (parameters, 0);

  tell (watch, NETNS_CHANGE_RESTORED, NETNS_PATH, "What", what);
}

static const struct {
  const char *signal_name;
  const char *type;
  void (*take) (Watch *watch, const char *path, GVariant *parameters);
} signals[] = {
  { "InterfacesAdded",   "(oa{sa{sv}})",  on_added      },
  { "InterfacesRemoved", "(oas)",         on_removed    },
  { "PropertiesChanged", "(sa{sv}as)",    on_properties },
  { "Drifted",           "(oa{sv}a{sv})", on_drifted    },
  { "RulesRestored",     "(as)",          on_restored   },
};

static void
on_signal (GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *signal_name,
           GVariant *parameters, gpointer data)
{
  Watch *watch = data;

  for (gsize i = 0; watch->current && i < G_N_ELEMENTS (signals); i++)
    if (strcmp (signals[i].signal_name, signal_name) == 0
        && g_variant_is_of_type (parameters, G_VARIANT_TYPE (signals[i].type)))
      signals[i].take (watch, path, parameters);
}

static void
on_objects (GObject *source, GAsyncResult *result, gpointer data)
{
  Watch *watch = data;
  GError *error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL) {
    take_snapshot (watch, reply);
    watch->current = TRUE;
    return;
  }
  /* Later it may be gone before it replies, but then its name vanishes. */
  if (watch->objects != NULL) {
    g_error_free (error);
    return;
  }
  watch->error = error;
  g_main_loop_quit (watch->loop);
}

/* The answer comes through the main loop in order with the signals: those before it are in it, those after it
 * are not. A blocking call would overtake them. */
static void
ask_for_objects (Watch *watch, GDBusCallFlags flags)
{
  watch->connection->method = "GetManagedObjects";
  g_dbus_connection_call (watch->connection->bus, NETNS_BUS_NAME, NETNS_PATH, NETNS_OBJECT_MANAGER, "GetManagedObjects",
                          NULL, G_VARIANT_TYPE ("(a{oa{sa{sv}}})"), flags, -1, NULL, on_objects, watch);
}

static void
on_name_owner (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
               const char *signal_name, GVariant *parameters, gpointer data)
{
  Watch *watch = data;
  const char *new_owner;

  g_variant_get (parameters, "(&s&s&s)", NULL, NULL, &new_owner);
  if (watch->objects == NULL)
    return; /* still starting */
  if (*new_owner == '\0') {
    watch->current = FALSE;
    tell (watch, NETNS_CHANGE_SERVICE_GONE, NETNS_PATH, NULL, NULL);
    return;
  }
  tell (watch, NETNS_CHANGE_SERVICE_BACK, NETNS_PATH, NULL, NULL);
  ask_for_objects (watch, G_DBUS_CALL_FLAGS_NO_AUTO_START);
}

static void
on_closed (GDBusConnection *bus, gboolean remote_peer_vanished, GError *error, gpointer data)
{
  Watch *watch = data;

  g_set_error (watch->error ? NULL : &watch->error, NETNS_UNREACHABLE, 0,
               _ ("Lost the connection to the system bus; check that it is running, then try again"));
  g_main_loop_quit (watch->loop);
}

static gboolean
on_unix_signal (gpointer data)
{
  g_main_loop_quit (((Watch *) data)->loop);
  return G_SOURCE_CONTINUE;
}

/* Calls @func for each change until it has enough, or SIGINT or SIGTERM come. The service may leave and come back
 * meanwhile; it is not started for that. */
gboolean
netns_watch_run (NetnsConnection *connection, NetnsWatchFunc func, gpointer data, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Watch watch = { .connection = connection, .func = func, .data = data, .loop = loop };
  guint subscriptions[2], sources[2];
  gulong closed;

  if (!netns_connection_open (connection, error))
    return FALSE;
  subscriptions[0] = g_dbus_connection_signal_subscribe (connection->bus, NETNS_BUS_NAME, NULL, NULL, NULL, NULL,
                                                         G_DBUS_SIGNAL_FLAGS_NONE, on_signal, &watch, NULL);
  subscriptions[1] = g_dbus_connection_signal_subscribe (
    connection->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged", "/org/freedesktop/DBus",
    NETNS_BUS_NAME, G_DBUS_SIGNAL_FLAGS_NONE, on_name_owner, &watch, NULL);
  closed = g_signal_connect (connection->bus, "closed", G_CALLBACK (on_closed), &watch);
  sources[0] = g_unix_signal_add (SIGINT, on_unix_signal, &watch);
  sources[1] = g_unix_signal_add (SIGTERM, on_unix_signal, &watch);
  ask_for_objects (&watch, G_DBUS_CALL_FLAGS_NONE);
  g_main_loop_run (loop);

  g_signal_handler_disconnect (connection->bus, closed);
  for (guint i = 0; i < G_N_ELEMENTS (subscriptions); i++)
    g_dbus_connection_signal_unsubscribe (connection->bus, subscriptions[i]);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    g_source_remove (sources[i]);
  g_clear_pointer (&watch.objects, netns_objects_free);
  if (watch.error == NULL)
    return TRUE;
  g_propagate_error (error, watch.error);
  return FALSE;
}
