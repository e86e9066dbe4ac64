/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/dispatch.h"

#include "bus/call/properties.h"
#include "bus/call/queue.h"
#include "bus/call/request.h"
#include "bus/tree/introspect.h"
#include "bus/tree/subscribers.h"
#include "common/names.h"

#include <string.h>

#define UNKNOWN_METHOD "org.freedesktop.DBus.Error.UnknownMethod"
#define NOT_FOUND      NETNS_ERROR_PREFIX "NotFound"
#define INVALID_ARGS   "org.freedesktop.DBus.Error.InvalidArgs"

struct _NetnsDispatch {
  NetnsCore *core;
  NetnsSubscribers *subscribers;
  NetnsWaits *waits;
  NetnsRequests *requests;
  NetnsQueue *queue;
};

/* Why a call cannot be meant for anything here: a name of an error, and a sentence. */
typedef struct {
  const char *name;
  char *text;
} Refusal;

static gboolean refuse (Refusal *refusal, const char *name, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Returns: %FALSE */
static gboolean
refuse (Refusal *refusal, const char *name, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  refusal->name = name;
  refusal->text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return FALSE;
}

/* @expected: the types of the arguments, one behind the other */
static gboolean
check_type (const NetnsInvocation *invocation, const char *expected, Refusal *refusal)
{
  const char *type = g_variant_get_type_string (invocation->parameters);
  gsize length = strlen (expected);

  if (strlen (type) == length + 2 && strncmp (type + 1, expected, length) == 0)
    return TRUE;
  return refuse (refusal, INVALID_ARGS, "Type of message, “%s”, does not match expected type “(%s)”", type, expected);
}

static const NetnsInterface *
find_interface (const NetnsObject *object, guint interfaces, const char *name)
{
  for (guint i = 0; interfaces >> i != 0; i++)
    if ((interfaces & (1u << i)) != 0 && strcmp (object->class->interfaces[i].interface->info->name, name) == 0)
      return object->class->interfaces[i].interface;
  return NULL;
}

static gboolean
check_property (const NetnsInvocation *invocation, const NetnsObject *object, guint interfaces, Refusal *refusal)
{
  const char *const types[][2] = {
    { "Get",    "ss"  },
    { "GetAll", "s"   },
    { "Set",    "ssv" }
  };
  const NetnsInterface *interface;
  const char *expected = NULL, *interface_name, *name = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (invocation->member, types[i][0]) == 0)
      expected = types[i][1];
  if (expected == NULL)
    return refuse (refusal, UNKNOWN_METHOD, "No such method “%s”", invocation->member);
  if (!check_type (invocation, expected, refusal))
    return FALSE;
  g_variant_get_child (invocation->parameters, 0, "&s", &interface_name);
  interface = find_interface (object, interfaces, interface_name);
  if (interface == NULL)
    return refuse (refusal, INVALID_ARGS, "No such interface “%s”", interface_name);
  if (expected[1] == '\0')
    return TRUE;
  g_variant_get_child (invocation->parameters, 1, "&s", &name);
  if (netns_interface_find_property (interface, name) == NULL)
    return refuse (refusal, INVALID_ARGS, "No such property “%s”", name);
  if (expected[2] == '\0')
    return TRUE;
  return refuse (refusal, INVALID_ARGS, "Property “%s” is not writable", name);
}

static gboolean
check_method (const NetnsInvocation *invocation, const NetnsObject *object, guint interfaces, Refusal *refusal)
{
  GDBusArgInfo **arguments = invocation->info ? invocation->info->in_args : NULL;
  g_autoptr (GString) expected = g_string_new (NULL);

  if (invocation->interface == NULL || find_interface (object, interfaces, invocation->interface) == NULL)
    return refuse (refusal, UNKNOWN_METHOD, "No such interface “%s” on object at path %s",
                   invocation->interface ? invocation->interface : "", invocation->path);
  if (invocation->method == NULL)
    return refuse (refusal, UNKNOWN_METHOD, "No such method “%s”", invocation->member);
  for (guint i = 0; arguments != NULL && arguments[i] != NULL; i++)
    g_string_append (expected, arguments[i]->signature);
  return check_type (invocation, expected->str, refusal);
}

/* Libraries say `UnknownMethod`, as for a mistake in the program; but most objects were there before. */
static gboolean
refuse_missing (const char *path, Refusal *refusal)
{
  g_autofree char *missing = netns_object_describe_missing (path);

  if (missing != NULL)
    return refuse (refusal, NOT_FOUND, "%s", missing);
  return refuse (refusal, UNKNOWN_METHOD, "Object does not exist at path “%s”", path);
}

/* A path can be introspected whether or not there is an object. */
static gboolean
check (NetnsCore *core, const NetnsInvocation *invocation, Refusal *refusal)
{
  NetnsObject object;
  guint interfaces;

  if (netns_invocation_is_of (invocation, NETNS_INTROSPECTABLE_INTERFACE)
      && strcmp (invocation->member, "Introspect") == 0)
    return check_type (invocation, "", refusal);
  netns_mirror_catch_up (netns_core_get_mirror (core));
  if (!netns_introspect_find (core, invocation->path, &object, &interfaces))
    return refuse_missing (invocation->path, refusal);
  if (netns_invocation_is_of (invocation, NETNS_PROPERTIES_INTERFACE))
    return check_property (invocation, &object, interfaces, refusal);
  return check_method (invocation, &object, interfaces, refusal);
}

static void
take (NetnsInvocation *invocation, gpointer data)
{
  const NetnsDispatch *dispatch = data;
  Refusal refusal = { NULL, NULL };
  g_autofree char *text = NULL;

  if (check (dispatch->core, invocation, &refusal)) {
    netns_requests_take (dispatch->requests, invocation);
    return;
  }
  text = refusal.text;
  netns_invocation_refuse (invocation, refusal.name, text);
}

/**
 * netns_dispatch_new:
 * @core: the service, settled
 * @inbox: where calls arrive
 * @authority: who asks polkit
 * @export: who emits signals
 *
 * Returns: (transfer full): the dispatcher, which takes calls from now on
 */
NetnsDispatch *
netns_dispatch_new (NetnsCore *core, NetnsInbox *inbox, NetnsAuthority *authority, NetnsExport *export)
{
  NetnsDispatch *dispatch = g_new0 (NetnsDispatch, 1);

  netns_classes_seal ();
  dispatch->core = core;
  dispatch->subscribers = netns_subscribers_new (netns_core_get_mirror (core), netns_inbox_get_connection (inbox));
  dispatch->waits = netns_waits_new (core, netns_inbox_get_connection (inbox));
  dispatch->requests = netns_requests_new (core, authority, export, dispatch->subscribers, dispatch->waits);
  dispatch->queue = netns_queue_new (inbox, take, dispatch);
  return dispatch;
}

/**
 * netns_dispatch_close:
 * @dispatch: the dispatcher
 *
 * No further change begins. Who waits for one gets no answer; the bus tells them that the service left.
 */
void
netns_dispatch_close (NetnsDispatch *dispatch)
{
  netns_requests_close (dispatch->requests);
}

/* Returns: whether a change that has begun is not answered yet */
gboolean
netns_dispatch_is_changing (const NetnsDispatch *dispatch)
{
  return netns_requests_are_changing (dispatch->requests);
}

/* Nothing runs in the worker or in the background any longer. */
void
netns_dispatch_free (NetnsDispatch *dispatch)
{
  netns_requests_free (dispatch->requests);
  netns_waits_free (dispatch->waits);
  netns_queue_free (dispatch->queue);
  netns_subscribers_free (dispatch->subscribers);
  g_free (dispatch);
}
