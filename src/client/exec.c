/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsctl exec: a command inside a namespace, as if it were run here. */
#include "client/busctl.h"
#include "client/failure.h"
#include "client/terminal.h"
#include "client/verb.h"
#include "common/names.h"

#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define STREAMS 3

typedef struct {
  NetnsConnection *connection;
  GMainLoop *loop;
  NetnsTerminal *terminal; /* NULL where the streams are passed as they are */
  char *process;
  int status; /* -1 until it is known */
  gboolean away; /* the service */
  GError *error;
} Execution;

static void
clear_execution (Execution *execution)
{
  g_clear_pointer (&execution->terminal, netns_terminal_free);
  g_clear_pointer (&execution->loop, g_main_loop_unref);
  g_free (execution->process);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Execution, clear_execution)

static void
finish (Execution *execution, int status)
{
  g_clear_error (&execution->error);
  execution->status = status;
  g_main_loop_quit (execution->loop);
}

static void
on_exited (GDBusConnection *bus, const char *sender, const char *path, const char *interface, const char *signal_name,
           GVariant *parameters, gpointer data)
{
  Execution *execution = data;
  int status, number;

  if (g_strcmp0 (path, execution->process) != 0 || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(ii)")))
    return;
  g_variant_get (parameters, "(ii)", &status, &number);
  finish (execution, number != 0 ? 128 + number : status);
}

/* A command that ended just now is not lost, though a restarted service may no longer know it. */
static void
lose (Execution *execution, const char *text)
{
  if (execution->status < 0 && execution->error == NULL)
    execution->error = g_error_new_literal (NETNS_UNREACHABLE, 0, text);
  g_main_loop_quit (execution->loop);
}

/* A service that went again before it answered says nothing about the command. */
static gboolean
is_unknown (const GError *error)
{
  return netns_failure_is_not_found (error) || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL && is_unknown (error))
    lose (
      data,
      _ (
        "The service restarted and lost track of the command; see “netnsctl namespace processes” for what is running"));
}

/* The command goes on without the service, and the next one knows it. */
static void
on_service (GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
  Execution *execution = data;

  if (!execution->away)
    return;
  execution->away = FALSE;
  g_dbus_connection_call (bus, NETNS_BUS_NAME, execution->process, "org.freedesktop.DBus.Properties", "GetAll",
                          g_variant_new ("(s)", NETNS_INTERFACE_PROCESS), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          on_found, execution);
}

static void
on_service_gone (GDBusConnection *bus, const char *name, gpointer data)
{
  ((Execution *) data)->away = TRUE;
}

static void
on_closed (GDBusConnection *bus, gboolean by_remote, GError *error, gpointer data)
{
  lose (data, _ ("Lost the connection to the system bus, and with it the command; check that the bus is running"));
}

static gboolean
on_hangup (gpointer data)
{
  finish (data, 128 + SIGHUP);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_terminate (gpointer data)
{
  finish (data, 128 + SIGTERM);
  return G_SOURCE_CONTINUE;
}

static void
on_interrupt_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  if (reply == NULL)
    finish (data, 128 + SIGINT);
}

/* Without a terminal of the command's own, Ctrl-C comes here; it may have something to say before it ends. */
static gboolean
on_interrupt (gpointer data)
{
  Execution *execution = data;

  g_dbus_connection_call (execution->connection->bus, NETNS_BUS_NAME, execution->process, NETNS_INTERFACE_PROCESS,
                          "Signal", g_variant_new ("(i)", SIGINT), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          on_interrupt_sent, execution);
  return G_SOURCE_CONTINUE;
}

/* The user's own, so nothing is left out but what the bus cannot carry. */
static char **
get_environment (void)
{
  g_auto (GStrv) all = g_get_environ ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (char **entry = all; *entry != NULL; entry++)
    if (g_utf8_validate (*entry, -1, NULL) && strchr (*entry, '=') > *entry)
      g_strv_builder_add (builder, *entry);
  return g_strv_builder_end (builder);
}

static GVariant *
make_arguments (char **command, char **environment, GVariant *handles, gboolean detach)
{
  g_autofree char *directory = g_get_current_dir ();
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  if (detach)
    g_variant_dict_insert (&options, "detach", "b", TRUE);
  return g_variant_new ("(^as^ass@ah@a{sv})", command, environment, directory, handles, g_variant_dict_end (&options));
}

/* busctl leaves the bus at once, and has no descriptors to give. */
static void
print_call (NetnsConnection *connection, const char *path, char **command)
{
  char *none[] = { NULL };

  netns_busctl_print (connection->settings, path, NETNS_INTERFACE_NAMESPACE, "Run",
                      make_arguments (command, none, g_variant_new ("ah", NULL), TRUE));
}

