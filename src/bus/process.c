/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Process. */
#include "bus/interface.h"
#include "common/names.h"
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
  { NULL, NULL, NULL },
};

static GVariant *
get_pid (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->job->pid);
}

static GVariant *
get_namespace (NetnsCore *core, const NetnsObject *object)
{
  const char *name = object->job->namespace_name;
  g_autofree char *path = name ? netns_path_for_namespace (name) : g_strdup ("/");

  return g_variant_new_object_path (path);
}

static GVariant *
get_user (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (object->job->uid);
}

static GVariant *
get_command (NetnsCore *core, const NetnsObject *object)
{
  const char *words[] = { object->job->program };

  return g_variant_new_strv (words, 1);
}

static const NetnsProperty properties[] = {
  { "Pid", get_pid, 0 },
  { "Namespace", get_namespace, 1 },
  { "User", get_user, 0 },
  { "Command", get_command, 0 },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_process = { &netns_process_interface, methods, properties };
