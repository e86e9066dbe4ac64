/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-service.h"

#include "common/names.h"

#include <string.h>

typedef struct {
  NetnsNamespace *namespace;
  guint owner;
} Entry;

static GHashTable *namespaces;  /* name -> Entry */
static GHashTable *definitions; /* NetnsDefinitionClass -> GHashTable of names and NetnsDefinition */
static GHashTable *peers;       /* NetnsLink -> NetnsLink */
guint fake_lingering_owner;
static char service, mirror;    /* nobody looks inside */

NetnsCore *
fake_core (void)
{
  return (NetnsCore *) (gpointer) &service;
}

NetnsMirror *
fake_mirror (void)
{
  return (NetnsMirror *) (gpointer) &mirror;
}

static void
free_link (gpointer data)
{
  NetnsLink *link = data;

  netns_link_info_clear (&link->info);
  g_clear_pointer (&link->addresses, g_array_unref);
  g_free (link);
}

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  g_hash_table_unref (entry->namespace->links);
  g_clear_pointer (&entry->namespace->routes, g_array_unref);
  g_free (entry->namespace->name);
  g_free (entry->namespace);
  g_free (entry);
}

/* As a machine that has just the host's namespace, empty. */
void
fake_clear (void)
{
  g_clear_pointer (&namespaces, g_hash_table_unref);
  g_clear_pointer (&definitions, g_hash_table_unref);
  g_clear_pointer (&peers, g_hash_table_unref);
  namespaces = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_entry);
  definitions = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_hash_table_unref);
  peers = g_hash_table_new (NULL, NULL);
  fake_lingering_owner = NETNS_UID_NOBODY;
  fake_namespace ("", 0);
}

NetnsNamespace *
fake_namespace (const char *name, guint owner)
{
  Entry *entry = g_new0 (Entry, 1);
  NetnsNamespace *namespace = g_new0 (NetnsNamespace, 1);

  namespace->name = g_strdup (name);
  namespace->source = *name ? NETNS_SOURCE_NAMED : NETNS_SOURCE_HOST;
  namespace->cookie = namespace->id.inode = 1 + g_hash_table_size (namespaces);
  namespace->links = g_hash_table_new_full (NULL, NULL, NULL, free_link);
  namespace->routes = g_array_new (FALSE, TRUE, sizeof (NetnsRoute));
  *entry = (Entry) { namespace, owner };
  g_hash_table_insert (namespaces, namespace->name, entry);
  return namespace;
}

NetnsLink *
fake_link (NetnsNamespace *namespace, guint index, const char *name, const char *kind)
{
  NetnsLink *link = g_new0 (NetnsLink, 1);

  link->namespace = namespace;
  link->info.index = index;
  link->info.kind = kind;
  g_strlcpy (link->info.name, name, sizeof link->info.name);
  g_hash_table_insert (namespace->links, GUINT_TO_POINTER (index), link);
  return link;
}

/* The two are a veth pair, and one of them is a port of the bridge. */
void
fake_plug (NetnsLink *link, NetnsLink *port, NetnsLink *bridge)
{
  g_hash_table_insert (peers, link, port);
  g_hash_table_insert (peers, port, link);
  port->info.master = bridge->info.index;
}

NetnsAddress
fake_parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  NetnsAddress address;

  netns_address_parse (text, &address, &error);
  g_assert_no_error (error);
  return address;
}

void
fake_address (NetnsLink *link, const char *address)
{
  NetnsLinkAddress entry = { .address = fake_parse (address) };

  if (link->addresses == NULL)
    link->addresses = g_array_new (FALSE, TRUE, sizeof (NetnsLinkAddress));
  g_array_append_val (link->addresses, entry);
}

void
fake_route (NetnsNamespace *namespace, const char *destination, guint link, guint table)
{
  NetnsRoute route = { .destination = fake_parse (destination), .link = link, .table = table };

  g_array_append_val (namespace->routes, route);
}

/* One whose bridge is called as itself, with the first address of each subnet as gateway. */
NetnsNetwork *
fake_network (const char *name, const char *namespace_name, const char *subnet, const char *subnet6)
{
  GHashTable *networks = netns_core_get_definitions (fake_core (), &netns_network_class);
  NetnsNetwork *network = netns_definition_new (&netns_network_class, name, namespace_name, 1, 1000);
  const char *const subnets[] = { subnet, subnet6 };

  network->bridge = g_strdup (name);
  network->uplink = g_strdup ("");
  network->subnets = netns_addresses_new ();
  network->gateways = netns_addresses_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (subnets) && subnets[i] != NULL; i++) {
    NetnsAddress address = fake_parse (subnets[i]);

    g_array_append_val (network->subnets, address);
    netns_address_add (&address, 1);
    g_array_append_val (network->gateways, address);
  }
  g_hash_table_insert (networks, network->base.name, network);
  return network;
}

/* ---- what the linker puts in the place of the real ones */

NetnsLingering *__wrap_netns_core_get_lingering (NetnsCore *core);
guint __wrap_netns_lingering_count (const NetnsLingering *lingering, guint owner);
GHashTable *__wrap_netns_core_get_definitions (NetnsCore *core, const NetnsDefinitionClass *class);
NetnsMirror *__wrap_netns_core_get_mirror (NetnsCore *core);
NetnsOwners *__wrap_netns_core_get_owners (NetnsCore *core);
guint __wrap_netns_owners_get (const NetnsOwners *owners, const NetnsNamespace *namespace);
NetnsNamespace *__wrap_netns_mirror_get_namespace (NetnsMirror *mirror, const char *name);
GPtrArray *__wrap_netns_mirror_list_namespaces (NetnsMirror *mirror);
NetnsLink *__wrap_netns_mirror_get_peer (NetnsMirror *mirror, const NetnsLink *link);

NetnsLingering *
__wrap_netns_core_get_lingering (NetnsCore *core)
{
  return NULL;
}

guint
__wrap_netns_lingering_count (const NetnsLingering *lingering, guint owner)
{
  return owner == fake_lingering_owner ? 1 : 0;
}

GHashTable *
__wrap_netns_core_get_definitions (NetnsCore *core, const NetnsDefinitionClass *class)
{
  GHashTable *table = g_hash_table_lookup (definitions, class);

  if (table == NULL) {
    table = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, netns_definition_free);
    g_hash_table_insert (definitions, (gpointer) class, table);
  }
  return table;
}

NetnsMirror *
__wrap_netns_core_get_mirror (NetnsCore *core)
{
  return fake_mirror ();
}

NetnsOwners *
__wrap_netns_core_get_owners (NetnsCore *core)
{
  return NULL;
}

guint
__wrap_netns_owners_get (const NetnsOwners *owners, const NetnsNamespace *namespace)
{
  return ((Entry *) g_hash_table_lookup (namespaces, namespace->name))->owner;
}

NetnsNamespace *
__wrap_netns_mirror_get_namespace (NetnsMirror *fake, const char *name)
{
  Entry *entry = g_hash_table_lookup (namespaces, name);

  return entry ? entry->namespace : NULL;
}

GPtrArray *
__wrap_netns_mirror_list_namespaces (NetnsMirror *fake)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  Entry *entry;

  g_hash_table_iter_init (&iter, namespaces);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    g_ptr_array_add (list, entry->namespace);
  return list;
}

NetnsLink *
__wrap_netns_mirror_get_peer (NetnsMirror *fake, const NetnsLink *link)
{
  return g_hash_table_lookup (peers, link);
}
