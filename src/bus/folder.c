/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GDBus answers for a subtree at once, but a search takes its time: so the folder itself is an object of its own. */
#include "bus/folder.h"

#include "common/names.h"

struct _NetnsFolder {
  NetnsCore *core;
  GDBusConnection *connection;
  NetnsLookers *lookers;
  GDBusNodeInfo *info;
  guint id;
};

typedef struct {
  NetnsFolder *folder;
  GDBusMethodInvocation *invocation;
} Question;

static const char introspectable[] = "<node>"
                                     "<interface name='org.freedesktop.DBus.Introspectable'>"
                                     "<method name='Introspect'><arg type='s' name='xml_data' direction='out'/></method>"
                                     "</interface>"
                                     "</node>";

static void
answer (gpointer data)
{
  g_autofree Question *question = data;
  NetnsFolder *folder = question->folder;
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (folder->core));
  g_autoptr (GString) xml
    = g_string_new ("<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
                    "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n");

  g_dbus_interface_info_generate_xml (folder->info->interfaces[0], 2, xml);
  for (guint i = 0; i < namespaces->len; i++) {
    const NetnsNamespace *namespace = g_ptr_array_index (namespaces, i);
    g_autofree char *path = netns_path_for_namespace (namespace->name), *label = g_path_get_basename (path);

    g_string_append_printf (xml, "  <node name=\"%s\"/>\n", label);
  }
  g_string_append (xml, "</node>\n");
  g_dbus_method_invocation_return_value (question->invocation, g_variant_new ("(s)", xml->str));
}

static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface_name,
                const char *method_name, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  NetnsFolder *folder = data;
  Question *question = g_new0 (Question, 1);

  question->folder = folder;
  question->invocation = invocation;
  netns_mirror_catch_up (netns_core_get_mirror (folder->core));
  netns_lookers_look (folder->lookers, sender, FALSE, answer, question);
}

static const GDBusInterfaceVTable vtable = { on_method_call, NULL, NULL, { NULL } };

/**
 * netns_folder_new:
 * @core: the service
 * @connection: the bus
 * @lookers: whom to tell who looks
 * @error: when something else is registered there
 *
 * Returns: (transfer full) (nullable): the folder
 */
NetnsFolder *
netns_folder_new (NetnsCore *core, GDBusConnection *connection, NetnsLookers *lookers, GError **error)
{
  g_autoptr (NetnsFolder) folder = g_new0 (NetnsFolder, 1);

  folder->core = core;
  folder->connection = g_object_ref (connection);
  folder->lookers = lookers;
  folder->info = g_dbus_node_info_new_for_xml (introspectable, error);
  if (folder->info == NULL)
    return NULL;
  folder->id = g_dbus_connection_register_object (connection, NETNS_PATH_NAMESPACES, folder->info->interfaces[0], &vtable,
                                                  folder, NULL, error);
  return folder->id != 0 ? g_steal_pointer (&folder) : NULL;
}

/**
 * netns_folder_free:
 * @folder: (transfer full): the folder; nobody waits for an answer any more
 */
void
netns_folder_free (NetnsFolder *folder)
{
  if (folder->id != 0)
    g_dbus_connection_unregister_object (folder->connection, folder->id);
  g_clear_pointer (&folder->info, g_dbus_node_info_unref);
  g_object_unref (folder->connection);
  g_free (folder);
}
