/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/proc.h"

#include "common/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LONGEST (64 * 1024)
#define CHUNK   (64 * 1024)

/* @name: a directory of /proc whose entries have numbers, in the directory @directory, or AT_FDCWD for an absolute name
 * Returns: (transfer full) (nullable): a walk through it; errno says why there is none */
DIR *
netns_proc_open (int directory, const char *name)
{
  netns_autofd int fd = openat (directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *walk = fd >= 0 ? fdopendir (fd) : NULL;

  if (walk != NULL)
    g_steal_fd (&fd);
  return walk;
}

/* Returns: (transfer none) (nullable): the next entry that is a number, until the next call */
const char *
netns_proc_next (DIR *directory)
{
  const struct dirent *entry;

  do
    entry = readdir (directory);
  while (entry != NULL && !g_ascii_isdigit (entry->d_name[0]));
  return entry ? entry->d_name : NULL;
}

/* @process: a directory of /proc */
void
netns_proc_read_command (int process, char command[NETNS_COMMAND_SIZE])
{
  netns_autofd int fd = openat (process, "comm", O_RDONLY | O_CLOEXEC);
  gssize size = fd >= 0 ? read (fd, command, NETNS_COMMAND_SIZE - 1) : 0;

  command[MAX (size, 0)] = '\0';
  g_strchomp (command);
}

/* Calls @func for each whole line in @chunk and @line, the beginning of the first one, which then holds the rest. */
static void
take_lines (const char *chunk, gsize size, GString *line, NetnsLineFunc func, gpointer data)
{
  while (size > 0) {
    const char *end = memchr (chunk, '\n', size);
    gsize length = end != NULL ? (gsize) (end - chunk) : size;

    if (line->len <= LONGEST)
      g_string_append_len (line, chunk, (gssize) length);
    if (end == NULL)
      return;
    if (line->len <= LONGEST)
      func (line->str, data);
    g_string_truncate (line, 0);
    chunk += length + 1;
    size -= length + 1;
  }
}

/**
 * netns_proc_read_lines:
 * @directory: a directory of /proc
 * @name: a file in it, such as `mountinfo`
 * @most: bytes of it after which the rest is left out
 * @func: (scope call): called for each line
 * @data: for @func
 *
 * Lines of more than 64 KiB are left out: how long they get is in the hands of others.
 *
 * Returns: whether it could be read
 */
gboolean
netns_proc_read_lines (int directory, const char *name, gsize most, NetnsLineFunc func, gpointer data)
{
  netns_autofd int fd = openat (directory, name, O_RDONLY | O_CLOEXEC);
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *chunk = g_malloc (CHUNK);
  gssize size = -1;

  for (gsize done = 0; fd >= 0 && done < most && (size = read (fd, chunk, MIN (CHUNK, most - done))) > 0;
       done += (gsize) size)
    take_lines (chunk, (gsize) size, line, func, data);
  return size >= 0;
}

/* Returns: how long the calling thread has worked, in microseconds; what others do on the machine does not count */
gint64
netns_proc_measure (void)
{
  struct timespec now = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* Returns: (transfer full) (element-type guint): the processes that a walk through /proc passes */
GArray *
netns_proc_list_pids (DIR *proc)
{
  GArray *pids = g_array_new (FALSE, FALSE, sizeof (guint));
  const char *name;

  while ((name = netns_proc_next (proc)) != NULL) {
    guint pid = (guint) g_ascii_strtoull (name, NULL, 10);

    g_array_append_val (pids, pid);
  }
  return pids;
}

typedef struct {
  guint pid;
  gint64 descriptors;
} Process;

static int
compare_processes (gconstpointer a, gconstpointer b)
{
  const Process *first = a, *second = b;

  return (first->descriptors > second->descriptors) - (first->descriptors < second->descriptors);
}

/**
 * netns_proc_sort_by_descriptors:
 * @proc: /proc
 * @pids: (element-type guint): processes
 *
 * A time limit is then up because of those that have very many. How many a process has is the size of the folder (Linux 6.2,
 * proc_fd_getattr() in fs/proc/fd.c), 0 before.
 *
 * Returns: (transfer full) (element-type guint): those that are still there, with few descriptors first
 */
GArray *
netns_proc_sort_by_descriptors (int proc, const GArray *pids)
{
  g_autoptr (GArray) processes = g_array_new (FALSE, FALSE, sizeof (Process));
  GArray *sorted = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < pids->len; i++) {
    Process process = { .pid = g_array_index (pids, guint, i) };
    char name[32];
    struct stat status;

    g_snprintf (name, sizeof name, "%u/fd", process.pid);
    if (fstatat (proc, name, &status, 0) < 0)
      continue;
    process.descriptors = status.st_size;
    g_array_append_val (processes, process);
  }
  g_array_sort (processes, compare_processes);
  for (guint i = 0; i < processes->len; i++)
    g_array_append_val (sorted, g_array_index (processes, Process, i).pid);
  return sorted;
}
