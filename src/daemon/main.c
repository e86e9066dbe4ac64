/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsd: reads the state of the kernel, serves the objects, owns the name, and runs until it is told to stop. Stopping
 * changes nothing in the kernel. */
#include "bus/call/dispatch.h"
#include "bus/command/clients.h"
#include "bus/command/units.h"
#include "bus/signals.h"
#include "common/names.h"
#include "common/text.h"
#include "config.h"
#include "core/job/jobs.h"
#include "core/namespace/eviction.h"
#include "kernel/broker.h"
#include "kernel/mounts.h"
#include "kernel/spawn.h"

#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define EVENT_BUFFER   (8 * 1024 * 1024) /* 10,700 link events */
#define FINISH_SECONDS 15 /* for what runs when the service is told to stop */

typedef struct {
  char *broker;
  char *broker_socket;
  int event_buffer;
  char *helper;
  char *nft_helper;
  char *nft_socket;
  char *mount_namespace;
} Options;

typedef struct {
  GMainLoop *loop;
  NetnsInbox *inbox;
  GDBusConnection *connection; /* its own */
  NetnsWorker *worker;
  NetnsMirror *mirror;
  NetnsCore *core;
  NetnsAuthority *authority;
  NetnsExport *export;
  NetnsClients *clients;
  NetnsUnits *units; /* NULL where there is no systemd */
  NetnsDispatch *dispatch;
  NetnsSignals *signals;
  Options options;
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
  fail (data,
        connection ? "Cannot own " NETNS_BUS_NAME " on the system bus; is netnsd running already?"
                   : "Lost the connection to the system bus",
        NULL);
}

/* The bus daemon must never be killed. If its PID is unknown, it is protected only as every other process is. */
static void
on_bus_identified (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  guint pid;

  if (reply == NULL) {
    g_message ("Cannot determine the bus daemon's PID: %s", error->message);
    return;
  }
  g_variant_get (reply, "(u)", &pid);
  netns_eviction_spare (pid);
}

/* Events of commands while no service ran are signalled after the well-known name is owned, because clients listen to
 * that. */
static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer data)
{
  netns_jobs_listen (netns_core_get_jobs (((Daemon *) data)->core));
}

static gboolean
start_helper (guint id, int socket, gpointer data, GError **error)
{
  return netns_helper_start (((Daemon *) data)->options.helper, socket, error);
}

static void
on_settled (gpointer data)
{
  Daemon *daemon = data;

  netns_core_start (daemon->core);
  if (netns_units_are_there ())
    daemon->units = netns_units_new (daemon->core, daemon->connection, daemon->options.helper);
  else
    netns_jobs_set_spawn (netns_core_get_jobs (daemon->core), start_helper, daemon);
  daemon->clients = netns_clients_new (daemon->core, daemon->connection);
  daemon->export = netns_export_new (daemon->core, daemon->connection);
  daemon->dispatch = netns_dispatch_new (daemon->core, daemon->inbox, daemon->authority, daemon->export);
  g_dbus_connection_call (daemon->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionUnixProcessID", g_variant_new ("(s)", "org.freedesktop.DBus"),
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_bus_identified, NULL);
  daemon->signals = netns_signals_new (daemon->core, daemon->connection);
  daemon->name_id
    = g_bus_own_name_on_connection (daemon->connection, NETNS_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                    on_name_acquired, on_name_lost, daemon, NULL);
}

/* Messages bring descriptors along, which GDBus keeps as long as the call lasts: leave room for those of all
 * callers. */
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
start (Daemon *daemon, GError **error)
{
  if (daemon->options.mount_namespace != NULL && !netns_mounts_use (daemon->options.mount_namespace, error))
    return FALSE;
  daemon->inbox = netns_inbox_new (error);
  if (daemon->inbox == NULL)
    return FALSE;
  daemon->connection = g_object_ref (netns_inbox_get_connection (daemon->inbox));
  g_dbus_connection_set_exit_on_close (daemon->connection, FALSE);
  daemon->worker = netns_worker_new ();
  daemon->mirror = netns_mirror_new (daemon->worker, daemon->options.event_buffer, error);
  if (daemon->mirror == NULL)
    return FALSE;
  daemon->core = netns_core_new (daemon->mirror, daemon->worker, error);
  if (daemon->core == NULL)
    return FALSE;
  if (daemon->options.broker_socket != NULL)
    netns_broker_use (daemon->options.broker_socket, daemon->options.nft_socket);
  else if (!netns_broker_run (daemon->options.broker ? daemon->options.broker : BROKER,
                              daemon->options.nft_helper ? daemon->options.nft_helper : NFT_HELPER, NETNS_BROKER_SOCKET,
                              error))
    return FALSE;
  daemon->authority = netns_authority_new (daemon->connection);
  netns_mirror_settle (daemon->mirror, on_settled, daemon);
  return TRUE;
}

