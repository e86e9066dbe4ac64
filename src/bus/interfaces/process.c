/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Process. */
#include "bus/tree/interface.h"
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

static const NetnsMethod methods[] = {
  { "Signal", send_signal, signal_allowed },
  { NULL,     NULL,        NULL           },
};

static GVariant *
get_command (NetnsCore *core, const NetnsObject *object)
{
  const char *words[] = { object->job->program };

  return g_variant_new_strv (words, 1);
}

static const NetnsProperty properties[] = {
  { "Pid", 0, NETNS_MEMBER (UINT32, NetnsJob, pid) },
  { "Namespace", 1, NETNS_MEMBER (TEXT, NetnsJob, namespace_name), .show = netns_namespace_to_path },
  { "User", 0, NETNS_MEMBER (UINT32, NetnsJob, uid) },
  { "Command", 0, get_command },
  { NULL },
};

const NetnsInterface netns_interface_process = { &netns_process_interface, methods, properties };
