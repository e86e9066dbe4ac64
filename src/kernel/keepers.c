/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All holders but the names themselves, which are mounts too, and the mounts that go with these: a service that systemd
 * started has a mount namespace of its own, with a copy of each name that follows the original. */
#include "kernel/keepers.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/sockets.h"

#include <string.h>
#include <sys/stat.h>

#define MOST_DESCRIBED 20

/* Whether it is a name in /run/netns, as this process sees it. */
static gboolean
is_name (const NetnsHolder *holder, guint64 own_mounts)
{
  return holder->kind == NETNS_HOLDER_MOUNT && holder->mount_namespace == own_mounts
         && g_str_has_prefix (holder->mount, NETNS_RUN_DIR "/")
         && strchr (holder->mount + strlen (NETNS_RUN_DIR "/"), '/') == NULL;
}

static gboolean
is_in (GHashTable *groups, guint group)
{
  return group != 0 && g_hash_table_contains (groups, GUINT_TO_POINTER (group));
}

/* The peer groups that hear of an unmount in /run/netns (propagate_umount() in fs/pnode.c): those of the names
 * themselves, and those that receive from one of these. */
static GHashTable *
find_groups (const GArray *holders, guint64 own_mounts)
{
  GHashTable *groups = g_hash_table_new (NULL, NULL);
  guint before;

  do {
    before = g_hash_table_size (groups);
    for (guint i = 0; i < holders->len; i++) {
      const NetnsHolder *holder = &g_array_index (holders, NetnsHolder, i);

      if (holder->shared != 0 && (is_name (holder, own_mounts) || is_in (groups, holder->master)))
        g_hash_table_add (groups, GUINT_TO_POINTER (holder->shared));
    }
  } while (g_hash_table_size (groups) > before);
  return groups;
}

/* The files that the names are mounted on: what goes along is mounted on the same. */
static GHashTable *
find_places (const GArray *holders, guint64 own_mounts)
{
  GHashTable *places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < holders->len; i++) {
    const NetnsHolder *holder = &g_array_index (holders, NetnsHolder, i);

    if (is_name (holder, own_mounts) && holder->place != NULL)
      g_hash_table_add (places, g_strdup (holder->place));
  }
  return places;
}

static void
remove_what_goes (GArray *holders, guint64 own_mounts)
{
  g_autoptr (GHashTable) groups = find_groups (holders, own_mounts);
  g_autoptr (GHashTable) places = find_places (holders, own_mounts);

  for (guint i = holders->len; i > 0; i--) {
    const NetnsHolder *holder = &g_array_index (holders, NetnsHolder, i - 1);

    if (holder->kind == NETNS_HOLDER_MOUNT
        && (is_name (holder, own_mounts)
            || (holder->place != NULL && g_hash_table_contains (places, holder->place)
                && (is_in (groups, holder->shared) || is_in (groups, holder->master)))))
      g_array_remove_index (holders, i - 1);
  }
}

/**
 * netns_keepers_list:
 * @fd: a namespace
 * @error: `InvalidArgument`, `KernelRefused`
 *
 * For the thread that enters namespaces.
 *
 * Returns: (transfer full) (nullable) (element-type NetnsHolder): who keeps it alive besides its names
 */
GArray *
netns_keepers_list (int fd, GError **error)
{
  g_autoptr (GHashTable) sockets = NULL;
  GArray *holders;
  NetnsFileId id;
  struct stat own;

  if (!netns_nsfs_identify (fd, &id, error))
    return NULL;
  sockets = netns_sockets_list (fd, error);
  if (sockets == NULL)
    return NULL;
  if (stat ("/proc/self/ns/mnt", &own) < 0) {
    netns_error_set_errno (error, errno, "Cannot read /proc");
    return NULL;
  }
  holders = netns_holders_list_with_sockets (&id, sockets, error);
  if (holders != NULL)
    remove_what_goes (holders, own.st_ino);
  return holders;
}

static char *
describe (const NetnsHolder *keeper)
{
  switch (keeper->kind) {
  case NETNS_HOLDER_PROCESS:
    if (keeper->tid != keeper->pid)
      return g_strdup_printf ("thread %u of %s (%u) lives in it", keeper->tid, keeper->command, keeper->pid);
    return g_strdup_printf ("%s (%u) lives in it", keeper->command, keeper->pid);
  case NETNS_HOLDER_MOUNT:
    return g_strdup_printf ("%s (%u) has it mounted on %s", keeper->command, keeper->pid, keeper->mount);
  case NETNS_HOLDER_DESCRIPTOR:
    return g_strdup_printf ("%s (%u) has it open as descriptor %d", keeper->command, keeper->pid, keeper->fd);
  case NETNS_HOLDER_SOCKET:
    return g_strdup_printf ("%s (%u) has a socket in it", keeper->command, keeper->pid);
  default:
    g_assert_not_reached ();
  }
}

/* One that lives in it is told of once, whatever else it holds. */
static gboolean
is_told (const GArray *keepers, guint index)
{
  const NetnsHolder *keeper = &g_array_index (keepers, NetnsHolder, index);

  for (guint i = 0; i < index && keeper->kind != NETNS_HOLDER_MOUNT; i++) {
    const NetnsHolder *other = &g_array_index (keepers, NetnsHolder, i);

    if (other->pid == keeper->pid
        && (other->kind == NETNS_HOLDER_PROCESS || other->kind == keeper->kind))
      return TRUE;
  }
  return FALSE;
}

/**
 * netns_keepers_describe:
 * @keepers: (element-type NetnsHolder): who keeps a namespace alive
 *
 * Returns: (transfer full): all of them in words, each with name and number of the process
 */
char *
netns_keepers_describe (const GArray *keepers)
{
  GString *list = g_string_new (NULL);
  guint told = 0, more = 0;

  for (guint i = 0; i < keepers->len; i++) {
    g_autofree char *text = NULL;

    if (is_told (keepers, i))
      continue;
    if (told == MOST_DESCRIBED) {
      more++;
      continue;
    }
    text = describe (&g_array_index (keepers, NetnsHolder, i));
    g_string_append_printf (list, "%s%s", told++ ? ", " : "", text);
  }
  if (more > 0)
    g_string_append_printf (list, ", and %u more", more);
  return g_string_free (list, FALSE);
}
