/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces org.example.NetNS1.Manager and org.freedesktop.DBus.ObjectManager: the root object. */

#include "bus/interfaces/pass.h"
#include "bus/tree/class.h"
#include "bus/tree/export.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "common/options.h"
#include "config.h"
#include "core/forward/forward-plan.h"
#include "core/link/link.h"
#include "core/namespace/namespace.h"
#include "core/namespace/process.h"
#include "core/network/connect.h"
#include "core/network/nat-plan.h"
#include "core/network/network-plan.h"
#include "core/service/lookup.h"
#include "introspection.h"
#include "kernel/process.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

static GVariant *
reply_namespace (const char *name)
{
  return g_variant_new ("(@o)", netns_namespace_to_path (name));
}

static NetnsLink *
find_link (NetnsCore *core, const char *namespace_name, const char *name, GError **error)
{
  NetnsNamespace *namespace = netns_core_find_namespace (core, namespace_name, error);
  NetnsLink *link = namespace ? netns_namespace_find_link (namespace, name) : NULL;

  if (namespace != NULL && link == NULL)
    g_set_error (error, NETNS_ERROR, NETNS_ERROR_NOT_FOUND, "There is no link “%s” in %s%s%s", name,
                 *namespace_name ? "namespace “" : "the host namespace", namespace_name, *namespace_name ? "”" : "");
  return link;
}

static GVariant *
reply_link (NetnsCore *core, const char *namespace_name, const char *name, GError **error)
{
  NetnsLink *link = find_link (core, namespace_name, name, error);

  return link ? g_variant_new ("(@o)", netns_link_to_path (link)) : NULL;
}

static NetnsPlan *
create_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *name;

  g_variant_get (call->parameters, "(&s@a{sv})", &name, &options);
  if (!netns_options_check (netns_options_manager_create_namespace, NULL, options, error))
    return NULL;
  return netns_namespace_create (call->core, call->uid, name, error);
}

static GVariant *
namespace_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *name;

  g_variant_get_child (call->parameters, 0, "&s", &name);
  return reply_namespace (name);
}

static gboolean
check_searched_name (const char *name, GError **error)
{
  if (strlen (name) <= 255 && strchr (name, '/') == NULL && strcmp (name, ".") != 0 && strcmp (name, "..") != 0)
    return TRUE;
  return netns_refuse (error, NETNS_ERROR_INVALID_NAME, "No namespace or link can have such a name");
}

static GVariant *
get_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsNamespace *namespace;
  const char *name;

  g_variant_get (call->parameters, "(&s)", &name);
  if (!check_searched_name (name, error))
    return NULL;
  namespace = netns_core_find_namespace (call->core, name, error);
  return namespace ? reply_namespace (namespace->name) : NULL;
}

static GVariant *
get_link (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *name;

  g_variant_get (call->parameters, "(&s&s)", &namespace_name, &name);
  if (!check_searched_name (namespace_name, error) || !check_searched_name (name, error))
    return NULL;
  return reply_link (call->core, namespace_name, name, error);
}

static NetnsPlan *
find_namespace_of_process (NetnsCall *call, const NetnsObject *object, GError **error)
{
  guint pid;

  g_variant_get (call->parameters, "(u)", &pid);
  return netns_process_find (call->core, call->uid, pid, &call->text, error);
}

static GVariant *
namespace_of_process_found (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return reply_namespace (call->text);
}

static NetnsSearch
search_for (const NetnsCall *call, int fd)
{
  gboolean known;

  if (fd < 0 || !netns_process_is_unnamed (call->core, fd, &known))
    return NETNS_SEARCH_NONE;
  return known ? NETNS_SEARCH_ONCE : NETNS_SEARCH_AGAIN;
}

static NetnsSearch
search_for_process (const NetnsCall *call)
{
  netns_autofd int fd = -1;
  guint pid;

  g_variant_get (call->parameters, "(u)", &pid);
  fd = netns_process_open_namespace (pid, -1, NULL);
  return search_for (call, fd);
}

static NetnsSearch
search_for_descriptor (const NetnsCall *call)
{
  gint32 handle;
  int fd;

  g_variant_get (call->parameters, "(h)", &handle);
  fd = netns_call_get_descriptor (call, handle, NULL);
  return search_for (call, fd);
}

static GVariant *
get_namespace_by_fd (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree char *name = NULL;
  gint32 handle;
  int fd;

  g_variant_get (call->parameters, "(h)", &handle);
  fd = netns_call_get_descriptor (call, handle, error);
  name = fd >= 0 ? netns_process_find_by_descriptor (call->core, fd, error) : NULL;
  return name ? reply_namespace (name) : NULL;
}

