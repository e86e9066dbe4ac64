/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/terminal.h"
#include "common/cleanup.h"
#include "common/later.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* For what a command wrote at the very end to come through, when something that it left behind keeps its terminal. */
#define SILENCE_MILLISECONDS 100
#define CHUNK                65536

struct _NetnsTerminal {
  int outer;
  int inner;
  GString *typed; /* that the command has not taken yet */
  GSource *from_user;
  GSource *to_command;
  GSource *from_command;
  guint resized;
  GSourceFunc hung_up;
  gpointer data;
};

/* The user's terminal as it was, while it is not. A signal handler has nowhere else to find it. */
static struct termios before;
static gboolean is_raw;

static void
restore (void)
{
  if (!is_raw)
    return;
  is_raw = FALSE;
  tcsetattr (STDIN_FILENO, TCSADRAIN, &before);
}

static void
restore_and_die (int number)
{
  restore ();
  /* The second time the signal does what it always does (SA_RESETHAND). */
  raise (number);
}

/* Whatever ends this program. Those that it waits for are not among them. */
static void
make_raw (void)
{
  static const int deadly[] = { SIGQUIT, SIGABRT, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGXCPU, SIGALRM };
  const struct sigaction action = { .sa_handler = restore_and_die, .sa_flags = SA_RESETHAND };
  struct termios raw;

  if (tcgetattr (STDIN_FILENO, &before) < 0)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (deadly); i++)
    sigaction (deadly[i], &action, NULL);
  atexit (restore);
  raw = before;
  cfmakeraw (&raw);
  is_raw = tcsetattr (STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void
copy_size (NetnsTerminal *terminal)
{
  struct winsize size;

  if (ioctl (STDIN_FILENO, TIOCGWINSZ, &size) == 0)
    ioctl (terminal->outer, TIOCSWINSZ, &size);
}

static gboolean
on_resized (gpointer data)
{
  copy_size (data);
  return G_SOURCE_CONTINUE;
}

/* Returns: (transfer full) (nullable): a terminal like the user's, which is standard input */
NetnsTerminal *
netns_terminal_new (GError **error)
{
  g_autoptr (NetnsTerminal) terminal = g_new0 (NetnsTerminal, 1);
  const char *name = NULL;
  struct termios modes;

  terminal->typed = g_string_new (NULL);
  terminal->inner = -1;
  terminal->outer = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (terminal->outer >= 0 && grantpt (terminal->outer) == 0 && unlockpt (terminal->outer) == 0)
    name = ptsname (terminal->outer);
  if (name != NULL)
    terminal->inner = open (name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal->inner < 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), _ ("Cannot allocate a terminal: %s"),
                 g_strerror (errno));
    return NULL;
  }
  if (tcgetattr (STDIN_FILENO, &modes) == 0)
    tcsetattr (terminal->inner, TCSANOW, &modes);
  copy_size (terminal);
  return g_steal_pointer (&terminal);
}

/* Gives the user's back as it was. */
void
netns_terminal_free (NetnsTerminal *terminal)
{
  restore ();
  netns_later_clear (&terminal->from_user);
  netns_later_clear (&terminal->to_command);
  netns_later_clear (&terminal->from_command);
  g_clear_handle_id (&terminal->resized, g_source_remove);
  g_string_free (terminal->typed, TRUE);
  netns_close_fd (&terminal->outer);
  netns_close_fd (&terminal->inner);
  g_free (terminal);
}

/* Returns: the command's side of it */
int
netns_terminal_get_inner (const NetnsTerminal *terminal)
{
  return terminal->inner;
}

static void on_typed (gpointer data);

static void
pass_typed (gpointer data)
{
  NetnsTerminal *terminal = data;
  gssize written = write (terminal->outer, terminal->typed->str, terminal->typed->len);

  if (written > 0)
    g_string_erase (terminal->typed, 0, written);
  if (terminal->typed->len > 0 && (written >= 0 || errno == EAGAIN))
    return;
  netns_later_clear (&terminal->to_command);
  netns_later_watch (&terminal->from_user, STDIN_FILENO, G_IO_IN, on_typed, terminal);
}

/* No more is read before the command has taken this. */
static void
on_typed (gpointer data)
{
  NetnsTerminal *terminal = data;
  char bytes[CHUNK];
  gssize size = read (STDIN_FILENO, bytes, sizeof bytes);

  if (size < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  netns_later_clear (&terminal->from_user);
  if (size <= 0) {
    terminal->hung_up (terminal->data);
    return;
  }
  g_string_append_len (terminal->typed, bytes, size);
  netns_later_watch (&terminal->to_command, terminal->outer, G_IO_OUT, pass_typed, terminal);
}

static gboolean
write_all (const char *bytes, gsize size)
{
  while (size > 0) {
    gssize written = write (STDOUT_FILENO, bytes, size);
    struct pollfd waiting = { STDOUT_FILENO, POLLOUT, 0 };

    if (written < 0 && errno == EAGAIN)
      poll (&waiting, 1, -1);
    else if (written < 0 && errno != EINTR)
      return FALSE;
    bytes += MAX (written, 0);
    size -= (gsize) MAX (written, 0);
  }
  return TRUE;
}

/* Returns: whether more can come */
static gboolean
pass_output (NetnsTerminal *terminal)
{
  char bytes[CHUNK];
  gssize size = read (terminal->outer, bytes, sizeof bytes);

  if (size < 0)
    return errno == EAGAIN || errno == EINTR;
  return size > 0 && write_all (bytes, (gsize) size);
}

static void
on_output (gpointer data)
{
  NetnsTerminal *terminal = data;

  if (!pass_output (terminal))
    netns_later_clear (&terminal->from_command);
}

/* From now on the user types into the command, which has the inner side, until the terminal is freed. @hung_up: called
 * when the user's terminal is gone */
void
netns_terminal_begin (NetnsTerminal *terminal, GSourceFunc hung_up, gpointer data)
{
  terminal->hung_up = hung_up;
  terminal->data = data;
  /* Only the command must keep it open. */
  netns_close_fd (&terminal->inner);
  terminal->inner = -1;
  make_raw ();
  terminal->resized = g_unix_signal_add (SIGWINCH, on_resized, terminal);
  copy_size (terminal);
  netns_later_watch (&terminal->from_user, STDIN_FILENO, G_IO_IN, on_typed, terminal);
  netns_later_watch (&terminal->from_command, terminal->outer, G_IO_IN, on_output, terminal);
}

/* Shows what a command wrote last that has ended. */
void
netns_terminal_drain (NetnsTerminal *terminal)
{
  struct pollfd waiting = { terminal->outer, POLLIN, 0 };

  while (terminal->from_command != NULL && poll (&waiting, 1, SILENCE_MILLISECONDS) > 0)
    if (!pass_output (terminal))
      return;
}
