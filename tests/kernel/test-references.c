/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who holds a namespace: real processes, threads, descriptors and mounts, found in the /proc of the whole machine. */
#include "common/cleanup.h"
#include "kernel/references.h"
#include "sandbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that does something and then waits for its end. What it reports is the inode of a namespace. */
typedef struct {
  pid_t pid;
  NetnsFileId id;
} Child;

static guint64
inode_of (const char *path)
{
  struct stat status;

  return stat (path, &status) == 0 ? status.st_ino : 0;
}

static Child
start (guint64 (*act) (void))
{
  Child child = { 0 };
  struct stat own;
  int pipe_fds[2];

  g_assert_no_errno (pipe (pipe_fds));
  g_assert_no_errno (stat ("/proc/self/ns/net", &own));
  child.pid = fork ();
  g_assert_cmpint (child.pid, >=, 0);
  if (child.pid == 0) {
    guint64 inode;

    prctl (PR_SET_PDEATHSIG, SIGKILL);
    prctl (PR_SET_NAME, "a reference");
    inode = act ();
    if (write (pipe_fds[1], &inode, sizeof inode) < 0)
      _exit (1);
    close (pipe_fds[0]);
    close (pipe_fds[1]);
    for (;;)
      pause ();
  }
  close (pipe_fds[1]);
  g_assert_cmpint (read (pipe_fds[0], &child.id.inode, sizeof child.id.inode), ==, sizeof child.id.inode);
  close (pipe_fds[0]);
  child.id.device = own.st_dev;
  g_assert_cmpuint (child.id.inode, !=, 0);
  g_assert_cmpuint (child.id.inode, !=, own.st_ino);
  return child;
}

static void
end (const Child *child)
{
  g_assert_no_errno (kill (child->pid, SIGKILL));
  g_assert_cmpint (waitpid (child->pid, NULL, 0), ==, child->pid);
}

static GArray *
list (const NetnsFileId *id)
{
  g_autoptr (GError) error = NULL;
  GArray *references = netns_references_list (id, NULL, FALSE, 0, NULL, &error);

  g_assert_no_error (error);
  return references;
}

/* A namespace that is about to end: what this process holds is no reference, and keeps its number from being given to another
 * one, which a program beside this one makes. */
static int held = -1;

static void
hold (const char *path)
{
  netns_close_fd (&held);
  held = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (held, >=, 0);
}

/* The only reference of a namespace; that its path leads there is what stat() says. */
static NetnsReference *
get_only (GArray *references, const NetnsFileId *id, NetnsReferenceKind kind, pid_t pid)
{
  NetnsReference *reference = &g_array_index (references, NetnsReference, 0);
  g_autofree char *path = NULL;

  g_assert_cmpuint (references->len, ==, 1);
  g_assert_cmpuint (reference->kind, ==, kind);
  g_assert_cmpuint (reference->id.device, ==, id->device);
  g_assert_cmpuint (reference->id.inode, ==, id->inode);
  g_assert_cmpuint (reference->pid, ==, pid);
  g_assert_cmpuint (reference->uid, ==, geteuid ());
  g_assert_cmpstr (reference->command, ==, "a reference");
  path = netns_reference_get_path (reference);
  g_assert_cmpuint (inode_of (path), ==, id->inode);
  hold (path);
  return reference;
}

static void
assert_none (const NetnsFileId *id)
{
  g_autoptr (GArray) references = list (id);

  g_assert_cmpuint (references->len, ==, 0);
  netns_close_fd (&held);
}

static guint64
live_in_it (void)
{
  return unshare (CLONE_NEWNET) == 0 ? inode_of ("/proc/self/ns/net") : 0;
}

static void
test_process (void)
{
  const Child child = start (live_in_it);
  g_autoptr (GArray) references = list (&child.id), all = list (NULL);
  const NetnsReference *reference = get_only (references, &child.id, NETNS_REFERENCE_PROCESS, child.pid);
  guint found = 0;

  g_assert_cmpuint (reference->tid, ==, child.pid);
  g_assert_cmpint (reference->fd, ==, -1);
  g_assert_null (reference->mount);
  for (guint i = 0; i < all->len; i++)
    found += g_array_index (all, NetnsReference, i).id.inode == child.id.inode;
  g_assert_cmpuint (found, ==, 1);
  end (&child);
  assert_none (&child.id);
}

