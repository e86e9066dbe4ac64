/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* netnsd-run: starts one command for netnsd, accompanies it as root, and ends with it. It does not depend on the
 * service: a restarted service finds it at its socket, and the command does not notice. */
#include "common/cleanup.h"
#include "common/error.h"
#include "common/uid.h"
#include "kernel/channel.h"
#include "kernel/credentials.h"
#include "run/command.h"
#include "run/descendants.h"
#include "run/identity.h"
#include "run/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_SECONDS   5  /* between the polite signal and the other */
#define SERVICE_SECONDS    60 /* for a service to come back and hear of the end */
#define AGAIN_MILLISECONDS 50
/* And to enter a mount namespace for it. */
#define TO_MOUNT (1u << CAP_SYS_ADMIN | 1u << CAP_SYS_CHROOT)

typedef struct {
  NetnsOrder order;
  NetnsView view;
  guint32 kept; /* capabilities */
  char *path;
  int listener;
  int service;     /* -1 while there is none */
  int report;      /* of the command that is not executed yet, -1 afterwards */
  int signals;
  pid_t pid;
  gboolean ended;  /* the command, not all that it started */
  gboolean heard;  /* by the service */
  int status;
  gboolean ending; /* what is left of it */
  gint64 kill_at;
  gint64 wait_until; /* for a service */
  gboolean childless;
  gboolean failed;
} Helper;

static gint64
after (guint seconds)
{
  return g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
}

static void
say (Helper *helper, NetnsChannelType type, int number, int signal_number, const char *text)
{
  NetnsChannelMessage message = { .type = type, .number = number, .signal = signal_number };

  if (text != NULL)
    g_strlcpy (message.text, text, sizeof message.text);
  /* One that is just going is one that is gone: poll() says so. */
  if (helper->service >= 0)
    netns_channel_tell (helper->service, &message, &helper->order.instructions_fd,
                        type == NETNS_CHANNEL_STARTED ? 1 : 0, NULL);
}

static void
say_end (Helper *helper)
{
  if (WIFSIGNALED (helper->status))
    say (helper, NETNS_CHANNEL_EXITED, -1, WTERMSIG (helper->status), NULL);
  else
    say (helper, NETNS_CHANNEL_EXITED, WEXITSTATUS (helper->status), 0, NULL);
}

/* As when a terminal is closed; who is stopped must wake up to hear of it. */
static void
begin_end (Helper *helper)
{
  if (helper->ending)
    return;
  helper->ending = TRUE;
  helper->kill_at = after (PATIENCE_SECONDS);
  netns_descendants_signal (SIGHUP);
  netns_descendants_signal (SIGCONT);
}

static void
on_command_end (Helper *helper, int status)
{
  helper->ended = TRUE;
  helper->status = status;
  if (helper->report < 0)
    say_end (helper);
  helper->wait_until = after (SERVICE_SECONDS);
  begin_end (helper);
}

static void
reap (Helper *helper)
{
  int status;
  pid_t pid;

  while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
    if (pid == helper->pid)
      on_command_end (helper, status);
  helper->childless = pid < 0;
}

static void
on_signals (Helper *helper)
{
  struct signalfd_siginfo info;

  while (read (helper->signals, &info, sizeof info) == sizeof info)
    if (info.ssi_signo != SIGCHLD)
      begin_end (helper);
  reap (helper);
}

/* execve() closed the other end; otherwise an error was reported. */
static void
on_report (Helper *helper)
{
  NetnsChannelMessage message;

  if (netns_channel_hear (helper->report, &message, NULL, NULL, NULL)) {
    say (helper, NETNS_CHANNEL_FAILED, message.number, 0, message.text);
    helper->heard = TRUE;
    begin_end (helper);
  } else {
    say (helper, NETNS_CHANNEL_STARTED, helper->pid, 0, NULL);
    if (helper->ended)
      say_end (helper);
  }
  netns_close_fd (&helper->report);
}

static void
on_service (Helper *helper)
{
  NetnsChannelMessage message;

  if (!netns_channel_hear (helper->service, &message, NULL, NULL, NULL)) {
    netns_close_fd (&helper->service);
    helper->wait_until = after (SERVICE_SECONDS);
    /* A command that was not reported to the service must not run. */
    if (helper->report >= 0)
      begin_end (helper);
  } else if (message.type == NETNS_CHANNEL_SIGNAL && !helper->ended) {
    kill (helper->pid, message.number);
  } else if (message.type == NETNS_CHANNEL_END) {
    begin_end (helper);
  } else if (message.type == NETNS_CHANNEL_DONE) {
    helper->heard = TRUE;
  }
}

/* A restarted service. */
static void
on_listener (Helper *helper)
{
  int fd = accept4 (helper->listener, NULL, NULL, SOCK_CLOEXEC);

  if (fd < 0)
    return;
  netns_close_fd (&helper->service);
  helper->service = fd;
  if (helper->report >= 0)
    return;
  say (helper, NETNS_CHANNEL_STARTED, helper->pid, 0, NULL);
  if (helper->ended)
    say_end (helper);
}

/* Files are root's for a moment, who has nothing but the rights that are kept for this. Whoever cannot get back from the mount
 * namespace of the command looks at what the command's user made there, so both end. */
static void
on_news (Helper *helper)
{
  setfsuid (0);
  netns_identity_keep_capabilities (helper->kept | TO_MOUNT, helper->kept | TO_MOUNT);
  helper->failed = !netns_view_update (&helper->view, &helper->order);
  netns_identity_keep_capabilities (helper->kept, helper->kept | TO_MOUNT);
  setfsuid (helper->order.uid);
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0); /* which every change of fsuid sets (commit_creds() in kernel/cred.c) */
  if (helper->failed)
    begin_end (helper);
}

