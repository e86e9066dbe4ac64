/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue and a thread. No thread pool: GLib's threads are born wherever their maker happens to be, and one
 * that was born inside another namespace would serve later jobs there. */
#include "kernel/worker.h"

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

static gboolean
finish_job (gpointer data)
{
  Job *job = data;

  job->done (job->data);
  return G_SOURCE_REMOVE;
}

/* Not g_main_context_invoke(): that would call @done here, in the worker, whenever the main loop is not
 * running at the moment. */
static void
hand_back (NetnsWorker *worker, Job *job)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "netns-worker-done");
  g_source_set_callback (source, finish_job, job, g_free);
  g_source_attach (source, worker->context);
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
      hand_back (worker, job);
    else
      g_free (job);
  }
}

/**
 * netns_worker_new:
 *
 * To be called in the host namespace: the thread stays in the one where it is born.
 *
 * Returns: (transfer full): a worker that hands results back to the main context that is now the calling
 * thread's default
 */
NetnsWorker *
netns_worker_new (void)
{
  NetnsWorker *worker = g_new0 (NetnsWorker, 1);

  worker->queue = g_async_queue_new ();
  worker->context = g_main_context_ref_thread_default ();
  worker->thread = g_thread_new (NETNS_WORKER_NAME, work, worker);
  return worker;
}

/**
 * netns_worker_free:
 * @worker: (transfer full): a worker
 *
 * Waits until all jobs have run. Functions that hand back their results are called when the main context runs
 * next, even after this.
 */
void
netns_worker_free (NetnsWorker *worker)
{
  netns_worker_push (worker, NULL, NULL, NULL);
  g_thread_join (worker->thread);
  g_async_queue_unref (worker->queue);
  g_main_context_unref (worker->context);
  g_free (worker);
}

/**
 * netns_worker_push:
 * @worker: a worker
 * @run: what to do in the worker's thread
 * @done: (nullable): what to do with the result, in the main context
 * @data: for both
 *
 * Jobs run in the order in which they were pushed, and their results come back in that order.
 */
void
netns_worker_push (NetnsWorker *worker, NetnsWorkerFunc run, NetnsWorkerFunc done, gpointer data)
{
  Job *job = g_new0 (Job, 1);

  job->run = run;
  job->done = done;
  job->data = data;
  g_async_queue_push (worker->queue, job);
}
