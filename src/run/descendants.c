/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/descendants.h"

#include "common/cleanup.h"

#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* Of /proc/PID/stat, counted from the one behind the name; see proc(5). */
#define FIELD_PARENT 1
#define FIELD_START  19

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
  g_auto (GStrv) fields = NULL;
  const char *end;

  if (!g_ascii_isdigit (*name) || !g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  end = strrchr (text, ')');
  if (end == NULL || !g_str_has_prefix (end, ") "))
    return FALSE;
  fields = g_strsplit (end + strlen (") "), " ", FIELD_START + 2);
  if (g_strv_length (fields) <= FIELD_START)
    return FALSE;
  entry->pid = (pid_t) g_ascii_strtoll (name, NULL, 10);
  entry->parent = (pid_t) g_ascii_strtoll (fields[FIELD_PARENT], NULL, 10);
  entry->start = g_ascii_strtoll (fields[FIELD_START], NULL, 10);
  return TRUE;
}

/* Its number may be another one's by now, and this program may signal everybody: so take hold of whoever has it, and
 * look whether it is who was meant. */
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
  g_autoptr (GDir) directory = g_dir_open ("/proc", 0, NULL);
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  const char *name;
  Entry entry;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    if (read_entry (name, &entry))
      g_array_append_val (entries, entry);
  return entries;
}

/* Where /proc hides what is other users' (hidepid), those who lost their parents are found all the same. Nobody but
 * this program waits for them, so their numbers are theirs. */
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

/**
 * netns_descendants_signal:
 * @number: a signal
 *
 * Sends it to each. One that is born meanwhile may be missed: repeat it until there is none.
 *
 * Returns: whether there was any
 */
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
