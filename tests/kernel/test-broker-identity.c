/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is the broker, and so is in namespaces for a moment without being a user of them: the process that said so over the
 * broker's socket, and what it started, for as long as it lives. A name or a number is nobody's proof. */
#include "kernel/broker.h"
#include "kernel/process.h"
#include "sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME   "netnsd-broker"
#define SOCKET "/run/broker"

/* @child: (out): one that it has, which ends with it */
static pid_t
start (pid_t *child)
{
  int ends[2];
  pid_t pid;

  g_assert_no_errno (pipe (ends));
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0) {
    pid_t own = 0;

    prctl (PR_SET_PDEATHSIG, SIGKILL);
    prctl (PR_SET_NAME, NAME);
    if (fork () == 0) {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      own = getpid ();
    }
    if (own != 0 && write (ends[1], &own, sizeof own) < 0)
      _exit (1);
    for (;;)
      pause ();
  }
  g_assert_cmpint (read (ends[0], child, sizeof *child), ==, sizeof *child);
  close (ends[0]);
  close (ends[1]);
  return pid;
}

static void
end (pid_t pid)
{
  g_assert_no_errno (kill (pid, SIGKILL));
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

typedef struct {
  int listener;
  pid_t pid;
} Broker;

/* One connection. */
static gpointer
serve (gpointer data)
{
  const Broker *broker = data;
  int fd = accept (broker->listener, NULL, NULL), pidfd = netns_process_open ((guint) broker->pid), fds[1];
  NetnsBrokerReply hello = { .news = NETNS_BROKER_HELLO, .pid = broker->pid }, done = { .news = NETNS_BROKER_DONE };
  NetnsBrokerRequest request;
  guint n_fds;

  g_assert_true (netns_packet_tell (fd, &hello, sizeof hello, &pidfd, 1));
  g_assert_true (netns_packet_hear (fd, &request, sizeof request, 0, fds, &n_fds));
  g_assert_true (netns_packet_tell (fd, &done, sizeof done, NULL, 0));
  close (pidfd);
  close (fd);
  return NULL;
}

static void
ask (int listener, pid_t pid, NetnsBrokerWork work)
{
  Broker broker = { listener, pid };
  GThread *thread = g_thread_new ("broker", serve, &broker);
  const NetnsBrokerRequest request = { .work = work };
  g_autoptr (GError) error = NULL;
  NetnsBrokerReply reply;
  int answer;

  netns_broker_ask (&request, NULL, 0, &reply, &answer, &error);
  g_assert_no_error (error);
  g_thread_join (thread);
}

/* With its name and without, and what it started. */
static gboolean
is_ours (pid_t pid, pid_t child)
{
  gboolean is = netns_broker_is_ours ((guint) pid, NAME);

  g_assert_true (netns_broker_is_ours ((guint) pid, NULL) == is);
  g_assert_true (netns_broker_is_ours ((guint) child, "netnsd-nft") == is);
  return is;
}

static void
test_identity (void)
{
  pid_t children[3], pids[3];
  g_autoptr (GError) error = NULL;
  int listener = netns_packet_listen (SOCKET, &error);

  g_assert_no_error (error);
  netns_broker_use (SOCKET, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (pids); i++) {
    pids[i] = start (&children[i]);
    g_assert_false (is_ours (pids[i], children[i]));
  }
  ask (listener, pids[0], NETNS_BROKER_PORT);
  ask (listener, pids[1], NETNS_BROKER_NFT);
  g_assert_true (is_ours (pids[0], children[0]));
  g_assert_true (is_ours (pids[1], children[1]));
  g_assert_false (is_ours (pids[2], children[2]));
  /* Their numbers may be given to anybody now. */
  for (gsize i = 0; i < G_N_ELEMENTS (pids); i++) {
    end (pids[i]);
    g_assert_false (netns_broker_is_ours ((guint) pids[i], NAME));
    g_assert_true (i == 1 || netns_broker_is_ours ((guint) pids[1], NAME) == (i < 1));
  }
  close (listener);
}

static void
add_tests (void)
{
  g_test_add_func ("/broker/identity", test_identity);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
