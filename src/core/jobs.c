/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/job.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "core/store.h"
#include "kernel/channel.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

/* The last number that was given. */
#define COUNTER_FILE "last-process"
/* A helper answers a service that was started anew at once. */
#define HELLO_MILLISECONDS 1000

struct _NetnsJobs {
  GHashTable *entries; /* id -> Entry */
  GArray *observers;
  NetnsJobSpawnFunc spawn;
  gpointer spawn_data;
  guint last_id;
};

typedef struct {
  const NetnsJobObserver *functions;
  gpointer data;
} Observer;

#define NOTIFY(jobs, function, ...)                                                                                  \
  for (guint observer_index = 0; observer_index < (jobs)->observers->len; observer_index++) {                        \
    const Observer *observer = &g_array_index ((jobs)->observers, Observer, observer_index);                         \
                                                                                                                     \
    if (observer->functions->function != NULL)                                                                       \
      observer->functions->function (__VA_ARGS__, observer->data);                                                   \
  }

/* A job and the way to its helper. */
typedef struct {
  NetnsJob job;
  NetnsJobs *jobs;
  int socket;
  GSource *source;
  gboolean running;
  NetnsJobStartedFunc started; /* until it was called */
  gpointer data;
} Entry;

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  if (entry->source != NULL)
    g_source_destroy (entry->source);
  g_clear_pointer (&entry->source, g_source_unref);
  netns_close_fd (&entry->socket);
  g_free (entry->job.namespace_name);
  g_free (entry->job.program);
  g_free (entry->job.client);
  g_free (entry);
}

/* Numbers go on where a service before left off: nobody shall take one process for another. */
NetnsJobs *
netns_jobs_new (void)
{
  NetnsJobs *jobs = g_new0 (NetnsJobs, 1);
  g_autofree char *last = NULL;

  jobs->entries = g_hash_table_new_full (NULL, NULL, NULL, free_entry);
  jobs->observers = g_array_new (FALSE, FALSE, sizeof (Observer));
  if (netns_store_read (COUNTER_FILE, &last, NULL) && last != NULL)
    jobs->last_id = (guint) g_ascii_strtoull (last, NULL, 10);
  return jobs;
}

/* The commands go on, and wait for the next service to hear of their end. */
void
netns_jobs_free (NetnsJobs *jobs)
{
  g_hash_table_unref (jobs->entries);
  g_array_unref (jobs->observers);
  g_free (jobs);
}

void
netns_jobs_observe (NetnsJobs *jobs, const NetnsJobObserver *observer, gpointer data)
{
  Observer entry = { observer, data };

  g_array_append_val (jobs->observers, entry);
}

void
netns_jobs_set_spawn (NetnsJobs *jobs, NetnsJobSpawnFunc spawn, gpointer data)
{
  jobs->spawn = spawn;
  jobs->spawn_data = data;
}

static void
drop (Entry *entry)
{
  NOTIFY (entry->jobs, ended, &entry->job);
  g_hash_table_remove (entry->jobs->entries, GUINT_TO_POINTER (entry->job.id));
}

static void
tell (Entry *entry, NetnsChannelType type, int number)
{
  NetnsChannelMessage message = { .type = type, .number = number };
  g_autoptr (GError) error = NULL;

  if (!netns_channel_tell (entry->socket, &message, NULL, 0, &error))
    g_debug ("Process %u: %s", entry->job.id, error->message);
}

/* It may end within the function, so nothing of it is touched afterwards. */
static void
answer (Entry *entry, NetnsJob *job, const GError *error)
{
  NetnsJobStartedFunc started = g_steal_pointer (&entry->started);

  if (started != NULL)
    started (job, error, entry->data);
}

static void
fail (Entry *entry, int code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (NETNS_ERROR, code, text);

  answer (entry, NULL, error);
  drop (entry);
}

static void
on_started (Entry *entry, const NetnsChannelMessage *message)
{
  NetnsJobs *jobs = entry->jobs;

  if (entry->running)
    return;
  entry->running = TRUE;
  entry->job.pid = (guint) message->number;
  NOTIFY (jobs, added, &entry->job);
  answer (entry, &entry->job, NULL);
}

