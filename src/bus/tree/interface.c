/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/interface.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "core/link/address.h"

#include <string.h>

const NetnsMethod netns_no_methods[] = { { NULL } };
const NetnsProperty netns_no_properties[] = { { NULL } };

const NetnsMethod *
netns_interface_find_method (const NetnsInterface *interface, const char *name)
{
  for (const NetnsMethod *method = interface->methods; method->name != NULL; method++)
    if (strcmp (method->name, name) == 0)
      return method;
  return NULL;
}

const NetnsProperty *
netns_interface_find_property (const NetnsInterface *interface, const char *name)
{
  for (const NetnsProperty *property = interface->properties; property->name != NULL; property++)
    if (strcmp (property->name, name) == 0)
      return property;
  return NULL;
}

static gconstpointer
get_record (const NetnsObject *object)
{
  if (object->link != NULL)
    return object->link;
  if (object->definition != NULL)
    return object->definition;
  return object->job ? (gconstpointer) object->job : object->namespace;
}

/* Returns: (transfer floating): what a property of an object is now */
GVariant *
netns_property_get (const NetnsProperty *property, NetnsCore *core, const NetnsObject *object)
{
  if (property->get != NULL)
    return property->get (core, object);
  if (property->show != NULL)
    return property->show (G_STRUCT_MEMBER (const char *, get_record (object), property->member.offset));
  return netns_field_to_variant (&property->member, get_record (object));
}

/* Returns: (transfer floating): all properties of an object that has the interface, a{sv} */
GVariant *
netns_interface_get_properties (const NetnsInterface *interface, NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) properties = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sv}"));

  for (const NetnsProperty *property = interface->properties; property->name != NULL; property++)
    g_variant_builder_add (&properties, "{sv}", property->name, netns_property_get (property, core, object));
  return g_variant_builder_end (&properties);
}

static void
check_action (const char *interface, const char *member, GDBusAnnotationInfo **annotations)
{
  const char *action = g_dbus_annotation_info_lookup (annotations, NETNS_INTERFACE_PREFIX "Action");

  if (action == NULL || (strcmp (action, "public") != 0 && !g_str_has_prefix (action, NETNS_INTERFACE_PREFIX)))
    g_error ("%s.%s names no polkit action", interface, member);
}

/* With a second action, `public` is for the caller's own things only. */
static gboolean
is_public_only (const GDBusMethodInfo *method, const char *action)
{
  return strcmp (action, "public") == 0
         && g_dbus_annotation_info_lookup (method->annotations, NETNS_INTERFACE_PREFIX "ActionForeign") == NULL;
}

static void
check_signal (const GDBusInterfaceInfo *info, const char *entry, const char *end)
{
  g_autofree char *name = g_strconcat (entry, end, NULL);

  if (g_dbus_interface_info_lookup_signal ((GDBusInterfaceInfo *) info, name) == NULL)
    g_error ("%s has no signal %s", info->name, name);
}

/* Ends the program unless every member has a handler and a polkit action. */
void
netns_interface_seal (const NetnsInterface *interface)
{
  const GDBusInterfaceInfo *info = interface->info;
  guint methods = 0, properties = 0;

  for (; info->methods != NULL && info->methods[methods] != NULL; methods++) {
    const GDBusMethodInfo *method = info->methods[methods];
    const NetnsMethod *handler = netns_interface_find_method (interface, method->name);
    const char *action = g_dbus_annotation_info_lookup (method->annotations, NETNS_INTERFACE_PREFIX "Action");

    check_action (info->name, method->name, method->annotations);
    if (handler == NULL)
      g_error ("%s.%s has no handler", info->name, method->name);
    if (handler->plan == NULL ? strcmp (action, "public") != 0 : is_public_only (method, action))
      g_error ("%s.%s: a method that everyone may call must not have a plan, and any other one must", info->name,
               method->name);
  }
  for (; info->properties != NULL && info->properties[properties] != NULL; properties++) {
    const GDBusPropertyInfo *property = info->properties[properties];
    const NetnsProperty *row;

    check_action (info->name, property->name, property->annotations);
    if (property->flags != G_DBUS_PROPERTY_INFO_FLAGS_READABLE)
      g_error ("%s.%s is writable; changes must be methods", info->name, property->name);
    row = netns_interface_find_property (interface, property->name);
    if (row == NULL)
      g_error ("%s.%s has no handler", info->name, property->name);
    if (row->get == NULL && row->show == NULL
        && strcmp (netns_field_get_signature (&row->member), property->signature) != 0)
      g_error ("%s.%s is of type %s", info->name, property->name, property->signature);
    if (row->entry != NULL) {
      check_signal (info, row->entry, "Added");
      check_signal (info, row->entry, "Removed");
    }
  }
  for (const NetnsMethod *method = interface->methods; method->name != NULL; method++)
    methods--;
  for (const NetnsProperty *property = interface->properties; property->name != NULL; property++)
    properties--;
  if (methods != 0 || properties != 0)
    g_error ("%s has handlers for members that are not in its introspection file", info->name);
}

void
netns_interface_emit (GDBusConnection *connection, const char *path, const char *interface, const char *signal,
                      GVariant *parameters)
{
  g_autoptr (GError) error = NULL;

  /* Only a connection that has closed refuses, and then the service ends anyway. */
  if (!g_dbus_connection_emit_signal (connection, NULL, path, interface, signal, parameters, &error))
    g_debug ("%s", error->message);
}

/* Returns: the descriptor of an argument of type h, as long as the call lasts; -1 and `InvalidArgument` if there is none */
int
netns_call_get_descriptor (const NetnsCall *call, gint32 handle, GError **error)
{
  if (call->descriptors != NULL && handle >= 0 && (guint) handle < netns_descriptors_get_count (call->descriptors))
    return netns_descriptors_get (call->descriptors, (guint) handle);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The call came without a file descriptor number %d",
               handle);
  return -1;
}

/* The reply of a method whose plan read something: what it read. */
GVariant *
netns_call_reply_result (NetnsCall *call, const NetnsObject *object, GError **error)
{
  GVariant *result = netns_plan_get_result (call->plan);

  return g_variant_new_tuple (&result, 1);
}

/* The same where it is a whole reply: the answer of netnsd-nft. */
GVariant *
netns_call_reply_answer (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_plan_get_result (call->plan);
}

/* The reply of a method whose plan opened something, (h). Fails when this process has no descriptor left. */
GVariant *
netns_call_reply_descriptor (NetnsCall *call, const NetnsObject *object, GError **error)
{
  netns_autofd int fd = netns_plan_steal_descriptor (call->plan);
  int handle;

  call->reply_descriptors = g_unix_fd_list_new ();
  handle = g_unix_fd_list_append (call->reply_descriptors, fd, error);
  return handle >= 0 ? g_variant_new ("(h)", handle) : NULL;
}

/* An `after_plan` of NetnsMethod: the reply waits until the addresses that were given can be used. */
void
netns_call_await_addresses (NetnsCall *call, NetnsDoneFunc done, gpointer data)
{
  netns_link_await_addresses (call->core, call->uid, call->grant, call->plan, done, data);
}
