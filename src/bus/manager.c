/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interfaces org.example.NetNS1.Manager and org.freedesktop.DBus.ObjectManager: the root object. */
#include "bus/interface.h"

#include "bus/manager.h"
#include "bus/options.h"
#include "bus/reply.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/names.h"
#include "config.h"
#include "core/connect.h"
#include "core/link.h"
#include "core/namespace.h"
#include "core/process.h"
#include "introspection.h"
#include "kernel/process.h"

#include <string.h>
#include <sys/socket.h>

static const NetnsOption no_options[] = { { NULL, NULL } };

static GVariant *
reply_namespace (const char *name)
{
  g_autofree char *path = netns_path_for_namespace (name);

  return g_variant_new ("(o)", path);
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

/**
 * netns_manager_reply_link:
 * @core: the service
 * @namespace_name: a namespace, empty for the host
 * @name: name or alternative name of a link
 * @error: `NotFound`
 *
 * Returns: (transfer floating) (nullable): the answer of a method that makes or finds it, (o)
 */
GVariant *
netns_manager_reply_link (NetnsCore *core, const char *namespace_name, const char *name, GError **error)
{
  NetnsLink *link = find_link (core, namespace_name, name, error);
  g_autofree char *path = link ? netns_link_get_object_path (link) : NULL;

  return link ? g_variant_new ("(o)", path) : NULL;
}

static NetnsPlan *
create_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;
  const char *name;

  g_variant_get (call->parameters, "(&s@a{sv})", &name, &options);
  if (!netns_options_check (options, no_options, error))
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
  g_set_error (error, NETNS_ERROR, NETNS_ERROR_INVALID_NAME, "No namespace or link can have such a name");
  return FALSE;
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
  return netns_manager_reply_link (call->core, namespace_name, name, error);
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

static NetnsLook
look_for (const NetnsCall *call, int fd)
{
  gboolean known;

  if (fd < 0 || !netns_process_is_unnamed (call->core, fd, &known))
    return NETNS_LOOK_NEEDLESS;
  return known ? NETNS_LOOK : NETNS_LOOK_AGAIN;
}

static NetnsLook
look_for_process (const NetnsCall *call)
{
  netns_autofd int fd = -1;
  guint pid;

  g_variant_get (call->parameters, "(u)", &pid);
  fd = netns_process_open_namespace (pid, -1, NULL);
  return look_for (call, fd);
}

static NetnsLook
look_for_descriptor (const NetnsCall *call)
{
  netns_autofd int fd = -1;
  gint32 handle;

  g_variant_get (call->parameters, "(h)", &handle);
  fd = netns_call_get_descriptor (call, handle, NULL);
  return look_for (call, fd);
}

static GVariant *
get_namespace_by_fd (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree char *name = NULL;
  netns_autofd int fd = -1;
  gint32 handle;

  g_variant_get (call->parameters, "(h)", &handle);
  fd = netns_call_get_descriptor (call, handle, error);
  name = fd >= 0 ? netns_process_find_by_descriptor (call->core, fd, error) : NULL;
  return name ? reply_namespace (name) : NULL;
}

static NetnsPlan *
adopt_process (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[] = { { "pidfd", "h" }, { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;
  netns_autofd int pidfd = -1;
  gint32 handle = -1;
  const char *name;
  guint pid;

  g_variant_get (call->parameters, "(&su@a{sv})", &name, &pid, &options);
  if (!netns_options_check (options, known, error))
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
  static const NetnsOption known[] = { { "addresses", "as" }, { "peer-addresses", "as" },   { "mtu", "u" },
                                       { "up", "b" },         { "mac-address", "s" }, { "peer-mac-address", "s" },
                                       { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GArray) addresses = NULL, peer_addresses = NULL;
  const char *namespace_name, *name, *peer_namespace_name, *peer_name;
  NetnsLinkOptions link_options;

  g_variant_get (call->parameters, "(&s&s&s&s@a{sv})", &namespace_name, &name, &peer_namespace_name, &peer_name,
                 &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  addresses = netns_options_get_addresses (options, "addresses", netns_address_parse, error);
  if (addresses == NULL)
    return NULL;
  peer_addresses = netns_options_get_addresses (options, "peer-addresses", netns_address_parse, error);
  if (peer_addresses == NULL)
    return NULL;
  if (netns_options_has (options, "mtu") && !netns_validate_mtu (netns_options_get_uint32 (options, "mtu", 0), error))
    return NULL;
  link_options = (NetnsLinkOptions){
    .addresses = addresses,
    .peer_addresses = peer_addresses,
    .mtu = netns_options_get_uint32 (options, "mtu", 0),
    .mac = netns_options_get_string (options, "mac-address"),
    .peer_mac = netns_options_get_string (options, "peer-mac-address"),
    .enabled = netns_options_get_boolean (options, "up", TRUE),
  };
  return netns_link_create_veth (call->core, call->uid, namespace_name, name, peer_namespace_name, peer_name,
                                 &link_options, error);
}

static GVariant *
veth_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *name, *peer_namespace_name, *peer_name;
  g_autofree char *path = NULL, *peer_path = NULL;
  NetnsLink *link, *peer;

  g_variant_get (call->parameters, "(&s&s&s&s@a{sv})", &namespace_name, &name, &peer_namespace_name, &peer_name, NULL);
  link = find_link (call->core, namespace_name, name, error);
  peer = link ? find_link (call->core, peer_namespace_name, peer_name, error) : NULL;
  if (peer == NULL)
    return NULL;
  path = netns_link_get_object_path (link);
  peer_path = netns_link_get_object_path (peer);
  return g_variant_new ("(oo)", path, peer_path);
}

static NetnsPlan *
create_bridge (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[]
    = { { "addresses", "as" }, { "mtu", "u" }, { "mac-address", "s" }, { "up", "b" }, NETNS_BRIDGE_OPTIONS,
        { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GArray) addresses = NULL;
  const char *namespace_name, *name;
  NetnsLinkOptions link_options;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &namespace_name, &name, &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  addresses = netns_options_get_addresses (options, "addresses", netns_address_parse, error);
  if (addresses == NULL)
    return NULL;
  if (netns_options_has (options, "mtu") && !netns_validate_mtu (netns_options_get_uint32 (options, "mtu", 0), error))
    return NULL;
  link_options = (NetnsLinkOptions){
    .addresses = addresses,
    .mtu = netns_options_get_uint32 (options, "mtu", 0),
    .mac = netns_options_get_string (options, "mac-address"),
    .peer_mac = "",
    .enabled = netns_options_get_boolean (options, "up", TRUE),
  };
  return netns_link_create_bridge (call->core, call->uid, namespace_name, name, &link_options, options, error);
}

static GVariant *
bridge_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *name;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &namespace_name, &name, NULL);
  return netns_manager_reply_link (call->core, namespace_name, name, error);
}

static NetnsPlan *
create_network (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[]
    = { { "subnets", "as" }, { "gateway", "b" },   { "nat", "b" },    { "uplink", "s" }, { "mtu", "u" },
        { "bridge", "s" },   { "namespace", "s" }, { "shared", "b" }, { "firewall", "s" },
        { "isolated", "b" }, { "ipv6", "b" },      { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GArray) subnets = NULL;
  NetnsNetworkOptions network_options;
  const char *name;

  g_variant_get (call->parameters, "(&s@a{sv})", &name, &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  subnets = netns_options_get_addresses (options, "subnets", netns_address_parse_subnet, error);
  if (subnets == NULL)
    return NULL;
  if (netns_options_has (options, "mtu") && !netns_validate_mtu (netns_options_get_uint32 (options, "mtu", 0), error))
    return NULL;
  network_options = (NetnsNetworkOptions){
    .subnets = subnets,
    .gateway = netns_options_get_boolean (options, "gateway", TRUE),
    .nat = netns_options_get_boolean (options, "nat", FALSE),
    .uplink = netns_options_get_string (options, "uplink"),
    .mtu = netns_options_get_uint32 (options, "mtu", 0),
    .bridge = netns_options_get_string (options, "bridge"),
    .namespace_name = netns_options_get_string (options, "namespace"),
    .shared = netns_options_get_boolean (options, "shared", FALSE),
    .firewall = netns_options_get_string (options, "firewall"),
    .isolated = netns_options_get_boolean (options, "isolated", FALSE),
    .ipv6 = netns_options_get_boolean (options, "ipv6", FALSE),
  };
  return netns_network_create (call->core, call->uid, name, &network_options, error);
}

static GVariant *
network_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree char *path = NULL;
  const char *name;

  g_variant_get_child (call->parameters, 0, "&s", &name);
  path = netns_path_for_network (name);
  return g_variant_new ("(o)", path);
}

static NetnsPlan *
connect_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[]
    = { { "addresses", "as" }, { "name", "s" }, { "default-route", "b" }, { "firewall", "s" }, { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GArray) addresses = NULL;
  const char *namespace_name, *network_name;
  NetnsConnectOptions connect_options;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &namespace_name, &network_name, &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  addresses = netns_options_get_addresses (options, "addresses", netns_address_parse, error);
  if (addresses == NULL)
    return NULL;
  connect_options = (NetnsConnectOptions){
    .addresses = addresses,
    .name = netns_options_get_string (options, "name"),
    .default_route = netns_options_get_boolean (options, "default-route", TRUE),
    .default_route_given = netns_options_has (options, "default-route"),
    .firewall = netns_options_get_string (options, "firewall"),
  };
  return netns_network_connect (call->core, call->uid, namespace_name, network_name, &connect_options, &call->text,
                                error);
}

static GVariant *
namespace_connected (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name;

  g_variant_get_child (call->parameters, 0, "&s", &namespace_name);
  return netns_manager_reply_link (call->core, namespace_name, call->text, error);
}

static NetnsPlan *
disconnect_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *namespace_name, *network_name;

  g_variant_get (call->parameters, "(&s&s)", &namespace_name, &network_name);
  return netns_network_disconnect (call->core, call->uid, namespace_name, network_name, error);
}

static NetnsPlan *
create_nat (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[] = { { "uplink", "s" }, { "to-address", "s" }, { NULL, NULL } };
  g_autoptr (GVariant) source_texts = NULL, options = NULL;
  g_autoptr (GArray) sources = NULL;
  NetnsAddress to_address = { .family = AF_UNSPEC };
  const char *namespace_name, *to_address_text;

  g_variant_get (call->parameters, "(&s@as@a{sv})", &namespace_name, &source_texts, &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  sources = netns_parse_addresses (source_texts, netns_address_parse_subnet, error);
  to_address_text = netns_options_get_string (options, "to-address");
  if (sources == NULL
      || (*to_address_text != '\0' && !netns_address_parse_host (to_address_text, &to_address, error)))
    return NULL;
  return netns_nat_create (call->core, call->uid, namespace_name, sources,
                           netns_options_get_string (options, "uplink"), &to_address, &call->number, error);
}

static GVariant *
nat_created (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree char *path = netns_path_for_nat (call->number);

  return g_variant_new ("(o)", path);
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
  { "GetNamespaceByPID", find_namespace_of_process, namespace_of_process_found, .looks = look_for_process },
  { "GetNamespaceByFD", NULL, get_namespace_by_fd, .looks = look_for_descriptor },
  { "AdoptProcess", adopt_process, namespace_created },
  { "GetLink", NULL, get_link },
  { "CreateVeth", create_veth, veth_created },
  { "CreateBridge", create_bridge, bridge_created },
  { "CreateTap", netns_manager_create_tap, netns_manager_tap_created },
  { "CreateLink", netns_manager_create_link, netns_manager_link_created },
  { "CreateNetwork", create_network, network_created },
  { "Connect", connect_namespace, namespace_connected },
  { "Disconnect", disconnect_namespace, NULL },
  { "CreateNat", create_nat, nat_created },
  { "CreateForward", netns_manager_create_forward, netns_manager_forward_created },
  { "Reload", reload, reloaded },
  { NULL, NULL, NULL },
};

static GVariant *
get_version (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_string (PACKAGE_VERSION);
}

static GVariant *
get_host_namespace (NetnsCore *core, const NetnsObject *object)
{
  g_autofree char *path = netns_path_for_namespace ("");

  return g_variant_new_object_path (path);
}

static GVariant *
get_forwarding4 (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (netns_mirror_get_forwarding (netns_core_get_mirror (core), AF_INET));
}

static GVariant *
get_forwarding6 (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_boolean (netns_mirror_get_forwarding (netns_core_get_mirror (core), AF_INET6));
}

static GVariant *
get_foreign_firewalls (NetnsCore *core, const NetnsObject *object)
{
  const char *const *firewalls = netns_core_get_foreign_firewalls (core);
  g_auto (GVariantBuilder) texts = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("as"));

  for (; *firewalls != NULL; firewalls++)
    g_variant_builder_add_value (&texts, g_variant_new_take_string (netns_text_to_utf8 (*firewalls)));
  return g_variant_builder_end (&texts);
}

static GVariant *
get_resync_count (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint64 (netns_mirror_get_resync_count (netns_core_get_mirror (core)));
}

static const NetnsProperty manager_properties[] = {
  { "Version", get_version, 0 },
  { "HostNamespace", get_host_namespace, 0 },
  { "Forwarding4", get_forwarding4, NETNS_MIRROR_FORWARDING4 },
  { "Forwarding6", get_forwarding6, NETNS_MIRROR_FORWARDING6 },
  { "ForeignFirewalls", get_foreign_firewalls, NETNS_CORE_FOREIGN_FIREWALLS },
  { "ResyncCount", get_resync_count, NETNS_MIRROR_RESYNC_COUNT },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_manager
  = { &netns_manager_interface, manager_methods, manager_properties };

typedef struct {
  NetnsCore *core;
  gboolean only_named; /* not what is in namespaces without a name */
  GVariantBuilder objects;
} Collection;

static void
add_object (const NetnsObject *object, gpointer data)
{
  Collection *collection = data;
  const NetnsNamespace *namespace = object->link ? object->link->namespace : object->namespace;
  g_autofree char *path = netns_object_get_path (object);

  if (collection->only_named && namespace != NULL && netns_namespace_is_unnamed (namespace))
    return;
  g_variant_builder_add (&collection->objects, "{o@a{sa{sv}}}", path,
                         netns_interface_describe (collection->core, object, netns_object_get_interfaces (object)));
}

static GVariant *
collect_objects (NetnsCore *core, gboolean only_named)
{
  Collection collection = { .core = core, .only_named = only_named };

  g_variant_builder_init (&collection.objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
  netns_object_foreach (core, add_object, &collection);
  return g_variant_new ("(@a{oa{sa{sv}}})", g_variant_builder_end (&collection.objects));
}

/* Any user can make namespaces, and fill them: that must not keep others from seeing those that have names. */
static GVariant *
get_managed_objects (NetnsCall *call, const NetnsObject *object, GError **error)
{
  GVariant *objects = collect_objects (call->core, FALSE);

  if (g_variant_get_size (objects) <= NETNS_REPLY_BYTES_MAX)
    return objects;
  g_variant_unref (g_variant_ref_sink (objects));
  return collect_objects (call->core, TRUE);
}

static NetnsLook
look_for_all (const NetnsCall *call)
{
  return NETNS_LOOK;
}

static const NetnsMethod object_manager_methods[] = {
  { "GetManagedObjects", NULL, get_managed_objects, .looks = look_for_all },
  { NULL, NULL, NULL },
};

static const NetnsProperty object_manager_properties[] = { { NULL, NULL, 0 } };

const NetnsInterface netns_interface_object_manager
  = { &netns_org_freedesktop_dbus_object_manager_interface, object_manager_methods, object_manager_properties };
