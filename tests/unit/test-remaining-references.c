/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a refused Delete says of those who use the namespace: anybody can be there with a crowd of processes and descriptors,
 * so the list is read from front to end, and no reference is compared with all others. What is read is counted: only two
 * pages of the list can be read at a time, and each further one is a fault. */
#include "kernel/remaining-references.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MANY 20000 /* as many as are looked for */

static char *pages;
static gsize page_size, n_pages, readable[2];
static guint faults;

static void
open_page (int signal_number, siginfo_t *info, void *context)
{
  gsize page = ((gsize) info->si_addr - (gsize) pages) / page_size;

  if ((char *) info->si_addr < pages || page >= n_pages)
    _exit (99);
  mprotect (pages + readable[0] * page_size, page_size, PROT_NONE);
  mprotect (pages + page * page_size, page_size, PROT_READ);
  readable[0] = readable[1];
  readable[1] = page;
  faults++;
}

typedef void (*FillFunc) (NetnsReference *reference, guint number);

static void
be_processes (NetnsReference *reference, guint number)
{
  reference->pid = reference->tid = number + 1;
}

static void
be_threads (NetnsReference *reference, guint number)
{
  reference->pid = 1;
  reference->tid = number + 1;
}

static void
be_descriptors (NetnsReference *reference, guint number)
{
  reference->kind = NETNS_REFERENCE_DESCRIPTOR;
  reference->pid = 1;
  reference->fd = (int) number;
}

static void
be_descriptors_of_many (NetnsReference *reference, guint number)
{
  be_descriptors (reference, number);
  reference->pid = number / 2 + 1;
}

/* One kind behind the other, or by turns. */
static void
be_both (NetnsReference *reference, guint number)
{
  be_descriptors (reference, number);
  reference->kind = number < MANY / 2 || number % 2 ? NETNS_REFERENCE_DESCRIPTOR : NETNS_REFERENCE_SOCKET;
}

static void
be_mounts (NetnsReference *reference, guint number)
{
  reference->kind = NETNS_REFERENCE_MOUNT;
  reference->pid = 1;
  reference->mount = (char *) "/run/kept";
}

static void
assert_read_once (FillFunc fill, const char *end)
{
  NetnsReference *all;
  GArray list = { .len = MANY };
  g_autofree char *text = NULL;

  n_pages = (MANY * sizeof *all) / page_size + 1;
  pages = mmap (NULL, n_pages * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true (pages != MAP_FAILED);
  all = (NetnsReference *) (gpointer) pages;
  for (guint i = 0; i < MANY; i++) {
    all[i] = (NetnsReference) { .kind = NETNS_REFERENCE_PROCESS, .command = "crowd", .fd = -1 };
    fill (&all[i], i);
  }
  list.data = pages;
  faults = 0;
  readable[0] = readable[1] = 0;
  g_assert_no_errno (mprotect (pages, n_pages * page_size, PROT_NONE));
  text = netns_remaining_references_describe (&list);
  g_assert_no_errno (munmap (pages, n_pages * page_size));
  if (!g_str_has_suffix (text, end))
    g_error ("“%s” does not end with “%s”", text, end);
  g_assert_cmpuint (faults, <, 4 * n_pages);
}

static void
test_crowd (void)
{
  assert_read_once (be_processes, "crowd (20) runs in it, and 19980 more");
  assert_read_once (be_threads, "crowd (1) runs in it");
  assert_read_once (be_descriptors, "crowd (1) has it open as descriptor 0");
  assert_read_once (be_descriptors_of_many, ", and 9980 more");
  assert_read_once (be_both, "crowd (1) has a socket in it");
  assert_read_once (be_mounts, ", and 19980 more");
}

int
main (int argc, char **argv)
{
  const struct sigaction action = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO };

  g_test_init (&argc, &argv, NULL);
  page_size = (gsize) sysconf (_SC_PAGESIZE);
  sigaction (SIGSEGV, &action, NULL);
  g_test_add_func ("/remaining-references/crowd", test_crowd);
  return g_test_run ();
}
