/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces by name: ours and those of `ip netns` are the same, and what is none of them does no harm. */
#include "common/cleanup.h"
#include "common/error.h"
#include "kernel/netns.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
assert_list (const char *expected)
{
  g_autofree char *list = sandbox_run ("ip netns list | cut -d' ' -f1 | sort | tr '\\n' ' '");

  g_assert_cmpstr (g_strchomp (list), ==, expected);
}

static guint64
own_inode (void)
{
  struct stat status;

  g_assert_no_errno (stat ("/proc/thread-self/ns/net", &status));
  return status.st_ino;
}

static void
create (const char *name)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, name, &error);

  g_assert_no_error (error);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (fcntl (fd, F_GETFD) & FD_CLOEXEC, !=, 0);
}

static void delete (const char *name)
{
  g_autoptr (GError) error = NULL;

  netns_nsfs_delete (sandbox_grant, name, &error);
  g_assert_no_error (error);
}

static void
test_create (void)
{
  g_autofree char *shared = NULL;
  guint64 home = own_inode ();

  create ("a");
  create ("b c");
  g_assert_cmpuint (own_inode (), ==, home);
  assert_list ("a b");
  g_assert_true (sandbox_try ("ip netns exec a true"));
  assert_query ("map(.ifname)", "[\"lo\"]", "ip -json -n a link");
  /* As `ip netns add` leaves it: one shared mount, for all mount namespaces to see. */
  shared = sandbox_run ("grep -E ' /run/netns(/a)? .* shared:' /proc/self/mountinfo | wc -l");
  g_assert_cmpstr (shared, ==, "2\n");
  delete ("a");
  g_assert_true (sandbox_try ("ip netns delete 'b c'"));
  assert_list ("");
  g_assert_true (sandbox_try ("test -z \"$(ls -A /run/netns)\""));
}

static void
test_made_by_ip (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = -1;

  g_free (sandbox_run ("ip netns add x"));
  fd = netns_nsfs_open ("/run/netns/x", &error);
  g_assert_no_error (error);
  delete ("x");
  assert_list ("");
  netns_nsfs_delete (sandbox_grant, "x", &error);
  assert_error (error, NETNS_ERROR_NOT_FOUND, "x");
  g_assert_cmpint (netns_nsfs_open ("/run/netns/x", &error), ==, -1);
  assert_error (error, NETNS_ERROR_NOT_FOUND, "/run/netns/x");
}

static void
test_exists (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  create ("taken");
  before = sandbox_run ("cat /proc/self/mountinfo; stat -L -c %%i /run/netns/taken");
  g_assert_cmpint (netns_nsfs_create (sandbox_grant, "taken", &error), ==, -1);
  assert_error (error, NETNS_ERROR_EXISTS, "“taken”");
  after = sandbox_run ("cat /proc/self/mountinfo; stat -L -c %%i /run/netns/taken");
  g_assert_cmpstr (before, ==, after);
  delete ("taken");
}

#define ANY (-1)

/* Newer architectures have only the call with a directory. */
#ifndef SYS_unlink
#define SYS_unlink SYS_unlinkat
#endif

/* From now on @call fails with EIO, when its argument @index is @value. On little-endian machines only: the lower
 * half of an argument comes first. */
