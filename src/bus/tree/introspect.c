/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/introspect.h"

#include "common/names.h"

#include <gio/gio.h>
#include <string.h>

static const char doctype[] = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
                              "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n";
/* What every object has, from the specification of D-Bus. */
static const char standard[] = "  <interface name=\"org.freedesktop.DBus.Properties\">\n"
                               "    <method name=\"Get\">\n"
                               "      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
                               "      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>\n"
                               "      <arg type=\"v\" name=\"value\" direction=\"out\"/>\n"
                               "    </method>\n"
                               "    <method name=\"GetAll\">\n"
                               "      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
                               "      <arg type=\"a{sv}\" name=\"properties\" direction=\"out\"/>\n"
                               "    </method>\n"
                               "    <method name=\"Set\">\n"
                               "      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
                               "      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>\n"
                               "      <arg type=\"v\" name=\"value\" direction=\"in\"/>\n"
                               "    </method>\n"
                               "    <signal name=\"PropertiesChanged\">\n"
                               "      <arg type=\"s\" name=\"interface_name\"/>\n"
                               "      <arg type=\"a{sv}\" name=\"changed_properties\"/>\n"
                               "      <arg type=\"as\" name=\"invalidated_properties\"/>\n"
                               "    </signal>\n"
                               "  </interface>\n"
                               "  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
                               "    <method name=\"Introspect\">\n"
                               "      <arg type=\"s\" name=\"xml_data\" direction=\"out\"/>\n"
                               "    </method>\n"
                               "  </interface>\n"
                               "  <interface name=\"org.freedesktop.DBus.Peer\">\n"
                               "    <method name=\"Ping\"/>\n"
                               "    <method name=\"GetMachineId\">\n"
                               "      <arg type=\"s\" name=\"machine_uuid\" direction=\"out\"/>\n"
                               "    </method>\n"
                               "  </interface>\n";

/* Names of what is directly below a path. */
typedef struct {
  char *folder; /* ends with a slash */
  GHashTable *names;
} Children;

static void
add_path (Children *children, const char *path)
{
  const char *rest;

  if (!g_str_has_prefix (path, children->folder))
    return;
  rest = path + strlen (children->folder);
  if (*rest != '\0')
    g_hash_table_add (children->names, g_strndup (rest, strcspn (rest, "/")));
}

static void
add_object (const NetnsObject *object, gpointer data)
{
  g_autofree char *path = netns_object_get_path (object);

  add_path (data, path);
}

/* Each namespace has a folder for its links, even if it has none. */
static void
add_link_folder (const NetnsObject *object, gpointer data)
{
  g_autofree char *path = object->namespace && !object->link ? netns_object_get_path (object) : NULL;
  g_autofree char *folder = path ? g_strconcat (path, "/link", NULL) : NULL;

  if (folder != NULL)
    add_path (data, folder);
}

static void
append_children (NetnsCore *core, const char *path, GString *xml)
{
  g_auto (GStrv) folders = netns_classes_list_folders ();
  Children children = { .folder = g_strcmp0 (path, "/") == 0 ? g_strdup (path) : g_strconcat (path, "/", NULL) };
  g_autofree char *folder = children.folder;
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GList) sorted = NULL;

  children.names = names;
  for (guint i = 0; folders[i] != NULL; i++)
    add_path (&children, folders[i]);
  netns_object_foreach (core, add_object, &children);
  netns_object_foreach (core, add_link_folder, &children);
  sorted = g_list_sort (g_hash_table_get_keys (names), (GCompareFunc) strcmp);
  for (GList *item = sorted; item != NULL; item = item->next)
    g_string_append_printf (xml, "  <node name=\"%s\"/>\n", (const char *) item->data);
}

/* Whether there is a namespace of that number, only a search can tell, and a call leads to one. */
static gboolean
may_be_unnamed (const char *path)
{
  g_autofree char *name = netns_object_get_namespace_name (path), *folder = g_path_get_dirname (path);

  return strcmp (folder, NETNS_PATH_NAMESPACES) == 0 && name != NULL && netns_name_is_id (name);
}

/**
 * netns_introspect_find:
 * @core: the service
 * @path: an object path
 * @object: (out caller-allocates): what is there; a namespace that is still to be found is %NULL
 * @interfaces: (out): its interfaces, as bits
 *
 * Returns: whether there is, or may be, an object
 */
gboolean
netns_introspect_find (NetnsCore *core, const char *path, NetnsObject *object, guint *interfaces)
{
  if (netns_object_find (core, path, object)) {
    *interfaces = netns_object_get_interfaces (object);
    return TRUE;
  }
  *object = netns_object_for_namespace (NULL);
  *interfaces = 1; /* only the first of its class is known */
  return may_be_unnamed (path);
}

/**
 * netns_introspect_describe:
 * @core: the service
 * @path: an object path, of an object or not
 *
 * Returns: (transfer full): what Introspect() answers
 */
char *
netns_introspect_describe (NetnsCore *core, const char *path)
{
  g_autoptr (GString) xml = g_string_new (doctype);
  NetnsObject object;
  guint interfaces;

  g_string_append (xml, "<node>\n");
  if (netns_introspect_find (core, path, &object, &interfaces)) {
    g_string_append (xml, standard);
    for (guint i = 0; interfaces >> i != 0; i++)
      if (interfaces & (1u << i))
        g_dbus_interface_info_generate_xml ((GDBusInterfaceInfo *) object.class->interfaces[i].interface->info, 2, xml);
  }
  append_children (core, path, xml);
  g_string_append (xml, "</node>\n");
  return g_string_free (g_steal_pointer (&xml), FALSE);
}
