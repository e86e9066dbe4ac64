/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/shares.h"

#include "common/names.h"

#include <string.h>

/* Bytes of an answer, at most: an object with its properties but for texts, and one of what a namespace can have any
 * number of. */
#define OBJECT_SIZE  2000
#define ADDRESS_SIZE 300
#define ROUTE_SIZE   300
/* A byte that is no UTF-8 is shown as four, one that a path cannot have as three. */
#define SHOWN_MAX       4
#define PATH_SIZE(name) (60 + 3 * strlen (name))
/* A link's path is its own, and in the lists of its namespace and of its bridge; its namespace's is in two properties. */
#define PATHS 6
/* For the namespaces of all users but root; the rest of what the bus carries (NETNS_REPLY_BYTES_MAX) is for root's, and
 * for the host. */
#define ROOM (16 * 1024 * 1024)

typedef struct {
  NetnsNamespace *namespace;
  guint64 size;
} Part;

typedef struct {
  GArray *parts; /* Part */
  guint64 size;
} Share;

static void
free_share (gpointer data)
{
  Share *share = data;

  g_array_unref (share->parts);
  g_free (share);
}

static guint64
measure_link (const NetnsLink *link)
{
  guint64 size = OBJECT_SIZE + PATHS * PATH_SIZE (link->namespace->name);

  if (link->info.description != NULL)
    size += SHOWN_MAX * strlen (link->info.description);
  for (char **name = link->info.alternative_names; name != NULL && *name != NULL; name++)
    size += SHOWN_MAX * strlen (*name) + sizeof (guint32) + 1;
  return size + (guint64) (link->addresses ? link->addresses->len : 0) * ADDRESS_SIZE;
}

static guint64
measure (const NetnsNamespace *namespace)
{
  guint64 size = OBJECT_SIZE + (guint64) (namespace->routes ? namespace->routes->len : 0) * ROUTE_SIZE;
  GHashTableIter iter;
  gpointer link;

  g_hash_table_iter_init (&iter, namespace->links);
  while (g_hash_table_iter_next (&iter, NULL, &link))
    size += measure_link (link);
  return size;
}

static void
add_part (GHashTable *shares, guint owner, NetnsNamespace *namespace)
{
  const Part part = { namespace, measure (namespace) };
  Share *share = g_hash_table_lookup (shares, GUINT_TO_POINTER (owner));

  if (share == NULL) {
    share = g_new0 (Share, 1);
    share->parts = g_array_new (FALSE, FALSE, sizeof (Part));
    g_hash_table_insert (shares, GUINT_TO_POINTER (owner), share);
  }
  g_array_append_val (share->parts, part);
  share->size += part.size;
}

/* Of users, who can fill them as they like; root's, and those that other programs of root's made, are not limited. */
static GHashTable *
collect_shares (NetnsCore *core)
{
  GHashTable *shares = g_hash_table_new_full (NULL, NULL, NULL, free_share);
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (netns_core_get_mirror (core));

  for (guint i = 0; i < namespaces->len; i++) {
    NetnsNamespace *namespace = namespaces->pdata[i];
    guint owner = netns_owners_get (netns_core_get_owners (core), namespace);

    if (namespace->source == NETNS_SOURCE_NAMED && owner != 0 && owner != NETNS_UID_NOBODY)
      add_part (shares, owner, namespace);
  }
  return shares;
}

static gint
compare_sizes (gconstpointer a, gconstpointer b)
{
  const guint64 one = *(const guint64 *) a, other = *(const guint64 *) b;

  return one < other ? -1 : one > other;
}

/**
 * netns_shares_find_limit:
 * @sizes: (element-type guint64): what each would have, the smallest first
 * @room: what there is
 *
 * Returns: the most that each can have: who needs less leaves the rest to the others
 */
guint64
netns_shares_find_limit (const GArray *sizes, guint64 room)
{
  for (guint i = 0; i < sizes->len; i++) {
    guint64 size = g_array_index (sizes, guint64, i), each = room / (sizes->len - i);

    if (size > each)
      return each;
    room -= size;
  }
  return G_MAXUINT64;
}

static guint64
find_limit (GHashTable *shares)
{
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  GHashTableIter iter;
  gpointer share;

  g_hash_table_iter_init (&iter, shares);
  while (g_hash_table_iter_next (&iter, NULL, &share))
    g_array_append_val (sizes, ((Share *) share)->size);
  g_array_sort (sizes, compare_sizes);
  return netns_shares_find_limit (sizes, ROOM);
}

static gint
compare_parts (gconstpointer a, gconstpointer b)
{
  return compare_sizes (&((const Part *) a)->size, &((const Part *) b)->size);
}

static void
add_excess (GHashTable *excess, Share *share, guint64 limit)
{
  guint64 sum = 0;

  g_array_sort (share->parts, compare_parts);
  for (guint i = 0; i < share->parts->len; i++) {
    const Part *part = &g_array_index (share->parts, Part, i);

    sum += part->size;
    if (sum > limit)
      g_hash_table_add (excess, part->namespace);
  }
}

/**
 * netns_shares_list_excess:
 * @core: the service
 *
 * Whoever has namespaces can fill them with links, addresses and routes until an answer with all objects is more than
 * the bus carries, for everybody.
 *
 * Returns: (transfer full) (element-type NetnsNamespace): a set of the largest namespaces of users who have too much
 */
GHashTable *
netns_shares_list_excess (NetnsCore *core)
{
  g_autoptr (GHashTable) shares = collect_shares (core);
  GHashTable *excess = g_hash_table_new (NULL, NULL);
  guint64 limit = find_limit (shares);
  GHashTableIter iter;
  gpointer share;

  g_hash_table_iter_init (&iter, shares);
  while (g_hash_table_iter_next (&iter, NULL, &share))
    if (((Share *) share)->size > limit)
      add_excess (excess, share, limit);
  return excess;
}