static NetnsPlan *
adopt_process (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  gint32 handle = -1;
  const char *name;
  int pidfd = -1;
  guint pid;

  g_variant_get (call->parameters, "(&su@a{sv})", &name, &pid, &options);
  if (!netns_options_check (netns_options_manager_adopt_process, NULL, options, error))
    return NULL;
  if (g_variant_lookup (options, "pidfd", "h", &handle)) {
    pidfd = netns_call_get_descriptor (call, handle, error);
    if (pidfd < 0)
      return NULL;
  }
  return netns_process_adopt (call->core, call->uid, name, pid, pidfd, error);
}

static NetnsPlan *
create_veth (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *namespace_name, *name, *peer_namespace_name, *peer_name;

  g_variant_get (call->parameters, "(&s&s&s&s@a{sv})", &namespace_name, &name, &peer_namespace_name, &peer_name,
                 &options);
  return netns_link_create_veth (call->core, call->uid, namespace_name, name, peer_namespace_name, peer_name, options,
                                 error);
}

static GVariant *
veth_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *name, *peer_namespace_name, *peer_name;
  NetnsLink *link, *peer;

  g_variant_get (call->parameters, "(&s&s&s&s@a{sv})", &namespace_name, &name, &peer_namespace_name, &peer_name, NULL);
  link = find_link (call->core, namespace_name, name, error);
  peer = link ? find_link (call->core, peer_namespace_name, peer_name, error) : NULL;
  return peer ? g_variant_new ("(@o@o)", netns_link_to_path (link), netns_link_to_path (peer)) : NULL;
}

NETNS_PASS_3 (create_bridge, netns_link_create_bridge, , "(&s&s@a{sv})", const char *, const char *,
              g_autoptr (GVariant))
NETNS_PASS_3 (create_tap, netns_link_create_tap, , "(&s&s@a{sv})", const char *, const char *, g_autoptr (GVariant))
NETNS_PASS_2 (disconnect_namespace, netns_network_disconnect, , "(&s&s)", const char *, const char *)

static NetnsPlan *
create_link (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *kind_name, *name;
  g_autoptr (GVariant) options = NULL;
  const NetnsLinkKind *kind;

  g_variant_get (call->parameters, "(&s&s&s@a{sv})", &namespace_name, &kind_name, &name, &options);
  kind = netns_link_kind_find (kind_name, error);
  return kind ? netns_link_create (call->core, call->uid, namespace_name, kind, name, options, error) : NULL;
}

/* Of whatever kind: its name stands in front of the options. */
static GVariant *
link_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *name;

  g_variant_get_child (call->parameters, 0, "&s", &namespace_name);
  g_variant_get_child (call->parameters, g_variant_n_children (call->parameters) - 2, "&s", &name);
  return reply_link (call->core, namespace_name, name, error);
}

static NetnsPlan *
create_network (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *name;

  g_variant_get (call->parameters, "(&s@a{sv})", &name, &options);
  return netns_network_create (call->core, call->uid, name, options, &call->text, error);
}

static GVariant *
network_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  NetnsDefinition *network
    = g_hash_table_lookup (netns_core_get_definitions (call->core, &netns_network_class), call->text);
  NetnsObject made;

  if (network == NULL)
    return netns_refuse_null (error, NETNS_ERROR_NOT_FOUND, "The network was deleted in the meantime");
  made = netns_object_for_definition (network);
  return g_variant_new ("(@o)", netns_path_to_variant (netns_object_get_path (&made)));
}

static NetnsPlan *
connect_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *namespace_name, *network_name;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &namespace_name, &network_name, &options);
  if (call->inquiry == NULL)
    call->inquiry = netns_inquiry_new (call->core);
  return netns_network_connect (call->core, call->uid, namespace_name, network_name, options, call->inquiry,
                                &call->text, error);
}

/* For an array of addresses. */
static GVariant *
new_addresses_dict (const GArray *addresses)
{
  return g_variant_new_parsed ("{'Addresses': %v}", netns_addresses_to_texts (addresses, netns_address_print));
}

/* IPv6 addresses that were left out. */
static void
tell_left_out (NetnsCall *call, const char *path, const GArray *left_out)
{
  g_autoptr (GArray) none = netns_addresses_new ();
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (left_out->len == 0)
    return;
  for (guint i = 0; i < left_out->len; i++)
    g_message ("IPv6 is off on %s: left out address %s", path,
               netns_address_print (&g_array_index (left_out, NetnsAddress, i), text));
  netns_interface_emit (
    call->connection, NETNS_PATH, NETNS_INTERFACE_MANAGER, "Drifted",
    g_variant_new ("(o@a{sv}@a{sv})", path, new_addresses_dict (left_out), new_addresses_dict (none)));
}

