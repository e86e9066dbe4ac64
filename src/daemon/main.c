/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsd: reads what there is, opens the door, takes the name, and runs until it is told to stop. Stopping touches
 * nothing: what was made stays. */
#include "bus/clients.h"
#include "bus/dispatch.h"
#include "bus/notices.h"
#include "bus/units.h"
#include "common/names.h"
#include "config.h"
#include "core/eviction.h"
#include "kernel/spawn.h"

#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#define EVENT_BUFFER (8 * 1024 * 1024) /* 10,700 link events */

typedef struct {
  GMainLoop *loop;
  GDBusConnection *connection;
  NetnsWorker *worker;
  NetnsMirror *mirror;
  NetnsCore *core;
  NetnsAuthority *authority;
  NetnsExport *export;
  NetnsClients *clients;
  NetnsUnits *units; /* NULL where there is no systemd */
  NetnsDispatch *dispatch;
  NetnsNotices *notices;
  char *helper;
  guint name_id;
  int status;
} Daemon;

static void
fail (Daemon *daemon, const char *what, const GError *error)
{
  g_printerr ("netnsd: %s%s%s\n", what, error ? ": " : "", error ? error->message : "");
  daemon->status = EXIT_FAILURE;
  g_main_loop_quit (daemon->loop);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer data)
{
  fail (data, connection ? "Cannot own " NETNS_BUS_NAME " on the system bus; is netnsd running already?"
                         : "The system bus has gone",
        NULL);
}

/* Nobody's wish may end the bus. One that does not tell its number is protected as everybody's process is. */
static void
on_bus_identified (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  guint pid;

  if (reply == NULL) {
    g_message ("The bus does not tell which process it is: %s", error->message);
    return;
  }
  g_variant_get (reply, "(u)", &pid);
  netns_eviction_spare (pid);
}

/* What happened to commands while no service ran is told under the name that everybody listens to. */
static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer data)
{
  netns_jobs_listen (netns_core_get_jobs (((Daemon *) data)->core));
}

static gboolean
start_helper (guint id, int socket, gpointer data, GError **error)
{
  return netns_helper_start (((Daemon *) data)->helper, socket, error);
}

static void
on_settled (gpointer data)
{
  Daemon *daemon = data;
  g_autoptr (GError) error = NULL;

  netns_core_start (daemon->core);
  if (netns_units_are_there ())
    daemon->units = netns_units_new (daemon->core, daemon->connection, daemon->helper);
  else
    netns_jobs_set_spawn (netns_core_get_jobs (daemon->core), start_helper, daemon);
  daemon->clients = netns_clients_new (daemon->core, daemon->connection);
  daemon->export = netns_export_new (daemon->core, daemon->connection);
  daemon->dispatch
    = netns_dispatch_new (daemon->core, daemon->connection, daemon->authority, daemon->export, &error);
  if (daemon->dispatch == NULL) {
    fail (daemon, "Cannot serve " NETNS_PATH, error);
    return;
  }
  g_dbus_connection_call (daemon->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionUnixProcessID", g_variant_new ("(s)", "org.freedesktop.DBus"),
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_bus_identified, NULL);
  daemon->notices = netns_notices_new (daemon->core, daemon->connection);
  daemon->name_id = g_bus_own_name_on_connection (daemon->connection, NETNS_BUS_NAME,
                                                  G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_name_acquired, on_name_lost,
                                                  daemon,
                                                  NULL);
}

/* Messages bring descriptors along, which GDBus keeps as long as the call lasts: leave room for everybody's. */
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) < 0)
    g_warning ("Cannot raise the limit of open files: %s", g_strerror (errno));
}

static gboolean
start (Daemon *daemon, int event_buffer, GError **error)
{
  daemon->connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, error);
  if (daemon->connection == NULL)
    return FALSE;
  g_dbus_connection_set_exit_on_close (daemon->connection, FALSE);
  daemon->worker = netns_worker_new ();
  daemon->mirror = netns_mirror_new (daemon->worker, event_buffer, error);
  if (daemon->mirror == NULL)
    return FALSE;
  daemon->core = netns_core_new (daemon->mirror, daemon->worker, error);
  if (daemon->core == NULL)
    return FALSE;
  daemon->authority = netns_authority_new (daemon->connection);
  netns_mirror_settle (daemon->mirror, on_settled, daemon);
  return TRUE;
}

/* The worker first: what it has begun it ends, and then nothing changes any more. */
static void
stop (Daemon *daemon)
{
  if (daemon->name_id != 0)
    g_bus_unown_name (daemon->name_id);
  g_clear_pointer (&daemon->worker, netns_worker_free);
  g_clear_pointer (&daemon->authority, netns_authority_free);
  g_clear_pointer (&daemon->dispatch, netns_dispatch_free);
  g_clear_pointer (&daemon->notices, netns_notices_free);
  g_clear_pointer (&daemon->export, netns_export_free);
  g_clear_pointer (&daemon->clients, netns_clients_free);
  g_clear_pointer (&daemon->units, netns_units_free);
  g_clear_pointer (&daemon->core, netns_core_free);
  g_clear_pointer (&daemon->mirror, netns_mirror_free);
  if (daemon->connection != NULL)
    g_dbus_connection_flush_sync (daemon->connection, NULL, NULL);
  g_clear_object (&daemon->connection);
  g_clear_pointer (&daemon->loop, g_main_loop_unref);
  g_free (daemon->helper);
}

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (((Daemon *) data)->loop);
  return G_SOURCE_CONTINUE;
}

static void
on_closed (GDBusConnection *connection, gboolean by_remote, GError *error, gpointer data)
{
  fail (data, "The system bus has gone", error);
}

static gboolean
parse_options (int *argc, char ***argv, int *event_buffer, char **helper, GError **error)
{
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "event-buffer", 0, 0, G_OPTION_ARG_INT, event_buffer, "Bytes for kernel events that wait to be read", "BYTES" },
    { "helper", 0, 0, G_OPTION_ARG_FILENAME, helper, "The program that runs commands", "PATH" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- network namespaces for everybody, over D-Bus");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (version) {
    g_print ("netnsd %s\n", PACKAGE_VERSION);
    exit (EXIT_SUCCESS);
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  Daemon daemon = { .status = EXIT_SUCCESS };
  int event_buffer = EVENT_BUFFER;
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  if (!parse_options (&argc, &argv, &event_buffer, &daemon.helper, &error)) {
    g_printerr ("netnsd: %s\n", error->message);
    return 2;
  }
  if (daemon.helper == NULL)
    daemon.helper = g_strdup (HELPER);
  raise_descriptor_limit ();
  daemon.loop = g_main_loop_new (NULL, FALSE);
  if (!start (&daemon, event_buffer, &error)) {
    fail (&daemon, "Cannot start", error);
    stop (&daemon);
    return daemon.status;
  }
  g_signal_connect (daemon.connection, "closed", G_CALLBACK (on_closed), &daemon);
  g_unix_signal_add (SIGTERM, on_signal, &daemon);
  g_unix_signal_add (SIGINT, on_signal, &daemon);
  g_main_loop_run (daemon.loop);
  stop (&daemon);
  return daemon.status;
}
