/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel has no list of a namespace's processes: all of /proc is walked, and only on demand. */
#include "kernel/process.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* `starttime` in /proc/PID/stat, counted from the end of the command's name, in clock ticks since the machine started
 * (proc_pid_stat(5)). */
#define START_FIELD 20

/* Of /proc/PID/status: more than the lines up to Gid can have (proc_pid_status(5)). */
#define STATUS_SIZE 1024

/* Whether @pid lives there. A process that ends, or that we may not look at, is not there. */
static gboolean
look_at (int proc, const char *pid, const NetnsFileId *id, NetnsProcess *process)
{
  netns_autofd int directory = openat (proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat status;

  if (directory < 0 || fstatat (directory, "ns/net", &status, 0) < 0 || status.st_dev != id->device
      || status.st_ino != id->inode || fstat (directory, &status) < 0)
    return FALSE;
  process->pid = (guint) g_ascii_strtoull (pid, NULL, 10);
  process->uid = status.st_uid;
  netns_proc_read_command (directory, process->command);
  return TRUE;
}

/**
 * netns_process_list:
 * @id: a namespace
 * @limit: milliseconds of CPU time
 * @error: `TooLarge` when there are so many that it takes longer, `KernelRefused`
 *
 * Sees threads only by their process: one that went to another namespace alone is not found.
 *
 * Returns: (transfer full) (nullable) (element-type NetnsProcess): its processes, in the order of their pids
 */
GArray *
netns_process_list (const NetnsFileId *id, guint limit, GError **error)
{
  g_autoptr (DIR) proc = netns_proc_open (AT_FDCWD, "/proc");
  g_autoptr (GArray) processes = g_array_new (FALSE, TRUE, sizeof (NetnsProcess));
  gint64 end = netns_proc_measure () + limit * G_TIME_SPAN_MILLISECOND;
  const char *name;

  if (proc == NULL) {
    netns_error_set_errno (error, errno, "Cannot read /proc");
    return NULL;
  }
  while ((name = netns_proc_next (proc)) != NULL) {
    NetnsProcess process = { 0 };

    if (netns_proc_measure () > end)
      return netns_refuse_null (error, NETNS_ERROR_TOO_LARGE,
                                "There are too many processes to list those of a namespace");
    if (look_at (dirfd (proc), name, id, &process))
      g_array_append_val (processes, process);
  }
  return g_steal_pointer (&processes);
}

/* What /proc tells of a descriptor that a stranger handed in can be without end: of inotify, a line for each watch. */
static gboolean
is_pidfd (int fd)
{
  return syscall (SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno != EBADF;
}

/* The number of the process that a pidfd stands for, as this program sees it; -1 when it has ended (pid_show_fdinfo()
 * in fs/pidfs.c), 0 when it is no pidfd. */
static int
read_pidfd (int pidfd)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fdinfo/%d", pidfd), *contents = NULL;
  const char *line;

  if (!is_pidfd (pidfd) || !g_file_get_contents (path, &contents, NULL, NULL))
    return 0;
  line = strstr (contents, "\nPid:");
  return line ? (int) g_ascii_strtoll (line + strlen ("\nPid:"), NULL, 10) : 0;
}

static gboolean
check_pidfd (guint pid, int pidfd, GError **error)
{
  int meant = pidfd >= 0 ? read_pidfd (pidfd) : (int) pid;

  if (meant == (int) pid)
    return TRUE;
  if (meant < 0)
    return netns_refuse (error, NETNS_ERROR_NOT_FOUND, "Process %u has ended", pid);
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "The descriptor does not refer to process %u", pid);
}

/**
 * netns_process_open_namespace:
 * @pid: a process
 * @pidfd: a descriptor of it, -1 for none
 * @error: `NotFound`, `InvalidArgument` when the two are not of one process
 *
 * With a pidfd, the process is looked at before and after: a number that passed to another one meanwhile is noticed.
 *
 * Returns: a descriptor of the network namespace that it lives in, -1 on error
 */
int
netns_process_open_namespace (guint pid, int pidfd, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/ns/net", pid);
  netns_autofd int fd = -1;

  if (!check_pidfd (pid, pidfd, error))
    return -1;
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no process %u, or it is ending", pid);
    return -1;
  }
  return check_pidfd (pid, pidfd, error) ? g_steal_fd (&fd) : -1;
}

/**
 * netns_process_open:
 * @pid: a process
 *
 * Returns: a descriptor that stands for this very process, whoever has its number later; -1 if there is none
 */
