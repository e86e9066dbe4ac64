/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/job/jobs.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/later.h"
#include "common/observers.h"
#include "core/plan/store.h"
#include "kernel/etc.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

/* The last number that was given. */
#define COUNTER_FILE "last-process"
/* Helpers answer a restarted service at once, if the machine lets them. All of them together have this long. */
#define HELLO_TIMEOUT (10 * G_TIME_SPAN_SECOND)
/* How long, and of how many commands of each user, it is kept how they ended. */
#define KEPT_SECONDS  60
#define KEPT_PER_USER 64

struct _NetnsJobs {
  GHashTable *entries; /* id -> Entry */
  GArray *observers;
  NetnsJobSpawnFunc spawn;
  gpointer spawn_data;
  guint last_id;
};

#define NOTIFY(jobs, function, ...) NETNS_OBSERVERS_NOTIFY ((jobs)->observers, NetnsJobObserver, function, __VA_ARGS__)

/* A job and the way to its helper. */
typedef struct {
  NetnsJob job;
  NetnsJobs *jobs;
  int socket;
  GSource *source;    /* of @socket, or the end of what is kept */
  gboolean running;   /* or it did */
  gboolean abandoned; /* its client has left */
  gint64 end;         /* when it ended, monotonic */
  NetnsJobStartedFunc started; /* until it was called */
  gpointer data;
} Entry;

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  netns_later_clear (&entry->source);
  netns_close_fd (&entry->socket);
  g_free (entry->job.namespace_name);
  g_free (entry->job.program);
  g_free (entry->job.client);
  g_free (entry);
}

/* Numbers continue after those of an earlier run of the service, so that no client confuses two processes. */
NetnsJobs *
netns_jobs_new (void)
{
  NetnsJobs *jobs = g_new0 (NetnsJobs, 1);
  g_autofree char *last = NULL;
  g_autoptr (GError) error = NULL;
  guint64 last_id;

  jobs->entries = g_hash_table_new_full (NULL, NULL, NULL, free_entry);
  jobs->observers = netns_observers_new ();
  if (!netns_store_read (COUNTER_FILE, &last, &error))
    g_warning ("%s", error->message);
  if (last != NULL && g_ascii_string_to_unsigned (g_strchomp (last), 10, 0, G_MAXUINT32, &last_id, &error))
    jobs->last_id = (guint) last_id;
  else if (last != NULL)
    netns_store_set_aside (COUNTER_FILE, error->message);
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
  netns_observers_add (jobs->observers, observer, data);
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
on_started (Entry *entry, guint pid)
{
  entry->running = TRUE;
  entry->job.pid = pid;
  NOTIFY (entry->jobs, added, &entry->job);
  answer (entry, &entry->job, NULL);
}

static void
forget (gpointer data)
{
  Entry *entry = data;

  NOTIFY (entry->jobs, removed, &entry->job);
  drop (entry);
}

/* Of a user who has many: the one that ended first. */
static void
forget_oldest (NetnsJobs *jobs, guint uid)
{
  GHashTableIter iter;
  Entry *entry, *oldest = NULL;
  guint count = 0;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry)) {
    if (entry->job.state != NETNS_JOB_ENDED || entry->job.uid != uid)
      continue;
    count++;
    if (oldest == NULL || entry->end < oldest->end)
      oldest = entry;
  }
  if (count > KEPT_PER_USER)
    forget (oldest);
}

static void
on_exited (Entry *entry, int status, int signal)
{
  NetnsJobs *jobs = entry->jobs;
  guint uid = entry->job.uid;

  netns_later_clear (&entry->source);
  netns_close_fd (&entry->socket);
  entry->job.state = NETNS_JOB_ENDED;
  entry->job.status = status;
  entry->job.signal = signal;
  entry->job.pid = 0;
  entry->end = g_get_monotonic_time ();
  NOTIFY (jobs, exited, &entry->job);
  if (entry->abandoned)
    forget (entry);
  else
    netns_later_after (&entry->source, KEPT_SECONDS * 1000, forget, entry);
  forget_oldest (jobs, uid);
}