static int
milliseconds_until (gint64 time)
{
  return (int) (MAX (time - g_get_monotonic_time (), 0) / 1000) + 1;
}

static int
attend_end (Helper *helper)
{
  if (!helper->ending || helper->childless)
    return helper->ended && helper->service < 0 ? milliseconds_until (helper->wait_until) : -1;
  if (g_get_monotonic_time () < helper->kill_at)
    return milliseconds_until (helper->kill_at);
  /* Faster than a program that keeps forking: stopped processes do not fork. */
  netns_descendants_signal (SIGSTOP);
  netns_descendants_signal (SIGKILL);
  return AGAIN_MILLISECONDS;
}

/* How long to sleep, in milliseconds; what is overdue is done. */
static int
attend (Helper *helper)
{
  int of_end = attend_end (helper), of_view;

  if (netns_view_get_delay (&helper->view) == 0)
    on_news (helper);
  of_view = netns_view_get_delay (&helper->view);
  return of_end < 0 || (of_view >= 0 && of_view < of_end) ? of_view : of_end;
}

static gboolean
is_over (const Helper *helper)
{
  return helper->childless && (helper->heard || (helper->service < 0 && g_get_monotonic_time () >= helper->wait_until));
}

static void
supervise (Helper *helper)
{
  while (!is_over (helper)) {
    struct pollfd fds[] = {
      { helper->signals,   POLLIN, 0 },
      { helper->report,    POLLIN, 0 },
      { helper->service,   POLLIN, 0 },
      { helper->listener,  POLLIN, 0 },
      { helper->view.news, POLLIN, 0 },
    };
    void (*const functions[]) (Helper *helper) = { on_signals, on_report, on_service, on_listener, on_news };

    if (poll (fds, G_N_ELEMENTS (fds), attend (helper)) < 0 && errno != EINTR)
      break;
    for (gsize i = 0; i < G_N_ELEMENTS (fds); i++)
      if (fds[i].revents != 0)
        functions[i](helper);
  }
}

/* Afterwards it only kills and listens: what the command's user may signal, not whatever became a descendant of the
 * command. That user cannot signal this program; the saved uid lets it remove its socket. And where the namespace has files
 * of its own it can get back the right to mount them. */
static gboolean
give_up_rights (Helper *helper, GError **error)
{
  const guint uid = helper->order.uid;

  helper->kept = uid == 0 ? 1u << CAP_KILL : 0;
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && (uid == 0 || setresuid (NETNS_UID_UNUSED, uid, 0) == 0)
      && netns_identity_keep_capabilities (helper->kept, helper->kept | (helper->view.news >= 0 ? TO_MOUNT : 0))
      && prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "Cannot give up the rights of root");
}

static gboolean
start (Helper *helper, GError **error)
{
  int ends[2];

  if (!netns_view_make (&helper->view, &helper->order, error) || !netns_channel_new (ends, error))
    return FALSE;
  helper->pid = fork ();
  if (helper->pid < 0)
    return netns_error_set_errno (error, errno, "Cannot create a process");
  if (helper->pid == 0)
    netns_command_execute (&helper->order, ends[1]);
  close (ends[1]);
  helper->report = ends[0];
  netns_order_close_descriptors (&helper->order);
  return netns_view_leave (&helper->view, error) && give_up_rights (helper, error);
}

static gboolean
prepare (Helper *helper, GError **error)
{
  sigset_t mask;

  if (!netns_order_take (helper->service, &helper->order, error))
    return FALSE;
  helper->path = g_strdup_printf (NETNS_CHANNEL_DIR "/%u", helper->order.id);
  helper->listener = netns_packet_listen (helper->path, error);
  if (helper->listener < 0)
    return FALSE;
  /* A session that ends, or a terminal that is closed, is not ours to care about. */
  signal (SIGHUP, SIG_IGN);
  signal (SIGPIPE, SIG_IGN);
  sigemptyset (&mask);
  sigaddset (&mask, SIGCHLD);
  sigaddset (&mask, SIGTERM);
  sigaddset (&mask, SIGINT);
  sigprocmask (SIG_SETMASK, &mask, NULL);
  helper->signals = signalfd (-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  if (helper->signals >= 0 && prctl (PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
      && prctl (PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
    return TRUE;
  return netns_error_set_errno (error, errno, "netnsd-run cannot start");
}

/* Standard input is the service. Other inherited descriptors are closed, and the environment is cleared, because it
 * could be a user's. */
static void
begin (Helper *helper)
{
  clearenv ();
  umask (077);
  close_range (STDERR_FILENO + 1, ~0u, 0);
  if (chdir ("/") < 0)
    g_warning ("Cannot change to the directory /");
  setsid ();
  helper->service = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  dup2 (STDERR_FILENO, STDIN_FILENO);
}

int
main (void)
{
  Helper helper = { .listener = -1, .service = -1, .report = -1, .signals = -1, .view.news = -1 };
  g_autoptr (GError) error = NULL;

  begin (&helper);
  if (prepare (&helper, &error) && start (&helper, &error))
    supervise (&helper);
  if (error != NULL)
    say (&helper, NETNS_CHANNEL_FAILED, NETNS_ERROR_KERNEL_REFUSED, 0, error->message);
  if (helper.path != NULL && seteuid (0) == 0)
    unlink (helper.path);
  _exit (error == NULL && !helper.failed ? EXIT_SUCCESS : EXIT_FAILURE);
}