static guint64 thread_inode;

static gpointer G_GNUC_NORETURN
leave_alone (gpointer data)
{
  pthread_barrier_t *barrier = data;

  if (unshare (CLONE_NEWNET) == 0)
    thread_inode = inode_of ("/proc/thread-self/ns/net");
  pthread_barrier_wait (barrier);
  for (;;)
    pause ();
}

static guint64
send_thread (void)
{
  static pthread_barrier_t barrier;
  pthread_t thread;

  if (pthread_barrier_init (&barrier, NULL, 2) != 0 || pthread_create (&thread, NULL, leave_alone, &barrier) != 0)
    return 0;
  pthread_barrier_wait (&barrier);
  return thread_inode;
}

static void
test_thread (void)
{
  const Child child = start (send_thread);
  g_autoptr (GArray) references = list (&child.id);
  const NetnsReference *reference = get_only (references, &child.id, NETNS_REFERENCE_PROCESS, child.pid);

  g_assert_cmpuint (reference->tid, !=, child.pid);
  end (&child);
  assert_none (&child.id);
}

static guint64
keep_descriptor (void)
{
  int home = open ("/proc/self/ns/net", O_RDONLY), fd;

  if (home < 0 || unshare (CLONE_NEWNET) < 0)
    return 0;
  fd = open ("/proc/self/ns/net", O_RDONLY);
  if (dup2 (fd, 77) < 0 || close (fd) < 0 || setns (home, CLONE_NEWNET) < 0 || close (home) < 0)
    return 0;
  return inode_of ("/proc/self/fd/77");
}

static void
test_descriptor (void)
{
  const Child child = start (keep_descriptor);
  g_autoptr (GArray) references = list (&child.id);

  g_assert_cmpint (get_only (references, &child.id, NETNS_REFERENCE_DESCRIPTOR, child.pid)->fd, ==, 77);
  end (&child);
  assert_none (&child.id);
}

static guint64
open_by_name (void)
{
  int fd = open ("/run/netns/x", O_RDONLY);

  return dup2 (fd, 77) < 0 || close (fd) < 0 ? 0 : inode_of ("/proc/self/fd/77");
}

/* Such a descriptor does not look like one in /proc: it has the name that it was opened by, and later none. */
static void
test_descriptor_of_name (void)
{
  g_autoptr (GArray) named = NULL, unnamed = NULL;
  Child child;

  g_free (sandbox_run ("ip netns add x"));
  child = start (open_by_name);
  named = list (&child.id);
  g_assert_cmpuint (named->len, ==, 2);
  g_assert_cmpuint (g_array_index (named, NetnsReference, 0).kind, ==, NETNS_REFERENCE_MOUNT);
  g_assert_cmpuint (g_array_index (named, NetnsReference, 1).kind, ==, NETNS_REFERENCE_DESCRIPTOR);
  g_assert_cmpuint (g_array_index (named, NetnsReference, 1).pid, ==, child.pid);
  g_free (sandbox_run ("ip netns delete x"));
  unnamed = list (&child.id);
  g_assert_cmpint (get_only (unnamed, &child.id, NETNS_REFERENCE_DESCRIPTOR, child.pid)->fd, ==, 77);
  end (&child);
  assert_none (&child.id);
}

/* The directory, the root of a file system, and a namespace of another type are none of it. */
static guint64
open_others (void)
{
  int others[] = { open ("/", O_RDONLY), open ("/proc/self/ns/uts", O_RDONLY), open ("/run/uts", O_RDONLY) };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    if (others[i] < 0)
      return 0;
  if (umount2 ("/run/uts", MNT_DETACH) < 0)
    return 0;
  return live_in_it ();
}