static void
break_call (guint call, guint index, gint64 value)
{
  guint16 compare = value == ANY ? BPF_JGE : BPF_JEQ;
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, (guint32) (offsetof (struct seccomp_data, args) + 8 * index)),
    BPF_JUMP (BPF_JMP | compare | BPF_K, value == ANY ? 0 : (guint32) value, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { .len = G_N_ELEMENTS (filter), .filter = filter };

  g_assert_no_errno (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  g_assert_no_errno (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void
check_failure (const char *text)
{
  g_autoptr (GError) error = NULL;
  guint64 home = own_inode ();

  g_assert_cmpint (netns_nsfs_create (sandbox_grant, "late", &error), ==, -1);
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, text);
  g_assert_cmpuint (own_inode (), ==, home);
  g_assert_cmpint (access ("/run/netns/late", F_OK), ==, -1);
}

static void
test_no_unshare (void)
{
  break_call (SYS_unshare, 0, CLONE_NEWNET);
  check_failure ("create a network namespace: Input/output error");
}

static void
test_no_mount (void)
{
  create ("kept");
  break_call (SYS_mount, 3, MS_BIND);
  check_failure ("mount a network namespace");
  g_assert_false (netns_nsfs_rename (sandbox_grant, "kept", "late", NULL));
  g_assert_cmpint (access ("/run/netns/late", F_OK), ==, -1);
  assert_list ("kept");
}

static void
test_no_unlink (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = -1;

  /* A rename that gets stuck half-way puts the old name back. Its new name cannot be unlinked either, and is then a
   * plain file. */
  create ("stuck");
  break_call (SYS_unlink, 0, ANY);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*late*");
  g_assert_false (netns_nsfs_rename (sandbox_grant, "stuck", "late", &error));
  g_test_assert_expected_messages ();
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "Cannot delete");
  fd = netns_nsfs_open ("/run/netns/stuck", &error);
  g_assert_no_error (error);
}

/* What breaks the process is done in one of its own. */
static void
test_in_subprocess (gconstpointer path)
{
  g_test_trap_subprocess (path, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
}

static void
test_bad_names (void)
{
  static const char *const names[] = { "", ".", "..", "a/b", "../x", "/etc/passwd" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_cmpint (netns_nsfs_create (sandbox_grant, names[i], &error), ==, -1);
    assert_error (error, NETNS_ERROR_INVALID_NAME, names[i]);
    g_assert_false (netns_nsfs_delete (sandbox_grant, names[i], &error));
    assert_error (error, NETNS_ERROR_INVALID_NAME, names[i]);
  }
}

static void
test_rename (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  create ("old");
  create ("other");
  before = sandbox_run ("stat -L -c %%i /run/netns/old");
  g_assert_false (netns_nsfs_rename (sandbox_grant, "old", "other", &error));
  assert_error (error, NETNS_ERROR_EXISTS, "“other”");
  assert_list ("old other");
  g_assert_false (netns_nsfs_rename (sandbox_grant, "none", "new", &error));
  assert_error (error, NETNS_ERROR_NOT_FOUND, "none");
  g_assert_true (netns_nsfs_rename (sandbox_grant, "old", "new", &error));
  g_assert_no_error (error);
  assert_list ("new other");
  after = sandbox_run ("stat -L -c %%i /run/netns/new");
  g_assert_cmpstr (before, ==, after);
  delete ("new");
  delete ("other");
}

/* @prepare makes /run/netns/odd. It is no namespace, says what it is, and can be deleted. */
static void
check_odd (const char *prepare, const char *what)
{
  g_autoptr (GError) error = NULL;

  g_free (sandbox_run ("mkdir -p /run/netns; %s", prepare));
  g_assert_cmpint (netns_nsfs_open ("/run/netns/odd", &error), ==, -1);
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, what);
  g_assert_cmpint (netns_nsfs_create (sandbox_grant, "odd", &error), ==, -1);
  assert_error (error, NETNS_ERROR_EXISTS, "odd");
  g_assert_false (netns_nsfs_rename (sandbox_grant, "odd", "even", &error));
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, what);
  g_assert_false (sandbox_try ("test -e /run/netns/even"));
  delete ("odd");
  g_assert_false (sandbox_try ("test -e /run/netns/odd -o -L /run/netns/odd"));
}

static void
test_odd_entries (void)
{
  check_odd ("touch /run/netns/odd", "plain file");
  check_odd ("mkfifo /run/netns/odd", "FIFO");
  check_odd ("ln -s /etc/passwd /run/netns/odd", "symbolic link");
  check_odd ("touch /run/netns/odd; mount --bind /proc/self/ns/uts /run/netns/odd", "another type");
  check_odd ("touch /run/netns/odd; mount --bind /dev/zero /run/netns/odd", "device");
  g_assert_true (sandbox_try ("test -e /etc/passwd -a -e /dev/zero"));
  /* Two mounts, one above the other. */
  g_free (sandbox_run ("ip netns add odd; mount --bind /proc/self/ns/net /run/netns/odd"));
  delete ("odd");
  g_assert_true (sandbox_try ("test -z \"$(ls -A /run/netns)\""));
}

static void
test_link_to_namespace (void)
{
  g_autoptr (GError) error = NULL;

  /* Deleting the link must not touch what it points to. */
  create ("real");
  g_free (sandbox_run ("ln -s real /run/netns/alias"));
  g_assert_cmpint (netns_nsfs_open ("/run/netns/alias", &error), ==, -1);
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "symbolic link");
  delete ("alias");
  assert_list ("real");
  delete ("real");
}

static void
test_directory (void)
{
  g_autoptr (GError) error = NULL;

  g_free (sandbox_run ("mkdir -p /run/netns/dir && mount -t tmpfs tmpfs /run/netns/dir"));
  g_assert_false (netns_nsfs_delete (sandbox_grant, "dir", &error));
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "directory");
  g_free (sandbox_run ("umount /run/netns/dir && rmdir /run/netns/dir"));
}

static void
test_proc (void)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/net", getpid ());
  g_autofree char *uts = g_strdup_printf ("/proc/%d/ns/uts", getpid ());
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_open (path, &error);
  NetnsFileId id;

  g_assert_no_error (error);
  g_assert_true (netns_nsfs_identify (fd, &id, &error));
  g_assert_cmpuint (id.inode, ==, own_inode ());
  g_assert_cmpint (netns_nsfs_open (uts, &error), ==, -1);
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "another type");
  g_assert_cmpint (netns_nsfs_open ("/proc/self/exe", &error), ==, -1);
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "plain file");
  g_assert_cmpint (netns_nsfs_open ("/proc/4194305/ns/net", &error), ==, -1);
  assert_error (error, NETNS_ERROR_NOT_FOUND, "4194305");
}

