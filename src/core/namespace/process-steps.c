/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/process-steps.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "core/namespace/namespace-steps.h"
#include "core/plan/run.h"
#include "kernel/process.h"
#include "kernel/socket.h"

#include <errno.h>
#include <fcntl.h>

static gboolean
open_socket (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsSocketOpen *parameter = step->parameter;
  int namespace_fd, fd;

  if (!netns_run_get_fd (run, step->namespace_name, &namespace_fd, error))
    return FALSE;
  fd = netns_socket_open (netns_run_get_grant (run), namespace_fd, &parameter->identity, (int) parameter->domain,
                          (int) parameter->type, (int) parameter->protocol, error);
  if (fd < 0)
    return FALSE;
  netns_run_set_descriptor (run, fd);
  return TRUE;
}

static const NetnsField socket_fields[] = {
  { "domain", NETNS_FIELD_UINT32, offsetof (NetnsSocketOpen, domain) },
  { "type", NETNS_FIELD_UINT32, offsetof (NetnsSocketOpen, type) },
  { "protocol", NETNS_FIELD_UINT32, offsetof (NetnsSocketOpen, protocol) },
  { "uid", NETNS_FIELD_UINT32, offsetof (NetnsSocketOpen, identity.uid) },
  { "gid", NETNS_FIELD_UINT32, offsetof (NetnsSocketOpen, identity.gid) },
  { NULL }
};

const NetnsOperation netns_operation_socket_open = {
  .name = "socket-open",
  .execute = open_socket,
  .reads = TRUE,
  .parameter = NETNS_RECORD (NetnsSocketOpen, socket_fields),
};

static gboolean
open_namespace (NetnsRun *run, NetnsStep *step, GError **error)
{
  int fd;

  if (!netns_run_get_any_fd (run, step->namespace_name, &fd, error))
    return FALSE;
  fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  if (fd < 0)
    return netns_error_set_errno (error, errno, "Cannot open namespace “%s”", step->namespace_name);
  netns_run_set_descriptor (run, fd);
  return TRUE;
}

const NetnsOperation netns_operation_namespace_open = {
  .name = "namespace-open",
  .execute = open_namespace,
  .reads = TRUE,
};

/* The caller was authorized for one very namespace: the process must still live in it. */
static gboolean
adopt_process (NetnsRun *run, NetnsStep *step, GError **error)
{
  const NetnsProcessAdopt *adopt = step->parameter;
  netns_autofd int fd = netns_process_open_namespace (adopt->pid, -1, error);
  NetnsFileId id;

  if (fd < 0 || !netns_nsfs_identify (fd, &id, error))
    return FALSE;
  if (id.device != adopt->id.device || id.inode != adopt->id.inode)
    return netns_refuse (error, NETNS_ERROR_NAMESPACE_GONE, "Process %u has moved to another namespace", adopt->pid);
  if (!netns_nsfs_attach (netns_run_get_grant (run), fd, step->namespace_name, error))
    return FALSE;
  netns_run_add_namespace (run, step->namespace_name, g_steal_fd (&fd));
  return TRUE;
}

static const NetnsField adopt_fields[] = {
  { "pid", NETNS_FIELD_UINT32, offsetof (NetnsProcessAdopt, pid) },
  { "device", NETNS_FIELD_UINT64, offsetof (NetnsProcessAdopt, id.device) },
  { "inode", NETNS_FIELD_UINT64, offsetof (NetnsProcessAdopt, id.inode) },
  { NULL }
};

const NetnsOperation netns_operation_process_adopt = {
  .name = "process-adopt",
  .execute = adopt_process,
  .undo = netns_namespace_remove_name,
  .parameter = NETNS_RECORD (NetnsProcessAdopt, adopt_fields),
};