static void
on_exited (Entry *entry, int status, int signal)
{
  NetnsJobs *jobs = entry->jobs;

  tell (entry, NETNS_CHANNEL_DONE, 0);
  if (entry->running) {
    NOTIFY (jobs, exited, &entry->job, status, signal);
    NOTIFY (jobs, removed, &entry->job);
  }
  drop (entry);
}

static gboolean
on_message (int fd, GIOCondition condition, gpointer data)
{
  Entry *entry = data;
  NetnsChannelMessage message;

  if (!netns_channel_hear (entry->socket, &message, NULL, NULL, NULL)) {
    /* Its helper took the command along. */
    if (entry->running)
      on_exited (entry, -1, SIGKILL);
    else
      fail (entry, NETNS_ERROR_KERNEL_REFUSED, "The helper netnsd-run ended before it ran the command; see its log");
    return G_SOURCE_REMOVE;
  }
  switch (message.type) {
  case NETNS_CHANNEL_STARTED:
    on_started (entry, &message);
    return G_SOURCE_CONTINUE;
  case NETNS_CHANNEL_FAILED:
    tell (entry, NETNS_CHANNEL_DONE, 0);
    fail (entry, CLAMP (message.number, 0, NETNS_N_ERRORS - 1), message.text);
    return G_SOURCE_REMOVE;
  case NETNS_CHANNEL_EXITED:
    on_exited (entry, message.number, message.signal);
    return G_SOURCE_REMOVE;
  default:
    return G_SOURCE_CONTINUE;
  }
}

static void
listen_to (Entry *entry)
{
  if (entry->source != NULL)
    return;
  entry->source = g_unix_fd_source_new (entry->socket, G_IO_IN);
  g_source_set_callback (entry->source, G_SOURCE_FUNC (on_message), entry, NULL);
  g_source_attach (entry->source, g_main_context_get_thread_default ());
}

static Entry *
add_entry (NetnsJobs *jobs, guint id, int socket)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->jobs = jobs;
  entry->job.id = id;
  entry->socket = socket;
  g_hash_table_insert (jobs->entries, GUINT_TO_POINTER (id), entry);
  return entry;
}

static gboolean
describe (NetnsJob *job, int instructions_fd)
{
  g_autoptr (GVariant) instructions = netns_channel_load (instructions_fd, NULL);
  g_autofree const char **command = NULL;

  if (instructions == NULL || !g_variant_lookup (instructions, "uid", "u", &job->uid)
      || !g_variant_lookup (instructions, "namespace", "s", &job->namespace_name)
      || !g_variant_lookup (instructions, "cookie", "t", &job->cookie)
      || !g_variant_lookup (instructions, "command", "^a&s", &command) || command[0] == NULL)
    return FALSE;
  job->program = g_strdup (command[0]);
  g_variant_lookup (instructions, "client", "s", &job->client);
  return TRUE;
}

static void
resume (NetnsJobs *jobs, const char *name)
{
  g_autofree char *path = g_build_filename (NETNS_CHANNEL_DIR, name, NULL);
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_channel_connect (path, &error);
  struct pollfd waiting = { fd, POLLIN, 0 };
  int fds[NETNS_CHANNEL_DESCRIPTORS_MAX];
  NetnsChannelMessage message;
  guint n_fds = 0;
  guint64 id;
  Entry *entry;

  if (fd < 0 || !g_ascii_string_to_unsigned (name, 10, 1, G_MAXUINT32, &id, NULL)) {
    g_unlink (path); /* nobody listens any more */
    return;
  }
  if (poll (&waiting, 1, HELLO_MILLISECONDS) != 1 || !netns_channel_hear (fd, &message, fds, &n_fds, &error)
      || message.type != NETNS_CHANNEL_STARTED || n_fds != 1) {
    g_warning ("Leaving out process %s: %s", name, error ? error->message : "its helper does not answer");
  } else {
    entry = add_entry (jobs, (guint) id, g_steal_fd (&fd));
    entry->running = TRUE;
    entry->job.pid = (guint) message.number;
    if (!describe (&entry->job, fds[0]))
      drop (entry);
  }
  for (guint i = 0; i < n_fds; i++)
    g_close (fds[i], NULL);
}

