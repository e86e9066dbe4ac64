/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/properties.h"

#include "bus/tree/class.h"
#include "common/error.h"

#include <string.h>

static GVariant *
get (const NetnsCall *call, const NetnsObject *object)
{
  const char *interface_name, *name;
  const NetnsInterface *interface;
  const NetnsProperty *property;

  g_variant_get (call->parameters, "(&s&s)", &interface_name, &name);
  interface = netns_object_find_interface (object, interface_name);
  property = interface ? netns_interface_find_property (interface, name) : NULL;
  return property ? g_variant_new ("(v)", netns_property_get (property, call->core, object)) : NULL;
}

static GVariant *
get_all (const NetnsCall *call, const NetnsObject *object)
{
  const NetnsInterface *interface;
  const char *interface_name;

  g_variant_get (call->parameters, "(&s)", &interface_name);
  interface = netns_object_find_interface (object, interface_name);
  return interface ? g_variant_new ("(@a{sv})", netns_interface_get_properties (interface, call->core, object)) : NULL;
}

/**
 * netns_properties_read:
 * @call: the call, whose arguments are those of @method
 * @object: the object that is read
 * @method: `Get` or `GetAll`
 * @error: `AccessDenied`
 *
 * The interface was looked for when the call had its turn; what is at this path may be something else by now.
 *
 * Returns: (transfer floating) (nullable): the answer
 */
GVariant *
netns_properties_read (const NetnsCall *call, const NetnsObject *object, const char *method, GError **error)
{
  GVariant *answer;

  answer = strcmp (method, "Get") == 0 ? get (call, object) : get_all (call, object);
  if (answer == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED, "Not readable over D-Bus");
  return answer;
}
