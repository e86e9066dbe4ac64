/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox.h"
#include "common/names.h"
#include "kernel/link.h"
#include "kernel/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Here nobody has to be asked. */
static const char dummy;
const NetnsGrant *const sandbox_grant = (const NetnsGrant *) (gconstpointer) &dummy;

static void
must (gboolean good, const char *what)
{
  if (!good)
    g_error ("Cannot make the sandbox: %s: %s", what, g_strerror (errno));
}

static void
write_file (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  must (fd >= 0 && write (fd, text, strlen (text)) == (gssize) strlen (text), path);
  close (fd);
}

static void
become_root (uid_t uid, gid_t gid)
{
  g_autofree char *uid_map = g_strdup_printf ("0 %u 1", uid);
  g_autofree char *gid_map = g_strdup_printf ("0 %u 1", gid);

  write_file ("/proc/self/setgroups", "deny");
  write_file ("/proc/self/uid_map", uid_map);
  write_file ("/proc/self/gid_map", gid_map);
}

/* All that the service keeps between two starts lies in /run and in /var/lib/netnsd. */
static void
enter_sandbox (void)
{
  uid_t uid = geteuid ();
  gid_t gid = getegid ();

  must (unshare (CLONE_NEWNET | CLONE_NEWNS | (uid != 0 ? CLONE_NEWUSER : 0)) == 0, "unshare");
  if (uid != 0)
    become_root (uid, gid);
  must (mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "/ private");
  must (mount ("tmpfs", "/run", "tmpfs", 0, "mode=755") == 0, "/run");
  must (mkdir (NETNS_STATE_DIR, 0755) == 0, NETNS_STATE_DIR);
  must (mount ("tmpfs", "/var/lib/netnsd", "tmpfs", 0, "mode=755") == 0 || errno == ENOENT, "/var/lib/netnsd");
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
}

/**
 * sandbox_main:
 * @argc: number of arguments
 * @argv: arguments of the test program
 * @add_tests: calls g_test_add_func()
 *
 * Enters the sandbox while there is one thread only, as unshare() demands it, and runs the tests.
 *
 * Returns: the exit status
 */
int
sandbox_main (int argc, char **argv, void (*add_tests) (void))
{
  enter_sandbox ();
  g_test_init (&argc, &argv, NULL);
  add_tests ();
  return g_test_run ();
}

static gboolean
spawn (const char *command, char **output)
{
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  g_autofree char *errors = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, output, &errors, &status, &error);
  g_assert_no_error (error);
  if (status != 0)
    g_test_message ("%s: %s%s", command, *output, errors);
  return status == 0;
}

/**
 * sandbox_run:
 * @format: a shell command that must succeed
 * @...: its arguments
 *
 * Returns: (transfer full): what it printed
 */
char *
sandbox_run (const char *format, ...)
{
  va_list arguments;
  g_autofree char *command = NULL;
  char *output = NULL;

  va_start (arguments, format);
  command = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (!spawn (command, &output))
    g_error ("“%s” failed", command);
  return output;
}

/**
 * sandbox_try:
 * @format: a shell command
 * @...: its arguments
 *
 * Returns: whether it succeeded
 */
gboolean
sandbox_try (const char *format, ...)
{
  va_list arguments;
  g_autofree char *command = NULL;
  g_autofree char *output = NULL;

  va_start (arguments, format);
  command = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return spawn (command, &output);
}

/**
 * sandbox_query:
 * @filter: what jq is to pick, without single quotes
 * @format: a shell command that prints JSON, or nothing at all
 * @...: its arguments
 *
 * Returns: (transfer full): the values that the filter gives, one a line
 */
char *
sandbox_query (const char *filter, const char *format, ...)
{
  va_list arguments;
  g_autofree char *command = NULL;
  char *result;

  va_start (arguments, format);
  command = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  result = sandbox_run ("json=$(%s) || exit 1; printf '%%s' \"${json:-[]}\" | jq -c '%s'", command, filter);
  return g_strchomp (result);
}

/**
 * sandbox_connect:
 * @name: name of a namespace, empty for the sandbox's own
 *
 * Returns: (transfer full): a connection
 */
NetnsNetlink *
sandbox_connect (const char *name)
{
  g_autofree char *path = g_build_filename (NETNS_RUN_DIR, name, NULL);
  g_autoptr (GError) error = NULL;
  NetnsNetlink *netlink;
  int fd = -1;

  if (*name != '\0') {
    fd = netns_nsfs_open (path, &error);
    g_assert_no_error (error);
  }
  netlink = netns_netlink_new (fd, &error);
  g_assert_no_error (error);
  if (fd >= 0)
    close (fd);
  return netlink;
}

/**
 * sandbox_link_index:
 * @netlink: a namespace
 * @name: name of a link that is there
 *
 * Returns: its ifindex
 */
guint
sandbox_link_index (NetnsNetlink *netlink, const char *name)
{
  g_auto (NetnsLinkInfo) info = { 0 };
  g_autoptr (GError) error = NULL;

  netns_rtnl_link_find (netlink, name, &info, &error);
  g_assert_no_error (error);
  return info.index;
}
