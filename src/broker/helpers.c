/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broker/helpers.h"

#include "common/cleanup.h"
#include "common/later.h"
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define PARAMETER_FD 3 /* of netnsd-nft */

typedef struct {
  pid_t pid;
  int connection;
} Helper;

static struct {
  const char *program;
  int signals;
  GSource *source;
  GPtrArray *running;
} helpers;

static void
free_helper (gpointer data)
{
  Helper *helper = data;

  netns_close_fd (&helper->connection);
  g_free (helper);
}

/* Who does not hear it has no use for it. */
static void
tell (const Helper *helper, NetnsBrokerNews news, int status)
{
  const NetnsBrokerReply reply = { .news = news, .status = status };

  netns_packet_tell (helper->connection, &reply, sizeof reply, NULL, 0);
}

/* Signals of several can become one. */
static void
on_child (gpointer data)
{
  struct signalfd_siginfo info;

  while (read (helpers.signals, &info, sizeof info) > 0)
    continue;
  for (guint i = helpers.running->len; i > 0; i--) {
    const Helper *helper = g_ptr_array_index (helpers.running, i - 1);
    int status;

    while (waitpid (helper->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0) {
      if (WIFSTOPPED (status) || WIFCONTINUED (status)) {
        tell (helper, NETNS_BROKER_STOPPED, status);
        continue;
      }
      tell (helper, NETNS_BROKER_ENDED, status);
      g_ptr_array_remove_index (helpers.running, i - 1);
      break;
    }
  }
}

/* @program: netnsd-nft; in the thread of the main context, which has no other child.
 * Returns: whether it can be started from now on */
gboolean
netns_helpers_begin (const char *program)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGCHLD);
  if (sigprocmask (SIG_BLOCK, &signals, NULL) < 0)
    return FALSE;
  helpers.signals = signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (helpers.signals < 0)
    return FALSE;
  helpers.program = program;
  helpers.running = g_ptr_array_new_with_free_func (free_helper);
  netns_later_watch (&helpers.source, helpers.signals, G_IO_IN, on_child, NULL);
  return TRUE;
}

static int
spawn (char *argument, const int fds[3], int null_fd, pid_t *pid)
{
  const int standard[] = { STDIN_FILENO, STDOUT_FILENO, PARAMETER_FD };
  char *arguments[] = { (char *) helpers.program, argument, NULL }, *environment[] = { NULL };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  int result;

  sigemptyset (&none);
  sigfillset (&all);
  posix_spawn_file_actions_init (&actions);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setsigdefault (&attributes, &all);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_adddup2 (&actions, null_fd, STDERR_FILENO);
  for (gsize i = 0; i < G_N_ELEMENTS (standard); i++)
    posix_spawn_file_actions_adddup2 (&actions, fds[i], standard[i]);
  result = posix_spawn (pid, helpers.program, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  return result;
}

/**
 * netns_helpers_start:
 * @request: with the argument
 * @fds: its standard input and output, and descriptor 3
 * @n_fds: how many came
 * @connection: where to say what becomes of it; is taken
 * @pidfd: (out): of it
 *
 * Returns: 0, or why it was not started
 */
int
netns_helpers_start (const NetnsBrokerRequest *request, const int *fds, guint n_fds, int connection, int *pidfd)
{
  netns_autofd int owned = connection, null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  g_autofree char *argument = g_strndup (request->argument, sizeof request->argument);
  Helper *helper;
  pid_t pid;
  int result;

  if (helpers.program == NULL || n_fds != 3)
    return ENOSYS;
  if (null_fd < 0)
    return errno;
  result = spawn (argument, fds, null_fd, &pid);
  if (result != 0)
    return result;
  *pidfd = netns_process_open ((guint) pid); /* it is a child that was not waited for */
  helper = g_new0 (Helper, 1);
  helper->pid = pid;
  helper->connection = g_steal_fd (&owned);
  g_ptr_array_add (helpers.running, helper);
  return 0;
}