static void
test_other_descriptors (void)
{
  g_autoptr (GArray) all = NULL;
  Child child;

  g_free (sandbox_run ("touch /run/uts && mount --bind /proc/self/ns/uts /run/uts"));
  child = start (open_others);
  all = list (NULL);
  for (guint i = 0; i < all->len; i++)
    if (g_array_index (all, NetnsReference, i).pid == (guint) child.pid)
      g_assert_cmpuint (g_array_index (all, NetnsReference, i).kind, ==, NETNS_REFERENCE_PROCESS);
  end (&child);
}

static guint64
mount_elsewhere (void)
{
  int home = open ("/proc/self/ns/net", O_RDONLY);
  guint64 inode;

  if (home < 0 || unshare (CLONE_NEWNS | CLONE_NEWNET) < 0 || mount ("tmpfs", "/run", "tmpfs", 0, NULL) < 0
      || creat ("/run/a b\\c", 0600) < 0 || mount ("/proc/self/ns/net", "/run/a b\\c", NULL, MS_BIND, NULL) < 0)
    return 0;
  inode = inode_of ("/proc/self/ns/net");
  return setns (home, CLONE_NEWNET) < 0 || close (home) < 0 ? 0 : inode;
}

static void
test_mount (void)
{
  const Child child = start (mount_elsewhere);
  g_autoptr (GArray) references = list (&child.id);

  g_assert_cmpstr (get_only (references, &child.id, NETNS_REFERENCE_MOUNT, child.pid)->mount, ==, "/run/a b\\c");
  end (&child);
  assert_none (&child.id);
}

static guint64
change_root (void)
{
  return chroot ("/run") < 0 || chdir ("/") < 0 || open ("/netns/x", O_RDONLY | O_CLOEXEC) < 0 ? 0 : 1;
}

/* Many processes see one mount, some of them from another root: it is one reference. */
static void
test_mount_once (void)
{
  struct stat status;
  NetnsFileId id;
  Child child;
  guint mounts = 0;

  g_free (sandbox_run ("ip netns add x"));
  g_assert_no_errno (stat ("/run/netns/x", &status));
  id = (NetnsFileId) { status.st_dev, status.st_ino };
  child = start (change_root);
  {
    g_autoptr (GArray) references = list (&id);

    for (guint i = 0; i < references->len; i++) {
      const NetnsReference *reference = &g_array_index (references, NetnsReference, i);
      g_autofree char *path = netns_reference_get_path (reference);

      g_assert_cmpuint (inode_of (path), ==, id.inode);
      mounts += reference->kind == NETNS_REFERENCE_MOUNT;
    }
    g_assert_cmpuint (mounts, ==, 1);
    g_assert_cmpuint (references->len, ==, 2);
  }
  hold ("/run/netns/x");
  end (&child);
  g_free (sandbox_run ("ip netns delete x"));
  assert_none (&id);
}

/* What this process holds is about to be let go. */
static void
test_own (void)
{
  netns_autofd int fd = -1;
  g_autoptr (GArray) own = NULL;
  struct stat status;
  guint found = 0;

  g_free (sandbox_run ("ip netns add x"));
  fd = open ("/run/netns/x", O_RDONLY | O_CLOEXEC);
  g_assert_no_errno (fstat (fd, &status));
  g_free (sandbox_run ("ip netns delete x"));
  assert_none (&(NetnsFileId) { status.st_dev, status.st_ino });
  g_assert_no_errno (stat ("/proc/self/ns/net", &status));
  own = list (&(NetnsFileId) { status.st_dev, status.st_ino });
  for (guint i = 0; i < own->len; i++)
    found += g_array_index (own, NetnsReference, i).pid == (guint) getpid ();
  g_assert_cmpuint (found, ==, 1);
}

static void
add_tests (void)
{
  g_test_add_func ("/kernel/references/process", test_process);
  g_test_add_func ("/kernel/references/thread", test_thread);
  g_test_add_func ("/kernel/references/descriptor", test_descriptor);
  g_test_add_func ("/kernel/references/descriptor-of-name", test_descriptor_of_name);
  g_test_add_func ("/kernel/references/other-descriptors", test_other_descriptors);
  g_test_add_func ("/kernel/references/mount", test_mount);
  g_test_add_func ("/kernel/references/mount-once", test_mount_once);
  g_test_add_func ("/kernel/references/own", test_own);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
