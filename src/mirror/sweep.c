/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/sweep.h"

#include "common/cleanup.h"
#include "common/label.h"
#include "common/names.h"
#include "kernel/broker.h"
#include "kernel/mounts.h"
#include "kernel/proc.h"
#include "kernel/references.h"
#include "kernel/process.h"

#include <string.h>

/* How many new namespaces are open at a time: it keeps them alive, and the main thread reads each for 50 us. */
#define PIECE 64
/* To look at everything, in milliseconds of CPU time: others can have as many processes, mounts and descriptors as they like. */
#define LIMIT 5000
/* How long a process must live in a namespace with a name before the namespace is said to be held by it: commands pass
 * through, such as those of `ip netns exec`. */
#define LASTING (2 * G_TIME_SPAN_SECOND)

/* Where a thread lives, and since when at the latest. */
typedef struct {
  guint64 inode;
  gint64 since;
} Resident;

static void
clear_found (gpointer data)
{
  NetnsFound *found = data;

  netns_close_fd (&found->fd);
  g_clear_pointer (&found->path, g_free);
  g_clear_pointer (&found->label, g_free);
}

/* Returns: (transfer full): a search that has not begun; it takes @known and @residents, which NetnsSweep describes */
NetnsSweep *
netns_sweep_new (GHashTable *known, GHashTable *residents, gint64 previous_end)
{
  NetnsSweep *sweep = g_new0 (NetnsSweep, 1);

  sweep->known = known;
  sweep->residents = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  sweep->previous_residents = residents;
  sweep->previous_end = previous_end;
  return sweep;
}

void
netns_sweep_free (NetnsSweep *sweep)
{
  g_hash_table_unref (sweep->known);
  g_clear_pointer (&sweep->residents, g_hash_table_unref);
  g_clear_pointer (&sweep->previous_residents, g_hash_table_unref);
  g_clear_pointer (&sweep->found, g_array_unref);
  g_clear_error (&sweep->error);
  g_free (sweep);
}

static const NetnsSource sources[] = {
  [NETNS_REFERENCE_PROCESS] = NETNS_SOURCE_PROCESS,
  [NETNS_REFERENCE_MOUNT] = NETNS_SOURCE_MOUNT,
  [NETNS_REFERENCE_DESCRIPTOR] = NETNS_SOURCE_DESCRIPTOR,
};

/* In the mount namespace that names are in. */
static gboolean
is_here (const NetnsReference *reference)
{
  return reference->kind == NETNS_REFERENCE_MOUNT && reference->mount_namespace == netns_mounts_get_inode ();
}

/* Mounts there are already in the table of names. */
static gboolean
is_name (const NetnsReference *reference)
{
  const char *name;

  if (!is_here (reference) || !g_str_has_prefix (reference->mount, NETNS_RUN_DIR "/"))
    return FALSE;
  name = reference->mount + strlen (NETNS_RUN_DIR "/");
  return strchr (name, '/') == NULL && !netns_name_is_id (name);
}

static char *
describe (const NetnsReference *reference)
{
  g_autofree char *groups = NULL, *label = NULL;

  if (reference->kind == NETNS_REFERENCE_MOUNT) {
    label = netns_label_from_mount (reference->mount);
    /* In another mount namespace, it is there as long as that one is: by its processes. */
    if (label != NULL || is_here (reference))
      return g_steal_pointer (&label);
  }
  groups = netns_process_read_groups (reference->pid);
  label = groups ? netns_label_from_groups (groups) : NULL;
  if (label == NULL && *reference->command != '\0') /* of one that was ending it could not be read */
    label = g_strdup (reference->command);
  return g_steal_pointer (&label);
}

/* Whether the process has lived there for a while. The search before tells which ones came later than they began. */
static gboolean
is_lasting (NetnsSweep *sweep, const NetnsReference *reference)
{
  gpointer key = GUINT_TO_POINTER (reference->tid);
  const Resident *before = sweep->previous_residents ? g_hash_table_lookup (sweep->previous_residents, key) : NULL;
  gint64 now = g_get_monotonic_time ();
  Resident resident = { reference->id.inode, now };

  if (before != NULL && before->inode == resident.inode)
    resident.since = before->since;
  else
    resident.since = MAX (now - netns_process_get_age (reference->tid), sweep->previous_end);
  g_hash_table_insert (sweep->residents, key, g_memdup2 (&resident, sizeof resident));
  return now - resident.since >= LASTING;
}

/* The best reference of each namespace: the strongest, and of several the process with the lowest number, which as a rule
 * was there first. Mounts come before processes, so that it is known then which namespaces have a name. */
static GPtrArray *
choose_references (NetnsSweep *sweep, const GArray *references, GHashTable *named)
{
  g_autoptr (GHashTable) by_inode = g_hash_table_new (g_int64_hash, g_int64_equal);
  GPtrArray *best = g_ptr_array_new ();
  guint position;

  for (guint i = 0; i < references->len; i++) {
    NetnsReference *reference = &g_array_index (references, NetnsReference, i);
    gpointer known;

    if (is_name (reference))
      g_hash_table_add (named, &reference->id.inode);
    /* Ours: in a namespace of its own, or in one of others for a moment. */
    if (reference->kind != NETNS_REFERENCE_MOUNT && netns_broker_is_ours (reference->pid, reference->command))
      continue;
    if (reference->kind == NETNS_REFERENCE_PROCESS && g_hash_table_contains (named, &reference->id.inode)
        && !is_lasting (sweep, reference))
      continue;
    if (!g_hash_table_lookup_extended (by_inode, &reference->id.inode, NULL, &known)) {
      g_hash_table_insert (by_inode, &reference->id.inode, GUINT_TO_POINTER (best->len));
      g_ptr_array_add (best, reference);
      continue;
    }
    position = GPOINTER_TO_UINT (known);
    if (reference->kind < ((NetnsReference *) g_ptr_array_index (best, position))->kind)
      g_ptr_array_index (best, position) = reference;
  }
  return best;
}

static void
search (NetnsSweep *sweep, const NetnsFileId *host)
{
  g_autoptr (GArray) references = netns_references_list (NULL, NULL, FALSE, LIMIT, &sweep->complete, &sweep->error);
  g_autoptr (GHashTable) named = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GPtrArray) best = NULL;

  sweep->found = g_array_new (FALSE, FALSE, sizeof (NetnsFound));
  g_array_set_clear_func (sweep->found, clear_found);
  if (references == NULL)
    return;
  best = choose_references (sweep, references, named);
  for (guint i = 0; i < best->len; i++) {
    const NetnsReference *reference = g_ptr_array_index (best, i);
    NetnsFound found = {
      .id = reference->id,
      .named = g_hash_table_contains (named, &reference->id.inode),
      .source = sources[reference->kind],
      .fd = -1,
    };

    if (reference->id.inode == host->inode)
      continue;
    found.path = netns_reference_get_path (reference);
    found.label = describe (reference);
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
    found->fd
      = netns_reference_open (found->path, &found->id, NULL); /* a process that ended meanwhile does not matter */
    opened++;
  }
}

/* Searches, or goes on to the next piece of what was found. Enters no namespace. */
void
netns_sweep_run (NetnsSweep *sweep, const NetnsFileId *host)
{
  gint64 begin = netns_proc_measure ();

  if (sweep->found == NULL)
    search (sweep, host);
  open_piece (sweep);
  sweep->cost += netns_proc_measure () - begin;
}

/* Returns: whether the piece was the last one */
gboolean
netns_sweep_is_complete (const NetnsSweep *sweep)
{
  return sweep->end == sweep->found->len;
}
