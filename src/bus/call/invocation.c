/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/call/invocation.h"

#include "bus/tree/class.h"
#include "common/names.h"

#include <string.h>

#define HEADER_BYTES 512 /* what a message needs besides its body, roughly */

/**
 * netns_invocation_new:
 * @message: (transfer full): a method call; locked
 * @descriptors: (transfer full) (nullable): what came with it
 *
 * In any thread.
 *
 * Returns: (transfer full): the call
 */
NetnsInvocation *
netns_invocation_new (GDBusMessage *message, NetnsDescriptors *descriptors)
{
  NetnsInvocation *invocation = g_new0 (NetnsInvocation, 1);
  GVariant *body = g_dbus_message_get_body (message);
  const NetnsInterface *interface;

  invocation->message = message;
  invocation->descriptors = descriptors;
  invocation->sender = g_dbus_message_get_sender (message);
  invocation->path = g_dbus_message_get_path (message);
  invocation->interface = g_dbus_message_get_interface (message);
  invocation->member = g_dbus_message_get_member (message);
  invocation->parameters = body ? g_variant_ref (body) : g_variant_ref_sink (g_variant_new_tuple (NULL, 0));
  invocation->wants_reply = (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED) == 0;
  invocation->bytes = HEADER_BYTES + g_variant_get_size (invocation->parameters);
  invocation->uid = NETNS_UID_NOBODY;
  interface = invocation->interface ? netns_classes_find_interface (invocation->interface) : NULL;
  if (interface != NULL)
    invocation->method = netns_interface_find_method (interface, invocation->member);
  invocation->changes = invocation->method != NULL && invocation->method->plan != NULL;
  if (invocation->method != NULL)
    invocation->info = g_dbus_interface_info_lookup_method ((GDBusInterfaceInfo *) interface->info, invocation->member);
  return invocation;
}

/**
 * netns_invocation_free:
 * @invocation: (transfer full): a call that was answered, or that nobody waits for
 *
 * Makes room for the next one of its sender.
 */
void
netns_invocation_free (NetnsInvocation *invocation)
{
  if (invocation->done != NULL)
    invocation->done (invocation);
  if (invocation->descriptors != NULL)
    netns_descriptors_close (invocation->descriptors, invocation->uid);
  g_variant_unref (invocation->parameters);
  g_object_unref (invocation->message);
  g_clear_object (&invocation->connection);
  g_free (invocation);
}

/* Returns: whether it is a call of a method of @interface */
gboolean
netns_invocation_is_of (const NetnsInvocation *invocation, const char *interface)
{
  return g_strcmp0 (invocation->interface, interface) == 0;
}

static void
send_reply (NetnsInvocation *invocation, GDBusMessage *reply)
{
  GVariant *body = g_dbus_message_get_body (reply);
  g_autoptr (GError) error = NULL;

  invocation->answered = HEADER_BYTES + (body ? g_variant_get_size (body) : 0);
  if (!g_dbus_connection_send_message (invocation->connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    g_warning ("Cannot answer %s: %s", invocation->member, error->message);
}

/* What the introspection file promises. */
static gboolean
is_promised (const NetnsInvocation *invocation, GVariant *value)
{
  g_autoptr (GString) signature = g_string_new ("(");

  if (invocation->info == NULL)
    return TRUE;
  for (guint i = 0; invocation->info->out_args != NULL && invocation->info->out_args[i] != NULL; i++)
    g_string_append (signature, invocation->info->out_args[i]->signature);
  g_string_append_c (signature, ')');
  return strcmp (signature->str, value ? g_variant_get_type_string (value) : "()") == 0;
}

/**
 * netns_invocation_answer:
 * @invocation: (transfer full): a call
 * @value: (nullable): the answer, a tuple; may be floating
 * @descriptors: (nullable): what goes along
 *
 * In the main thread.
 */
void
netns_invocation_answer (NetnsInvocation *invocation, GVariant *value, GUnixFDList *descriptors)
{
  g_autoptr (NetnsInvocation) owned = invocation;
  g_autoptr (GVariant) body = value ? g_variant_ref_sink (value) : NULL;
  g_autoptr (GDBusMessage) reply = NULL;

  if (!is_promised (invocation, body))
    g_warning ("%s.%s answers with another type than it says", invocation->interface, invocation->member);
  if (!invocation->wants_reply)
    return;
  reply = g_dbus_message_new_method_reply (invocation->message);
  g_dbus_message_set_body (reply, body ? body : g_variant_new_tuple (NULL, 0));
  if (descriptors != NULL)
    g_dbus_message_set_unix_fd_list (reply, descriptors);
  send_reply (invocation, reply);
}

/**
 * netns_invocation_refuse:
 * @invocation: (transfer full): a call
 * @name: name of the error
 * @text: what is wrong, in UTF-8
 *
 * In any thread as long as the call is in no queue.
 */
void
netns_invocation_refuse (NetnsInvocation *invocation, const char *name, const char *text)
{
  g_autoptr (NetnsInvocation) owned = invocation;
  g_autoptr (GDBusMessage) reply = NULL;

  if (!invocation->wants_reply)
    return;
  reply = g_dbus_message_new_method_error_literal (invocation->message, name, text);
  send_reply (invocation, reply);
}