static void
test_identify (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int uts = open ("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
  netns_autofd int file = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  NetnsFileId id;

  g_assert_false (netns_nsfs_identify (uts, &id, &error));
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "not a network namespace");
  g_assert_false (netns_nsfs_identify (file, &id, &error));
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "not a network namespace");
  g_assert_false (netns_nsfs_identify (-1, &id, &error));
  assert_error (error, NETNS_ERROR_INVALID_ARGUMENT, "not a network namespace");
}

static void
test_enter (void)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "in", &error);
  netns_autofd int uts = open ("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
  guint64 home = own_inode ();
  NetnsVisit visit = FALSE;
  NetnsFileId id;

  g_assert_true (netns_nsfs_identify (fd, &id, &error));
  g_assert_true (netns_visit (&visit, fd, &error));
  g_assert_cmpuint (own_inode (), ==, id.inode);
  netns_visit_end (&visit);
  g_assert_cmpuint (own_inode (), ==, home);
  g_assert_false (netns_visit (&visit, uts, &error));
  assert_error (error, NETNS_ERROR_KERNEL_REFUSED, "enter");
  delete ("in");
}

static void
test_locked (void)
{
  /* Anybody may lock the directory. With the shared mount in place the lock is not needed... */
  create ("first");
  g_free (sandbox_run ("flock --no-fork /run/netns sleep 100 > /dev/null 2>&1 & sleep 0.2; echo $! > /run/locker"));
  create ("second");
  delete ("first");
  delete ("second");
  /* ... and without, somebody who never lets go keeps nobody from a namespace. */
  g_free (sandbox_run ("umount -l /run/netns"));
  g_free (sandbox_run ("kill $(cat /run/locker); flock --no-fork /run/netns sleep 100 > /dev/null 2>&1 & sleep 0.2;"
                       "echo $! > /run/locker"));
  create ("third");
  delete ("third");
  g_free (sandbox_run ("kill $(cat /run/locker); sleep 0.1"));
}

static void
test_descriptors (void)
{
  g_autofree char *before = sandbox_run ("ls /proc/%d/fd | wc -l", getpid ());
  g_autofree char *after = NULL;

  for (guint i = 0; i < 20; i++) {
    g_autoptr (GError) error = NULL;

    create ("fd");
    g_assert_cmpint (netns_nsfs_create (sandbox_grant, "fd", NULL), ==, -1);
    g_assert_true (netns_nsfs_rename (sandbox_grant, "fd", "df", &error));
    g_assert_false (netns_nsfs_rename (sandbox_grant, "fd", "df", NULL));
    delete ("df");
  }
  /* What started a command closes its pipes when it comes to it, so there may be fewer, and for a moment more. */
  for (guint attempt = 0; attempt < 100 && (after == NULL || atoi (after) > atoi (before)); attempt++) {
    g_usleep (attempt > 0 ? 50000 : 0);
    g_free (after);
    after = sandbox_run ("ls /proc/%d/fd | wc -l", getpid ());
  }
  g_assert_cmpint (atoi (after), <=, atoi (before));
}

static void
add_tests (void)
{
  g_test_add_func ("/netns/create", test_create);
  g_test_add_func ("/netns/made-by-ip", test_made_by_ip);
  g_test_add_func ("/netns/exists", test_exists);
  g_test_add_func ("/netns/subprocess/no-unshare", test_no_unshare);
  g_test_add_data_func ("/netns/no-unshare", "/netns/subprocess/no-unshare", test_in_subprocess);
  g_test_add_func ("/netns/subprocess/no-mount", test_no_mount);
  g_test_add_data_func ("/netns/no-mount", "/netns/subprocess/no-mount", test_in_subprocess);
  g_test_add_func ("/netns/subprocess/no-unlink", test_no_unlink);
  g_test_add_data_func ("/netns/no-unlink", "/netns/subprocess/no-unlink", test_in_subprocess);
  g_test_add_func ("/netns/bad-names", test_bad_names);
  g_test_add_func ("/netns/rename", test_rename);
  g_test_add_func ("/netns/odd-entries", test_odd_entries);
  g_test_add_func ("/netns/link-to-namespace", test_link_to_namespace);
  g_test_add_func ("/netns/directory", test_directory);
  g_test_add_func ("/netns/proc", test_proc);
  g_test_add_func ("/netns/identify", test_identify);
  g_test_add_func ("/netns/enter", test_enter);
  g_test_add_func ("/netns/locked", test_locked);
  g_test_add_func ("/netns/descriptors", test_descriptors);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
