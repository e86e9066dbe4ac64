/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/command.h"

#include "common/error.h"
#include "run/identity.h"
#include "run/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STREAMS 3

static gboolean
enter (const NetnsOrder *order, GError **error)
{
  if (setns (order->namespace_fd, CLONE_NEWNET) < 0)
    return netns_error_set_errno (error, errno, "Cannot enter namespace “%s”", order->namespace_name);
  return netns_mounts_finish (order, error);
}

/* The command's descriptors become 0, 1, 2 ...; behind them stays @report alone, until the command is executed. Missing
 * standard streams are opened as /dev/null, because otherwise the program's first files would take their numbers, and
 * be written to. */
static gboolean
arrange_descriptors (const NetnsOrder *order, int *report, GError **error)
{
  const int count = MAX ((int) order->n_fds, STREAMS);
  int moved[NETNS_PACKET_DESCRIPTORS_MAX], moved_report;

  for (int i = 0; i < count; i++) {
    int fd = i < (int) order->n_fds ? order->fds[i] : open ("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

    moved[i] = fcntl (fd, F_DUPFD_CLOEXEC, count + 1);
    if (moved[i] < 0)
      return netns_error_set_errno (error, errno, "Cannot pass descriptor %d", i);
  }
  moved_report = fcntl (*report, F_DUPFD_CLOEXEC, count + 1);
  for (int i = 0; i < count; i++)
    dup2 (moved[i], i);
  if (moved_report < 0 || dup3 (moved_report, count, O_CLOEXEC) < 0 || close_range ((unsigned) count + 1, ~0u, 0) < 0)
    return netns_error_set_errno (error, errno, "Cannot close other descriptors");
  *report = count;
  return TRUE;
}

/* As the user: what only root can see or enter is not there. */
static gboolean
go_to_directory (const NetnsOrder *order, GError **error)
{
  if (chdir (order->directory) == 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "User %u cannot change to the directory “%s”: %s",
                       order->uid, order->directory, g_strerror (errno));
}

/* As the user, who cannot take a terminal from another session. A terminal of another session can still be read and
 * written, but input cannot be faked on it (TIOCSTI). */
static void
take_terminal (void)
{
  if (isatty (STDIN_FILENO) && ioctl (STDIN_FILENO, TIOCSCTTY, 0) < 0)
    g_debug ("No controlling terminal: %s", g_strerror (errno));
}

/* As execvp(), which takes a folder that the user cannot look into for a program that the user cannot execute. With a
 * slash in the name execvp() looks nowhere, and only gives scripts without a first line to the shell.
 * Returns: errno */
static int
search_and_execute (char **command)
{
  g_auto (GStrv) folders = g_strsplit (g_getenv ("PATH"), ":", -1);
  int result = ENOENT;

  for (guint i = 0; folders[i] != NULL; i++) {
    g_autofree char *path = g_build_filename (*folders[i] != '\0' ? folders[i] : ".", command[0], NULL);
    int error_number;

    execvp (path, command);
    error_number = errno;
    if (error_number != ENOENT && error_number != ENOTDIR && access (path, F_OK) == 0)
      result = error_number;
  }
  return result;
}

/* Returns: FALSE, if at all */
static gboolean
execute (const NetnsOrder *order, GError **error)
{
  int error_number;

  environ = order->environment;
  if (strchr (order->command[0], '/') != NULL) {
    execvp (order->command[0], order->command);
    error_number = errno;
  } else {
    error_number = search_and_execute (order->command);
  }
  if (error_number == ENOENT || error_number == ENOTDIR)
    return netns_refuse (error, NETNS_ERROR_COMMAND_NOT_FOUND, "There is no command “%s”", order->command[0]);
  if (error_number == E2BIG)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The arguments and the environment are too long");
  return netns_refuse (error, NETNS_ERROR_COMMAND_NOT_EXECUTABLE, "“%s” cannot be executed: %s", order->command[0],
                       g_strerror (error_number));
}

/* In this order: what takes root's rights, giving them up, what the user must be able to do. */
static gboolean
prepare (const NetnsOrder *order, int *report, GError **error)
{
  const pid_t helper = getppid ();

  netns_identity_reset_signals ();
  if (setsid () < 0)
    return netns_error_set_errno (error, errno, "Cannot create a session");
  /* The groups first: on the way to its files the user's rights count. */
  if (!netns_identity_set_groups (order->gid, order->groups, order->n_groups, error) || !enter (order, error)
      || !netns_identity_reset_limits (error) || !arrange_descriptors (order, report, error)
      || !netns_identity_become (order->uid, order->gid, error))
    return FALSE;
  /* Without the helper it could not be ended. A change of uid takes this back, so it comes after. */
  if (prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid () != helper)
    _exit (EXIT_FAILURE);
  take_terminal ();
  return go_to_directory (order, error) && execute (order, error);
}

/* Errors that the caller can fix have their own names. All others are between the helper and the kernel. */
static NetnsError
code_for (const GError *error)
{
  switch (error->code) {
  case NETNS_ERROR_INVALID_ARGUMENT:
  case NETNS_ERROR_COMMAND_NOT_FOUND:
  case NETNS_ERROR_COMMAND_NOT_EXECUTABLE:
    return (NetnsError) error->code;
  default:
    return NETNS_ERROR_KERNEL_REFUSED;
  }
}

/* In a child of the helper. @report is close-on-exec, and gets a message if the command cannot be run. */
void
netns_command_execute (const NetnsOrder *order, int report)
{
  NetnsChannelMessage message = { .type = NETNS_CHANNEL_FAILED };
  g_autoptr (GError) error = NULL;

  prepare (order, &report, &error);
  message.number = (gint32) code_for (error);
  g_strlcpy (message.text, error->message, sizeof message.text);
  netns_channel_tell (report, &message, NULL, 0, NULL);
  _exit (EXIT_FAILURE);
}
