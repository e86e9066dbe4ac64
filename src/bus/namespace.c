/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Namespace. */
#include "core/namespace.h"
#include "bus/interface.h"
#include "bus/options.h"
#include "bus/run.h"
#include "core/dns.h"
#include "core/neighbours.h"
#include "core/process.h"
#include "core/sysctl.h"
#include "introspection.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Who is to be ended: whose leave that needs must be known before anybody is asked. */
static NetnsEviction *
survey_delete (const NetnsCall *call, const NetnsObject *object)
{
  g_autoptr (GVariant) options = NULL;

  g_variant_get (call->parameters, "(@a{sv})", &options);
  if (object->namespace->source != NETNS_SOURCE_NAMED || !netns_options_get_boolean (options, "kill", FALSE))
    return NULL;
  return netns_eviction_new (call->core, call->uid, object->namespace);
}

static NetnsPlan *
delete_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  static const NetnsOption known[] = { { "kill", "b" }, { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;

  g_variant_get (call->parameters, "(@a{sv})", &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  return netns_namespace_delete (call->core, call->uid, object->namespace->name, call->eviction, error);
}

static NetnsPlan *
rename_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *name;

  g_variant_get (call->parameters, "(&s)", &name);
  return netns_namespace_rename (call->core, call->uid, object->namespace->name, name, error);
}

static NetnsPlan *
set_owner (NetnsCall *call, const NetnsObject *object, GError **error)
{
  guint owner;

  g_variant_get (call->parameters, "(u)", &owner);
  return netns_namespace_set_owner (call->core, call->uid, object->namespace->name, owner, error);
}

static NetnsPlan *
set_dns (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autofree const char **servers = NULL, **search = NULL;

  g_variant_get (call->parameters, "(^a&s^a&s)", &servers, &search);
  return netns_namespace_set_dns (call->core, call->uid, object->namespace->name, servers, search, error);
}

/* `default` is of the gateway's family; without a gateway it is IPv4's, as for ip-route(8). */
static gboolean
parse_destination (const char *text, const NetnsAddress *gateway, NetnsAddress *destination, GError **error)
{
  if (strcmp (text, "default") != 0)
    return netns_address_parse_subnet (text, destination, error);
  netns_address_set_bytes (destination, gateway->family == AF_INET6 ? AF_INET6 : AF_INET, NULL, 0);
  return TRUE;
}

static NetnsPlan *
change_route (NetnsCall *call, const NetnsObject *object,
              NetnsPlan *(*change) (NetnsCore *core, guint caller, const char *name, const NetnsRouteRequest *route,
                                    GError **error),
              GError **error)
{
  static const NetnsOption known[]
    = { { "link", "s" }, { "metric", "u" }, { "source", "s" }, { "table", "u" }, { NULL, NULL } };
  g_autoptr (GVariant) options = NULL;
  const char *destination, *gateway, *source;
  NetnsRouteRequest route = { 0 };

  g_variant_get (call->parameters, "(&s&s@a{sv})", &destination, &gateway, &options);
  if (!netns_options_check (options, known, error))
    return NULL;
  source = netns_options_get_string (options, "source");
  if ((*gateway != '\0' && !netns_address_parse_host (gateway, &route.gateway, error))
      || (*source != '\0' && !netns_address_parse_host (source, &route.source, error))
      || !parse_destination (destination, &route.gateway, &route.destination, error))
    return NULL;
  route.link = netns_options_get_string (options, "link");
  route.metric = netns_options_get_uint32 (options, "metric", 0);
  route.table = netns_options_get_uint32 (options, "table", RT_TABLE_MAIN);
  return change (call->core, call->uid, object->namespace->name, &route, error);
}

static NetnsPlan *
add_route (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return change_route (call, object, netns_namespace_add_route, error);
}

static NetnsPlan *
remove_route (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return change_route (call, object, netns_namespace_remove_route, error);
}

static NetnsPlan *
list_processes (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_namespace_list_processes (call->core, call->uid, object->namespace->name, error);
}

static GVariant *
processes_listed (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@a(uus))", netns_plan_get_result (call->plan));
}

