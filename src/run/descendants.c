/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/descendants.h"

#include "common/cleanup.h"
#include "kernel/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* The 4th field of /proc/PID/stat is the parent, the 22nd is when it began; see proc(5). */
#define REST                                                                                                           \
  ") %*c %d"                                                                                                           \
  " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"                                               \
  " %" G_GINT64_FORMAT

typedef struct {
  pid_t pid;
  pid_t parent;
  gint64 start;
} Entry;

/* `4711 (a name) S 1 ...`: the name can hold anything. */
static gboolean
read_entry (const char *name, Entry *entry)
{
  g_autofree char *path = g_build_filename ("/proc", name, "stat", NULL), *text = NULL;
  const char *end;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  end = strrchr (text, ')');
  entry->pid = (pid_t) g_ascii_strtoll (name, NULL, 10);
  return end != NULL && sscanf (end, REST, &entry->parent, &entry->start) == 2;
}

/* Its number may belong to another process by now, and this program may signal all processes: so open a pidfd, and then
 * check whether it is still the same process. */
static void
signal_entry (const Entry *entry, int number)
{
  g_autofree char *name = g_strdup_printf ("%d", (int) entry->pid);
  netns_autofd int fd = pidfd_open (entry->pid, 0);
  Entry now;

  if (fd >= 0 && read_entry (name, &now) && now.start == entry->start)
    pidfd_send_signal (fd, number, NULL, 0);
}

static GArray *
list_processes (void)
{
  g_autoptr (DIR) proc = netns_proc_open (AT_FDCWD, "/proc");
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  const char *name;
  Entry entry;

  while (proc != NULL && (name = netns_proc_next (proc)) != NULL)
    if (read_entry (name, &entry))
      g_array_append_val (entries, entry);
  return entries;
}

/* Where /proc hides processes of other users (hidepid), orphans are found nevertheless. Only this program waits for
 * them, so their numbers cannot be reused. */
static gboolean
signal_children (int number)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) pids = NULL;

  if (!g_file_get_contents ("/proc/thread-self/children", &text, NULL, NULL))
    return FALSE;
  pids = g_strsplit (g_strstrip (text), " ", -1);
  for (guint i = 0; pids[i] != NULL; i++)
    if (g_ascii_isdigit (*pids[i]))
      kill ((pid_t) g_ascii_strtoll (pids[i], NULL, 10), number);
  return pids[0] != NULL;
}

/* Sends a signal to each descendant. One that is born meanwhile may be missed: repeat it until there is none.
 * Returns: whether there was any */
gboolean
netns_descendants_signal (int number)
{
  g_autoptr (GArray) entries = list_processes ();
  g_autoptr (GHashTable) family = g_hash_table_new (NULL, NULL);
  gboolean grew = TRUE, any = signal_children (number);

  g_hash_table_add (family, GINT_TO_POINTER ((int) getpid ()));
  while (grew) {
    grew = FALSE;
    for (guint i = 0; i < entries->len; i++) {
      const Entry *entry = &g_array_index (entries, Entry, i);

      if (!g_hash_table_contains (family, GINT_TO_POINTER ((int) entry->parent))
          || !g_hash_table_add (family, GINT_TO_POINTER ((int) entry->pid)))
        continue;
      signal_entry (entry, number);
      grew = any = TRUE;
    }
  }
  return any;
}
