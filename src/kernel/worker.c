/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue and a thread. No thread pool: GLib's threads are born wherever their maker happens to be, and one
 * that was born inside another namespace would serve later jobs there. */
#include "kernel/worker.h"

#include "common/later.h"

struct _NetnsWorker {
  GThread *thread;
  GAsyncQueue *queue;
  GMainContext *context;
};

/* A job without @run ends the thread. */
typedef struct {
  NetnsWorkerFunc run;
  NetnsWorkerFunc done;
  gpointer data;
} Job;

static void
finish_job (gpointer data)
{
  Job *job = data;

  job->done (job->data);
  g_free (job);
}

static gpointer
work (gpointer data)
{
  NetnsWorker *worker = data;

  for (;;) {
    Job *job = g_async_queue_pop (worker->queue);

    if (job->run == NULL) {
      g_free (job);
      return NULL;
    }
    job->run (job->data);
    if (job->done != NULL)
      netns_later_in (worker->context, finish_job, job);
    else
      g_free (job);
  }
}

/* To be called in the host namespace: the thread stays in the one where it is born.
 * Returns: (transfer full): a worker that hands results back to the main context that is now the calling thread's
 * default */
NetnsWorker *
netns_worker_new (void)
{
  NetnsWorker *worker = g_new0 (NetnsWorker, 1);

  worker->queue = g_async_queue_new ();
  worker->context = g_main_context_ref_thread_default ();
  worker->thread = g_thread_new (NETNS_WORKER_NAME, work, worker);
  return worker;
}

/* Waits until all jobs have run. Functions that hand back their results are called when the main context runs next,
 * even after this. */
void
netns_worker_free (NetnsWorker *worker)
{
  netns_worker_push (worker, NULL, NULL, NULL);
  g_thread_join (worker->thread);
  g_async_queue_unref (worker->queue);
  g_main_context_unref (worker->context);
  g_free (worker);
}

/* Has @run called in the worker's thread, and @done (nullable) in the main context. Jobs run in the order in which they
 * were pushed, and their results come back in that order. */
void
netns_worker_push (NetnsWorker *worker, NetnsWorkerFunc run, NetnsWorkerFunc done, gpointer data)
{
  const Job job = { run, done, data };

  g_async_queue_push (worker->queue, g_memdup2 (&job, sizeof job));
}
