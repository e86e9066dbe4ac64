/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/waits.h"

#include "bus/tree/presence.h"
#include "common/error.h"
#include "core/job/jobs.h"

#include <string.h>

#define WAITS_PER_USER 256

struct _NetnsWaits {
  NetnsPresence *names; /* of those who wait */
  GPtrArray *open;      /* Wait, as they came */
};

typedef struct {
  guint id; /* of the job */
  guint uid;
  char *sender;
  NetnsDoneFunc done;
  gpointer data;
} Wait;

static void
free_wait (gpointer data)
{
  Wait *wait = data;

  g_free (wait->sender);
  g_free (wait);
}

/* Ends those for job @id, or if that is 0, those of @sender. A function that is called may lead to another wait. */
static void
end_waits (NetnsWaits *waits, guint id, const char *sender)
{
  g_autoptr (GPtrArray) ended = g_ptr_array_new_with_free_func (free_wait);

  for (guint i = 0; i < waits->open->len;) {
    const Wait *wait = g_ptr_array_index (waits->open, i);

    if (id != 0 ? wait->id == id : strcmp (wait->sender, sender) == 0)
      g_ptr_array_add (ended, g_ptr_array_steal_index (waits->open, i));
    else
      i++;
  }
  for (guint i = 0; i < ended->len; i++) {
    const Wait *wait = g_ptr_array_index (ended, i);

    wait->done (NULL, wait->data);
  }
}

/* The answer reaches nobody. */
static void
on_left (const char *name, gpointer data)
{
  end_waits (data, 0, name);
}

static void
on_job_exited (NetnsJob *job, gpointer data)
{
  end_waits (data, job->id, NULL);
}

static const NetnsJobObserver observer = { .exited = on_job_exited };

/**
 * netns_waits_new:
 * @core: the service
 * @connection: the bus
 *
 * To be made after all that says on the bus that a command has ended, so that answers come after signals.
 *
 * Returns: (transfer full): nobody waits
 */
NetnsWaits *
netns_waits_new (NetnsCore *core, GDBusConnection *connection)
{
  NetnsWaits *waits = g_new0 (NetnsWaits, 1);

  waits->names = netns_presence_new (connection, on_left, waits);
  waits->open = g_ptr_array_new_with_free_func (free_wait);
  netns_jobs_observe (netns_core_get_jobs (core), &observer, waits);
  return waits;
}

/* Those who wait have no answer. */
void
netns_waits_free (NetnsWaits *waits)
{
  netns_presence_free (waits->names);
  g_ptr_array_unref (waits->open);
  g_free (waits);
}

static guint
count_waits (const NetnsWaits *waits, guint uid)
{
  guint count = 0;

  for (guint i = 0; i < waits->open->len; i++)
    count += ((const Wait *) g_ptr_array_index (waits->open, i))->uid == uid;
  return count;
}

/**
 * netns_waits_add:
 * @waits: the open calls
 * @id: number of a job that runs
 * @uid: who waits
 * @sender: unique name of who waits
 * @done: called when it has ended, or with an error: `LimitsExceeded`
 * @data: for @done
 */
void
netns_waits_add (NetnsWaits *waits, guint id, guint uid, const char *sender, NetnsDoneFunc done, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Wait *wait;

  if (uid != 0 && count_waits (waits, uid) >= WAITS_PER_USER) {
    netns_refuse (&error, NETNS_ERROR_LIMITS_EXCEEDED, "User %u waits for %d commands, which is the limit", uid,
                  WAITS_PER_USER);
    done (error, data);
    return;
  }
  wait = g_new0 (Wait, 1);
  wait->id = id;
  wait->uid = uid;
  wait->sender = g_strdup (sender);
  wait->done = done;
  wait->data = data;
  g_ptr_array_add (waits->open, wait);
  netns_presence_add (waits->names, sender);
}
