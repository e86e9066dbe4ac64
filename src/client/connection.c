/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "client/busctl.h"
#include "client/connection.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <unistd.h>

GQuark
netns_unreachable_quark (void)
{
  return g_quark_from_static_string ("netns-unreachable-quark");
}

/* As systemctl does it: the bridge on the other side speaks for the user that ssh logged in, so the uid of
 * this side, which may not even exist there, is not sent (CROSS_NAMESPACE). g_dbus_connection_new_sync()
 * would be the function for it, but in GLib 2.74 its check of the flags does not know this one yet. */
static GDBusConnection *
open_remote (const char *host, GError **error)
{
  g_autoptr (GSubprocess) ssh = NULL;
  g_autoptr (GIOStream) stream = NULL;

  ssh = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error, "ssh", "-xT",
                          "--", host, "systemd-stdio-bridge", NULL);
  if (ssh == NULL)
    return NULL;
  stream = g_simple_io_stream_new (g_subprocess_get_stdout_pipe (ssh), g_subprocess_get_stdin_pipe (ssh));
  return g_initable_new (G_TYPE_DBUS_CONNECTION, NULL, error, "stream", stream, "flags",
                         G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                             G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION |
                             G_DBUS_CONNECTION_FLAGS_CROSS_NAMESPACE,
                         NULL);
}

/**
 * netns_connection_open:
 * @connection: the way to the service
 * @error: of domain %NETNS_UNREACHABLE
 *
 * Connects to the bus, if that is not done yet.
 *
 * Returns: whether it is connected
 */
gboolean
netns_connection_open (NetnsConnection *connection, GError **error)
{
  const char *host = connection->settings->host;
  g_autoptr (GError) reason = NULL;

  if (connection->bus != NULL)
    return TRUE;
  connection->bus = host ? open_remote (host, &reason) : g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &reason);
  if (connection->bus == NULL) {
    g_dbus_error_strip_remote_error (reason);
    if (host != NULL)
      g_set_error (error, NETNS_UNREACHABLE, 0,
                   _ ("The system bus of %s cannot be reached (%s); check “ssh %s systemd-stdio-bridge”"),
                   host, reason->message, host);
    else
      g_set_error (error, NETNS_UNREACHABLE, 0,
                   _ ("The system bus cannot be reached (%s); check that it runs"), reason->message);
    return FALSE;
  }
  /* The default ends the process without a word. */
  g_dbus_connection_set_exit_on_close (connection->bus, FALSE);
  return TRUE;
}

/**
 * netns_connection_clear:
 * @connection: the way to the service
 *
 * Ends the agent and lets go of the bus.
 */
void
netns_connection_clear (NetnsConnection *connection)
{
  g_clear_pointer (&connection->agent, netns_agent_free);
  g_clear_object (&connection->bus);
}

/**
 * netns_connection_read:
 * @connection: the way to the service
 * @path: an object of the service
 * @interface: an interface of it
 * @method: a method that changes nothing
 * @arguments: (nullable): its arguments, a tuple; a floating reference is taken
 * @reply_type: type of the answer
 * @error: what the service said, or why it cannot be reached
 *
 * Calls it even when changes are only printed: reading is needed to know the objects.
 *
 * Returns: (transfer full) (nullable): the answer
 */
