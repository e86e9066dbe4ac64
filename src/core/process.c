/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/process.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "common/validate.h"
#include "core/core.h"
#include "core/namespace.h"
#include "core/operations.h"
#include "kernel/process.h"

#include <sys/socket.h>

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

/**
 * netns_process_is_unnamed:
 * @core: the service
 * @fd: a descriptor of a namespace, or of anything else
 * @known: (out): whether it was found already
 *
 * Returns: whether it is a namespace that has no name in /run/netns
 */
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

/**
 * netns_process_find:
 * @core: the service
 * @caller: uid that asks
 * @pid: a process
 * @name: (out) (transfer full): name of the namespace that it lives in, empty for the host
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.GetNamespaceByPID, which does nothing
 */
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
  if (namespace == NULL) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "Process %u went to another namespace just now; ask again",
                 pid);
    return NULL;
  }
  if (namespace->source != NETNS_SOURCE_HOST
      && !(netns_namespace_is_unnamed (namespace) && netns_process_get_user (pid) == caller)
      && netns_core_use_namespace (core, plan, caller, namespace->name, error) == NULL)
    return NULL;
  *name = g_strdup (namespace->name);
  return g_steal_pointer (&plan);
}

/**
 * netns_process_find_by_descriptor:
 * @core: the service
 * @fd: a descriptor of a namespace
 * @error: `InvalidArgument`, `NotFound`
 *
 * Returns: (transfer full) (nullable): its name, empty for the host
 */
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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND,
               "Nothing but this descriptor holds that namespace any more, neither a process nor a mount");
  return NULL;
}

/* A namespace belongs to whoever may do everything in it already: the user whose user namespace it was made in. That a
 * process runs under somebody's uid means less, engines put users' processes into namespaces of theirs. */
static gboolean
touch_maker (NetnsPlan *plan, guint caller, int fd, guint *owner, GError **error)
{
  guint maker;

  if (!netns_nsfs_get_maker (fd, &maker, error))
    return FALSE;
  *owner = maker == caller && caller != 0 ? caller : NETNS_UID_NOBODY;
  netns_plan_add_reach (plan, *owner == caller ? NETNS_REACH_OWN : NETNS_REACH_FOREIGN);
  return TRUE;
}

static gboolean
check_unnamed (NetnsCore *core, guint pid, const NetnsFileId *id, GError **error)
{
  const NetnsNamespace *namespace = find_by_id (core, id);

  if (namespace == NULL || netns_namespace_is_unnamed (namespace))
    return TRUE;
  if (namespace->source == NETNS_SOURCE_HOST)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "Process %u lives in the host namespace", pid);
  else
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS, "The namespace of process %u has a name already: “%s”", pid,
                 namespace->name);
  return FALSE;
}

/**
 * netns_process_adopt:
 * @core: the service
 * @caller: uid that asks for it
 * @name: name for the namespace of the process
 * @pid: a process
 * @pidfd: a descriptor of it, -1 for none
 * @error: `InvalidName`, `InvalidArgument`, `NotFound`, `Exists`
 *
 * Returns: (transfer full) (nullable): the plan for method Manager.AdoptProcess
 */
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
  netns_plan_add (plan, &netns_operation_process_adopt, name, "{'pid': <%u>, 'device': <%t>, 'inode': <%t>}", pid,
                  id.device, id.inode);
  netns_namespace_plan_owner (core, plan, name, owner);
  return g_steal_pointer (&plan);
}

/**
 * netns_namespace_list_processes:
 * @core: the service
 * @caller: uid that asks
 * @name: a namespace
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.ListProcesses
 */
NetnsPlan *
netns_namespace_list_processes (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  netns_plan_add (plan, &netns_operation_process_list, name, "@a{sv} {}");
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

/**
 * netns_namespace_open_socket:
 * @core: the service
 * @caller: uid that asks for it
 * @name: a namespace
 * @domain: AF_*
 * @type: SOCK_*, without flags
 * @protocol: IPPROTO_*
 * @error: `NotFound`, `InvalidArgument`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.OpenSocket
 */
NetnsPlan *
netns_namespace_open_socket (NetnsCore *core, guint caller, const char *name, int domain, int type, int protocol,
                             GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  if (!is_plain (domain, type) && !is_raw (domain, type)) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "There are no sockets of domain %d and type %d to have",
                 domain, type);
    return NULL;
  }
  if (protocol < 0) {
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_ARGUMENT, "A protocol has a number from 0 on, not %d",
                 protocol);
    return NULL;
  }
  if (is_raw (domain, type))
    netns_plan_add_reach (plan, NETNS_REACH_RAW);
  netns_plan_add (plan, &netns_operation_socket_open, name, "{'domain': <%u>, 'type': <%u>, 'protocol': <%u>}",
                  (guint) domain, (guint) type, (guint) protocol);
  return g_steal_pointer (&plan);
}

/**
 * netns_namespace_open:
 * @core: the service
 * @caller: uid that asks for it
 * @name: a namespace
 * @error: `NotFound`
 *
 * Returns: (transfer full) (nullable): the plan for method Namespace.Open
 */
NetnsPlan *
netns_namespace_open (NetnsCore *core, guint caller, const char *name, GError **error)
{
  g_autoptr (NetnsPlan) plan = netns_plan_new ();

  if (netns_core_use_namespace (core, plan, caller, name, error) == NULL)
    return NULL;
  netns_plan_add (plan, &netns_operation_namespace_open, name, "@a{sv} {}");
  return g_steal_pointer (&plan);
}
