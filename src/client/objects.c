/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/arguments.h"
#include "client/objects.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <pwd.h>
#include <string.h>

/**
 * netns_objects_new:
 * @reply: the answer of GetManagedObjects
 * @local_users: whether uids mean the same there and here
 *
 * Returns: (transfer full): the objects in it
 */
NetnsObjects *
netns_objects_new (GVariant *reply, gboolean local_users)
{
  NetnsObjects *objects = g_new0 (NetnsObjects, 1);
  g_autoptr (GVariantIter) iter = NULL;
  const char *path;
  GVariant *interfaces;

  objects->by_path = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
  objects->users = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  objects->local_users = local_users;
  g_variant_get (reply, "(a{oa{sa{sv}}})", &iter);
  while (g_variant_iter_next (iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
    netns_objects_set (objects, path, interfaces);
    g_variant_unref (interfaces);
  }
  return objects;
}

/**
 * netns_objects_read:
 * @connection: the way to the service
 * @error: why it cannot be reached
 *
 * Returns: (transfer full) (nullable): the objects that there are now
 */
NetnsObjects *
netns_objects_read (NetnsConnection *connection, GError **error)
{
  g_autoptr (GVariant) reply =
      netns_connection_read (connection, NETNS_PATH, "org.freedesktop.DBus.ObjectManager",
                             "GetManagedObjects", NULL, "(a{oa{sa{sv}}})", error);

  return reply ? netns_objects_new (reply, connection->settings->host == NULL) : NULL;
}

/**
 * netns_objects_free:
 * @objects: (transfer full): objects
 *
 * Forgets them.
 */
void
netns_objects_free (NetnsObjects *objects)
{
  g_hash_table_unref (objects->by_path);
  g_hash_table_unref (objects->users);
  g_free (objects);
}

/**
 * netns_objects_get:
 * @objects: objects
 * @path: path of one
 * @interface: name of an interface
 *
 * Returns: (transfer full) (nullable): its properties, `a{sv}`; %NULL if it has not that interface
 */
GVariant *
netns_objects_get (const NetnsObjects *objects, const char *path, const char *interface)
{
  GVariant *interfaces = g_hash_table_lookup (objects->by_path, path);

  return interfaces ? g_variant_lookup_value (interfaces, interface, G_VARIANT_TYPE_VARDICT) : NULL;
}

/**
 * netns_objects_set:
 * @objects: objects
 * @path: path of one
 * @interfaces: its interfaces with their properties, `a{sa{sv}}`
 *
 * Adds it, or puts @interfaces in place of what was known.
 */
void
netns_objects_set (NetnsObjects *objects, const char *path, GVariant *interfaces)
{
  /* Serialised, so that strings looked up in it live as long as it does. */
  g_variant_get_data (interfaces);
  g_hash_table_replace (objects->by_path, g_strdup (path), g_variant_ref (interfaces));
}

static gboolean
is_number (const char *text)
{
  return *text != '\0' && text[strspn (text, "0123456789")] == '\0';
}

static int
compare_labels (const char *a, const char *b)
{
  if (is_number (a) && is_number (b)) {
    guint64 x = g_ascii_strtoull (a, NULL, 10), y = g_ascii_strtoull (b, NULL, 10);

    return (x > y) - (x < y);
  }
  /* A name cannot become `_host`, nor `_id1`: the host comes first, what has no name last. */
  if (strcmp (a, "_host") == 0 || strcmp (b, "_host") == 0)
    return (strcmp (b, "_host") == 0) - (strcmp (a, "_host") == 0);
  if (g_str_has_prefix (a, "_id") != g_str_has_prefix (b, "_id"))
    return g_str_has_prefix (a, "_id") ? 1 : -1;
  g_autofree char *name_a = netns_path_unescape (a), *name_b = netns_path_unescape (b);

  return strcmp (name_a ? name_a : a, name_b ? name_b : b);
}

/**
 * netns_objects_compare_paths:
 * @a: (type utf8): pointer to an object path
 * @b: (type utf8): pointer to another
 *
 * Orders by kind, then by namespace, the host first, then by name or number.
 *
 * Returns: less than, equal to or greater than 0
 */
int
netns_objects_compare_paths (gconstpointer a, gconstpointer b)
{
  g_auto (GStrv) labels_a = g_strsplit (*(const char *const *)a, "/", -1);
  g_auto (GStrv) labels_b = g_strsplit (*(const char *const *)b, "/", -1);

  for (guint i = 0; labels_a[i] != NULL && labels_b[i] != NULL; i++) {
    int order = compare_labels (labels_a[i], labels_b[i]);

    if (order != 0)
      return order;
  }
  return (int)g_strv_length (labels_a) - (int)g_strv_length (labels_b);
}

/**
 * netns_objects_list:
 * @objects: objects
 * @interface: name of an interface
 *
 * Returns: (transfer container) (element-type utf8): the paths of those that have it, in order
 */
GPtrArray *
netns_objects_list (const NetnsObjects *objects, const char *interface)
{
  GPtrArray *paths = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, objects->by_path);
  while (g_hash_table_iter_next (&iter, &path, NULL)) {
    g_autoptr (GVariant) properties = netns_objects_get (objects, path, interface);

    if (properties != NULL)
      g_ptr_array_add (paths, path);
  }
  g_ptr_array_sort (paths, netns_objects_compare_paths);
  return paths;
}

