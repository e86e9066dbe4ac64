/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Process. */
#include "bus/interfaces/pass.h"
#include "bus/tree/interface.h"
#include "bus/tree/waits.h"
#include "core/job/jobs.h"
#include "core/namespace/run.h"
#include "introspection.h"

static NetnsPlan *
send_signal (NetnsCall *call, const NetnsObject *object, GError **error)
{
  int number;

  g_variant_get (call->parameters, "(i)", &number);
  call->number = object->job->id;
  return netns_job_signal (call->core, call->uid, object->job->id, number, error);
}

/* There is nothing to plan: the helper, which is its parent, does it. */
static GVariant *
signal_allowed (NetnsCall *call, const NetnsObject *object, GError **error)
{
  int number;

  g_variant_get (call->parameters, "(i)", &number);
  netns_jobs_signal (netns_core_get_jobs (call->core), call->number, number, error);
  return NULL;
}

static void
wait_for_end (NetnsCall *call, const NetnsObject *object, NetnsDoneFunc done, gpointer data)
{
  if (object->job->state == NETNS_JOB_ENDED)
    done (NULL, data);
  else
    netns_waits_add (call->waits, object->job->id, call->uid, call->sender, done, data);
}

static GVariant *
tell_end (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(ii)", object->job->status, object->job->signal);
}

static const NetnsMethod methods[] = {
  { "Signal", send_signal, signal_allowed },
  { "Wait", NULL, tell_end, .wait = wait_for_end },
  { NULL },
};

static GVariant *
get_command (NetnsCore *core, const NetnsObject *object)
{
  const char *words[] = { object->job->program };

  return g_variant_new_strv (words, 1);
}

NETNS_GETTER (get_state, g_variant_new_string (object->job->state == NETNS_JOB_RUNNING ? "running" : "ended"))
NETNS_GETTER (get_exit_status, g_variant_new_int32 (object->job->status))
NETNS_GETTER (get_exit_signal, g_variant_new_int32 (object->job->signal))

static const NetnsProperty properties[] = {
  { "Pid", NETNS_OBJECT_END, NETNS_MEMBER (UINT32, NetnsJob, pid) },
  { "Namespace", NETNS_OBJECT_PLACE, NETNS_MEMBER (TEXT, NetnsJob, namespace_name), .show = netns_namespace_to_path },
  { "User", 0, NETNS_MEMBER (UINT32, NetnsJob, uid) },
  { "Command", 0, get_command },
  { "State", NETNS_OBJECT_END, get_state },
  { "ExitStatus", NETNS_OBJECT_END, get_exit_status },
  { "ExitSignal", NETNS_OBJECT_END, get_exit_signal },
  { NULL },
};

const NetnsInterface netns_interface_process = { &netns_process_interface, methods, properties };