/**
 * netns_jobs_resume:
 * @jobs: the table, empty
 *
 * Finds the commands that an earlier service started.
 */
void
netns_jobs_resume (NetnsJobs *jobs)
{
  g_autoptr (GDir) directory = NULL;
  const char *name;

  if (g_mkdir_with_parents (NETNS_CHANNEL_DIR, 0700) < 0)
    g_warning ("Cannot make " NETNS_CHANNEL_DIR ": %s", g_strerror (errno));
  directory = g_dir_open (NETNS_CHANNEL_DIR, 0, NULL);
  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    resume (jobs, name);
}

/**
 * netns_jobs_listen:
 * @jobs: the table
 *
 * From now on hears what happens to commands that were found: there is somebody to tell.
 */
void
netns_jobs_listen (NetnsJobs *jobs)
{
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    listen_to (entry);
}

static Entry *
find_running (NetnsJobs *jobs, guint id)
{
  Entry *entry = g_hash_table_lookup (jobs->entries, GUINT_TO_POINTER (id));

  return entry != NULL && entry->running ? entry : NULL;
}

/* Returns: (transfer none) (nullable): one that runs */
NetnsJob *
netns_jobs_get (NetnsJobs *jobs, guint id)
{
  Entry *entry = find_running (jobs, id);

  return entry ? &entry->job : NULL;
}

/* Returns: (transfer full) (element-type NetnsJob): those that run */
GPtrArray *
netns_jobs_list (NetnsJobs *jobs)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    if (entry->running)
      g_ptr_array_add (list, &entry->job);
  return list;
}

/* Returns: how many a user has, with those that are just being started */
guint
netns_jobs_count (NetnsJobs *jobs, guint uid)
{
  GHashTableIter iter;
  guint count = 0;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    count += entry->job.uid == uid;
  return count;
}

static GVariant *
write_instructions (const NetnsJob *job, const NetnsJobIdentity *identity, const NetnsJobRequest *request)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "u", job->id);
  g_variant_dict_insert (&dict, "uid", "u", identity->uid);
  g_variant_dict_insert_value (
    &dict, "groups",
    g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, identity->groups, identity->n_groups, sizeof (guint32)));
  g_variant_dict_insert (&dict, "namespace", "s", job->namespace_name);
  g_variant_dict_insert (&dict, "cookie", "t", job->cookie);
  g_variant_dict_insert (&dict, "command", "^as", request->command);
  g_variant_dict_insert (&dict, "environment", "^as", request->environment);
  g_variant_dict_insert (&dict, "directory", "s", *request->directory != '\0' ? request->directory : "/");
  if (job->client != NULL)
    g_variant_dict_insert (&dict, "client", "s", job->client);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static gboolean
launch (Entry *entry, GVariant *instructions, int namespace_fd, const int *fds, gsize n_fds, GError **error)
{
  g_autofree char *last = g_strdup_printf ("%u\n", entry->job.id);
  netns_autofd int instructions_fd = netns_channel_store (instructions, error);
  NetnsChannelMessage message = { .type = NETNS_CHANNEL_START };
  int all[NETNS_CHANNEL_DESCRIPTORS_MAX], ends[2];
  netns_autofd int helper = -1;

  if (instructions_fd < 0 || !netns_store_write (COUNTER_FILE, last, error) || !netns_channel_new (ends, error))
    return FALSE;
  entry->socket = ends[0];
  helper = ends[1];
  all[0] = instructions_fd;
  all[1] = namespace_fd;
  for (gsize i = 0; i < n_fds; i++)
    all[i + 2] = fds[i];
  return netns_channel_tell (entry->socket, &message, all, (guint) n_fds + 2, error)
         && entry->jobs->spawn (entry->job.id, helper, entry->jobs->spawn_data, error);
}