static void
on_message (gpointer data)
{
  Entry *entry = data;
  NetnsChannelMessage message;
  gboolean said = netns_channel_hear (entry->socket, &message, NULL, NULL, NULL);
  g_auto (NetnsJobNews) news = { NETNS_JOB_NOTHING };

  netns_job_news_take (&news, entry->running, said ? &message : NULL);
  if (news.type == NETNS_JOB_FAILS || news.type == NETNS_JOB_ENDS)
    tell (entry, NETNS_CHANNEL_DONE, 0);
  if (news.type == NETNS_JOB_BEGINS)
    on_started (entry, news.pid);
  else if (news.type == NETNS_JOB_FAILS)
    fail (entry, news.error, news.text);
  else if (news.type == NETNS_JOB_ENDS)
    on_exited (entry, news.status, news.signal);
}

static void
listen_to (Entry *entry)
{
  if (entry->source != NULL)
    return;
  netns_later_watch (&entry->source, entry->socket, G_IO_IN, on_message, entry);
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
wait_for_hello (int fd, gint64 deadline)
{
  struct pollfd waiting = { fd, POLLIN, 0 };
  int ready;

  do
    ready = poll (&waiting, 1, (int) (MAX (deadline - g_get_monotonic_time (), 0) / G_TIME_SPAN_MILLISECOND));
  while (ready < 0 && errno == EINTR);
  return ready == 1;
}

static void
resume (NetnsJobs *jobs, const char *file, gint64 deadline)
{
  g_autofree char *name = g_path_get_basename (file), *path = g_build_filename (NETNS_CHANNEL_DIR, name, NULL);
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = -1;
  struct stat status;
  int fds[NETNS_PACKET_DESCRIPTORS_MAX];
  NetnsChannelMessage message;
  guint n_fds = 0;
  guint64 id;
  Entry *entry;

  if (!g_ascii_string_to_unsigned (name, 10, 1, G_MAXUINT32, &id, NULL) || lstat (path, &status) < 0
      || !S_ISSOCK (status.st_mode)) {
    netns_store_set_aside (file, "It is not the socket of a command");
    return;
  }
  fd = netns_packet_connect (path, 0, &error);
  if (fd < 0) {
    g_unlink (path); /* its helper is gone */
    return;
  }
  if (!wait_for_hello (fd, deadline) || !netns_channel_hear (fd, &message, fds, &n_fds, &error)
      || message.type != NETNS_CHANNEL_STARTED || n_fds != 1) {
    g_warning ("Ignoring process %s: %s", name, error ? error->message : "its helper does not answer");
  } else {
    entry = add_entry (jobs, (guint) id, g_steal_fd (&fd));
    entry->running = TRUE;
    entry->job.pid = (guint) message.number;
    if (!netns_job_describe (&entry->job, fds[0]))
      drop (entry);
  }
  for (guint i = 0; i < n_fds; i++)
    g_close (fds[i], NULL);
}

/* Finds the commands that an earlier service started. */
void
netns_jobs_resume (NetnsJobs *jobs)
{
  g_autoptr (GPtrArray) files = netns_store_list (NETNS_CHANNEL_FOLDER);
  gint64 deadline = g_get_monotonic_time () + HELLO_TIMEOUT;

  for (guint i = 0; i < files->len; i++)
    resume (jobs, g_ptr_array_index (files, i), deadline);
  if (g_mkdir_with_parents (NETNS_CHANNEL_DIR, 0700) < 0)
    g_warning ("Cannot create " NETNS_CHANNEL_DIR ": %s", g_strerror (errno));
}

/* From now on, events of the commands that were found are reported. */
void
netns_jobs_listen (NetnsJobs *jobs)
{
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    listen_to (entry);
}

/* Returns: (transfer none) (nullable): one that runs, or of which is kept how it ended */
NetnsJob *
netns_jobs_get (NetnsJobs *jobs, guint id)
{
  Entry *entry = g_hash_table_lookup (jobs->entries, GUINT_TO_POINTER (id));

  return entry != NULL && entry->running ? &entry->job : NULL;
}

/* Returns: (transfer full) (element-type NetnsJob): those that run, or of which is kept how they ended */
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

/* Returns: how many of a user run or are just being started */
guint
netns_jobs_count (NetnsJobs *jobs, guint uid)
{
  GHashTableIter iter;
  guint count = 0;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    count += entry->job.uid == uid && entry->job.state == NETNS_JOB_RUNNING;
  return count;
}

static GVariant *
write_instructions (const NetnsJob *job, const NetnsJobIdentity *identity, const NetnsJobRequest *request)
{
  g_autofree char *files = netns_etc_print_identity (job->cookie, NULL);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "id", "u", job->id);
  g_variant_dict_insert (&dict, "uid", "u", identity->uid);
  g_variant_dict_insert_value (
    &dict, "groups",
    g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, identity->groups, identity->n_groups, sizeof (guint32)));
  g_variant_dict_insert (&dict, "namespace", "s", job->namespace_name);
  g_variant_dict_insert (&dict, "cookie", "t", job->cookie);
  if (files != NULL) /* without it there is no command: it could get the host's name servers */
    g_variant_dict_insert (&dict, "files", "s", files);
  g_variant_dict_insert (&dict, "command", "^as", request->command);
  g_variant_dict_insert (&dict, "environment", "^as", request->environment);
  g_variant_dict_insert (&dict, "all-files", "b", request->all_files);
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
  int all[NETNS_PACKET_DESCRIPTORS_MAX], ends[2];
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

