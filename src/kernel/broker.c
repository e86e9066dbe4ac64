/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/broker.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/later.h"
#include "kernel/mounts.h"
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define TIMEOUT     20  /* s; all that it does takes milliseconds, unless the machine is busy */
#define ATTEMPTS    3
#define RUN_AGAIN   200 /* ms */
#define LIFELINE_FD 3   /* of netnsd-broker */

/* Where it listens, for most work and for netnsd-nft: these can be two of them. */
static char *socket_path, *nft_socket_path;

/* Where nobody else starts it. */
static struct {
  char *program;
  char *nft_helper;
  int listener;
  int lifeline; /* ends it when this process ends */
  GSource *again;
} own = { .listener = -1, .lifeline = -1 };

/* Those that were heard of last. Numbers of processes are given again: the descriptors tell whether they still are these. */
static GMutex mutex;
static struct {
  guint pid;
  int pidfd;
} known[2] = {
  { 0, -1 },
  { 0, -1 }
};

/* To be called before anything is asked. Whoever listens at @path and at @nft_path (nullable: the same) starts it, such as
 * systemd. */
void
netns_broker_use (const char *path, const char *nft_path)
{
  g_free (socket_path);
  g_free (nft_socket_path);
  socket_path = g_strdup (path);
  nft_socket_path = g_strdup (nft_path ? nft_path : path);
}

static gboolean start (GError **error);

static void
start_again (gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!start (&error))
    g_warning ("%s", error->message);
}

/* Requests that wait meanwhile are answered by the next broker. */
static void
on_end (GPid pid, int status, gpointer data)
{
  g_spawn_close_pid (pid);
  if (WIFSIGNALED (status) && WTERMSIG (status) != SIGKILL && WTERMSIG (status) != SIGTERM)
    g_warning ("netnsd-broker was ended by signal %d", WTERMSIG (status));
  netns_later_after (&own.again, RUN_AGAIN, start_again, NULL);
}

static gboolean
start (GError **error)
{
  const char *arguments[] = { own.program, "child", own.nft_helper, NULL }, *environment[] = { NULL };
  const int target_fd = LIFELINE_FD;
  g_autoptr (GError) spawn_error = NULL;
  int ends[2];
  GPid pid;

  netns_close_fd (&own.lifeline);
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
    return netns_error_set_errno (error, errno, "Cannot create a socket pair");
  own.lifeline = ends[0];
  if (g_spawn_async_with_pipes_and_fds (NULL, arguments, environment, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                        own.listener, -1, -1, &ends[1], &target_fd, 1, &pid, NULL, NULL, NULL,
                                        &spawn_error))
    g_child_watch_add (pid, on_end, NULL);
  else
    netns_refuse (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot start %s: %s", own.program, spawn_error->message);
  close (ends[1]);
  return spawn_error == NULL;
}

/**
 * netns_broker_run:
 * @program: netnsd-broker
 * @nft_helper: netnsd-nft
 * @path: where it is to listen; what is there is replaced
 * @error: `KernelRefused`
 *
 * Starts it as a child of this process, again whenever it ends, until this process ends. To be called before anything is
 * asked, in the thread of the default main context and in the host namespace.
 *
 * Returns: whether it was started
 */
gboolean
netns_broker_run (const char *program, const char *nft_helper, const char *path, GError **error)
{
  netns_broker_use (path, NULL);
  own.program = g_strdup (program);
  own.nft_helper = g_strdup (nft_helper);
  own.listener = netns_packet_listen (path, error);
  return own.listener >= 0 && start (error);
}

static int
connect_to (const NetnsBrokerRequest *request, int flags, GError **error)
{
  const struct timeval timeout = { .tv_sec = TIMEOUT };
  netns_autofd int fd
    = netns_packet_connect (request->work == NETNS_BROKER_NFT ? nft_socket_path : socket_path, flags, error);

  if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0)
    return g_steal_fd (&fd);
  netns_error_set_errno (error, errno, "Cannot ask netnsd-broker");
  return -1;
}

static gboolean
tell (int connection, const NetnsBrokerRequest *request, const int *fds, guint n_fds, GError **error)
{
  return netns_packet_tell (connection, request, sizeof *request, fds, n_fds)
         || netns_error_set_errno (error, errno, "Cannot ask netnsd-broker");
}

/**
 * netns_broker_begin:
 * @request: what to do, with nothing
 * @error: `KernelRefused`
 *
 * Does not wait. For any thread.
 *
 * Returns: a connection over which each #NetnsBrokerReply comes, for the caller to close; -1 on error
 */
int
netns_broker_begin (const NetnsBrokerRequest *request, GError **error)
{
  netns_autofd int fd = connect_to (request, SOCK_NONBLOCK, error);

  return fd >= 0 && tell (fd, request, NULL, 0, error) ? g_steal_fd (&fd) : -1;
}