GVariant *
netns_connection_read (NetnsConnection *connection, const char *path, const char *interface,
                       const char *method, GVariant *arguments, const char *reply_type, GError **error)
{
  g_autoptr (GVariant) tuple = arguments ? g_variant_ref_sink (arguments) : NULL;

  if (!netns_connection_open (connection, error))
    return NULL;
  connection->method = method;
  return g_dbus_connection_call_sync (connection->bus, NETNS_BUS_NAME, path, interface, method, tuple,
                                      G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
}

/* Nobody is asked on behalf of root, and polkit of another machine cannot ask here. */
static gboolean
may_ask (const NetnsSettings *settings)
{
  return settings->ask_password && settings->host == NULL && geteuid () != 0 && isatty (STDIN_FILENO);
}

/**
 * netns_connection_change:
 * @connection: the way to the service
 * @path: an object of the service
 * @interface: an interface of it
 * @method: a method that changes something
 * @arguments: (nullable): its arguments, a tuple; a floating reference is taken
 * @reply_type: type of the answer
 * @reply: (out) (optional) (nullable): the answer; %NULL when the call was only printed
 * @error: what the service said, or why it cannot be reached
 *
 * Calls it, as long as it takes: a question for a password has no time limit. With `--busctl` prints the call
 * instead.
 *
 * Returns: whether it worked
 */
gboolean
netns_connection_change (NetnsConnection *connection, const char *path, const char *interface,
                         const char *method, GVariant *arguments, const char *reply_type, GVariant **reply,
                         GError **error)
{
  return netns_connection_change_with_descriptors (connection, path, interface, method, arguments, NULL, reply_type,
                                                   reply, error);
}

/* As netns_connection_change(), with descriptors to which handles in @arguments refer. */
gboolean
netns_connection_change_with_descriptors (NetnsConnection *connection, const char *path, const char *interface,
                                          const char *method, GVariant *arguments, GUnixFDList *descriptors,
                                          const char *reply_type, GVariant **reply, GError **error)
{
  g_autoptr (GVariant) tuple = arguments ? g_variant_ref_sink (arguments) : NULL;
  g_autoptr (GVariant) answer = NULL;
  GDBusCallFlags flags = G_DBUS_CALL_FLAGS_NONE;

  if (reply != NULL)
    *reply = NULL;
  if (connection->settings->busctl) {
    netns_busctl_print (connection->settings, path, interface, method, tuple);
    return TRUE;
  }
  if (!netns_connection_open (connection, error))
    return FALSE;
  if (connection->settings->ask_password)
    flags |= G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
  if (connection->agent == NULL && may_ask (connection->settings))
    connection->agent = netns_agent_new ();
  connection->method = method;
  answer = g_dbus_connection_call_with_unix_fd_list_sync (connection->bus, NETNS_BUS_NAME, path, interface, method,
                                                          tuple, G_VARIANT_TYPE (reply_type), flags, G_MAXINT,
                                                          descriptors, NULL, NULL, error);
  if (answer == NULL)
    return FALSE;
  if (reply != NULL)
    *reply = g_steal_pointer (&answer);
  return TRUE;
}

/**
 * netns_connection_find_link:
 * @connection: the way to the service
 * @namespace_name: a namespace, empty for the host
 * @link: name or alternative name of a link in it
 * @error: `NotFound`, or why the service cannot be reached
 *
 * Returns: (transfer full) (nullable): its object path
 */
char *
netns_connection_find_link (NetnsConnection *connection, const char *namespace_name, const char *link,
                            GError **error)
{
  g_autoptr (GVariant) reply =
      netns_connection_read (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "GetLink",
                             g_variant_new ("(ss)", namespace_name, link), "(o)", error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}

/**
 * netns_connection_change_link:
 * @connection: the way to the service
 * @namespace_and_link: the namespace's name and the link's, the first two of any number of words
 * @method: a method of its Link interface that changes something and answers nothing
 * @arguments: (nullable): its arguments, a tuple; a floating reference is taken
 * @error: what the service said, or why it cannot be reached
 *
 * Returns: whether it worked
 */
gboolean
netns_connection_change_link (NetnsConnection *connection, char **namespace_and_link, const char *method,
                              GVariant *arguments, GError **error)
{
  g_autoptr (GVariant) tuple = arguments ? g_variant_ref_sink (arguments) : NULL;
  g_autofree char *path =
      netns_connection_find_link (connection, namespace_and_link[0], namespace_and_link[1], error);

  return path != NULL &&
         netns_connection_change (connection, path, NETNS_INTERFACE_LINK, method, tuple, "()", NULL, error);
}
