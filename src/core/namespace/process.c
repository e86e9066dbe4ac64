/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/namespace/process.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "core/namespace/namespace.h"
#include "core/namespace/process-steps.h"
#include "core/ruleset/rules-steps.h"
#include "core/service/core.h"
#include "core/service/quota.h"
#include "core/service/auth-scope.h"
#include "kernel/broker.h"
#include "kernel/process.h"

#include <sys/socket.h>
#include <unistd.h>

#define LIST_LIMIT 5000 /* ms of CPU time */

static NetnsNamespace *
find_by_id (NetnsCore *core, const NetnsFileId *id)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));

  for (guint i = 0; i < namespaces->len; i++) {
    NetnsNamespace *namespace = g_ptr_array_index (namespaces, i);

    if (namespace->source != NETNS_SOURCE_BROKEN && namespace->id.inode == id->inode
        && namespace->id.device == id->device)
      return namespace;
  }
  return NULL;
}

/* Whether a descriptor is one of a namespace that has no name in /run/netns, and whether that was found already. */
gboolean
netns_process_is_unnamed (NetnsCore *core, int fd, gboolean *known)
{
  const NetnsNamespace *namespace;
  NetnsFileId id;

  if (!netns_nsfs_is_network (fd, NULL) || !netns_nsfs_identify (fd, &id, NULL))
    return FALSE;
  namespace = find_by_id (core, &id);
  *known = namespace != NULL;
  return namespace == NULL || netns_namespace_is_unnamed (namespace);
}

/* The plan for method Manager.GetNamespaceByPID, which does nothing; @name is that of the namespace that the process
 * lives in, empty for the host. Error: `NotFound`. */
NetnsPlan *
netns_process_find (NetnsCore *core, guint caller, guint pid, char **name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  netns_autofd int fd = netns_process_open_namespace (pid, -1, error);
  NetnsNamespace *namespace;
  NetnsFileId id;

  if (fd < 0 || !netns_nsfs_identify (fd, &id, error))
    return NULL;
  namespace = find_by_id (core, &id);
  if (namespace == NULL)
    return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, "Process %u has just moved to another namespace; try again",
                              pid);
  if (namespace->source != NETNS_SOURCE_HOST
      && !(netns_namespace_is_unnamed (namespace) && netns_process_get_user (pid) == caller)
      && netns_core_use_namespace (core, plan, caller, namespace->name, error) == NULL)
    return NULL;
  *name = g_strdup (namespace->name);
  return g_steal_pointer (&plan);
}

/* Returns: (transfer full) (nullable): the name of a namespace, empty for the host. Errors: `InvalidArgument`,
 * `NotFound`. */
char *
netns_process_find_by_descriptor (NetnsCore *core, int fd, GError **error)
{
  NetnsNamespace *namespace;
  NetnsFileId id;

  if (!netns_nsfs_is_network (fd, error) || !netns_nsfs_identify (fd, &id, error))
    return NULL;
  namespace = find_by_id (core, &id);
  if (namespace != NULL)
    return g_strdup (namespace->name);
  return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND,
                            "The namespace is held only by this descriptor, not by a process or a mount");
}

/* A namespace belongs to the user who can do everything in it already: the owner of the user namespace in which it was
 * created. The uid of a process means less, because container engines run users' processes in namespaces of their
 * own. */
static gboolean
touch_maker (NetnsPlan *plan, guint caller, int fd, guint *owner, GError **error)
{
  guint maker;

  if (!netns_nsfs_get_maker (fd, &maker, error))
    return FALSE;
  *owner = maker == caller && caller != 0 ? caller : NETNS_UID_NOBODY;
  netns_plan_add_auth_scope (plan, *owner == caller ? NETNS_AUTH_SCOPE_OWN : NETNS_AUTH_SCOPE_FOREIGN);
  return TRUE;
}

static gboolean
check_unnamed (NetnsCore *core, guint pid, const NetnsFileId *id, GError **error)
{
  const NetnsNamespace *namespace = find_by_id (core, id);

  if (namespace == NULL || netns_namespace_is_unnamed (namespace))
    return TRUE;
  if (namespace->source == NETNS_SOURCE_HOST)
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "Process %u runs in the host namespace", pid);
  return netns_refuse (error, NETNS_ERROR_EXISTS, "The namespace of process %u already has a name: “%s”", pid,
                       namespace->name);
}

static void
do_nothing (NetnsPlan *plan, gpointer data)
{
}

static void
close_held (gpointer fd)
{
  close (GPOINTER_TO_INT (fd));
}