static gboolean
on_late (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

/* What has begun comes to its end, is written down, and is answered. */
static void
finish_changes (Daemon *daemon)
{
  gboolean late = FALSE;
  guint timeout = g_timeout_add_seconds (FINISH_SECONDS, on_late, &late);

  netns_dispatch_close (daemon->dispatch);
  while (!late && netns_dispatch_is_changing (daemon->dispatch))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timeout);
}

/* The worker first: it finishes its current task, and nothing changes afterwards. */
static void
stop (Daemon *daemon)
{
  if (daemon->dispatch != NULL)
    finish_changes (daemon);
  if (daemon->name_id != 0)
    g_bus_unown_name (daemon->name_id);
  g_clear_pointer (&daemon->worker, netns_worker_free);
  if (daemon->core != NULL)
    netns_core_close (daemon->core);
  g_clear_pointer (&daemon->authority, netns_authority_free);
  g_clear_pointer (&daemon->dispatch, netns_dispatch_free);
  g_clear_pointer (&daemon->signals, netns_signals_free);
  g_clear_pointer (&daemon->export, netns_export_free);
  g_clear_pointer (&daemon->clients, netns_clients_free);
  g_clear_pointer (&daemon->units, netns_units_free);
  g_clear_pointer (&daemon->core, netns_core_free);
  g_clear_pointer (&daemon->mirror, netns_mirror_free);
  g_clear_object (&daemon->connection);
  g_clear_pointer (&daemon->inbox, netns_inbox_free);
  g_clear_pointer (&daemon->loop, g_main_loop_unref);
  g_free (daemon->options.broker);
  g_free (daemon->options.broker_socket);
  g_free (daemon->options.helper);
  g_free (daemon->options.nft_helper);
  g_free (daemon->options.nft_socket);
  g_free (daemon->options.mount_namespace);
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
  fail (data, "Lost the connection to the system bus", error);
}

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "broker",          0, 0, G_OPTION_ARG_FILENAME, &options->broker,          "The program that acts for the service",          "PATH" },
    { "broker-socket",   0, 0, G_OPTION_ARG_FILENAME, &options->broker_socket,   "Where somebody else starts that program",
     "PATH"                                                                                                                               },
    { "event-buffer",    0, 0, G_OPTION_ARG_INT,      &options->event_buffer,    "Size of the buffer for kernel events, in bytes",
     "BYTES"                                                                                                                              },
    { "helper",          0, 0, G_OPTION_ARG_FILENAME, &options->helper,          "The program that runs commands",                 "PATH" },
    { "mount-namespace", 0, 0, G_OPTION_ARG_FILENAME, &options->mount_namespace,
     "Where names of namespaces are made, if not in the service's own mount namespace",                                            "PATH" },
    { "nft-helper",      0, 0, G_OPTION_ARG_FILENAME, &options->nft_helper,      "The program that reads firewalls",               "PATH" },
    { "nft-socket",      0, 0, G_OPTION_ARG_FILENAME, &options->nft_socket,
     "Where somebody else starts the one that starts netnsd-nft",                                                                  "PATH" },
    { "version",         0, 0, G_OPTION_ARG_NONE,     &version,                  "Print the version",                              NULL   },
    { NULL,              0, 0, 0,                     NULL,                      NULL,                                             NULL   },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("- network namespaces over D-Bus");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (version) {
    g_print ("netnsd %s\n", PACKAGE_VERSION);
    exit (EXIT_SUCCESS);
  }
  return TRUE;
}

/* Names that others chose are in many messages: each is one line, with nothing that a terminal would obey. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_autofree GLogField *copy = g_memdup2 (fields, n_fields * sizeof *fields);
  g_autofree char *text = NULL, *shown = NULL;

  for (gsize i = 0; i < n_fields && shown == NULL; i++)
    if (strcmp (fields[i].key, "MESSAGE") == 0) {
      text = fields[i].length < 0 ? g_strdup (fields[i].value) : g_strndup (fields[i].value, (gsize) fields[i].length);
      shown = netns_text_escape (text, "");
      copy[i].value = shown;
      copy[i].length = -1;
    }
  return g_log_writer_default (level, copy, n_fields, data);
}

int
main (int argc, char **argv)
{
  Daemon daemon = { .status = EXIT_SUCCESS, .options.event_buffer = EVENT_BUFFER };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  g_log_set_writer_func (write_log, NULL, NULL);
  if (!parse_options (&argc, &argv, &daemon.options, &error)) {
    g_printerr ("netnsd: %s\n", error->message);
    return 2;
  }
  if (daemon.options.helper == NULL)
    daemon.options.helper = g_strdup (HELPER);
  mallopt (M_ARENA_MAX, 1); /* malloc_trim() gives back the end of no other arena than the first */
  raise_descriptor_limit ();
  daemon.loop = g_main_loop_new (NULL, FALSE);
  if (!start (&daemon, &error)) {
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