static NetnsPlan *
list_neighbours (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_namespace_list_neighbours (call->core, call->uid, object->namespace->name, error);
}

static GVariant *
neighbours_listed (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ssss)"));
  const char *address, *link, *mac, *state;
  GVariantIter iter;

  g_variant_iter_init (&iter, netns_plan_get_result (call->plan));
  while (g_variant_iter_next (&iter, "(&s^&ay&s&s)", &address, &link, &mac, &state)) {
    g_autofree char *name = netns_text_to_utf8 (link);

    g_variant_builder_add (&rows, "(ssss)", address, name, mac, state);
  }
  return g_variant_new ("(@a(ssss))", g_variant_builder_end (&rows));
}

static NetnsPlan *
set_sysctl (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *key, *value;

  g_variant_get (call->parameters, "(&s&s)", &key, &value);
  return netns_namespace_set_sysctl (call->core, call->uid, object->namespace->name, key, value, error);
}

static NetnsPlan *
get_sysctl (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const char *key;

  g_variant_get (call->parameters, "(&s)", &key);
  return netns_namespace_get_sysctl (call->core, call->uid, object->namespace->name, key, error);
}

static GVariant *
sysctl_got (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return g_variant_new ("(@s)", netns_plan_get_result (call->plan));
}

static NetnsPlan *
open_socket (NetnsCall *call, const NetnsObject *object, GError **error)
{
  int domain, type, protocol;

  g_variant_get (call->parameters, "(iii)", &domain, &type, &protocol);
  return netns_namespace_open_socket (call->core, call->uid, object->namespace->name, domain, type, protocol, error);
}

static NetnsPlan *
open_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_namespace_open (call->core, call->uid, object->namespace->name, error);
}

static GVariant *
opened (NetnsCall *call, const NetnsObject *object, GError **error)
{
  return netns_call_reply_descriptor (call, error);
}

static const NetnsMethod methods[] = {
  { "Delete", delete_namespace, NULL, survey_delete },
  { "Rename", rename_namespace, NULL },
  { "SetOwner", set_owner, NULL },
  { "ListProcesses", list_processes, processes_listed },
  { "ListNeighbours", list_neighbours, neighbours_listed },
  { "SetSysctl", set_sysctl, NULL },
  { "GetSysctl", get_sysctl, sysctl_got },
  { "Run", netns_run_plan, netns_run_reply, .follow = netns_run_follow },
  { "OpenSocket", open_socket, opened },
  { "Open", open_namespace, opened },
  { "SetDns", set_dns, NULL },
  { "AddRoute", add_route, NULL },
  { "RemoveRoute", remove_route, NULL },
  { NULL, NULL, NULL },
};

static GVariant *
get_name (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_take_string (netns_text_to_utf8 (object->namespace->name));
}

static GVariant *
get_path (NetnsCore *core, const NetnsObject *object)
{
  g_autofree char *path = netns_namespace_get_path (object->namespace);

  return g_variant_new_take_string (netns_text_to_utf8 (path));
}

static GVariant *
get_inode (NetnsCore *core, const NetnsObject *object)
{
  const NetnsNamespace *namespace = object->namespace;

  /* A broken entry may well be a namespace, of another type. */
  return g_variant_new_uint64 (namespace->source == NETNS_SOURCE_BROKEN ? 0 : namespace->id.inode);
}

static GVariant *
get_nsid (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_int32 (object->namespace->nsid);
}

static GVariant *
get_source (NetnsCore *core, const NetnsObject *object)
{
  static const char *const sources[] = {
    [NETNS_SOURCE_HOST] = "host",       [NETNS_SOURCE_NAMED] = "named", [NETNS_SOURCE_BROKEN] = "broken",
    [NETNS_SOURCE_PROCESS] = "process", [NETNS_SOURCE_MOUNT] = "mount", [NETNS_SOURCE_DESCRIPTOR] = "descriptor",
  };

  return g_variant_new_string (sources[object->namespace->source]);
}

