/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/arguments.h"
#include "client/objects.h"
#include "common/error.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <pwd.h>
#include <string.h>

/* @reply: (nullable): the answer of GetManagedObjects, %NULL for no objects */
NetnsObjects *
netns_objects_new (GVariant *reply, gboolean local_users)
{
  NetnsObjects *objects = g_new0 (NetnsObjects, 1);
  g_autoptr (GVariantIter) iter = NULL;
  const char *path;
  GVariant *interfaces;

  objects->by_path = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  objects->users = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  objects->local_users = local_users;
  if (reply == NULL)
    return objects;
  g_variant_get (reply, "(a{oa{sa{sv}}})", &iter);
  while (g_variant_iter_next (iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
    netns_objects_set (objects, path, interfaces);
    g_variant_unref (interfaces);
  }
  return objects;
}

NetnsObjects *
netns_objects_read (NetnsConnection *connection, GError **error)
{
  g_autoptr (GVariant) reply = netns_connection_read (connection, NETNS_PATH, NETNS_OBJECT_MANAGER, "GetManagedObjects",
                                                      NULL, "(a{oa{sa{sv}}})", error);

  return reply ? netns_objects_new (reply, connection->settings->host == NULL) : NULL;
}

void
netns_objects_free (NetnsObjects *objects)
{
  g_hash_table_unref (objects->by_path);
  g_hash_table_unref (objects->users);
  g_free (objects);
}

/* Returns: (transfer full) (nullable): properties of an object, `a{sv}`; %NULL if it has not that interface */
GVariant *
netns_objects_get (const NetnsObjects *objects, const char *path, const char *interface)
{
  GVariant *interfaces = g_hash_table_lookup (objects->by_path, path);

  return interfaces ? g_variant_lookup_value (interfaces, interface, G_VARIANT_TYPE_VARDICT) : NULL;
}

/* Adds an object, or puts @interfaces, `a{sa{sv}}`, in place of what was known. */
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

/* Orders pointers to paths: what is below a namespace comes last, so the networks of the host come first; then by kind, by
 * namespace, the host first, and by name or number. */
static int
compare_paths (gconstpointer a, gconstpointer b)
{
  g_auto (GStrv) labels_a = g_strsplit (*(const char *const *) a, "/", -1);
  g_auto (GStrv) labels_b = g_strsplit (*(const char *const *) b, "/", -1);
  int order = (int) g_strv_length (labels_a) - (int) g_strv_length (labels_b);

  for (guint i = 0; order == 0 && labels_a[i] != NULL; i++)
    order = compare_labels (labels_a[i], labels_b[i]);
  return order;
}

/* Returns: (transfer container): the paths of those that have @interface, or any if it is %NULL, in order. @all:
 * namespaces without a name as well */
GPtrArray *
netns_objects_list (const NetnsObjects *objects, const char *interface, gboolean all)
{
  GPtrArray *paths = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, objects->by_path);
  while (g_hash_table_iter_next (&iter, &path, NULL)) {
    g_autoptr (GVariant) properties = interface ? netns_objects_get (objects, path, interface) : NULL;

    if ((properties != NULL || interface == NULL) && (all || !netns_objects_is_unnamed (path)))
      g_ptr_array_add (paths, path);
  }
  g_ptr_array_sort (paths, compare_paths);
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

/* Returns: (transfer none) (nullable): the path of a namespace, `NotFound` if there is none */
const char *
netns_objects_find_namespace (const NetnsObjects *objects, const char *name, GError **error)
{
  const char *path = find_path (objects, netns_path_for_namespace (name), NETNS_INTERFACE_NAMESPACE);

  return path ? path : netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, _ ("There is no namespace “%s”"), name);
}

/* Returns: (transfer full): the path of a network that the user typed, with its namespace's name on the bus */
char *
netns_objects_path_for_network (const char *text)
{
  g_autofree char *namespace_name = NULL;
  const char *name = netns_name_split_network (text, &namespace_name);

  return netns_path_for_network (namespace_name, name);
}

const char *
netns_objects_find_network (const NetnsObjects *objects, const char *name, GError **error)
{
  const char *path = find_path (objects, netns_objects_path_for_network (name), NETNS_INTERFACE_NETWORK);

  return path ? path : netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, _ ("There is no network “%s”"), name);
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
  return g_variant_lookup (link, "AlternativeNames", "^a&s", &alternatives) && g_strv_contains (alternatives, name);
}

/* Returns: (transfer none) (nullable): the path of a link by its name or an alternative one, `NotFound` if there is
 * none */
const char *
netns_objects_find_link (const NetnsObjects *objects, const char *namespace_name, const char *link, GError **error)
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
  return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, _ ("There is no link “%s” in namespace %s"), link,
                            netns_argument_for_namespace (namespace_name));
}

/* Returns: (transfer full): as the user types it, the name of the namespace that has @path, or that is above it; need
 * not be known now */
char *
netns_objects_namespace_of (const NetnsObjects *objects, const char *path)
{
  g_autofree char *label = NULL, *name = NULL;
  const char *end;

  if (!g_str_has_prefix (path, NETNS_PATH_NAMESPACES "/"))
    return g_strdup (path);
  path += strlen (NETNS_PATH_NAMESPACES "/");
  end = strchrnul (path, '/');
  label = g_strndup (path, (gsize) (end - path));
  name = netns_name_from_label (label);
  return g_strdup (name ? netns_argument_for_namespace (name) : label);
}

/* Whether a path is that of a namespace without a name, which goes by its number. */
gboolean
netns_objects_is_unnamed (const char *path)
{
  g_autofree char *label = g_path_get_basename (path), *name = netns_name_from_label (label);

  return name != NULL && netns_name_is_id (name);
}

/* Returns: (transfer full): an object's name, that of a link without its namespace; the last label of the path if it has
 * none or is no longer known */
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
  if (g_str_has_prefix (path, NETNS_PATH_NAMESPACES "/")
      && strchr (path + strlen (NETNS_PATH_NAMESPACES "/"), '/') == NULL)
    return netns_objects_namespace_of (objects, path);
  return g_strdup (label);
}

/* Returns: (nullable): the user's name, the number if it has none here, %NULL for %NETNS_UID_NOBODY */
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
    name = user ? g_utf8_make_valid (user->pw_name, -1) : g_strdup_printf ("%u", uid);
    g_hash_table_insert (objects->users, GUINT_TO_POINTER (uid), name);
  }
  return name;
}

/* A property of type `s` or `o`, empty if there is none; lives as long as @properties, `a{sv}`. */
const char *
netns_property_text (GVariant *properties, const char *name)
{
  const char *value = "";

  if (!g_variant_lookup (properties, name, "&s", &value))
    g_variant_lookup (properties, name, "&o", &value);
  return value;
}

gboolean
netns_property_flag (GVariant *properties, const char *name)
{
  gboolean value = FALSE;

  g_variant_lookup (properties, name, "b", &value);
  return value;
}

guint32
netns_property_number (GVariant *properties, const char *name, guint32 fallback)
{
  guint32 value = fallback;

  g_variant_lookup (properties, name, "u", &value);
  return value;
}

/* Returns: (transfer full): a property of type `ao`, no paths if there is none */
GStrv
netns_property_paths (GVariant *properties, const char *name)
{
  GStrv paths = NULL;

  if (!g_variant_lookup (properties, name, "^ao", &paths))
    paths = g_new0 (char *, 1);
  return paths;
}