/**
 * netns_jobs_start:
 * @jobs: the table
 * @identity: whom it runs as
 * @namespace_name: where
 * @cookie: that of the namespace
 * @request: what
 * @namespace_fd: the namespace
 * @fds: its descriptors, as many as @request says
 * @started: (scope async): called once, maybe at once
 * @data: for @started
 *
 * Runs a command that its caller was allowed to run. What can go wrong until the very last moment is an error.
 */
void
netns_jobs_start (NetnsJobs *jobs, const NetnsJobIdentity *identity, const char *namespace_name, guint64 cookie,
                  const NetnsJobRequest *request, int namespace_fd, const int *fds, NetnsJobStartedFunc started,
                  gpointer data)
{
  Entry *entry = add_entry (jobs, ++jobs->last_id, -1);
  g_autoptr (GVariant) instructions = NULL;
  g_autoptr (GError) error = NULL;

  entry->started = started;
  entry->data = data;
  entry->job.uid = identity->uid;
  entry->job.namespace_name = g_strdup (namespace_name);
  entry->job.cookie = cookie;
  entry->job.program = g_strdup (request->command[0]);
  entry->job.client = request->detach ? NULL : g_strdup (identity->client);
  NOTIFY (jobs, begun, &entry->job);
  instructions = write_instructions (&entry->job, identity, request);
  if (launch (entry, instructions, namespace_fd, fds, request->n_descriptors, &error))
    listen_to (entry);
  else
    fail (entry, error->code, error->message);
}

/**
 * netns_jobs_fail:
 * @jobs: the table
 * @id: number of one whose helper could not be started
 * @text: why
 */
void
netns_jobs_fail (NetnsJobs *jobs, guint id, const char *text)
{
  Entry *entry = g_hash_table_lookup (jobs->entries, GUINT_TO_POINTER (id));

  if (entry != NULL && !entry->running)
    fail (entry, NETNS_ERROR_KERNEL_REFUSED, text);
}

/**
 * netns_jobs_signal:
 * @jobs: the table
 * @id: number of one that runs
 * @number: a signal
 * @error: `NotFound`
 *
 * Returns: whether it was sent
 */
gboolean
netns_jobs_signal (NetnsJobs *jobs, guint id, int number, GError **error)
{
  Entry *entry = find_running (jobs, id);

  if (entry == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Process %u has ended", id);
    return FALSE;
  }
  tell (entry, NETNS_CHANNEL_SIGNAL, number);
  return TRUE;
}

/* Politely first, and after some seconds by force, with all that it started. */
void
netns_jobs_end (NetnsJobs *jobs, guint id)
{
  Entry *entry = g_hash_table_lookup (jobs->entries, GUINT_TO_POINTER (id));

  if (entry != NULL)
    tell (entry, NETNS_CHANNEL_END, 0);
}

static void
notify_changed (NetnsJobs *jobs, Entry *entry)
{
  if (entry->running)
    NOTIFY (jobs, changed, &entry->job);
}

void
netns_jobs_rename_namespace (NetnsJobs *jobs, const char *name, const char *new_name)
{
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry)) {
    if (g_strcmp0 (entry->job.namespace_name, name) != 0)
      continue;
    g_free (entry->job.namespace_name);
    entry->job.namespace_name = g_strdup (new_name);
    notify_changed (jobs, entry);
  }
}

/* Whoever removed the name of a namespace with a command inside; the command goes on. */
void
netns_jobs_forget_namespaces (NetnsJobs *jobs, NetnsMirror *mirror)
{
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry)) {
    const char *name = entry->job.namespace_name;
    const NetnsNamespace *namespace = name ? netns_mirror_get_namespace (mirror, name) : NULL;

    if (name == NULL
        || (namespace != NULL
            && (namespace->cookie == entry->job.cookie || namespace->cookie == 0 || entry->job.cookie == 0)))
      continue;
    g_clear_pointer (&entry->job.namespace_name, g_free);
    notify_changed (jobs, entry);
  }
}
