/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel sends home what is physical when its namespace ends, though under the name that it has by then
 * (default_device_exit_net() in net/core/dev.c); all other links it destroys. */
#include "core/state/origins.h"

#include "common/error.h"
#include "core/plan/store.h"
#include "core/state/state-steps.h"
#include "kernel/address.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>

#define FOLDER "links"
#define GROUP  "Link"

struct _NetnsOrigins {
  NetnsMirror *mirror;
  GHashTable *by_file; /* file -> NetnsOrigin */
};

static const NetnsField fields[] = {
  { "Cookie", NETNS_FIELD_UINT64, offsetof (NetnsOrigin, cookie) },
  { "Index", NETNS_FIELD_UINT32, offsetof (NetnsOrigin, index) },
  { "NameThere", NETNS_FIELD_TEXT, offsetof (NetnsOrigin, name_there) },
  { "Home", NETNS_FIELD_UINT64, offsetof (NetnsOrigin, home) },
  { "Name", NETNS_FIELD_TEXT, offsetof (NetnsOrigin, name) },
  { "Enabled", NETNS_FIELD_BOOLEAN, offsetof (NetnsOrigin, enabled) },
  { "AddressData", NETNS_FIELD_DICTS, offsetof (NetnsOrigin, addresses) },
  { NULL }
};

static NetnsOrigin *
new_origin (NetnsOrigins *origins, char *file)
{
  NetnsOrigin *origin = g_rc_box_new0 (NetnsOrigin);

  origin->origins = origins;
  origin->file = file;
  return origin;
}

static void
clear_origin (gpointer data)
{
  NetnsOrigin *origin = data;

  netns_fields_clear (fields, origin);
  g_free (origin->file);
}

static void
unref_origin (gpointer origin)
{
  g_rc_box_release_full (origin, clear_origin);
}

/* Returns: (transfer full): where a record is kept: by the name of the link that a plan moved, or by the number of one that
 * was seen to move */
static char *
print_file (guint64 cookie, char sign, const char *rest)
{
  return g_strdup_printf (FOLDER "/%" G_GUINT64_FORMAT "%c%s", cookie, sign, rest);
}

static char *
print_origin (const NetnsOrigin *origin)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  netns_fields_to_key_file (fields, origin, file, GROUP);
  return g_key_file_to_data (file, NULL, NULL);
}

/* Whether it is the file that the record would be written to: not one that somebody copied, say. */
static gboolean
is_file_of (const NetnsOrigin *origin)
{
  g_autofree char *planned = print_file (origin->cookie, '-', origin->name_there);
  g_autofree char *seen = print_file (origin->cookie, '.', "");

  return strcmp (origin->file, planned) == 0
         || (g_str_has_prefix (origin->file, seen)
             && g_ascii_string_to_unsigned (origin->file + strlen (seen), 10, 1, G_MAXUINT32, NULL, NULL));
}

static gboolean
parse_origin (NetnsOrigin *origin, const char *contents, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!g_key_file_load_from_data (file, contents, G_MAXSIZE, G_KEY_FILE_NONE, error))
    return FALSE;
  if (!g_key_file_has_key (file, GROUP, "Name", NULL) || !g_key_file_has_key (file, GROUP, "NameThere", NULL))
    return netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "It is incomplete");
  if (!netns_fields_from_key_file (fields, origin, file, GROUP, error))
    return FALSE;
  return is_file_of (origin)
         || netns_refuse (error, NETNS_ERROR_INVALID_ARGUMENT, "It is about another link than its name says");
}

static void
load_origin (NetnsOrigins *origins, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  NetnsOrigin *origin;

  if (!netns_store_read (name, &contents, &error))
    g_warning ("%s", error->message);
  if (contents == NULL)
    return;
  origin = new_origin (origins, g_strdup (name));
  if (parse_origin (origin, contents, &error)) {
    g_hash_table_replace (origins->by_file, origin->file, origin);
  } else {
    netns_store_set_aside (name, error->message);
    unref_origin (origin);
  }
}