int
netns_process_open (guint pid)
{
  return (int) syscall (SYS_pidfd_open, pid, 0);
}

gboolean
netns_process_has_ended (int pidfd)
{
  struct pollfd ended = { .fd = pidfd, .events = POLLIN };

  return poll (&ended, 1, 0) > 0;
}

/**
 * netns_process_try_each:
 * @pidfds: processes
 * @n_pidfds: how many
 * @number: a signal, 0 to see only whether it could be sent
 * @error_numbers: (out caller-allocates): for each why it got none, 0 if it did or has ended
 *
 * The kernel decides by who this thread is now (kernel/credentials.h).
 */
void
netns_process_try_each (const int *pidfds, guint n_pidfds, int number, int *error_numbers)
{
  for (guint i = 0; i < n_pidfds; i++) {
    int result = (int) syscall (SYS_pidfd_send_signal, pidfds[i], number, NULL, 0);

    error_numbers[i] = result == 0 || errno == ESRCH ? 0 : errno;
  }
}

/**
 * netns_process_read_namespace:
 * @pid: a process
 *
 * Returns: inode of the network namespace that it lives in, 0 if it has ended
 */
guint64
netns_process_read_namespace (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/ns/net", pid);
  struct stat status;

  return stat (path, &status) == 0 ? status.st_ino : 0;
}

/**
 * netns_process_get_user:
 * @pid: a process
 *
 * Returns: its effective uid, (uid_t) -1 if it has ended
 */
guint
netns_process_get_user (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u", pid);
  struct stat status;

  return stat (path, &status) == 0 ? status.st_uid : (guint) -1;
}

/* Returns: of a line of /proc/PID/status, such as `Uid:` with the real one, the effective one and others, the number at
 * @position; -1 if the process has ended */
static guint
read_status (guint pid, const char *line, guint position)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/status", pid);
  netns_autofd int fd = open (path, O_RDONLY | O_CLOEXEC);
  char text[STATUS_SIZE];
  gssize size = fd >= 0 ? read (fd, text, sizeof text - 1) : -1;
  char *found;

  text[MAX (size, 0)] = '\0';
  found = strstr (text, line);
  if (found == NULL)
    return (guint) -1;
  found += strlen (line);
  for (guint i = 0; i < position; i++)
    g_ascii_strtoull (found, &found, 10);
  return (guint) g_ascii_strtoull (found, NULL, 10);
}

/**
 * netns_process_get_group:
 * @pid: a process
 *
 * Returns: its effective gid, (gid_t) -1 if it has ended
 */
guint
netns_process_get_group (guint pid)
{
  return read_status (pid, "\nGid:", 1); /* a line break in a process's name is escaped */
}

/**
 * netns_process_get_real_user:
 * @pid: a process
 *
 * Returns: its real uid, (uid_t) -1 if it has ended
 */
guint
netns_process_get_real_user (guint pid)
{
  return read_status (pid, "\nUid:", 0);
}

/**
 * netns_process_get_parent:
 * @pid: a process
 *
 * Returns: the process that started it, or that it was left to; (guint) -1 if it has ended
 */
guint
netns_process_get_parent (guint pid)
{
  return read_status (pid, "\nPPid:", 0);
}

/**
 * netns_process_get_age:
 * @tid: a process or a thread
 *
 * Returns: how long ago it began, in microseconds; 0 if it has ended
 */
gint64
netns_process_get_age (guint tid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/stat", tid), *contents = NULL;
  g_auto (GStrv) fields = NULL;
  const char *command_end;
  struct timespec now = { 0 };

  if (!g_file_get_contents (path, &contents, NULL, NULL) || (command_end = strrchr (contents, ')')) == NULL)
    return 0;
  fields = g_strsplit (command_end, " ", START_FIELD + 2);
  if (g_strv_length (fields) < START_FIELD + 2)
    return 0;
  clock_gettime (CLOCK_BOOTTIME, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000
         - g_ascii_strtoll (fields[START_FIELD], NULL, 10) * (G_USEC_PER_SEC / sysconf (_SC_CLK_TCK));
}

/**
 * netns_process_read_groups:
 * @pid: a process
 *
 * Returns: (transfer full) (nullable): its control groups, one line for each hierarchy (cgroups(7))
 */
char *
netns_process_read_groups (guint pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%u/cgroup", pid), *contents = NULL;

  return g_file_get_contents (path, &contents, NULL, NULL) ? g_steal_pointer (&contents) : NULL;
}
