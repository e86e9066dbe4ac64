/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steps that look into a namespace, or hand something out of it. */
#include "core/operations.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/step.h"
#include "kernel/process.h"
#include "kernel/socket.h"

#include <fcntl.h>

/* What only looks has nothing to take back. */
static gboolean
undo_nothing (NetnsRun *run, NetnsStep *step, GError **error)
{
  return TRUE;
}

static gboolean
open_home_or (NetnsRun *run, NetnsStep *step, int *fd, GError **error)
{
  if (!netns_run_get_fd (run, step->namespace_name, fd, error))
    return FALSE;
  *fd = *fd < 0 ? netns_nsfs_open ("/proc/thread-self/ns/net", error) : fcntl (*fd, F_DUPFD_CLOEXEC, 3);
  return *fd >= 0;
}

static gboolean
list_processes (NetnsRun *run, NetnsStep *step, GError **error)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(uus)"));
  g_autoptr (GArray) processes = NULL;
  netns_autofd int fd = -1;
  NetnsFileId id;

  if (!open_home_or (run, step, &fd, error) || !netns_nsfs_identify (fd, &id, error))
    return FALSE;
  processes = netns_process_list (&id, error);
  if (processes == NULL)
    return FALSE;
  for (guint i = 0; i < processes->len; i++) {
    const NetnsProcess *process = &g_array_index (processes, NetnsProcess, i);
    g_autofree char *command = g_utf8_make_valid (process->command, -1);

    g_variant_builder_add (&rows, "(uus)", process->pid, process->uid, command);
  }
  netns_run_set_result (run, g_variant_builder_end (&rows));
  return TRUE;
}

const NetnsOperation netns_operation_process_list = { "process-list", list_processes, undo_nothing };

static gboolean
open_socket (NetnsRun *run, NetnsStep *step, GError **error)
{
  int namespace_fd, fd;

  if (!netns_run_get_fd (run, step->namespace_name, &namespace_fd, error))
    return FALSE;
  fd = netns_socket_open (netns_run_get_grant (run), namespace_fd, (int) netns_step_get_uint32 (step, "domain"),
                          (int) netns_step_get_uint32 (step, "type"), (int) netns_step_get_uint32 (step, "protocol"),
                          error);
  if (fd < 0)
    return FALSE;
  netns_run_set_descriptor (run, fd);
  return TRUE;
}

const NetnsOperation netns_operation_socket_open = { "socket-open", open_socket, undo_nothing };

static gboolean
open_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  int fd;

  if (!open_home_or (run, step, &fd, error))
    return FALSE;
  netns_run_set_descriptor (run, fd);
  return TRUE;
}

const NetnsOperation netns_operation_namespace_open = { "namespace-open", open_namespace, undo_nothing };

/* The caller was authorized for one very namespace: the process must still live in it. */
static gboolean
adopt_process (NetnsRun *run, NetnsStep *step, GError **error)
{
  guint pid = netns_step_get_uint32 (step, "pid");
  guint64 device = 0, inode = 0;
  netns_autofd int fd = netns_process_open_namespace (pid, -1, error);
  NetnsFileId id;

  g_variant_lookup (step->parameters, "device", "t", &device);
  g_variant_lookup (step->parameters, "inode", "t", &inode);
  if (fd < 0 || !netns_nsfs_identify (fd, &id, error))
    return FALSE;
  if (id.device != device || id.inode != inode) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NAMESPACE_GONE, "Process %u went to another namespace meanwhile", pid);
    return FALSE;
  }
  if (!netns_nsfs_attach (netns_run_get_grant (run), fd, step->namespace_name, error))
    return FALSE;
  netns_run_add_namespace (run, step->namespace_name, g_steal_fd (&fd));
  return TRUE;
}

static gboolean
give_up_process (NetnsRun *run, NetnsStep *step, GError **error)
{
  return netns_nsfs_delete (netns_run_get_grant (run), step->namespace_name, error);
}

const NetnsOperation netns_operation_process_adopt = { "process-adopt", adopt_process, give_up_process };