static gboolean
is_origin_of (const NetnsOrigin *origin, const NetnsLink *link)
{
  return origin->cookie != 0 && origin->cookie == link->namespace->cookie
         && (origin->index != 0 ? origin->index == link->info.index
                                : strcmp (origin->name_there, link->info.name) == 0);
}

/* Returns: (transfer none) (nullable): where a link came from, if it is known */
NetnsOrigin *
netns_origins_find (NetnsOrigins *origins, const NetnsLink *link)
{
  GHashTableIter iter;
  NetnsOrigin *origin;

  g_hash_table_iter_init (&iter, origins->by_file);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &origin))
    if (is_origin_of (origin, link))
      return origin;
  return NULL;
}

static void
write_origin (const NetnsOrigin *origin)
{
  g_autofree char *contents = print_origin (origin);
  g_autoptr (GError) error = NULL;

  if (!netns_store_write (origin->file, contents, &error))
    g_warning ("%s", error->message);
}

/* From its first sight on a link is known by its index, and may get another name. */
static void
on_link_added (NetnsLink *link, gpointer data)
{
  NetnsOrigin *origin
    = g_hash_table_size (((NetnsOrigins *) data)->by_file) > 0 ? netns_origins_find (data, link) : NULL;

  if (origin == NULL || origin->index != 0)
    return;
  origin->index = link->info.index;
  write_origin (origin);
}

/* The record of a link that is being moved from the host, by a plan or by another program. */
static NetnsOrigin *
find_by_home (NetnsOrigins *origins, guint64 cookie, const char *name, const NetnsOrigin *but)
{
  GHashTableIter iter;
  NetnsOrigin *origin;

  g_hash_table_iter_init (&iter, origins->by_file);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &origin))
    if (origin != but && origin->cookie == cookie && origin->home == 0 && strcmp (origin->name, name) == 0)
      return origin;
  return NULL;
}

/* Another program moved it: its addresses were gone before they could be read. Veth ends are created to be moved, such
 * as by ip(8), so they are deleted with the namespace as usual. */
static void
on_link_moved (NetnsLink *link, NetnsNamespace *to, guint index, gpointer data)
{
  NetnsOrigins *origins = data;
  NetnsOrigin *origin = find_by_home (origins, to->cookie, link->info.name, NULL);

  if (to->cookie == 0 || netns_link_is_veth (link) || !g_utf8_validate (link->info.name, -1, NULL))
    return;
  /* One that is known and not there is the one that comes, maybe back, when it was sent home and that was undone. */
  if (origin == NULL || (origin->index != 0 && netns_namespace_get_link (to, origin->index) != NULL)) {
    origin = new_origin (origins, g_strdup_printf (FOLDER "/%" G_GUINT64_FORMAT ".%u", to->cookie, index));
    origin->cookie = to->cookie;
    origin->name_there = g_strdup (link->info.name);
    origin->name = g_strdup (link->info.name);
    origin->addresses = netns_link_addresses_save (NULL, "");
    g_hash_table_replace (origins->by_file, origin->file, origin);
  }
  origin->index = index;
  write_origin (origin);
}

static const NetnsObserver mirror_observer = { .link_added = on_link_added, .link_moved = on_link_moved };

/* Returns: (transfer full): what was known when the service stopped */
NetnsOrigins *
netns_origins_new (NetnsMirror *mirror)
{
  NetnsOrigins *origins = g_new0 (NetnsOrigins, 1);
  g_autoptr (GPtrArray) files = netns_store_list (FOLDER);

  origins->mirror = mirror;
  origins->by_file = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, unref_origin);
  for (guint i = 0; i < files->len; i++)
    load_origin (origins, g_ptr_array_index (files, i));
  netns_mirror_observe (mirror, &mirror_observer, origins);
  return origins;
}

void
netns_origins_free (NetnsOrigins *origins)
{
  g_hash_table_unref (origins->by_file);
  g_free (origins);
}

