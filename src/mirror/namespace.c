/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/namespace.h"

#include "common/names.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns: whether it is none of /run/netns, and not the host's */
gboolean
netns_namespace_is_unnamed (const NetnsNamespace *namespace)
{
  return namespace->source >= NETNS_SOURCE_PROCESS;
}

/* Returns: (transfer full): the file that stands for it */
char *
netns_namespace_get_path (const NetnsNamespace *namespace)
{
  struct stat first;

  if (namespace->source == NETNS_SOURCE_HOST) {
    if (stat ("/proc/1/ns/net", &first) == 0 && first.st_ino == namespace->id.inode)
      return g_strdup ("/proc/1/ns/net");
    return g_strdup_printf ("/proc/%d/ns/net", getpid ()); /* the service runs in a container of its own */
  }
  return namespace->path ? g_strdup (namespace->path) : g_build_filename (NETNS_RUN_DIR, namespace->name, NULL);
}

/* Returns: (transfer none) (nullable): the link with that ifindex */
NetnsLink *
netns_namespace_get_link (NetnsNamespace *namespace, guint index)
{
  return g_hash_table_lookup (namespace->links, GUINT_TO_POINTER (index));
}

/* Returns: (transfer none) (nullable): the link with that name or alternative name */
NetnsLink *
netns_namespace_find_link (NetnsNamespace *namespace, const char *name)
{
  GHashTableIter iter;
  NetnsLink *link;

  g_hash_table_iter_init (&iter, namespace->links);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &link)) {
    const char *const *others = (const char *const *) link->info.alternative_names;

    if (strcmp (link->info.name, name) == 0 || (others != NULL && g_strv_contains (others, name)))
      return link;
  }
  return NULL;
}

static int
compare_links (gconstpointer a, gconstpointer b)
{
  const NetnsLink *one = *(NetnsLink *const *) a, *other = *(NetnsLink *const *) b;

  return (one->info.index > other->info.index) - (one->info.index < other->info.index);
}

static GPtrArray *
list_links (const NetnsNamespace *namespace, const NetnsLink *master)
{
  GPtrArray *links = g_ptr_array_new ();
  GHashTableIter iter;
  NetnsLink *link;

  g_hash_table_iter_init (&iter, namespace->links);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &link))
    if (master == NULL || link->info.master == master->info.index)
      g_ptr_array_add (links, link);
  g_ptr_array_sort (links, compare_links);
  return links;
}

/* Returns: (transfer container) (element-type NetnsLink): its links by ifindex */
GPtrArray *
netns_namespace_list_links (NetnsNamespace *namespace)
{
  return list_links (namespace, NULL);
}

/* Returns: (transfer container) (element-type NetnsLink): the ports of a bridge by ifindex */
GPtrArray *
netns_link_list_ports (const NetnsLink *bridge)
{
  return list_links (bridge->namespace, bridge);
}

/* Returns: whether it is an end of a veth pair */
gboolean
netns_link_is_veth (const NetnsLink *link)
{
  return strcmp (link->info.kind, "veth") == 0;
}

gboolean
netns_link_is_bridge (const NetnsLink *link)
{
  return strcmp (link->info.kind, "bridge") == 0;
}

/* Returns: (transfer none) (nullable): the bridge that a link, which may be %NULL, is a port of */
NetnsLink *
netns_link_find_bridge (const NetnsLink *port)
{
  NetnsLink *bridge = port ? netns_namespace_get_link (port->namespace, port->info.master) : NULL;

  return bridge != NULL && netns_link_is_bridge (bridge) ? bridge : NULL;
}

/* Returns: whether a link has an address; its prefix length does not count */
gboolean
netns_link_has_address (const NetnsLink *link, const NetnsAddress *address)
{
  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++)
    if (netns_address_equal_host (&g_array_index (link->addresses, NetnsLinkAddress, i).address, address))
      return TRUE;
  return FALSE;
}
