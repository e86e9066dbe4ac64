/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interface org.example.NetNS1.Namespace. */
#include "bus/command/run.h"
#include "bus/interfaces/pass.h"
#include "common/options.h"
#include "core/namespace/dns.h"
#include "core/namespace/namespace.h"
#include "core/namespace/neighbours.h"
#include "core/namespace/process.h"
#include "core/namespace/route.h"
#include "core/namespace/sysctl.h"
#include "introspection.h"
#include "kernel/route.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* Finds the processes to end first, because the authorization depends on their owners; without them, who uses it. */
static NetnsEviction *
survey_delete (const NetnsCall *call, const NetnsObject *object)
{
  g_autoptr (GVariant) options = NULL;
  gboolean kill = FALSE;

  g_variant_get (call->parameters, "(@a{sv})", &options);
  g_variant_lookup (options, "kill", "b", &kill);
  if (object->namespace->source == NETNS_SOURCE_BROKEN || object->namespace->source == NETNS_SOURCE_HOST)
    return NULL;
  return netns_eviction_new (call->core, call->uid, object->namespace,
                             kill && object->namespace->source == NETNS_SOURCE_NAMED);
}

static NetnsPlan *
delete_namespace (NetnsCall *call, const NetnsObject *object, GError **error)
{
  g_autoptr (GVariant) options = NULL;

  g_variant_get (call->parameters, "(@a{sv})", &options);
  if (!netns_options_check (netns_options_namespace_delete, NULL, options, error))
    return NULL;
  return netns_namespace_delete (call->core, call->uid, object->namespace->name, call->eviction, error);
}

NETNS_PASS_1 (rename_namespace, netns_namespace_rename, object->namespace->name, "(&s)", const char *)
NETNS_PASS_1 (set_owner, netns_namespace_set_owner, object->namespace->name, "(u)", guint)
NETNS_PASS (list_processes, netns_namespace_list_processes, object->namespace->name)
NETNS_PASS (list_neighbours, netns_namespace_list_neighbours, object->namespace->name)
NETNS_PASS_2 (set_sysctl, netns_namespace_set_sysctl, object->namespace->name, "(&s&s)", const char *, const char *)
NETNS_PASS_1 (get_sysctl, netns_namespace_get_sysctl, object->namespace->name, "(&s)", const char *)
NETNS_PASS (open_namespace, netns_namespace_open, object->namespace->name)
NETNS_PASS_2 (set_dns, netns_namespace_set_dns, object->namespace->name, "(^a&s^a&s)", g_autofree const char **,
              g_autofree const char **)
NETNS_PASS_3 (add_route, netns_namespace_add_route, object->namespace->name, "(&s&s@a{sv})", const char *, const char *,
              g_autoptr (GVariant))
NETNS_PASS_3 (remove_route, netns_namespace_remove_route, object->namespace->name, "(&s&s@a{sv})", const char *,
              const char *, g_autoptr (GVariant))