/* Returns: (transfer none) (nullable): the namespace with a cookie, 0 for the host */
NetnsNamespace *
netns_origins_find_namespace (NetnsOrigins *origins, guint64 cookie)
{
  g_autoptr (GPtrArray) namespaces = NULL;

  if (cookie == 0)
    return netns_mirror_get_host (origins->mirror);
  namespaces = netns_mirror_list_namespaces (origins->mirror);
  for (guint i = 0; i < namespaces->len; i++)
    if (((NetnsNamespace *) g_ptr_array_index (namespaces, i))->cookie == cookie)
      return g_ptr_array_index (namespaces, i);
  return NULL;
}

/* Forgets links that are no longer where they were moved to. Not while a plan runs: what it does may be undone. */
void
netns_origins_prune (NetnsOrigins *origins)
{
  g_autoptr (GPtrArray) namespaces = NULL;
  GHashTableIter iter;
  const NetnsOrigin *origin;

  if (g_hash_table_size (origins->by_file) == 0)
    return;
  namespaces = netns_mirror_list_namespaces (origins->mirror);
  /* One whose cookie is not known yet may be the one that is meant. */
  for (guint i = 0; i < namespaces->len; i++) {
    const NetnsNamespace *namespace = g_ptr_array_index (namespaces, i);

    if (namespace->cookie == 0 && namespace->source != NETNS_SOURCE_BROKEN)
      return;
  }
  g_hash_table_iter_init (&iter, origins->by_file);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &origin)) {
    NetnsNamespace *namespace = netns_origins_find_namespace (origins, origin->cookie);

    if (namespace != NULL && (origin->index == 0 || netns_namespace_get_link (namespace, origin->index) != NULL))
      continue;
    netns_store_write (origin->file, NULL, NULL);
    g_hash_table_iter_remove (&iter);
  }
}

static void
commit_move (NetnsPlan *plan, gpointer data)
{
  NetnsOrigin *origin = g_rc_box_acquire (data), *seen;
  NetnsOrigins *origins = origin->origins;
  NetnsNamespace *namespace = netns_origins_find_namespace (origins, origin->cookie);
  NetnsLink *link = namespace ? netns_namespace_find_link (namespace, origin->name_there) : NULL;

  g_hash_table_replace (origins->by_file, origin->file, origin);
  /* The record that was made of its event has less information. */
  seen = origin->home == 0 ? find_by_home (origins, origin->cookie, origin->name, origin) : NULL;
  if (seen != NULL && (link == NULL || seen->index == link->info.index)) {
    netns_store_write (seen->file, NULL, NULL);
    g_hash_table_remove (origins->by_file, seen->file);
  }
  if (link != NULL) /* otherwise the news of it is still under way */
    on_link_added (link, origins);
}

/* Notes where a link comes from that the plan is about to move. Of one that moves on, its first home is kept. */
void
netns_origins_plan_move (NetnsOrigins *origins, NetnsPlan *plan, NetnsLink *link, const NetnsNamespace *to,
                         const char *name_there)
{
  gboolean from_host = link->namespace->source == NETNS_SOURCE_HOST;
  const NetnsOrigin *before = netns_origins_find (origins, link);
  g_autofree char *contents = NULL;
  NetnsOrigin *origin;
  guint64 home = before ? before->home : from_host ? 0 : link->namespace->cookie;

  if (to->source == NETNS_SOURCE_HOST || to->cookie == 0 || to->cookie == home || (home == 0 && !from_host && !before)
      || !g_utf8_validate (link->info.name, -1, NULL))
    return;
  origin = new_origin (origins, print_file (to->cookie, '-', name_there));
  origin->cookie = to->cookie;
  origin->name_there = g_strdup (name_there);
  origin->home = home;
  origin->name = g_strdup (before ? before->name : link->info.name);
  origin->enabled = before ? before->enabled : (link->info.flags & IFF_UP) != 0;
  if (before == NULL) /* not every address is announced before the call that moves its link */
    netns_mirror_refresh_addresses (origins->mirror, link->namespace->name);
  origin->addresses
    = before ? g_ptr_array_ref (before->addresses) : netns_link_addresses_save (link->addresses, link->info.name);
  contents = print_origin (origin);
  netns_plan_state_write (plan, "", &(NetnsStateWrite) { .file = origin->file, .contents = contents });
  netns_plan_on_commit (plan, commit_move, origin, unref_origin);
}
