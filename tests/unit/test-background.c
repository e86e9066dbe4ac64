/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Background work: kinds that do not wait for each other, and threads that are not to be had. The linker leads
 * g_thread_try_new() here. */
#include "common/error.h"
#include "kernel/background.h"

#define WAITING 32 /* pieces of one user, besides the one that runs */

static gboolean exhausted;

GThread *__real_g_thread_try_new (const char *name, GThreadFunc func, gpointer data, GError **error);
GThread *__wrap_g_thread_try_new (const char *name, GThreadFunc func, gpointer data, GError **error);

GThread *
__wrap_g_thread_try_new (const char *name, GThreadFunc func, gpointer data, GError **error)
{
  if (!exhausted)
    return __real_g_thread_try_new (name, func, data, error);
  g_set_error_literal (error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "Resource temporarily unavailable");
  return NULL;
}

typedef struct {
  GMutex held; /* as long as it is, the work goes on */
  gboolean ran;
  guint done;
  GError *error;
} Work;

static void
run (gpointer data, GCancellable *cancellable)
{
  Work *work = data;

  g_mutex_lock (&work->held);
  work->ran = TRUE;
  g_mutex_unlock (&work->held);
}

static void
note (const GError *error, gpointer data)
{
  Work *work = data;

  g_clear_error (&work->error);
  work->error = error ? g_error_copy (error) : NULL;
  work->done++;
}

static void
push (NetnsBackground *background, NetnsWork kind, guint uid, Work *work)
{
  g_autoptr (GError) error = NULL;

  netns_background_push (background, kind, uid, run, note, NULL, work, &error);
  g_assert_no_error (error);
}

static void
wait_for (const Work *work, guint done)
{
  while (work->done < done)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_no_thread (void)
{
  g_autoptr (NetnsBackground) background = netns_background_new ();
  Work work = { 0 };

  exhausted = TRUE;
  for (guint i = 0; i < 2; i++) {
    push (background, NETNS_WORK_SEARCH, 1000, &work);
    g_assert_cmpuint (work.done, ==, i); /* not before the function has returned */
    wait_for (&work, i + 1);
    g_assert_error (work.error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED);
    g_assert_false (work.ran);
  }
  exhausted = FALSE;
  push (background, NETNS_WORK_SEARCH, 1000, &work);
  wait_for (&work, 3);
  g_assert_no_error (work.error);
  g_assert_true (work.ran);
}

/* One that has to wait is told as well, and so are those behind it. */
static void
test_no_thread_later (void)
{
  g_autoptr (NetnsBackground) background = netns_background_new ();
  Work first = { 0 }, others = { 0 };

  g_mutex_lock (&first.held);
  push (background, NETNS_WORK_LIST, 1000, &first);
  for (guint i = 0; i < WAITING; i++)
    push (background, NETNS_WORK_LIST, 1000, &others);
  g_assert_false (netns_background_push (background, NETNS_WORK_LIST, 1000, run, note, NULL, &others, NULL));
  exhausted = TRUE;
  g_mutex_unlock (&first.held);
  wait_for (&others, WAITING);
  exhausted = FALSE;
  g_assert_true (first.ran);
  g_assert_false (others.ran);
  g_assert_error (others.error, NETNS_ERROR, NETNS_ERROR_KERNEL_REFUSED);
  g_clear_error (&others.error);
}

static void
test_kinds (void)
{
  g_autoptr (NetnsBackground) background = netns_background_new ();
  Work lists[8] = { 0 }, search = { 0 }, host = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    g_mutex_lock (&lists[i].held);
    push (background, NETNS_WORK_LIST, i, &lists[i]);
  }
  push (background, NETNS_WORK_SEARCH, 0, &search);
  push (background, NETNS_WORK_LIST_HOST, 0, &host);
  wait_for (&search, 1);
  wait_for (&host, 1);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    g_assert_cmpuint (lists[i].done, ==, 0);
    g_mutex_unlock (&lists[i].held);
  }
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    wait_for (&lists[i], 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/background/no-thread", test_no_thread);
  g_test_add_func ("/background/no-thread-later", test_no_thread_later);
  g_test_add_func ("/background/kinds", test_kinds);
  return g_test_run ();
}
