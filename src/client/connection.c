/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/busctl.h"
#include "client/connection.h"
#include "common/names.h"

#include <glib/gi18n.h>
#include <unistd.h>

G_DEFINE_QUARK (netns_unreachable, netns_unreachable)

/* As systemctl does it: the bridge on the other side speaks for the user that ssh logged in, so the uid of
 * this side, which may not even exist there, is not sent (CROSS_NAMESPACE). g_dbus_connection_new_sync()
 * would be the function for it, but in GLib 2.74 its check of the flags does not know this one yet. */
static GDBusConnection *
open_remote (const char *host, GError **error)
{
  g_autoptr (GSubprocess) ssh = NULL;
  g_autoptr (GIOStream) stream = NULL;

  ssh = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error, "ssh", "-xT", "--",
                          host, "systemd-stdio-bridge", NULL);
  if (ssh == NULL)
    return NULL;
  stream = g_simple_io_stream_new (g_subprocess_get_stdout_pipe (ssh), g_subprocess_get_stdin_pipe (ssh));
  return g_initable_new (G_TYPE_DBUS_CONNECTION, NULL, error, "stream", stream, "flags",
                         G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION
                           | G_DBUS_CONNECTION_FLAGS_CROSS_NAMESPACE,
                         NULL);
}

/* Connects to the bus, if that is not done yet. Errors are of domain %NETNS_UNREACHABLE. */
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
                   _ ("Cannot reach the system bus of %s (%s); check “ssh %s systemd-stdio-bridge”"), host,
                   reason->message, host);
    else
      g_set_error (error, NETNS_UNREACHABLE, 0, _ ("Cannot reach the system bus (%s); check that it is running"),
                   reason->message);
    return FALSE;
  }
  /* The default ends the process without a word. */
  g_dbus_connection_set_exit_on_close (connection->bus, FALSE);
  return TRUE;
}

/* Ends the agent and lets go of the bus. */
void
netns_connection_clear (NetnsConnection *connection)
{
  g_clear_pointer (&connection->agent, netns_agent_free);
  g_clear_object (&connection->bus);
}

/* Calls a method that changes nothing, even when changes are only printed: reading is needed to know the objects.
 * @arguments: (nullable): a tuple; a floating one is taken. Returns: (transfer full) (nullable): the answer */
GVariant *
netns_connection_read (NetnsConnection *connection, const char *path, const char *interface, const char *method,
                       GVariant *arguments, const char *reply_type, GError **error)
{
  g_autoptr (GVariant) tuple = arguments ? g_variant_ref_sink (arguments) : NULL;

  if (!netns_connection_open (connection, error))
    return NULL;
  connection->method = method;
  return g_dbus_connection_call_sync (connection->bus, NETNS_BUS_NAME, path, interface, method, tuple,
                                      G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
}

/* Root needs no authorization, and polkit of another machine cannot ask here. */
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
 * @descriptors: (nullable): descriptors to which handles in @arguments refer
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
netns_connection_change (NetnsConnection *connection, const char *path, const char *interface, const char *method,
                         GVariant *arguments, GUnixFDList *descriptors, const char *reply_type, GVariant **reply,
                         GError **error)
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

/* Returns: (transfer full) (nullable): the path of the link with that name or alternative name, `NotFound` if there is
 * none */
char *
netns_connection_find_link (NetnsConnection *connection, const char *namespace_name, const char *link, GError **error)
{
  g_autoptr (GVariant) reply = netns_connection_read (connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "GetLink",
                                                      g_variant_new ("(ss)", namespace_name, link), "(o)", error);
  char *path = NULL;

  if (reply != NULL)
    g_variant_get (reply, "(o)", &path);
  return path;
}
