/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other programs mount in /run/netns, on files that stay, so that nothing but the mount table has news of it. */
#include "common/cleanup.h"
#include "common/later.h"
#include "common/names.h"
#include "mirror/mirror.h"
#include "sandbox.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME  "one"
#define PATH  NETNS_RUN_DIR "/" NAME
#define LIMIT 120 /* s */
#define MANY  40
#define PAUSE (200 * G_TIME_SPAN_MILLISECOND) /* more than there is between two looks at the names */

typedef struct {
  NetnsWorker *worker;
  NetnsMirror *mirror;
  guint limit;
  gboolean removed; /* the namespace of that name */
} World;

static void
on_removed (NetnsNamespace *namespace, gpointer data)
{
  World *world = data;

  world->removed |= strcmp (namespace->name, NAME) == 0;
}

static const NetnsObserver observer = { .namespace_removed = on_removed };

static gboolean G_GNUC_NORETURN
on_too_late (gpointer data)
{
  g_error ("Waited in vain");
}

/* With a namespace of that name. @data: a command that is run before the names are looked at for the first time */
static void
set_up (World *world, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *output = sandbox_run ("ip netns add " NAME "; %s", (const char *) data);

  world->worker = netns_worker_new ();
  world->mirror = netns_mirror_new (world->worker, 1024 * 1024, &error);
  g_assert_no_error (error);
  g_assert_nonnull (netns_mirror_get_namespace (world->mirror, NAME));
  netns_mirror_observe (world->mirror, &observer, world);
  world->limit = g_timeout_add_seconds (LIMIT, on_too_late, NULL);
}

static void
tear_down (World *world, gconstpointer data)
{
  g_autofree char *output = NULL;

  g_source_remove (world->limit);
  netns_worker_free (world->worker);
  netns_mirror_free (world->mirror);
  output = sandbox_run ("umount -l " PATH " || true; rm -f " NETNS_RUN_DIR "/*");
}

static guint64
get_inode (const char *path)
{
  struct stat status;

  g_assert_no_errno (stat (path, &status));
  return status.st_ino;
}

static void
empty (gpointer data)
{
  eventfd_t value;

  g_assert_no_errno (eventfd_read (GPOINTER_TO_INT (data), &value));
}

/* A source that GLib dispatches before all of the default priority, ready at the same time. */
static void
test_beside_more_urgent (World *world, gconstpointer data)
{
  netns_autofd int urgent = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  g_autofree char *output = NULL;
  GSource *source = NULL;

  netns_later_watch (&source, urgent, G_IO_IN, empty, GINT_TO_POINTER (urgent));
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_assert_no_errno (eventfd_write (urgent, 1));
  output = sandbox_run ("umount -l " PATH);
  while (!world->removed)
    g_main_context_iteration (NULL, TRUE);
  netns_later_clear (&source);
}

/* Makes namespaces until one has the inode, the name of which is still known. Returns: its path */
static char *
make_with_inode (guint64 inode)
{
  for (guint i = 0; i < MANY; i++) {
    char *path = g_strdup_printf ("/run/other-%u", i);
    g_autofree char *output = sandbox_run ("touch %s; unshare --net=%s true", path, path);

    if (get_inode (path) == inode)
      return path;
    g_free (path);
  }
  return NULL;
}

/* One ends and another one gets its id, its inode and its name before any of that is read. A file without a mount has the
 * names looked at without delay. */
static void
test_same_inode (World *world, gconstpointer data)
{
  const NetnsNamespace *before = netns_mirror_get_namespace (world->mirror, NAME), *after;
  guint64 inode = before->id.inode;
  g_autofree char *output = sandbox_run ("umount -l " PATH), *path = NULL, *moved = NULL;
  gint64 begin = g_get_monotonic_time ();

  while (path == NULL && g_get_monotonic_time () < begin + 20 * G_TIME_SPAN_SECOND)
    path = make_with_inode (inode);
  if (path == NULL) {
    g_test_skip ("Others on this machine take the inodes");
    return;
  }
  while (g_get_monotonic_time () < begin + PAUSE)
    g_usleep (PAUSE);
  moved = sandbox_run ("mount --bind %s " PATH, path);
  while (!world->removed)
    g_main_context_iteration (NULL, TRUE);
  after = netns_mirror_get_namespace (world->mirror, NAME);
  g_assert_nonnull (after);
  g_assert_cmpuint (after->id.inode, ==, inode);
}

static void
add_tests (void)
{
  g_test_add ("/mirror/mount-news/beside-more-urgent", World,
              "touch /run/kept; mount --bind " PATH " /run/kept" /* its end would be news, too */, set_up,
              test_beside_more_urgent, tear_down);
  g_test_add ("/mirror/mount-news/same-inode", World, "touch " NETNS_RUN_DIR "/file", set_up, test_same_inode,
              tear_down);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
