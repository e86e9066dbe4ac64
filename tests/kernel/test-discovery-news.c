/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces without a name, with the kernel's news of processes. These there are in the first network namespace only: so
 * the socket for them is made there, and all else in the sandbox. */
#include "common/cleanup.h"
#include "kernel/process-events.h"
#include "mirror/mirror.h"
#include "sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 6
/* Without news a new one is seen half a second after the one before, with news and no search in between later still. */
#define FAST (350 * G_TIME_SPAN_MILLISECOND)
/* What a busy machine delays is measured again; without news it is slow each time. */
#define ATTEMPTS 5

static int first_namespace = -1; /* where the test began */
static gboolean has_news;

typedef struct {
  NetnsMirror *mirror;
  GMainLoop *loop;
  guint64 awaited; /* inode */
} World;

static void
on_looked (gpointer data)
{
  g_main_loop_quit (data);
}

static void
on_added (NetnsNamespace *namespace, gpointer data)
{
  World *world = data;

  if (namespace->id.inode == world->awaited)
    g_main_loop_quit (world->loop);
}

static void
on_removed (NetnsNamespace *namespace, gpointer data)
{
  World *world = data;

  if (namespace->id.inode == world->awaited)
    g_main_loop_quit (world->loop);
}

static const NetnsObserver observer = { .namespace_added = on_added, .namespace_removed = on_removed };

static gboolean G_GNUC_NORETURN
on_too_late (gpointer data)
{
  g_error ("Waited in vain");
}

static void
run_until_told (World *world)
{
  guint limit = g_timeout_add_seconds (60, on_too_late, NULL);

  g_main_loop_run (world->loop);
  g_source_remove (limit);
}

/* As if the service ran in the first namespace. Without privilege there is no way back there, and no news either. */
static void
watch (NetnsMirror *mirror)
{
  netns_autofd int sandbox = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

  if (has_news)
    g_assert_no_errno (setns (first_namespace, CLONE_NEWNET));
  netns_mirror_watch (mirror, TRUE);
  if (has_news)
    g_assert_no_errno (setns (sandbox, CLONE_NEWNET));
}

static pid_t
start (guint64 *inode)
{
  int fds[2];
  pid_t pid;

  g_assert_no_errno (pipe (fds));
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    dup2 (fds[1], STDOUT_FILENO);
    execlp ("unshare", "unshare", "-n", "sh", "-c", "stat -L -c %i /proc/self/ns/net; exec sleep 1000", NULL);
    _exit (127);
  }
  close (fds[1]);
  {
    char text[32] = "";

    g_assert_cmpint (read (fds[0], text, sizeof text - 1), >, 0);
    *inode = g_ascii_strtoull (text, NULL, 10);
    close (fds[0]);
  }
  return pid;
}

static guint
find_unnamed (World *world)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (world->mirror);
  guint found = 0;

  for (guint i = 0; i < namespaces->len; i++) {
    NetnsNamespace *namespace = g_ptr_array_index (namespaces, i);

    found += namespace->id.inode == world->awaited && netns_namespace_is_unnamed (namespace);
  }
  return found;
}

/* Each is looked for right after the one before was found, when the next search by itself is far. */
static guint
count_fast (World *world)
{
  guint fast = 0;

  for (guint i = 0; i < ROUNDS; i++) {
    pid_t pid = start (&world->awaited);
    gint64 begin = g_get_monotonic_time ();

    if (find_unnamed (world) == 0)
      run_until_told (world);
    fast += g_get_monotonic_time () - begin < FAST;
    g_assert_cmpuint (find_unnamed (world), ==, 1);
    g_assert_no_errno (kill (pid, SIGKILL));
    g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
    run_until_told (world);
    world->awaited = 0;
  }
  return fast;
}

static void
test_news (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  NetnsWorker *worker = netns_worker_new ();
  World world = { .mirror = netns_mirror_new (worker, 1024 * 1024, &error), .loop = loop };
  guint fast = 0;

  g_assert_no_error (error);
  netns_mirror_observe (world.mirror, &observer, &world);
  watch (world.mirror);
  netns_mirror_search (world.mirror, on_looked, loop);
  g_main_loop_run (loop);
  for (guint attempt = 0; attempt < ATTEMPTS && (attempt == 0 || (has_news && fast <= ROUNDS / 2)); attempt++) {
    fast = count_fast (&world);
    g_test_message ("%u of %d came fast, %s", fast, ROUNDS, has_news ? "with news" : "without news");
  }
  if (has_news)
    g_assert_cmpuint (fast, >, ROUNDS / 2);
  netns_mirror_watch (world.mirror, FALSE);
  netns_worker_free (worker);
  netns_mirror_free (world.mirror);
}

static void
add_tests (void)
{
  g_test_add_func ("/mirror/discovery/news", test_news);
}

int
main (int argc, char **argv)
{
  int news = netns_process_events_open (NULL);

  has_news = news >= 0 && geteuid () == 0;
  netns_process_events_close (&news);
  first_namespace = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  return sandbox_main (argc, argv, add_tests);
}
