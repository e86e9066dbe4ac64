/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All references but the names themselves, which are mounts too, and the mounts that go with these: a service that systemd
 * started has a mount namespace of its own, with a copy of each name that follows the original. */
#include "kernel/remaining-references.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/broker.h"
#include "kernel/mounts.h"
#include "kernel/sockets.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_DESCRIBED 20

/* Whether it is a name in /run/netns. */
static gboolean
is_name (const NetnsReference *reference, guint64 mounts)
{
  return reference->kind == NETNS_REFERENCE_MOUNT && reference->mount_namespace == mounts
         && g_str_has_prefix (reference->mount, NETNS_RUN_DIR "/")
         && strchr (reference->mount + strlen (NETNS_RUN_DIR "/"), '/') == NULL;
}

static gboolean
is_in (GHashTable *groups, guint group)
{
  return group != 0 && g_hash_table_contains (groups, GUINT_TO_POINTER (group));
}

/* The peer groups that hear of an unmount in /run/netns (propagate_umount() in fs/pnode.c): those of the names
 * themselves, and those that receive from one of these. */
static GHashTable *
find_groups (const GArray *references, guint64 mounts)
{
  GHashTable *groups = g_hash_table_new (NULL, NULL);
  guint before;

  do {
    before = g_hash_table_size (groups);
    for (guint i = 0; i < references->len; i++) {
      const NetnsReference *reference = &g_array_index (references, NetnsReference, i);

      if (reference->shared != 0 && (is_name (reference, mounts) || is_in (groups, reference->master)))
        g_hash_table_add (groups, GUINT_TO_POINTER (reference->shared));
    }
  } while (g_hash_table_size (groups) > before);
  return groups;
}

/* What is not kept is behind all others in the end: of a crowd, none is moved more than once. */
static void
keep (GArray *references, guint to, guint from)
{
  NetnsReference *all = (NetnsReference *) (gpointer) references->data, before = all[to];

  all[to] = all[from];
  all[from] = before;
}

static void
remove_what_goes (GArray *references, guint64 mounts)
{
  g_autoptr (GHashTable) groups = find_groups (references, mounts);
  /* The files that the names are mounted on: what goes along is mounted on the same. */
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint kept = 0;

  for (guint i = 0; i < references->len; i++) {
    const NetnsReference *reference = &g_array_index (references, NetnsReference, i);

    if (is_name (reference, mounts) && reference->place != NULL)
      g_hash_table_add (places, g_strdup (reference->place));
  }
  for (guint i = 0; i < references->len; i++) {
    const NetnsReference *reference = &g_array_index (references, NetnsReference, i);

    if (reference->kind != NETNS_REFERENCE_MOUNT
        || (!is_name (reference, mounts)
            && (reference->place == NULL || !g_hash_table_contains (places, reference->place)
                || (!is_in (groups, reference->shared) && !is_in (groups, reference->master)))))
      keep (references, kept++, i);
  }
  g_array_set_size (references, kept);
}

/* A helper of ours that reads the rules there ends by itself, or with the namespace, and the broker is there for a moment. One
 * that has ended since it was seen is unknown by now, but only once it is gone. */
static void
remove_helpers (GArray *references)
{
  guint kept = 0;

  for (guint i = 0; i < references->len; i++) {
    const NetnsReference *reference = &g_array_index (references, NetnsReference, i);

    if (reference->kind == NETNS_REFERENCE_MOUNT
        || (!netns_broker_is_ours (reference->pid, reference->command)
            && (kill ((pid_t) reference->pid, 0) == 0 || errno != ESRCH)))
      keep (references, kept++, i);
  }
  g_array_set_size (references, kept);
}

/**
 * netns_remaining_references_list, netns_remaining_references_find:
 * @fd: a namespace
 * @id: one that cannot be looked into, because it has no names any longer
 * @sockets: (element-type gsize): the sockets that it had
 * @search: whether sockets are looked for that are in no list
 * @limit: that of netns_references_list()
 * @complete: (out) (optional): the same
 * @error: `InvalidArgument`, `KernelRefused`
 *
 * The former is for a thread that may enter namespaces.
 *
 * Returns: (transfer full) (nullable) (element-type NetnsReference): what keeps a namespace alive besides its names
 */