/* Runs an authorized command in the namespace with that name and cookie; @fds are as many as @request says. All failures
 * up to its execution are reported as an error to @started, which is called once, maybe at once. */
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

/* The helper of a command could not be started. */
void
netns_jobs_fail (NetnsJobs *jobs, guint id, const char *text)
{
  Entry *entry = g_hash_table_lookup (jobs->entries, GUINT_TO_POINTER (id));

  if (entry != NULL && !entry->running)
    fail (entry, NETNS_ERROR_KERNEL_REFUSED, text);
}

/* Sends a signal to a command that runs. Error: `NotFound`. */
gboolean
netns_jobs_signal (NetnsJobs *jobs, guint id, int number, GError **error)
{
  Entry *entry = g_hash_table_lookup (jobs->entries, GUINT_TO_POINTER (id));

  if (entry == NULL || !entry->running || entry->job.state != NETNS_JOB_RUNNING)
    return netns_refuse (error, NETNS_ERROR_NOT_FOUND, "Process %u has ended", id);
  tell (entry, NETNS_CHANNEL_SIGNAL, number);
  return TRUE;
}

/* The client has left, and with it goes the command: politely first, and after some seconds by force, with all that it
 * started. Nobody wants to know how it ended. */
void
netns_jobs_end (NetnsJobs *jobs, guint id)
{
  Entry *entry = g_hash_table_lookup (jobs->entries, GUINT_TO_POINTER (id));

  if (entry == NULL)
    return;
  entry->abandoned = TRUE;
  if (entry->job.state == NETNS_JOB_ENDED)
    forget (entry);
  else
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

/* Another program has removed or changed the name of a namespace with a command in it; the command continues. */
void
netns_jobs_relocate (NetnsJobs *jobs, NetnsMirror *mirror)
{
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, jobs->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry)) {
    const char *name = entry->job.namespace_name;
    const NetnsNamespace *namespace = name ? netns_mirror_find_namespace (mirror, name, entry->job.cookie) : NULL;
    g_autofree char *before = NULL;

    if (name == NULL || (namespace != NULL && strcmp (namespace->name, name) == 0))
      continue;
    before = entry->job.namespace_name;
    entry->job.namespace_name = namespace ? g_strdup (namespace->name) : NULL;
    notify_changed (jobs, entry);
  }
}