/* Returns the path as @objects has it, so that the caller need not free it. */
static const char *
find_path (const NetnsObjects *objects, char *computed, const char *interface)
{
  g_autofree char *path = computed;
  g_autoptr (GVariant) properties = netns_objects_get (objects, path, interface);
  gpointer known = NULL;

  if (properties != NULL)
    g_hash_table_lookup_extended (objects->by_path, path, &known, NULL);
  return known;
}

/**
 * netns_objects_find_namespace:
 * @objects: objects
 * @name: name of a namespace, empty for the host
 * @error: `NotFound`
 *
 * Returns: (transfer none) (nullable): its path
 */
const char *
netns_objects_find_namespace (const NetnsObjects *objects, const char *name, GError **error)
{
  const char *path = find_path (objects, netns_path_for_namespace (name), NETNS_INTERFACE_NAMESPACE);

  if (path == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, _ ("There is no namespace “%s”"), name);
  return path;
}

/**
 * netns_objects_find_network:
 * @objects: objects
 * @name: name of a network
 * @error: `NotFound`
 *
 * Returns: (transfer none) (nullable): its path
 */
const char *
netns_objects_find_network (const NetnsObjects *objects, const char *name, GError **error)
{
  const char *path = find_path (objects, netns_path_for_network (name), NETNS_INTERFACE_NETWORK);

  if (path == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, _ ("There is no network “%s”"), name);
  return path;
}

static gboolean
link_has_name (const NetnsObjects *objects, const char *path, const char *name)
{
  g_autoptr (GVariant) link = netns_objects_get (objects, path, NETNS_INTERFACE_LINK);
  g_autofree const char **alternatives = NULL;

  if (link == NULL)
    return FALSE;
  if (strcmp (netns_property_text (link, "Name"), name) == 0)
    return TRUE;
  return g_variant_lookup (link, "AlternativeNames", "^a&s", &alternatives) &&
         g_strv_contains (alternatives, name);
}

/**
 * netns_objects_find_link:
 * @objects: objects
 * @namespace_name: name of a namespace, empty for the host
 * @link: name or alternative name of a link in it
 * @error: `NotFound`
 *
 * Returns: (transfer none) (nullable): its path
 */