static NetnsPlan *
open_socket (NetnsCall *call, const NetnsObject *object, GError **error)
{
  const NetnsIdentity caller = { call->uid, call->gid };
  int domain, type, protocol;

  g_variant_get (call->parameters, "(iii)", &domain, &type, &protocol);
  return netns_namespace_open_socket (call->core, &caller, object->namespace->name, domain, type, protocol, error);
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

static const NetnsMethod methods[] = {
  { "Delete", delete_namespace, NULL, survey_delete },
  { "Rename", rename_namespace, NULL },
  { "SetOwner", set_owner, NULL },
  { "ListProcesses", list_processes, netns_call_reply_result },
  { "ListNeighbours", list_neighbours, neighbours_listed },
  { "SetSysctl", set_sysctl, NULL },
  { "GetSysctl", get_sysctl, netns_call_reply_result },
  { "Run", netns_run_plan, netns_run_reply, .after_plan = netns_run_after_plan, .groups = TRUE },
  { "OpenSocket", open_socket, netns_call_reply_descriptor, .groups = TRUE },
  { "Open", open_namespace, netns_call_reply_descriptor },
  { "SetDns", set_dns, NULL },
  { "AddRoute", add_route, NULL },
  { "RemoveRoute", remove_route, NULL },
  { NULL, NULL, NULL },
};

static GVariant *
get_path (NetnsCore *core, const NetnsObject *object)
{
  g_autofree char *path = netns_namespace_get_path (object->namespace);

  return netns_text_to_variant (path);
}

/* A broken entry may well be a namespace, of another type. */
NETNS_GETTER (get_inode,
              g_variant_new_uint64 (object->namespace->source == NETNS_SOURCE_BROKEN ? 0 : object->namespace->id.inode))
NETNS_GETTER (get_nsid, g_variant_new_int32 (object->namespace->nsid))
NETNS_GETTER (get_owner, g_variant_new_uint32 (netns_owners_get (netns_core_get_owners (core), object->namespace)))

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
  g_variant_builder_add (
    rows, "(sssu)", route->destination.prefix == 0 ? "default" : netns_address_print (&route->destination, destination),
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

static void
add_text (GVariantBuilder *dict, const char *key, const char *text)
{
  if (*text != '\0')
    g_variant_builder_add (dict, "{sv}", key, g_variant_new_string (text));
}

static void
add_number (GVariantBuilder *dict, const char *key, guint32 number)
{
  if (number != 0)
    g_variant_builder_add (dict, "{sv}", key, g_variant_new_uint32 (number));
}

/* One way of a route. */
static void
add_way (GVariantBuilder *dict, NetnsNamespace *namespace, const NetnsRoute *way)
{
  NetnsLink *link = netns_namespace_get_link (namespace, way->link);
  g_autofree char *link_name = link ? netns_text_to_utf8 (link->info.name) : g_strdup ("");
  char gateway[NETNS_ADDRESS_MAX_TEXT] = "";

  if (way->gateway.family != AF_UNSPEC)
    netns_address_print_host (&way->gateway, gateway);
  add_text (dict, "gateway", gateway);
  add_text (dict, "link", link_name);
  if (way->onlink)
    g_variant_builder_add (dict, "{sv}", "onlink", g_variant_new_boolean (TRUE));
  if (way->n_ways > 0)
    add_number (dict, "weight", way->weight + 1u);
}

static GVariant *
new_ways (NetnsNamespace *namespace, const NetnsRoute *ways, guint n_ways)
{
  g_auto (GVariantBuilder) all = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < n_ways; i++) {
    g_variant_builder_open (&all, G_VARIANT_TYPE_VARDICT);
    add_way (&all, namespace, &ways[i]);
    g_variant_builder_close (&all);
  }
  return g_variant_builder_end (&all);
}

/* As RemoveRoute() takes it. */
static const char *
print_destination (const NetnsRoute *route, char text[NETNS_ADDRESS_MAX_TEXT])
{
  gboolean is_default
    = route->destination.prefix == 0
      && (route->destination.family == AF_INET || (route->n_ways == 0 && route->gateway.family == AF_INET6));

  return is_default ? "default" : netns_address_print (&route->destination, text);
}

/* Keys as those of the options of AddRoute(), where there are such. */
static GVariant *
new_route_data (NetnsNamespace *namespace, const NetnsRoute *ways, guint n_ways)
{
  g_auto (GVariantBuilder) data = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  char destination[NETNS_ADDRESS_MAX_TEXT], source[NETNS_ADDRESS_MAX_TEXT] = "";

  if (ways->source.family != AF_UNSPEC)
    netns_address_print_host (&ways->source, source);
  add_text (&data, "destination", print_destination (ways, destination));
  add_text (&data, "type", netns_word_print (netns_route_types, ways->type));
  if (ways->n_ways == 0)
    add_way (&data, namespace, ways);
  else
    g_variant_builder_add (&data, "{sv}", "nexthops", new_ways (namespace, ways, n_ways));
  add_number (&data, "nexthop-id", ways->nexthop_id);
  g_variant_builder_add (&data, "{sv}", "metric", g_variant_new_uint32 (ways->metric));
  g_variant_builder_add (&data, "{sv}", "table", g_variant_new_uint32 (ways->table));
  add_text (&data, "source", source);
  g_variant_builder_add (&data, "{sv}", "protocol", g_variant_new_byte (ways->protocol));
  add_number (&data, "tos", ways->tos);
  return g_variant_builder_end (&data);
}

static GVariant *
get_route_data (NetnsCore *core, const NetnsObject *object)
{
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  const GArray *routes = object->namespace->routes;

  for (guint i = 0, n_ways; routes != NULL && i < routes->len; i += n_ways) {
    n_ways = netns_routes_count_ways (routes, i);
    g_variant_builder_add_value (&rows,
                                 new_route_data (object->namespace, &g_array_index (routes, NetnsRoute, i), n_ways));
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

  return netns_texts_to_variant (dns ? (const char *const *) dns->servers : NULL);
}

static GVariant *
get_dns_search (NetnsCore *core, const NetnsObject *object)
{
  const NetnsDns *dns = find_dns (core, object);

  return netns_texts_to_variant (dns ? (const char *const *) dns->search : NULL);
}

static const NetnsWord sources[] = {
  { "host",       NETNS_SOURCE_HOST       },
  { "named",      NETNS_SOURCE_NAMED      },
  { "broken",     NETNS_SOURCE_BROKEN     },
  { "process",    NETNS_SOURCE_PROCESS    },
  { "mount",      NETNS_SOURCE_MOUNT      },
  { "descriptor", NETNS_SOURCE_DESCRIPTOR },
  { NULL,         0                       },
};

static const NetnsProperty properties[] = {
  { "Name", 0, NETNS_MEMBER (BYTES, NetnsNamespace, name), .show = netns_text_to_variant },
  { "Path", NETNS_NAMESPACE_PATH, get_path },
  { "Inode", 0, get_inode },
  { "NsId", NETNS_NAMESPACE_NSID, get_nsid },
  { "Source", NETNS_NAMESPACE_SOURCE, NETNS_MEMBER (UINT32, NetnsNamespace, source, sources) },
  { "Owner", NETNS_OBJECT_OWNER, get_owner },
  { "OwnerLabel", NETNS_NAMESPACE_LABEL, NETNS_MEMBER (BYTES, NetnsNamespace, label), .show = netns_text_to_variant },
  { "Links", NETNS_NAMESPACE_LINKS, get_links, count_links },
  { "Routes", NETNS_NAMESPACE_ROUTES, get_routes, count_routes },
  { "RouteData", NETNS_NAMESPACE_ROUTE_DATA, get_route_data, count_routes },
  { "DnsServers", NETNS_NAMESPACE_DNS_SERVERS, get_dns_servers },
  { "DnsSearch", NETNS_NAMESPACE_DNS_SEARCH, get_dns_search },
  { NULL },
};

const NetnsInterface netns_interface_namespace = { &netns_namespace_interface, methods, properties };