/* While a namespace is open its inode, which is all that is known of it, is given to no other one. Takes @fd. */
static void
use_open_namespace (NetnsPlan *plan, int fd, const NetnsFileId *id)
{
  netns_plan_use_identity (plan, id->device);
  netns_plan_use_identity (plan, id->inode);
  netns_plan_on_commit (plan, do_nothing, GINT_TO_POINTER (fd), close_held);
}

/* The plan for method Manager.AdoptProcess; @pidfd is -1 for none. Errors: `InvalidName`, `InvalidArgument`,
 * `NotFound`, `Exists`, `QuotaExceeded`. */
NetnsPlan *
netns_process_adopt (NetnsCore *core, guint caller, const char *name, guint pid, int pidfd, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();
  guint owner = NETNS_UID_NOBODY;
  netns_autofd int fd = -1;
  NetnsFileId id;

  if (!netns_namespace_check_new_name (core, name, error) || !netns_core_check_quota (core, caller, 1, 0, error))
    return NULL;
  fd = netns_process_open_namespace (pid, pidfd, error);
  if (fd < 0 || !netns_nsfs_identify (fd, &id, error) || !check_unnamed (core, pid, &id, error)
      || !touch_maker (plan, caller, fd, &owner, error))
    return NULL;
  netns_plan_set_detail (plan, "namespace", name);
  netns_plan_change_name (plan, name);
  use_open_namespace (plan, g_steal_fd (&fd), &id);
  netns_plan_process_adopt (plan, name, &(NetnsProcessAdopt) { .pid = pid, .id = id });
  netns_namespace_plan_owner (core, plan, name, owner);
  return g_steal_pointer (&plan);
}

/* Those of ours live in the host namespace, and are in others for a moment. */
static GVariant *
list_processes (int namespace_fd, GError **error)
{
  guint64 host = netns_process_read_namespace ((guint) getpid ());
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(uus)"));
  g_autoptr (GArray) processes = NULL;
  NetnsFileId id;

  if (netns_nsfs_identify (namespace_fd, &id, error))
    processes = netns_process_list (&id, LIST_LIMIT, error);
  for (guint i = 0; processes != NULL && i < processes->len; i++) {
    const NetnsProcess *process = &g_array_index (processes, NetnsProcess, i);
    g_autofree char *command = g_utf8_make_valid (process->command, -1);

    if (id.inode != host && netns_broker_is_ours (process->pid, process->command))
      continue;
    g_variant_builder_add (&rows, "(uus)", process->pid, process->uid, command);
  }
  return processes ? g_variant_builder_end (&rows) : NULL;
}

/* The plan for method Namespace.ListProcesses, which reads them in the background. Error: `NotFound`. */
NetnsPlan *
netns_namespace_list_processes (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  netns_plan_rules_open (plan, name);
  netns_plan_set_reader (plan, list_processes);
  return g_steal_pointer (&plan);
}

static gboolean
is_plain (int domain, int type)
{
  return (domain == AF_INET || domain == AF_INET6)
         && (type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

static gboolean
is_raw (int domain, int type)
{
  switch (domain) {
  case AF_INET:
  case AF_INET6:
    return type == SOCK_RAW;
  case AF_PACKET:
  case AF_NETLINK:
    return type == SOCK_RAW || type == SOCK_DGRAM;
  default:
    return FALSE;
  }
}

/* The plan for method Namespace.OpenSocket, with the arguments of socket(2), @type without flags. Errors: `NotFound`,
 * `InvalidArgument`. */
NetnsPlan *
netns_namespace_open_socket (NetnsCore *core, const NetnsIdentity *caller, const char *name, int domain, int type,
                             int protocol, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller->uid, name, error) == NULL)
    return NULL;
  if (!is_plain (domain, type) && !is_raw (domain, type))
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "Unsupported socket domain %d or type %d", domain,
                              type);
  if (protocol < 0)
    return netns_refuse_null (error, NETNS_ERROR_INVALID_ARGUMENT, "Invalid protocol number %d", protocol);
  if (is_raw (domain, type))
    netns_plan_add_auth_scope (plan, NETNS_AUTH_SCOPE_RAW);
  netns_plan_socket_open (
    plan, name,
    &(NetnsSocketOpen) {
      .domain = (guint) domain, .type = (guint) type, .protocol = (guint) protocol, .identity = *caller });
  return g_steal_pointer (&plan);
}

/* The plan for method Namespace.Open. Error: `NotFound`. */
NetnsPlan *
netns_namespace_open (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  netns_plan_namespace_open (plan, name);
  return g_steal_pointer (&plan);
}