const char *
netns_objects_find_link (const NetnsObjects *objects, const char *namespace_name, const char *link,
                         GError **error)
{
  const char *path = netns_objects_find_namespace (objects, namespace_name, error);
  g_autoptr (GVariant) properties = NULL;
  g_auto (GStrv) links = NULL;

  if (path == NULL)
    return NULL;
  properties = netns_objects_get (objects, path, NETNS_INTERFACE_NAMESPACE);
  links = netns_property_paths (properties, "Links");
  for (guint i = 0; links[i] != NULL; i++)
    if (link_has_name (objects, links[i], link))
      return find_path (objects, g_strdup (links[i]), NETNS_INTERFACE_LINK);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, _ ("There is no link “%s” in namespace %s"), link,
               netns_argument_for_namespace (namespace_name));
  return NULL;
}

/**
 * netns_objects_explain:
 * @connection: the way to the service
 * @path: a path that was computed, not looked up
 * @missing: what to say if there is no such object
 * @error: (inout): why a call on it failed
 *
 * What a service answers for an object that is not there depends on its D-Bus library and is no text for people, so
 * the question whether it is there is asked now.
 */
void
netns_objects_explain (NetnsConnection *connection, const char *path, const char *missing, GError **error)
{
  g_autoptr (NetnsObjects) objects = NULL;
  const char *method = connection->method;

  if (!g_error_matches (*error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) &&
      !g_error_matches (*error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE) &&
      !g_error_matches (*error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD))
    return;
  objects = netns_objects_read (connection, NULL);
  connection->method = method;
  if (objects == NULL || g_hash_table_contains (objects->by_path, path))
    return;
  g_clear_error (error);
  g_set_error_literal (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, missing);
}

/**
 * netns_objects_ask_namespace:
 * @connection: the way to the service
 * @name: a namespace, as netns_path_for_namespace() takes it
 * @interface: an interface of it
 * @method: a method of it
 * @arguments: (nullable): its arguments
 * @reply_type: what it answers
 * @reply: (out) (optional) (nullable): the answer, %NULL if the call was only printed
 * @error: why it failed
 *
 * As netns_connection_change(), but says so if there is no such namespace.
 */