static gboolean
hear (int connection, NetnsBrokerNews news, NetnsBrokerReply *reply, int *answer, GError **error)
{
  int fds[NETNS_PACKET_DESCRIPTORS_MAX];
  guint n_fds = 0;
  gboolean heard = netns_packet_hear (connection, reply, sizeof *reply, 0, fds, &n_fds);

  *answer = heard && n_fds > 0 ? fds[0] : -1;
  if (heard && n_fds > 1)
    netns_packet_close_all (fds + 1, n_fds - 1);
  if (heard && reply->news == news)
    return TRUE;
  netns_close_fd (answer);
  return netns_error_set_errno (error, heard ? EPROTO : errno, "netnsd-broker does not answer");
}

/* @pidfd: is taken
 * Returns: whether it was not known */
static gboolean
remember (guint which, const NetnsBrokerReply *hello, int pidfd)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  gboolean is_new = known[which].pid != (guint) hello->pid;

  netns_close_fd (&known[which].pidfd);
  known[which].pid = (guint) hello->pid;
  known[which].pidfd = pidfd;
  return is_new;
}

/* If the broker has not ended by now, what was opened by its number was its own. */
static void
drop_copies (gint32 pid, int pidfd)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/mnt", pid);
  netns_autofd int namespace_fd = open (path, O_RDONLY | O_CLOEXEC);

  if (namespace_fd >= 0 && !netns_process_has_ended (pidfd))
    netns_mounts_drop_copies (namespace_fd);
}

static int
open_once (const NetnsBrokerRequest *request, const int *fds, guint n_fds, NetnsBrokerReply *reply, int *answer,
           GError **error)
{
  netns_autofd int connection = connect_to (request, 0, error), pidfd = -1;

  *answer = -1;
  /* Only whom netns_broker_is_ours() knows gets a descriptor. */
  if (connection < 0 || !hear (connection, NETNS_BROKER_HELLO, reply, answer, error))
    return -1;
  pidfd = fcntl (*answer, F_DUPFD_CLOEXEC, 3);
  if (remember (request->work == NETNS_BROKER_NFT, reply, *answer))
    drop_copies (reply->pid, pidfd);
  *answer = -1;
  return tell (connection, request, fds, n_fds, error) && hear (connection, NETNS_BROKER_DONE, reply, answer, error)
           ? g_steal_fd (&connection)
           : -1;
}

/**
 * netns_broker_open, netns_broker_ask:
 * @request: what to do
 * @fds: (nullable): what it is to be done with
 * @n_fds: how many
 * @reply: (out caller-allocates): what became of it, news DONE
 * @answer: (out): a descriptor that was asked for, -1 if none came
 * @error: `KernelRefused`: netnsd-broker does not answer
 *
 * Wait for the answer, as long as a system call takes: for threads that may. Of one that ended meanwhile nothing is left, and
 * the next one is asked.
 *
 * Returns: netns_broker_open() the connection, over which more comes, for the caller to close, -1 on error;
 *   netns_broker_ask() whether there is an answer
 */
int
netns_broker_open (const NetnsBrokerRequest *request, const int *fds, guint n_fds, NetnsBrokerReply *reply, int *answer,
                   GError **error)
{
  for (guint i = 1;; i++) {
    g_autoptr (GError) refusal = NULL;
    int connection = open_once (request, fds, n_fds, reply, answer, &refusal);

    if (connection >= 0)
      return connection;
    if (i < ATTEMPTS && (errno == ECONNRESET || errno == EPIPE))
      continue;
    g_propagate_error (error, g_steal_pointer (&refusal));
    return -1;
  }
}

gboolean
netns_broker_ask (const NetnsBrokerRequest *request, const int *fds, guint n_fds, NetnsBrokerReply *reply, int *answer,
                  GError **error)
{
  netns_autofd int connection = netns_broker_open (request, fds, n_fds, reply, answer, error);

  return connection >= 0;
}

static gboolean
is_known (guint pid)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (known[i].pid == pid && known[i].pidfd >= 0 && !netns_process_has_ended (known[i].pidfd))
      return TRUE;
  return FALSE;
}

/**
 * netns_broker_is_ours:
 * @pid: a process that was in /proc before
 * @command: (nullable): its name then, for a quicker answer about most
 *
 * They are in namespaces for a moment, on behalf of this process. For any thread.
 *
 * Returns: whether it is netnsd-broker, or a netnsd-nft that this started
 */
gboolean
netns_broker_is_ours (guint pid, const char *command)
{
  return (command == NULL || g_str_has_prefix (command, "netnsd-"))
         && (is_known (pid) || is_known (netns_process_get_parent (pid)));
}
