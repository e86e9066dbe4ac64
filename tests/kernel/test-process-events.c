/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes that begin, as the kernel tells of them. It does so in the first network namespace only, so the socket is made
 * before the sandbox is entered; in there, and for whoever has no privilege, it must say that it cannot. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/process-events.h"
#include "sandbox.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int outside;
static GError *outside_error;

/* Until @pid is among them, or 10 s. */
static gboolean
hear_of (int events, pid_t pid)
{
  g_autoptr (GHashTable) pids = g_hash_table_new (NULL, NULL);
  gint64 deadline = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  struct pollfd ready = { .fd = events, .events = POLLIN };

  while (!g_hash_table_contains (pids, GINT_TO_POINTER (pid)) && g_get_monotonic_time () < deadline) {
    poll (&ready, 1, 100);
    netns_process_events_read (events, pids);
  }
  return g_hash_table_contains (pids, GINT_TO_POINTER (pid));
}

static pid_t
start (gboolean another_program)
{
  pid_t pid = fork ();

  g_assert_cmpint (pid, >=, 0);
  if (pid > 0)
    return pid;
  if (another_program)
    execlp ("true", "true", NULL);
  _exit (0);
}

static void
test_begin (void)
{
  if (outside < 0) { /* no privilege, or the kernel has no connector */
    assert_error (outside_error, NETNS_ERROR_NOT_SUPPORTED, "not available");
    return;
  }
  for (int another_program = 0; another_program < 2; another_program++) {
    pid_t pid = start (another_program);

    g_assert_true (hear_of (outside, pid));
    g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
  }
}

/* Ends of processes are none of the news. */
static void
test_end (void)
{
  g_autoptr (GHashTable) pids = g_hash_table_new (NULL, NULL);
  pid_t first, last;

  if (outside < 0)
    return;
  first = start (FALSE);
  g_assert_true (hear_of (outside, first));
  g_assert_cmpint (waitpid (first, NULL, 0), ==, first);
  last = start (FALSE);
  g_assert_cmpint (waitpid (last, NULL, 0), ==, last);
  netns_process_events_read (outside, pids);
  g_assert_true (g_hash_table_contains (pids, GINT_TO_POINTER (last)));
  g_assert_false (g_hash_table_contains (pids, GINT_TO_POINTER (first)));
}

static void
test_elsewhere (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (netns_process_events_open (&error), ==, -1);
  assert_error (error, NETNS_ERROR_NOT_SUPPORTED, "not available");
}

static void
add_tests (void)
{
  g_test_add_func ("/kernel/process-events/begin", test_begin);
  g_test_add_func ("/kernel/process-events/end", test_end);
  g_test_add_func ("/kernel/process-events/elsewhere", test_elsewhere);
}

int
main (int argc, char **argv)
{
  int status;

  outside = netns_process_events_open (&outside_error);
  status = sandbox_main (argc, argv, add_tests);
  netns_process_events_close (&outside);
  g_clear_error (&outside_error);
  return status;
}