static GVariant *
get_owner (NetnsCore *core, const NetnsObject *object)
{
  return g_variant_new_uint32 (netns_owners_get (netns_core_get_owners (core), object->namespace));
}

static GVariant *
get_owner_label (NetnsCore *core, const NetnsObject *object)
{
  const char *label = object->namespace->label;

  return g_variant_new_take_string (netns_text_to_utf8 (label ? label : ""));
}

static GVariant *
get_links (NetnsCore *core, const NetnsObject *object)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (object->namespace);

  return netns_links_to_paths (links);
}

static guint
count_links (NetnsCore *core, const NetnsObject *object)
{
  return g_hash_table_size (object->namespace->links);
}

static guint
count_routes (NetnsCore *core, const NetnsObject *object)
{
  return object->namespace->routes ? object->namespace->routes->len : 0;
}

static void
add_route_row (GVariantBuilder *rows, NetnsNamespace *namespace, const NetnsRoute *route)
{
  NetnsLink *link = netns_namespace_get_link (namespace, route->link);
  g_autofree char *link_name = link ? netns_text_to_utf8 (link->info.name) : g_strdup ("");
  char destination[NETNS_ADDRESS_MAX_TEXT], gateway[NETNS_ADDRESS_MAX_TEXT] = "";

  if (route->gateway.family != AF_UNSPEC)
    netns_address_print_host (&route->gateway, gateway);
  g_variant_builder_add (rows, "(sssu)",
                         route->destination.prefix == 0 ? "default"
                                                        : netns_address_print (&route->destination, destination),
                         gateway, link_name, route->metric);
}

static GVariant *
get_routes (NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sssu)"));
  const GArray *routes = object->namespace->routes;

  for (guint i = 0; routes != NULL && i < routes->len; i++) {
    const NetnsRoute *route = &g_array_index (routes, NetnsRoute, i);

    if (route->table == RT_TABLE_MAIN)
      add_route_row (&rows, object->namespace, route);
  }
  return g_variant_builder_end (&rows);
}

static const NetnsDns *
find_dns (NetnsCore *core, const NetnsObject *object)
{
  return netns_mirror_get_dns (netns_core_get_mirror (core), object->namespace->name);
}

static GVariant *
get_dns_servers (NetnsCore *core, const NetnsObject *object)
{
  const NetnsDns *dns = find_dns (core, object);

  return g_variant_new_strv (dns ? (const char *const *) dns->servers : NULL, dns ? -1 : 0);
}

static GVariant *
get_dns_search (NetnsCore *core, const NetnsObject *object)
{
  const NetnsDns *dns = find_dns (core, object);

  return g_variant_new_strv (dns ? (const char *const *) dns->search : NULL, dns ? -1 : 0);
}

static const NetnsProperty properties[] = {
  { "Name", get_name, 0 },
  { "Path", get_path, NETNS_NAMESPACE_PATH },
  { "Inode", get_inode, 0 },
  { "NsId", get_nsid, NETNS_NAMESPACE_NSID },
  { "Source", get_source, NETNS_NAMESPACE_SOURCE },
  { "Owner", get_owner, NETNS_NAMESPACE_OWNER },
  { "OwnerLabel", get_owner_label, NETNS_NAMESPACE_LABEL },
  { "Links", get_links, NETNS_NAMESPACE_LINKS, count_links },
  { "Routes", get_routes, NETNS_NAMESPACE_ROUTES, count_routes },
  { "DnsServers", get_dns_servers, NETNS_NAMESPACE_DNS_SERVERS },
  { "DnsSearch", get_dns_search, NETNS_NAMESPACE_DNS_SEARCH },
  { NULL, NULL, 0 },
};

const NetnsInterface netns_interface_namespace = { &netns_namespace_interface, methods, properties };
