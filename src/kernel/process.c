/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel has no list of a namespace's processes: all of /proc is walked, and only when somebody asks. */
#include "kernel/process.h"
#include "common/cleanup.h"
#include "common/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void
read_command (int directory, char command[16])
{
  netns_autofd int fd = openat (directory, "comm", O_RDONLY | O_CLOEXEC);
  gssize size = fd >= 0 ? read (fd, command, 15) : 0;

  command[MAX (size, 0)] = '\0';
  g_strchomp (command);
}

/* Whether @pid lives there. The descriptor of its directory stands for this one process, also if another one gets
 * its number meanwhile. A process that ends, or that we may not look at, is not there. */
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
  read_command (directory, process->command);
  return TRUE;
}

static void
close_directory (DIR *directory)
{
  closedir (directory);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, close_directory)

/**
 * netns_process_list:
 * @id: a namespace
 * @error: `KernelRefused`
 *
 * Sees threads only by their process: one that went to another namespace alone is not found.
 *
 * Returns: (transfer full) (nullable) (element-type NetnsProcess): its processes, in the order of their pids
 */
GArray *
netns_process_list (const NetnsFileId *id, GError **error)
{
  g_autoptr (DIR) proc = opendir ("/proc");
  g_autoptr (GArray) processes = g_array_new (FALSE, TRUE, sizeof (NetnsProcess));
  const struct dirent *entry;

  if (proc == NULL) {
    netns_error_set_errno (error, errno, "Cannot read /proc");
    return NULL;
  }
  while ((entry = readdir (proc)) != NULL) {
    NetnsProcess process = { 0 };

    if (g_ascii_isdigit (entry->d_name[0]) && look_at (dirfd (proc), entry->d_name, id, &process))
      g_array_append_val (processes, process);
  }
  return g_steal_pointer (&processes);
}

/* The number of the process that a pidfd stands for, as this program sees it; -1 when it has ended (pid_show_fdinfo()
 * in fs/pidfs.c), 0 when it is no pidfd. */
static int
read_pidfd (int pidfd)
{
  g_autofree char *path = g_strdup_printf ("/proc/self/fdinfo/%d", pidfd), *contents = NULL;
  const char *line;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
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
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Process %u has ended", pid);
  else
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "The descriptor is not of process %u", pid);
  return FALSE;
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
 * netns_process_signal:
 * @grant: who may do it
 * @pidfd: a process
 * @signal_number: a signal
 * @error: `KernelRefused`
 *
 * Returns: whether it got it or has ended
 */
gboolean
netns_process_signal (const NetnsGrant *grant, int pidfd, int signal_number, GError **error)
{
  if (syscall (SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0) == 0 || errno == ESRCH)
    return TRUE;
  netns_error_set_errno (error, errno, "Cannot send signal %d", signal_number);
  return FALSE;
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
