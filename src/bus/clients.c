/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/clients.h"

struct _NetnsClients {
  NetnsCore *core;
  GDBusConnection *connection;
  GHashTable *watches; /* id of a job -> id of the watch for its client's name */
};

typedef struct {
  NetnsClients *clients;
  guint job;
} Watch;

/* Also called when the name is not there to begin with. */
static void
on_vanished (GDBusConnection *connection, const char *name, gpointer data)
{
  const Watch *watch = data;

  /* Without a bus the service ends, and the next one asks again. */
  if (connection != NULL)
    netns_jobs_end (netns_core_get_jobs (watch->clients->core), watch->job);
}

static void
on_job_begun (NetnsJob *job, gpointer data)
{
  NetnsClients *clients = data;
  Watch *watch;
  guint id;

  if (job->client == NULL)
    return;
  watch = g_new0 (Watch, 1);
  watch->clients = clients;
  watch->job = job->id;
  id = g_bus_watch_name_on_connection (clients->connection, job->client, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
                                       on_vanished, watch, g_free);
  g_hash_table_insert (clients->watches, GUINT_TO_POINTER (job->id), GUINT_TO_POINTER (id));
}

static void
on_job_ended (NetnsJob *job, gpointer data)
{
  g_hash_table_remove (((NetnsClients *) data)->watches, GUINT_TO_POINTER (job->id));
}

static const NetnsJobObserver observer = { .begun = on_job_begun, .ended = on_job_ended };

static void
unwatch (gpointer id)
{
  g_bus_unwatch_name (GPOINTER_TO_UINT (id));
}

/**
 * netns_clients_new:
 * @core: the service
 * @connection: the bus
 *
 * Returns: (transfer full): watches the clients of all commands
 */
NetnsClients *
netns_clients_new (NetnsCore *core, GDBusConnection *connection)
{
  NetnsClients *clients = g_new0 (NetnsClients, 1);
  g_autoptr (GPtrArray) jobs = netns_jobs_list (netns_core_get_jobs (core));

  clients->core = core;
  clients->connection = g_object_ref (connection);
  clients->watches = g_hash_table_new_full (NULL, NULL, NULL, unwatch);
  for (guint i = 0; i < jobs->len; i++)
    on_job_begun (g_ptr_array_index (jobs, i), clients);
  netns_jobs_observe (netns_core_get_jobs (core), &observer, clients);
  return clients;
}

/**
 * netns_clients_free:
 * @clients: (transfer full): the watcher; nothing may change any more
 */
void
netns_clients_free (NetnsClients *clients)
{
  g_hash_table_unref (clients->watches);
  g_object_unref (clients->connection);
  g_free (clients);
}
