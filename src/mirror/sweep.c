/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/sweep.h"

#include "common/cleanup.h"
#include "common/label.h"
#include "common/names.h"
#include "kernel/holders.h"
#include "kernel/process.h"

#include <string.h>
#include <time.h>

/* How many new namespaces are open at a time: it keeps them alive, and the main thread reads each for 50 us. */
#define PIECE 64

static void
clear_found (gpointer data)
{
  NetnsFound *found = data;

  netns_close_fd (&found->fd);
  g_clear_pointer (&found->path, g_free);
  g_clear_pointer (&found->label, g_free);
}

/**
 * netns_sweep_new:
 * @known: (transfer full) (element-type guint64): inodes of namespaces that need not be opened
 *
 * Returns: (transfer full): a search that has not begun
 */
NetnsSweep *
netns_sweep_new (GHashTable *known)
{
  NetnsSweep *sweep = g_new0 (NetnsSweep, 1);

  sweep->known = known;
  return sweep;
}

void
netns_sweep_free (NetnsSweep *sweep)
{
  g_hash_table_unref (sweep->known);
  g_clear_pointer (&sweep->found, g_array_unref);
  g_clear_error (&sweep->error);
  g_free (sweep);
}

/**
 * netns_sweep_measure:
 *
 * Returns: how long the calling thread has worked, in microseconds; what others do on the machine does not count
 */
gint64
netns_sweep_measure (void)
{
  struct timespec now = { 0 };

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static NetnsSource
source_of (const NetnsHolder *holder)
{
  static const NetnsSource sources[] = {
    [NETNS_HOLDER_PROCESS] = NETNS_SOURCE_PROCESS,
    [NETNS_HOLDER_MOUNT] = NETNS_SOURCE_MOUNT,
    [NETNS_HOLDER_DESCRIPTOR] = NETNS_SOURCE_DESCRIPTOR,
  };

  return sources[holder->kind];
}

/* What is mounted there in our own mount namespace, the table of names knows. */
static gboolean
is_name (const NetnsHolder *holder)
{
  const char *name;

  if (holder->kind != NETNS_HOLDER_MOUNT || holder->pid != (guint) getpid ()
      || !g_str_has_prefix (holder->mount, NETNS_RUN_DIR "/"))
    return FALSE;
  name = holder->mount + strlen (NETNS_RUN_DIR "/");
  return strchr (name, '/') == NULL && !netns_name_is_id (name);
}

static char *
describe (const NetnsHolder *holder)
{
  g_autofree char *groups = NULL, *label = NULL;

  if (holder->kind == NETNS_HOLDER_MOUNT) {
    label = netns_label_from_mount (holder->mount);
    /* In another mount namespace, it is there as long as that one is: by its processes. */
    if (label != NULL || holder->pid == (guint) getpid ())
      return g_steal_pointer (&label);
  }
  groups = netns_process_read_groups (holder->pid);
  label = groups ? netns_label_from_groups (groups) : NULL;
  if (label == NULL && *holder->command != '\0') /* of one that was ending it could not be read */
    label = g_strdup (holder->command);
  return g_steal_pointer (&label);
}

/* The best holder of each namespace: the strongest, and of several the process with the lowest number, which as a rule
 * was there first. */
static GPtrArray *
choose_holders (const GArray *holders, GHashTable *named)
{
  g_autoptr (GHashTable) by_inode = g_hash_table_new (g_int64_hash, g_int64_equal);
  GPtrArray *best = g_ptr_array_new ();
  guint position;

  for (guint i = 0; i < holders->len; i++) {
    NetnsHolder *holder = &g_array_index (holders, NetnsHolder, i);
    gpointer known;

    if (is_name (holder))
      g_hash_table_add (named, &holder->id.inode);
    if (!g_hash_table_lookup_extended (by_inode, &holder->id.inode, NULL, &known)) {
      g_hash_table_insert (by_inode, &holder->id.inode, GUINT_TO_POINTER (best->len));
      g_ptr_array_add (best, holder);
      continue;
    }
    position = GPOINTER_TO_UINT (known);
    if (holder->kind < ((NetnsHolder *) g_ptr_array_index (best, position))->kind)
      g_ptr_array_index (best, position) = holder;
  }
  return best;
}

static void
search (NetnsSweep *sweep, const NetnsFileId *host)
{
  g_autoptr (GArray) holders = netns_holders_list (NULL, &sweep->error);
  g_autoptr (GHashTable) named = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GPtrArray) best = NULL;

  sweep->found = g_array_new (FALSE, FALSE, sizeof (NetnsFound));
  g_array_set_clear_func (sweep->found, clear_found);
  if (holders == NULL)
    return;
  best = choose_holders (holders, named);
  for (guint i = 0; i < best->len; i++) {
    const NetnsHolder *holder = g_ptr_array_index (best, i);
    NetnsFound found = {
      .id = holder->id,
      .named = g_hash_table_contains (named, &holder->id.inode),
      .source = source_of (holder),
      .fd = -1,
    };

    if (holder->id.inode == host->inode)
      continue;
    found.path = netns_holder_get_path (holder);
    found.label = describe (holder);
    g_array_append_val (sweep->found, found);
  }
}

/* Takes the next piece: all that is known, and up to so many new ones, open. */
static void
open_piece (NetnsSweep *sweep)
{
  guint opened = 0;

  sweep->begin = sweep->end;
  while (sweep->end < sweep->found->len && opened < PIECE) {
    NetnsFound *found = &g_array_index (sweep->found, NetnsFound, sweep->end++);

    if (found->named || g_hash_table_contains (sweep->known, &found->id.inode))
      continue;
    found->fd = netns_holder_open (found->path, &found->id, NULL); /* who ended meanwhile is not missed */
    opened++;
  }
}

/**
 * netns_sweep_run:
 * @sweep: a search
 * @host: the host's namespace
 *
 * Searches, or goes on to the next piece of what was found. Enters no namespace.
 */
void
netns_sweep_run (NetnsSweep *sweep, const NetnsFileId *host)
{
  gint64 begin = netns_sweep_measure ();

  if (sweep->found == NULL)
    search (sweep, host);
  open_piece (sweep);
  sweep->cost += netns_sweep_measure () - begin;
}

/**
 * netns_sweep_is_complete:
 * @sweep: a search that ran
 *
 * Returns: whether the piece was the last one
 */
gboolean
netns_sweep_is_complete (const NetnsSweep *sweep)
{
  return sweep->end == sweep->found->len;
}