GArray *
netns_remaining_references_list (int fd, gboolean search, guint limit, gboolean *complete, GError **error)
{
  g_autoptr (GHashTable) sockets = NULL;
  NetnsFileId id;

  if (!netns_nsfs_identify (fd, &id, error))
    return NULL;
  sockets = netns_sockets_list (fd, error);
  return sockets ? netns_remaining_references_find (&id, sockets, search, limit, complete, error) : NULL;
}

GArray *
netns_remaining_references_find (const NetnsFileId *id, GHashTable *sockets, gboolean search, guint limit,
                                 gboolean *complete, GError **error)
{
  GArray *references = netns_references_list (id, sockets, search, limit, complete, error);

  if (references == NULL)
    return NULL;
  remove_what_goes (references, netns_mounts_get_inode ());
  remove_helpers (references);
  return references;
}

/**
 * netns_remaining_reference_open:
 * @reference: what was found
 * @error: `NamespaceGone`, `KernelRefused`
 *
 * The kernel may have given the inode to another namespace since: only the cookie tells.
 *
 * Returns: the namespace, -1 on error
 */
int
netns_remaining_reference_open (const NetnsReference *reference, GError **error)
{
  g_autofree char *path = netns_reference_get_path (reference);

  return path ? netns_reference_open (path, &reference->id, error)
              : netns_sockets_open_namespace (reference->pid, reference->fd, reference->uid, error);
}

static char *
describe (const NetnsReference *reference)
{
  switch (reference->kind) {
  case NETNS_REFERENCE_PROCESS:
    if (reference->tid != reference->pid)
      return g_strdup_printf ("thread %u of %s (%u) runs in it", reference->tid, reference->command, reference->pid);
    return g_strdup_printf ("%s (%u) runs in it", reference->command, reference->pid);
  case NETNS_REFERENCE_MOUNT:
    return g_strdup_printf ("%s (%u) has it mounted on %s", reference->command, reference->pid, reference->mount);
  case NETNS_REFERENCE_DESCRIPTOR:
    return g_strdup_printf ("%s (%u) has it open as descriptor %d", reference->command, reference->pid, reference->fd);
  case NETNS_REFERENCE_SOCKET:
    return g_strdup_printf ("%s (%u) has a socket in it", reference->command, reference->pid);
  default:
    g_assert_not_reached ();
  }
}

/* A process in it is listed once, no matter what else it holds. They are in the order of the processes: only those of the same
 * one are compared, and of these one of the same kind comes soon. */
static gboolean
is_described (const GArray *references, guint index)
{
  const NetnsReference *reference = &g_array_index (references, NetnsReference, index);

  for (guint i = index; i > 0 && reference->kind != NETNS_REFERENCE_MOUNT; i--) {
    const NetnsReference *other = &g_array_index (references, NetnsReference, i - 1);

    if (other->kind == NETNS_REFERENCE_MOUNT || other->pid != reference->pid)
      return FALSE;
    if (other->kind == NETNS_REFERENCE_PROCESS || other->kind == reference->kind)
      return TRUE;
  }
  return FALSE;
}

/* Returns: (transfer full): @references in words, each with name and number of the process */
char *
netns_remaining_references_describe (const GArray *references)
{
  GString *list = g_string_new (NULL);
  guint described = 0, more = 0;

  for (guint i = 0; i < references->len; i++) {
    g_autofree char *text = NULL;

    if (is_described (references, i))
      continue;
    if (described == MOST_DESCRIBED) {
      more++;
      continue;
    }
    text = describe (&g_array_index (references, NetnsReference, i));
    g_string_append_printf (list, "%s%s", described++ ? ", " : "", text);
  }
  if (more > 0)
    g_string_append_printf (list, ", and %u more", more);
  return g_string_free (list, FALSE);
}
