/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/run.h"

#include "bus/options.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "kernel/netns.h"

#include <glib/gstdio.h>

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
} Following;

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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A command takes at most %d %s, not %zu",
               NETNS_JOB_STRINGS_MAX, what, number);
  return FALSE;
}

static gboolean
unpack (const NetnsCall *call, Arguments *arguments, GError **error)
{
  static const NetnsOption known[] = { { "detach", "b" }, { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;

  if (!check_number (call, 0, "words", error) || !check_number (call, 1, "variables", error))
    return FALSE;
  g_variant_get (call->parameters, "(^a&s^a&s&s@ah@a{sv})", &arguments->command, &arguments->environment,
                 &arguments->request.directory, &arguments->handles, &options);
  arguments->request.command = arguments->command;
  arguments->request.environment = arguments->environment;
  arguments->request.n_descriptors = g_variant_n_children (arguments->handles);
  arguments->request.detach = netns_options_get_boolean (options, "detach", FALSE);
  return netns_options_check (options, known, error);
}

static gboolean
check_handles (const NetnsCall *call, GVariant *handles, GError **error)
{
  GVariantIter iter;
  gint32 handle;

  g_variant_iter_init (&iter, handles);
  while (g_variant_iter_next (&iter, "h", &handle)) {
    netns_autofd int fd = netns_call_get_descriptor (call, handle, error);

    if (fd < 0)
      return FALSE;
  }
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
  g_autofree Following *following = data;

  following->call->number = job ? job->id : 0;
  following->done (error, following->data);
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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NAMESPACE_GONE, "Namespace “%s” was deleted meanwhile", call->text);
  return NULL;
}

static void
fail (Following *following, const GError *error)
{
  on_started (NULL, error, following);
}

static void
start (Following *following, GVariant *groups)
{
  NetnsCall *call = following->call;
  netns_autofd int namespace_fd = netns_plan_steal_descriptor (call->plan);
  g_auto (Arguments) arguments = { 0 };
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GError) error = NULL;
  NetnsJobIdentity identity = { .uid = call->uid, .client = call->sender };
  const NetnsNamespace *namespace = find_again (call, namespace_fd, &error);
  const int *all = call->descriptors ? g_unix_fd_list_peek_fds (call->descriptors, NULL) : NULL;
  GVariantIter iter;
  gint32 handle;

  if (namespace == NULL || !unpack (call, &arguments, &error)) {
    fail (following, error);
    return;
  }
  g_variant_iter_init (&iter, arguments.handles);
  while (g_variant_iter_next (&iter, "h", &handle))
    g_array_append_val (fds, all[handle]);
  identity.groups = g_variant_get_fixed_array (groups, &identity.n_groups, sizeof (guint32));
  netns_jobs_start (netns_core_get_jobs (call->core), &identity, namespace->name, namespace->cookie, &arguments.request,
                    namespace_fd, (const int *) fds->data, on_started, following);
}

/* The groups are those of the caller, not those of its user: it may have given some up. */
static void
on_credentials (GObject *source, GAsyncResult *result, gpointer data)
{
  Following *following = data;
  g_autoptr (GError) error = NULL, denied = NULL;
  g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autoptr (GVariant) credentials = reply ? g_variant_get_child_value (reply, 0) : NULL;
  g_autoptr (GVariant) groups
    = credentials ? g_variant_lookup_value (credentials, "UnixGroupIDs", G_VARIANT_TYPE ("au")) : NULL;
  guint uid = NETNS_UID_NOBODY;

  if (credentials != NULL)
    g_variant_lookup (credentials, "UnixUserID", "u", &uid);
  if (uid == following->call->uid && groups != NULL && g_variant_n_children (groups) > 0) {
    start (following, groups);
    return;
  }
  if (error != NULL)
    g_dbus_error_strip_remote_error (error);
  denied = g_error_new (NETNS_ERROR, NETNS_ERROR_ACCESS_DENIED,
                        "Not authorized: the bus does not say which groups the caller has%s%s", error ? ": " : "",
                        error ? error->message : "");
  fail (following, denied);
}

void
netns_run_follow (NetnsCall *call, NetnsDoneFunc done, gpointer data)
{
  Following *following = g_new0 (Following, 1);

  following->call = call;
  following->done = done;
  following->data = data;
  g_dbus_connection_call (call->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                          "GetConnectionCredentials", g_variant_new ("(s)", call->sender), G_VARIANT_TYPE ("(a{sv})"),
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_credentials, following);
}

GVariant *
netns_run_reply (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree char *path = netns_path_for_process (call->number);

  return g_variant_new ("(o)", path);
}