static GVariant *
namespace_connected (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *path;
  GVariant *reply;

  g_variant_get_child (call->parameters, 0, "&s", &namespace_name);
  reply = reply_link (call->core, namespace_name, call->text, error);
  if (reply != NULL) {
    g_variant_get (reply, "(&o)", &path);
    tell_left_out (call, path, netns_plan_get_left_out (call->plan));
  }
  return reply;
}

static NetnsPlan *
create_nat (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) sources = NULL, options = NULL;
  const char *namespace_name;

  g_variant_get (call->parameters, "(&s@as@a{sv})", &namespace_name, &sources, &options);
  return netns_nat_create (call->core, call->uid, namespace_name, sources, options, &call->number, error);
}

static GVariant *
nat_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@o)", netns_path_to_variant (netns_path_for_number ("nat", call->number)));
}

static NetnsPlan *
create_forward (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *namespace_name, *protocol;
  guint16 target_port;

  g_variant_get (call->parameters, "(&s&sq@a{sv})", &namespace_name, &protocol, &target_port, &options);
  return netns_forward_create (call->core, call->uid, namespace_name, protocol, target_port, options, &call->number,
                               error);
}

static GVariant *
forward_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@o)", netns_path_to_variant (netns_path_for_number ("forward", call->number)));
}

static NetnsPlan *
reload (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_plan_new ();
}

static GVariant *
reloaded (NetnsCall *call, const NetnsObject *object, GError **error)
{
  netns_mirror_resync (netns_core_get_mirror (call->core));
  return NULL;
}

static const NetnsMethod manager_methods[] = {
  { "CreateNamespace", create_namespace, namespace_created },
  { "GetNamespace", NULL, get_namespace },
  { "GetNamespaceByPID", find_namespace_of_process, namespace_of_process_found, .search = search_for_process },
  { "GetNamespaceByFD", NULL, get_namespace_by_fd, .search = search_for_descriptor },
  { "AdoptProcess", adopt_process, namespace_created },
  { "GetLink", NULL, get_link },
  { "CreateVeth", create_veth, veth_created },
  { "CreateBridge", create_bridge, link_created },
  { "CreateTap", create_tap, link_created },
  { "CreateLink", create_link, link_created, .after_plan = netns_call_await_addresses },
  { "CreateNetwork", create_network, network_created },
  { "Connect", connect_namespace, namespace_connected },
  { "Disconnect", disconnect_namespace, NULL },
  { "CreateNat", create_nat, nat_created },
  { "CreateForward", create_forward, forward_created },
  { "Reload", reload, reloaded },
  { NULL, NULL, NULL },
};

NETNS_GETTER (get_version, g_variant_new_string (PACKAGE_VERSION))

static GVariant *
get_kernel_release (NetnsCore *core, const NetnsObject *object)
{
  struct utsname kernel;

  return g_variant_new_string (uname (&kernel) == 0 ? kernel.release : "");
}

NETNS_GETTER (get_host_namespace, netns_namespace_to_path (""))
NETNS_GETTER (get_forwarding4,
              g_variant_new_boolean (netns_mirror_get_forwarding (netns_core_get_mirror (core), AF_INET)))
NETNS_GETTER (get_forwarding6,
              g_variant_new_boolean (netns_mirror_get_forwarding (netns_core_get_mirror (core), AF_INET6)))
NETNS_GETTER (get_foreign_firewalls, netns_texts_to_variant (netns_core_get_foreign_firewalls (core)))
NETNS_GETTER (get_resync_count, g_variant_new_uint64 (netns_mirror_get_resync_count (netns_core_get_mirror (core))))

static const NetnsProperty manager_properties[] = {
  { "Version", 0, get_version },
  { "KernelRelease", 0, get_kernel_release },
  { "HostNamespace", 0, get_host_namespace },
  { "Forwarding4", NETNS_MIRROR_FORWARDING4, get_forwarding4 },
  { "Forwarding6", NETNS_MIRROR_FORWARDING6, get_forwarding6 },
  { "ForeignFirewalls", NETNS_CORE_FOREIGN_FIREWALLS, get_foreign_firewalls },
  { "ResyncCount", NETNS_MIRROR_RESYNC_COUNT, get_resync_count },
  { NULL },
};

const NetnsInterface netns_interface_manager = { &netns_manager_interface, manager_methods, manager_properties };

/* The same answer for all, until something changes. */
static GVariant *
get_managed_objects (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@a{oa{sa{sv}}})", netns_export_get_snapshot (call->export));
}

static NetnsSearch
search_for_all (const NetnsCall *call)
{
  return NETNS_SEARCH_ONCE;
}

static const NetnsMethod object_manager_methods[] = {
  { "GetManagedObjects", NULL, get_managed_objects, .search = search_for_all },
  { NULL, NULL, NULL },
};

const NetnsInterface netns_interface_object_manager
  = { &netns_org_freedesktop_dbus_object_manager_interface, object_manager_methods, netns_no_properties };