gboolean
netns_objects_ask_namespace (NetnsConnection *connection, const char *name, const char *interface, const char *method,
                             GVariant *arguments, const char *reply_type, GVariant **reply, GError **error)
{
  g_autofree char *path = netns_path_for_namespace (name);
  g_autofree char *missing = g_strdup_printf (_ ("There is no namespace “%s”"), name);
  g_autoptr (GError) reason = NULL;

  if (netns_connection_change (connection, path, interface, method, arguments, reply_type, reply, &reason))
    return TRUE;
  netns_objects_explain (connection, path, missing, &reason);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/**
 * netns_objects_change:
 * @connection: the way to the service
 * @path: a path that was computed, not looked up
 * @interface: an interface of the object
 * @method: a method of it that changes something and answers nothing
 * @arguments: (nullable): its arguments, a tuple; a floating reference is taken
 * @missing: what to say if there is no such object
 * @error: what the service said, or why it cannot be reached
 *
 * Saves the question whether the object is there, as long as it is.
 *
 * Returns: whether it worked
 */
gboolean
netns_objects_change (NetnsConnection *connection, const char *path, const char *interface,
                      const char *method, GVariant *arguments, const char *missing, GError **error)
{
  g_autoptr (GError) reason = NULL;

  if (netns_connection_change (connection, path, interface, method, arguments, "()", NULL, &reason))
    return TRUE;
  netns_objects_explain (connection, path, missing, &reason);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/**
 * netns_objects_namespace_of:
 * @objects: objects
 * @path: path of a namespace, or of a link in it; need not be known any more
 *
 * Returns: (transfer full): its name as the user types it
 */
char *
netns_objects_namespace_of (const NetnsObjects *objects, const char *path)
{
  g_autofree char *label = NULL, *name = NULL;
  const char *end;

  if (!g_str_has_prefix (path, NETNS_PATH_NAMESPACES "/"))
    return g_strdup (path);
  path += strlen (NETNS_PATH_NAMESPACES "/");
  end = strchrnul (path, '/');
  label = g_strndup (path, (gsize)(end - path));
  name = netns_name_from_label (label);
  return g_strdup (name ? netns_argument_for_namespace (name) : label);
}

/**
 * netns_objects_is_unnamed:
 * @path: path of a namespace
 *
 * Returns: whether it is one without a name, which goes by its number
 */
gboolean
netns_objects_is_unnamed (const char *path)
{
  g_autofree char *label = g_path_get_basename (path), *name = netns_name_from_label (label);

  return name != NULL && netns_name_is_id (name);
}

/**
 * netns_objects_name:
 * @objects: objects
 * @path: path of any object
 *
 * Returns: (transfer full): its name without its namespace; the last label of the path if it has none or is
 * not known any more
 */
char *
netns_objects_name (const NetnsObjects *objects, const char *path)
{
  static const char *const named[] = { NETNS_INTERFACE_LINK, NETNS_INTERFACE_NETWORK };
  const char *label = strrchr (path, '/') + 1;

  for (guint i = 0; i < G_N_ELEMENTS (named); i++) {
    g_autoptr (GVariant) properties = netns_objects_get (objects, path, named[i]);

    if (properties != NULL)
      return g_strdup (netns_property_text (properties, "Name"));
  }
  if (g_str_has_prefix (path, NETNS_PATH_NAMESPACES "/") && strstr (path, "/link/") == NULL)
    return netns_objects_namespace_of (objects, path);
  return g_strdup (label);
}

/**
 * netns_objects_user:
 * @objects: objects
 * @uid: a uid, %NETNS_UID_NOBODY for nobody
 *
 * Returns: (transfer none) (nullable): the user's name, the number if it has none here, %NULL for nobody
 */
const char *
netns_objects_user (const NetnsObjects *objects, guint32 uid)
{
  const struct passwd *user;
  char *name;

  if (uid == NETNS_UID_NOBODY)
    return NULL;
  name = g_hash_table_lookup (objects->users, GUINT_TO_POINTER (uid));
  if (name == NULL) {
    user = objects->local_users ? getpwuid (uid) : NULL;
    name = user ? g_strdup (user->pw_name) : g_strdup_printf ("%u", uid);
    g_hash_table_insert (objects->users, GUINT_TO_POINTER (uid), name);
  }
  return name;
}

/**
 * netns_property_text:
 * @properties: `a{sv}`
 * @name: one of type `s` or `o`
 *
 * Returns: (transfer none): its value as long as @properties lives, empty if there is none
 */
const char *
netns_property_text (GVariant *properties, const char *name)
{
  const char *value = "";

  if (!g_variant_lookup (properties, name, "&s", &value))
    g_variant_lookup (properties, name, "&o", &value);
  return value;
}

/**
 * netns_property_flag:
 * @properties: `a{sv}`
 * @name: one of type `b`
 *
 * Returns: its value, %FALSE if there is none
 */
gboolean
netns_property_flag (GVariant *properties, const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (properties, name, "b", &value);
  return value;
}

/**
 * netns_property_number:
 * @properties: `a{sv}`
 * @name: one of type `u`
 * @fallback: what it is if there is none
 *
 * Returns: its value
 */
guint32
netns_property_number (GVariant *properties, const char *name, guint32 fallback)
{
  guint32 value = fallback;

  g_variant_lookup (properties, name, "u", &value);
  return value;
}

/**
 * netns_property_paths:
 * @properties: `a{sv}`
 * @name: one of type `ao`
 *
 * Returns: (transfer full): its value, no paths if there is none
 */
GStrv
netns_property_paths (GVariant *properties, const char *name)
{
  GStrv paths = NULL;

  if (!g_variant_lookup (properties, name, "^ao", &paths))
    paths = g_new0 (char *, 1);
  return paths;
}
