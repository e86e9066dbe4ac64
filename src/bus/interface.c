/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/interface.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"

#include <string.h>

/* In the order of the bits of NetnsInterfaceBits. */
static const NetnsInterface *const interfaces[NETNS_N_INTERFACES] = {
  &netns_interface_manager, &netns_interface_object_manager, &netns_interface_namespace,
  &netns_interface_link,    &netns_interface_veth,           &netns_interface_bridge,
  &netns_interface_bridge_port, &netns_interface_network,    &netns_interface_nat,
  &netns_interface_tap,
  &netns_interface_process,
  &netns_interface_firewall,
  &netns_interface_forward,
};

/* Returns: (transfer none): the interface that a bit stands for, given its position */
const NetnsInterface *
netns_interface_get (guint bit)
{
  return interfaces[bit];
}

const NetnsInterface *
netns_interface_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (interfaces); i++)
    if (strcmp (interfaces[i]->info->name, name) == 0)
      return interfaces[i];
  return NULL;
}

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

/**
 * netns_interface_get_properties:
 * @interface: an interface
 * @core: the service
 * @object: an object that has it
 *
 * Returns: (transfer floating): all its properties, a{sv}
 */
GVariant *
netns_interface_get_properties (const NetnsInterface *interface, NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) properties = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sv}"));

  for (const NetnsProperty *property = interface->properties; property->name != NULL; property++)
    g_variant_builder_add (&properties, "{sv}", property->name, property->get (core, object));
  return g_variant_builder_end (&properties);
}

/**
 * netns_interface_describe:
 * @core: the service
 * @object: an object
 * @which: bits of some of its interfaces
 *
 * Returns: (transfer floating): these with all their properties, a{sa{sv}}
 */
GVariant *
netns_interface_describe (NetnsCore *core, const NetnsObject *object, guint which)
{
  g_auto (GVariantBuilder) description = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));

  for (guint bit = 0; bit < NETNS_N_INTERFACES; bit++)
    if (which & (1u << bit))
      g_variant_builder_add (&description, "{s@a{sv}}", interfaces[bit]->info->name,
                             netns_interface_get_properties (interfaces[bit], core, object));
  return g_variant_builder_end (&description);
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
seal_interface (const NetnsInterface *interface)
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
      g_error ("%s.%s: what everyone may call cannot plan, and nothing else can do without", info->name, method->name);
  }
  for (; info->properties != NULL && info->properties[properties] != NULL; properties++) {
    const GDBusPropertyInfo *property = info->properties[properties];

    check_action (info->name, property->name, property->annotations);
    if (property->flags != G_DBUS_PROPERTY_INFO_FLAGS_READABLE)
      g_error ("%s.%s is writable; a change is a method", info->name, property->name);
    if (netns_interface_find_property (interface, property->name) == NULL)
      g_error ("%s.%s has no handler", info->name, property->name);
  }
  for (const NetnsMethod *method = interface->methods; method->name != NULL; method++)
    methods--;
  for (const NetnsProperty *property = interface->properties; property->name != NULL; property++)
    properties--;
  if (methods != 0 || properties != 0)
    g_error ("%s has handlers for members that are not in its introspection file", info->name);
}

/**
 * netns_interfaces_seal:
 *
 * Ends the program unless every member of every interface has a handler and a polkit action: nothing is served that
 * nobody decided about.
 */
void
netns_interfaces_seal (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (interfaces); i++)
    seal_interface (interfaces[i]);
}

/**
 * netns_call_get_descriptor:
 * @call: a call
 * @handle: an argument of type h
 * @error: `InvalidArgument`
 *
 * g_unix_fd_list_get() of GLib 2.74 reads outside of its array for a wrong index.
 *
 * Returns: the descriptor, for the caller to close; -1 on error
 */
int
netns_call_get_descriptor (const NetnsCall *call, gint32 handle, GError **error)
{
  if (call->descriptors != NULL && handle >= 0 && handle < g_unix_fd_list_get_length (call->descriptors))
    return g_unix_fd_list_get (call->descriptors, handle, error);
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "No descriptor number %d came with the call", handle);
  return -1;
}

/**
 * netns_call_reply_descriptor:
 * @call: a call whose plan opened something
 * @error: when this process has no descriptor left
 *
 * Returns: (transfer floating) (nullable): the reply, (h)
 */
GVariant *
netns_call_reply_descriptor (NetnsCall *call, GError **error)
{
  netns_autofd int fd = netns_plan_steal_descriptor (call->plan);
  int handle;

  call->reply_descriptors = g_unix_fd_list_new ();
  handle = g_unix_fd_list_append (call->reply_descriptors, fd, error);
  return handle >= 0 ? g_variant_new ("(h)", handle) : NULL;
}
