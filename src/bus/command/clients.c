/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/command/clients.h"

#include "bus/tree/presence.h"
#include "core/job/jobs.h"

struct _NetnsClients {
  NetnsCore *core;
  NetnsPresence *names; /* of clients that have, or had, a command */
  GHashTable *jobs;     /* id of a job -> unique name of its client */
};

static void
on_left (const char *name, gpointer data)
{
  NetnsClients *clients = data;
  g_autoptr (GList) ids = g_hash_table_get_keys (clients->jobs);

  for (GList *item = ids; item != NULL; item = item->next)
    if (g_strcmp0 (g_hash_table_lookup (clients->jobs, item->data), name) == 0)
      netns_jobs_end (netns_core_get_jobs (clients->core), GPOINTER_TO_UINT (item->data));
}

static void
on_job_begun (NetnsJob *job, gpointer data)
{
  NetnsClients *clients = data;

  if (job->client == NULL)
    return;
  g_hash_table_insert (clients->jobs, GUINT_TO_POINTER (job->id), g_strdup (job->client));
  netns_presence_add (clients->names, job->client);
}

static void
on_job_ended (NetnsJob *job, gpointer data)
{
  g_hash_table_remove (((NetnsClients *) data)->jobs, GUINT_TO_POINTER (job->id));
}

static const NetnsJobObserver observer = { .begun = on_job_begun, .ended = on_job_ended };

/* Returns: (transfer full): who watches the clients of all commands */
NetnsClients *
netns_clients_new (NetnsCore *core, GDBusConnection *connection)
{
  NetnsClients *clients = g_new0 (NetnsClients, 1);
  g_autoptr (GPtrArray) jobs = netns_jobs_list (netns_core_get_jobs (core));

  clients->core = core;
  clients->names = netns_presence_new (connection, on_left, clients);
  clients->jobs = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  for (guint i = 0; i < jobs->len; i++)
    on_job_begun (g_ptr_array_index (jobs, i), clients);
  netns_jobs_observe (netns_core_get_jobs (core), &observer, clients);
  return clients;
}

/* No function of @clients must be called afterwards. */
void
netns_clients_free (NetnsClients *clients)
{
  netns_presence_free (clients->names);
  g_hash_table_unref (clients->jobs);
  g_free (clients);
}
