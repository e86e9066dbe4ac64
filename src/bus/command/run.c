/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/command/run.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "common/options.h"
#include "core/job/jobs.h"
#include "core/namespace/run.h"
#include "kernel/netns.h"

typedef struct {
  NetnsJobRequest request;
  const char **command;
  const char **environment;
  GVariant *handles;
} Arguments;

typedef struct {
  NetnsCall *call;
  NetnsDoneFunc done;
  gpointer data;
} AfterPlan;

static void
clear_arguments (Arguments *arguments)
{
  g_free (arguments->command);
  g_free (arguments->environment);
  g_clear_pointer (&arguments->handles, g_variant_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Arguments, clear_arguments)

/* Before they are looked at one by one. */
static gboolean
check_number (const NetnsCall *call, gsize argument, const char *what, GError **error)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (call->parameters, argument);
  gsize number = g_variant_n_children (list);

  if (number <= NETNS_JOB_STRINGS_MAX)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "A command can have at most %d %s, not %zu",
                       NETNS_JOB_STRINGS_MAX, what, number);
}

static gboolean
unpack (const NetnsCall *call, Arguments *arguments, GError **error)
{
  g_autoptr (GVariant) options = NULL;

  if (!check_number (call, 0, "words", error) || !check_number (call, 1, "variables", error))
    return FALSE;
  g_variant_get (call->parameters, "(^a&s^a&s&s@ah@a{sv})", &arguments->command, &arguments->environment,
                 &arguments->request.directory, &arguments->handles, &options);
  arguments->request.command = arguments->command;
  arguments->request.environment = arguments->environment;
  arguments->request.n_descriptors = g_variant_n_children (arguments->handles);
  g_variant_lookup (options, "detach", "b", &arguments->request.detach);
  return netns_options_check (netns_options_namespace_run, NULL, options, error);
}

static gboolean
check_handles (const NetnsCall *call, GVariant *handles, GError **error)
{
  GVariantIter iter;
  gint32 handle;

  g_variant_iter_init (&iter, handles);
  while (g_variant_iter_next (&iter, "h", &handle))
    if (netns_call_get_descriptor (call, handle, error) < 0)
      return FALSE;
  return TRUE;
}

NetnsPlan *
netns_run_plan (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_auto (Arguments) arguments = { 0 };
  NetnsPlan *plan;

  if (!unpack (call, &arguments, error))
    return NULL;
  plan = netns_namespace_run (call->core, call->uid, object->namespace->name, &arguments.request, error);
  if (plan != NULL && !check_handles (call, arguments.handles, error))
    g_clear_pointer (&plan, netns_plan_free);
  call->text = g_strdup (object->namespace->name);
  return plan;
}

static void
on_started (NetnsJob *job, const GError *error, gpointer data)
{
  g_autofree AfterPlan *after = data;

  after->call->number = job ? job->id : 0;
  after->done (error, after->data);
}

/* The plan opened it a moment ago, and others have had their turn since: one that was deleted must not get a command. */
static const NetnsNamespace *
find_again (NetnsCall *call, int fd, GError **error)
{
  const NetnsNamespace *namespace = netns_mirror_get_namespace (netns_core_get_mirror (call->core), call->text);
  NetnsFileId id;

  if (!netns_nsfs_identify (fd, &id, error))
    return NULL;
  if (namespace != NULL && namespace->id.inode == id.inode && namespace->id.device == id.device)
    return namespace;
  return netns_refuse_null (error, NETNS_ERROR_NAMESPACE_GONE, "Namespace “%s” was deleted meanwhile", call->text);
}

/* Starts the command that the plan opened the namespace for. */
void
netns_run_after_plan (NetnsCall *call, NetnsDoneFunc done, gpointer data)
{
  netns_autofd int namespace_fd = netns_plan_steal_descriptor (call->plan);
  g_auto (Arguments) arguments = { 0 };
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GError) error = NULL;
  NetnsJobIdentity identity = { .uid = call->uid, .client = call->sender };
  const NetnsNamespace *namespace = find_again (call, namespace_fd, &error);
  AfterPlan *after;
  GVariantIter iter;
  gint32 handle;
  guint owner;

  if (namespace == NULL || !unpack (call, &arguments, &error)) {
    done (error, data);
    return;
  }
  g_variant_iter_init (&iter, arguments.handles);
  while (g_variant_iter_next (&iter, "h", &handle)) {
    int fd = netns_call_get_descriptor (call, handle, NULL); /* check_handles() has found it */

    g_array_append_val (fds, fd);
  }
  owner = netns_owners_get (netns_core_get_owners (call->core), namespace);
  arguments.request.all_files = owner == 0 || owner == NETNS_UID_NOBODY;
  identity.groups = g_variant_get_fixed_array (call->groups, &identity.n_groups, sizeof (guint32));
  after = g_new0 (AfterPlan, 1);
  after->call = call;
  after->done = done;
  after->data = data;
  netns_jobs_start (netns_core_get_jobs (call->core), &identity, namespace->name, namespace->cookie, &arguments.request,
                    namespace_fd, (const int *) fds->data, on_started, after);
}

GVariant *
netns_run_reply (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@o)", netns_path_to_variant (netns_path_for_number ("process", call->number)));
}