/* A stream that is a terminal is the command's terminal, if there is one. */
static GVariant *
add_streams (const Execution *execution, GUnixFDList *list, GError **error)
{
  GVariantBuilder handles;

  g_variant_builder_init (&handles, G_VARIANT_TYPE ("ah"));
  for (int fd = 0; fd < STREAMS; fd++) {
    gboolean inner = execution->terminal != NULL && isatty (fd);
    int handle = g_unix_fd_list_append (list, inner ? netns_terminal_get_inner (execution->terminal) : fd, error);

    if (handle < 0) {
      g_variant_builder_clear (&handles);
      return NULL;
    }
    g_variant_builder_add (&handles, "h", handle);
  }
  return g_variant_ref_sink (g_variant_builder_end (&handles));
}

static gboolean
start (Execution *execution, const char *path, char **command, GError **error)
{
  g_autoptr (GUnixFDList) list = g_unix_fd_list_new ();
  g_autoptr (GVariant) handles = add_streams (execution, list, error), reply = NULL;
  g_auto (GStrv) environment = get_environment ();

  if (handles == NULL
      || !netns_connection_change (execution->connection, path, NETNS_INTERFACE_NAMESPACE, "Run",
                                   make_arguments (command, environment, handles, FALSE), list, "(o)", &reply, error))
    return FALSE;
  g_variant_get (reply, "(o)", &execution->process);
  /* It would wait for passwords at a terminal that is the command's now. */
  g_clear_pointer (&execution->connection->agent, netns_agent_free);
  return TRUE;
}

static void
wait_for_end (Execution *execution)
{
  GDBusConnection *bus = execution->connection->bus;
  gulong closed = g_signal_connect (bus, "closed", G_CALLBACK (on_closed), execution);
  guint watch = g_bus_watch_name_on_connection (bus, NETNS_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, on_service,
                                                on_service_gone, execution, NULL);

  g_unix_signal_add (SIGHUP, on_hangup, execution);
  g_unix_signal_add (SIGTERM, on_terminate, execution);
  g_unix_signal_add (SIGINT, execution->terminal ? on_terminate : on_interrupt, execution);
  if (execution->terminal != NULL)
    netns_terminal_begin (execution->terminal, on_hangup, execution);
  g_main_loop_run (execution->loop);
  if (execution->terminal != NULL)
    netns_terminal_drain (execution->terminal);
  g_bus_unwatch_name (watch);
  g_signal_handler_disconnect (bus, closed);
}

static gboolean
execute (NetnsConnection *connection, const char *path, char **command, GError **error)
{
  g_auto (Execution) execution = { .connection = connection, .status = -1 };
  guint subscription;

  if (!netns_connection_open (connection, error))
    return FALSE;
  execution.loop = g_main_loop_new (NULL, FALSE);
  if (isatty (STDIN_FILENO) && isatty (STDOUT_FILENO)) {
    execution.terminal = netns_terminal_new (error);
    if (execution.terminal == NULL)
      return FALSE;
  }
  /* Before the call: it may end before its answer is read. */
  subscription = g_dbus_connection_signal_subscribe (connection->bus, NETNS_BUS_NAME, NETNS_INTERFACE_PROCESS, "Exited",
                                                     NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_exited, &execution, NULL);
  if (!start (&execution, path, command, error)) {
    g_dbus_connection_signal_unsubscribe (connection->bus, subscription);
    return FALSE;
  }
  wait_for_end (&execution);
  g_dbus_connection_signal_unsubscribe (connection->bus, subscription);
  if (execution.error != NULL) {
    g_propagate_error (error, execution.error);
    return FALSE;
  }
  connection->status = execution.status;
  return TRUE;
}

static gboolean
exec (NetnsConnection *connection, char **arguments, GVariant *options, GError **error)
{
  g_autofree char *path = netns_path_for_namespace (arguments[0]);
  g_autoptr (GError) reason = NULL;
  char **command = arguments + 1;

  if (strcmp (*command, "--") == 0)
    command++;
  else if (**command == '-')
    return netns_usage_error (error, _ ("Unknown option “%s”; write -- before a command that begins with a dash"),
                              *command);
  if (*command == NULL || **command == '\0')
    return netns_usage_error (error, _ ("Missing command to run. Usage: netnsctl exec NS [--] COMMAND..."));
  if (connection->settings->host != NULL)
    return netns_usage_error (error, _ ("Commands cannot be run on other machines; use ssh for that"));
  if (connection->settings->busctl) {
    print_call (connection, path, command);
    return TRUE;
  }
  if (execute (connection, path, command, &reason))
    return TRUE;
  netns_call_explain (connection, "Namespace.Run", arguments, path, &reason);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

const NetnsVerb netns_exec_verbs[] = {
  { "", 2, NETNS_ANY_NUMBER, "NS [--] COMMAND...",
   N_ ("Run a command in a namespace as yourself; returns its exit status"), exec, .takes_command = TRUE,
   .method = "Namespace.Run" },
  { NULL },
};
