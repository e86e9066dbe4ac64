/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings and processes: both are read in /proc, and must be those of the right namespace. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/netns.h"
#include "kernel/process.h"
#include "kernel/sysctl.h"
#include "sandbox.h"

#include <string.h>
#include <unistd.h>

#define FORWARD "net/ipv4/ip_forward"

static void
assert_setting (int fd, const char *path, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *value = netns_sysctl_get (fd, path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, expected);
}

static void
test_setting (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "set", &error);
  g_autofree char *inside = NULL;
  g_autofree char *outside = NULL;

  assert_setting (fd, FORWARD, "0");
  netns_sysctl_set (sandbox_grant, fd, FORWARD, "1", &error);
  g_assert_no_error (error);
  assert_setting (fd, FORWARD, "1");
  assert_setting (-1, FORWARD, "0");
  inside = sandbox_run ("ip netns exec set cat /proc/sys/" FORWARD);
  outside = sandbox_run ("cat /proc/sys/" FORWARD);
  g_assert_cmpstr (inside, ==, "1\n");
  g_assert_cmpstr (outside, ==, "0\n");
  netns_sysctl_set (sandbox_grant, -1, "net/ipv4/conf/lo/rp_filter", "2", &error);
  g_assert_no_error (error);
  assert_setting (-1, "net/ipv4/conf/lo/rp_filter", "2");
  netns_sysctl_set (sandbox_grant, fd, "net/ipv4/ping_group_range", "0\t4294967294", &error);
  if (geteuid () == 0 && error == NULL)
    assert_setting (fd, "net/ipv4/ping_group_range", "0\t4294967294");
  g_clear_error (&error);
  g_assert_true (netns_nsfs_delete (sandbox_grant, "set", &error));
}

static void
test_setting_refused (void)
{
  static const char *const paths[] = { "kernel/hostname",
                                       "net/../kernel/hostname",
                                       "net",
                                       "",
                                       "net/ipv4/../x",
                                       "/net/ipv4/ip_forward",
                                       "net//ipv4/x",
                                       "net/",
                                       "net/./ipv4/forward",
                                       "netfilter/x",
                                       "../etc/passwd" };
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_assert_null (netns_sysctl_get (-1, paths[i], &error));
    assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, paths[i]);
    g_assert_false (netns_sysctl_set (sandbox_grant, -1, paths[i], "1", &error));
    assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, paths[i]);
  }
  g_assert_null (netns_sysctl_get (-1, "net/ipv4/nothing", &error));
  assert_error (error, NETNS_ERROR_NOT_FOUND, "net/ipv4/nothing");
  g_assert_false (netns_sysctl_set (sandbox_grant, -1, FORWARD, "many", &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "“many”: Invalid argument");
  g_assert_false (netns_sysctl_set (sandbox_grant, -1, "net/ipv4", "1", &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "net/ipv4");
  g_assert_null (netns_sysctl_get (-1, "net/ipv4", &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "net/ipv4");
}

/* Pids and names of a namespace's processes, as describe_ip() has them. */
static char *
describe (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) processes = NULL;
  GString *text = g_string_new (NULL);
  NetnsFileId id;

  g_assert_true (netns_nsfs_identify (fd, &id, &error));
  processes = netns_process_list (&id, 60000, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < processes->len; i++) {
    const NetnsProcess *process = &g_array_index (processes, NetnsProcess, i);

    g_string_append_printf (text, "%u %s %u\n", process->pid, process->command, process->uid);
  }
  return g_string_free (text, FALSE);
}

static void
test_processes (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "full", &error);
  g_autofree char *none = describe (fd);
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;
  g_autofree char *own = NULL;
  netns_autofd int home = netns_nsfs_open ("/proc/self/ns/net", &error);
  g_autofree char *self = sandbox_run ("echo %d $(cat /proc/%d/comm) %u", getpid (), getpid (), geteuid ());

  g_assert_cmpstr (none, ==, "");
  g_free (sandbox_run ("for i in 1 2 3; do ip netns exec full sleep 100 > /dev/null 2>&1 & done; sleep 0.3"));
  ours = describe (fd);
  theirs = sandbox_run ("for p in $(ip netns pids full); do echo $p $(ps -o comm=,uid= -p $p); done");
  g_assert_cmpstr (ours, ==, theirs);
  g_assert_nonnull (strstr (ours, "sleep"));
  own = describe (home);
  g_assert_nonnull (strstr (own, self));
  g_free (sandbox_run ("kill $(ip netns pids full)"));
  g_assert_true (netns_nsfs_delete (sandbox_grant, "full", &error));
}

/* Processes that come and go while /proc is read are no error. */
static void
test_vanishing_processes (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int home = netns_nsfs_open ("/proc/self/ns/net", &error);

  g_free (sandbox_run ("(for i in $(seq 500); do /bin/true; done) > /dev/null 2>&1 &"));
  for (guint i = 0; i < 50; i++) {
    g_autofree char *text = describe (home);

    g_assert_cmpstr (text, !=, "");
  }
}

static void
add_tests (void)
{
  g_test_add_func ("/sysctl/setting", test_setting);
  g_test_add_func ("/sysctl/refused", test_setting_refused);
  g_test_add_func ("/process/list", test_processes);
  g_test_add_func ("/process/vanishing", test_vanishing_processes);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
