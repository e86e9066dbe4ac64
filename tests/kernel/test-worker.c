/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker: order, the right threads, and nothing lost at the end. */
#include "common/cleanup.h"
#include "kernel/netns.h"
#include "kernel/worker.h"
#include "sandbox.h"

#include <sys/stat.h>

#define JOBS 1000

typedef struct {
  GMainContext *context;
  GThread *main_thread;
  guint running;
  guint runs;
  guint dones;
} Record;

typedef struct {
  Record *record;
  guint number;
} Job;

static void
run (gpointer data)
{
  Job *job = data;

  g_assert_true (g_thread_self () != job->record->main_thread);
  g_assert_true (g_atomic_int_compare_and_exchange (&job->record->running, 0, 1));
  g_assert_cmpuint (job->number, ==, job->record->runs++);
  g_atomic_int_set (&job->record->running, 0);
}

static void
done (gpointer data)
{
  g_autofree Job *job = data;

  g_assert_true (g_thread_self () == job->record->main_thread);
  g_assert_true (g_main_context_is_owner (job->record->context));
  g_assert_cmpuint (job->number, ==, job->record->dones++);
}

static void
push_all (NetnsWorker *worker, Record *record)
{
  for (guint i = 0; i < JOBS; i++) {
    Job *job = g_new0 (Job, 1);

    job->record = record;
    job->number = i;
    netns_worker_push (worker, run, done, job);
  }
}

static void
test_order (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Record record = { .context = context, .main_thread = g_thread_self () };
  NetnsWorker *worker;

  /* Results go to the context of the one who made the worker, not to the global one. */
  g_main_context_push_thread_default (context);
  worker = netns_worker_new ();
  g_main_context_pop_thread_default (context);
  push_all (worker, &record);
  while (record.dones < JOBS)
    g_main_context_iteration (context, TRUE);
  g_assert_cmpuint (record.runs, ==, JOBS);
  netns_worker_free (worker);
}

/* Freed with a full queue: all jobs run, and their results come when the main loop runs again. */
static void
test_free (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Record record = { .context = context, .main_thread = g_thread_self () };
  NetnsWorker *worker;

  g_main_context_push_thread_default (context);
  worker = netns_worker_new ();
  push_all (worker, &record);
  netns_worker_free (worker);
  g_assert_cmpuint (record.runs, ==, JOBS);
  g_assert_cmpuint (record.dones, ==, 0);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (record.dones, ==, JOBS);
  g_main_context_pop_thread_default (context);
}

static void
run_alone (gpointer data)
{
  g_atomic_int_inc ((guint *) data);
}

static void
test_without_done (void)
{
  guint runs = 0;
  NetnsWorker *worker = netns_worker_new ();

  netns_worker_push (worker, run_alone, NULL, &runs);
  netns_worker_push (worker, run_alone, NULL, &runs);
  netns_worker_free (worker);
  g_assert_cmpuint (runs, ==, 2);
}

typedef struct {
  ino_t before;
  ino_t inside;
  ino_t after;
} Journey;

static ino_t
own_inode (void)
{
  struct stat status;

  g_assert_no_errno (stat ("/proc/thread-self/ns/net", &status));
  return status.st_ino;
}

static void
travel (gpointer data)
{
  g_autoptr (GError) error = NULL;
  netns_autofd int fd = netns_nsfs_create (sandbox_grant, "there", &error);
  Journey *journey = data;
  NetnsVisit visit = FALSE;

  g_assert_no_error (error);
  journey->before = own_inode ();
  g_assert_true (netns_visit (&visit, fd, &error));
  journey->inside = own_inode ();
  netns_visit_end (&visit);
  journey->after = own_inode ();
  g_assert_true (netns_nsfs_delete (sandbox_grant, "there", &error));
}

/* The worker's way into a namespace does not take the main thread along. */
static void
test_namespaces (void)
{
  Journey journey = { 0 };
  ino_t home = own_inode ();
  NetnsWorker *worker = netns_worker_new ();

  netns_worker_push (worker, travel, NULL, &journey);
  netns_worker_free (worker);
  g_assert_cmpuint (journey.before, ==, home);
  g_assert_cmpuint (journey.inside, !=, home);
  g_assert_cmpuint (journey.after, ==, home);
  g_assert_cmpuint (own_inode (), ==, home);
}

static void
add_tests (void)
{
  g_test_add_func ("/worker/order", test_order);
  g_test_add_func ("/worker/free", test_free);
  g_test_add_func ("/worker/without-done", test_without_done);
  g_test_add_func ("/worker/namespaces", test_namespaces);
}

int
main (int argc, char **argv)
{
  return sandbox_main (argc, argv, add_tests);
}
