/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel sends home what is physical when its namespace ends, though under the name that it has by then
 * (default_device_exit_net() in net/core/dev.c); all other links it destroys. */
#include "core/origins.h"

#include "common/error.h"
#include "core/operations.h"
#include "core/store.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>

#define FOLDER "links"
#define GROUP  "Link"

/**
 * Origin:
 * @file: where it is kept
 * @cookie: of the namespace that the link is in
 * @index: its ifindex there, 0 until it was seen
 * @name_there: its name there when it came
 * @home: cookie of the namespace that it came from, 0 for the host
 * @name: its name there
 * @enabled: whether it was up
 * @addresses: what addresses it had
 */
typedef struct {
  char *file;
  guint64 cookie;
  guint index;
  char *name_there;
  guint64 home;
  char *name;
  gboolean enabled;
  char **addresses;
} Origin;

struct _NetnsOrigins {
  NetnsMirror *mirror;
  GHashTable *by_file; /* file -> Origin */
};

/* What a plan brings when it has run. */
typedef struct {
  NetnsOrigins *origins;
  Origin *origin;
} Commit;

static void
free_origin (gpointer data)
{
  Origin *origin = data;

  g_free (origin->file);
  g_free (origin->name_there);
  g_free (origin->name);
  g_strfreev (origin->addresses);
  g_free (origin);
}

static char *
print_origin (const Origin *origin)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_key_file_set_uint64 (file, GROUP, "Cookie", origin->cookie);
  g_key_file_set_uint64 (file, GROUP, "Index", origin->index);
  g_key_file_set_string (file, GROUP, "NameThere", origin->name_there);
  g_key_file_set_uint64 (file, GROUP, "Home", origin->home);
  g_key_file_set_string (file, GROUP, "Name", origin->name);
  g_key_file_set_boolean (file, GROUP, "Enabled", origin->enabled);
  g_key_file_set_string_list (file, GROUP, "Addresses", (const char *const *) origin->addresses,
                              g_strv_length (origin->addresses));
  return g_key_file_to_data (file, NULL, NULL);
}

static void
load_origin (NetnsOrigins *origins, const char *name)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  Origin *origin;

  if (!netns_store_read (name, &contents, &error) || contents == NULL
      || !g_key_file_load_from_data (file, contents, G_MAXSIZE, G_KEY_FILE_NONE, &error)
      || !g_key_file_has_key (file, GROUP, "Name", &error) || !g_key_file_has_key (file, GROUP, "NameThere", &error)) {
    g_warning ("Leaving out %s: %s", name, error ? error->message : "incomplete");
    return;
  }
  origin = g_new0 (Origin, 1);
  origin->file = g_strdup (name);
  origin->cookie = g_key_file_get_uint64 (file, GROUP, "Cookie", NULL);
  origin->index = (guint) g_key_file_get_uint64 (file, GROUP, "Index", NULL);
  origin->name_there = g_key_file_get_string (file, GROUP, "NameThere", NULL);
  origin->home = g_key_file_get_uint64 (file, GROUP, "Home", NULL);
  origin->name = g_key_file_get_string (file, GROUP, "Name", NULL);
  origin->enabled = g_key_file_get_boolean (file, GROUP, "Enabled", NULL);
  origin->addresses = g_key_file_get_string_list (file, GROUP, "Addresses", NULL, NULL);
  if (origin->addresses == NULL)
    origin->addresses = g_new0 (char *, 1);
  g_hash_table_replace (origins->by_file, origin->file, origin);
}

static gboolean
is_origin_of (const Origin *origin, const NetnsLink *link)
{
  return origin->cookie != 0 && origin->cookie == link->namespace->cookie
         && (origin->index != 0 ? origin->index == link->info.index
                                : strcmp (origin->name_there, link->info.name) == 0);
}

static Origin *
find (NetnsOrigins *origins, const NetnsLink *link)
{
  GHashTableIter iter;
  Origin *origin;

  g_hash_table_iter_init (&iter, origins->by_file);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &origin))
    if (is_origin_of (origin, link))
      return origin;
  return NULL;
}

static void
write_origin (const Origin *origin)
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
  Origin *origin = g_hash_table_size (((NetnsOrigins *) data)->by_file) > 0 ? find (data, link) : NULL;

  if (origin == NULL || origin->index != 0)
    return;
  origin->index = link->info.index;
  write_origin (origin);
}

/* The record of one that is on its way from the host, whether a plan moves it or somebody else. */
static Origin *
find_by_home (NetnsOrigins *origins, guint64 cookie, const char *name, const Origin *but)
{
  GHashTableIter iter;
  Origin *origin;

  g_hash_table_iter_init (&iter, origins->by_file);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &origin))
    if (origin != but && origin->cookie == cookie && origin->home == 0 && strcmp (origin->name, name) == 0)
      return origin;
  return NULL;
}

/* Somebody moved it by other means: its addresses were gone before anybody could ask. One end of a veth pair is made to
 * be moved, by everybody who builds a namespace with ip(8), and ends there as it always did. */
static void
on_link_moved (NetnsLink *link, NetnsNamespace *to, guint index, gpointer data)
{
  NetnsOrigins *origins = data;
  Origin *origin = find_by_home (origins, to->cookie, link->info.name, NULL);

  if (to->cookie == 0 || netns_link_is_veth (link) || !g_utf8_validate (link->info.name, -1, NULL))
    return;
  /* One that is known and not there is the one that comes, maybe back, when it was sent home and that was undone. */
  if (origin == NULL || (origin->index != 0 && netns_namespace_get_link (to, origin->index) != NULL)) {
    origin = g_new0 (Origin, 1);
    origin->file = g_strdup_printf (FOLDER "/%" G_GUINT64_FORMAT ".%u", to->cookie, index);
    origin->cookie = to->cookie;
    origin->name_there = g_strdup (link->info.name);
    origin->name = g_strdup (link->info.name);
    origin->addresses = g_new0 (char *, 1);
    g_hash_table_replace (origins->by_file, origin->file, origin);
  }
  origin->index = index;
  write_origin (origin);
}

static const NetnsObserver mirror_observer = { .link_added = on_link_added, .link_moved = on_link_moved };

/**
 * netns_origins_new:
 * @mirror: what the kernel looks like
 *
 * Returns: (transfer full): what was known when the service stopped
 */
NetnsOrigins *
netns_origins_new (NetnsMirror *mirror)
{
  NetnsOrigins *origins = g_new0 (NetnsOrigins, 1);
  g_autoptr (GPtrArray) files = netns_store_list (FOLDER);

  origins->mirror = mirror;
  origins->by_file = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_origin);
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

static NetnsNamespace *
find_namespace (NetnsOrigins *origins, guint64 cookie)
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

/**
 * netns_origins_prune:
 * @origins: the table
 *
 * Forgets links that are no longer where they were moved to. Not while a plan runs: what it does may be undone.
 */
void
netns_origins_prune (NetnsOrigins *origins)
{
  g_autoptr (GPtrArray) namespaces = NULL;
  GHashTableIter iter;
  const Origin *origin;

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
    NetnsNamespace *namespace = find_namespace (origins, origin->cookie);

    if (namespace != NULL && (origin->index == 0 || netns_namespace_get_link (namespace, origin->index) != NULL))
      continue;
    netns_store_write (origin->file, NULL, NULL);
    g_hash_table_iter_remove (&iter);
  }
}

/* Not those that the kernel gives a link by itself. */
static char **
list_addresses (const NetnsLink *link)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; link->addresses != NULL && i < link->addresses->len; i++) {
    const NetnsLinkAddressEntry *entry = &g_array_index (link->addresses, NetnsLinkAddressEntry, i);
    const guint8 *bytes = entry->address.bytes;
    char text[NETNS_ADDRESS_MAX_TEXT];

    if ((entry->flags & IFA_F_PERMANENT) == 0
        || (entry->address.family == AF_INET6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80))
      continue;
    g_strv_builder_add (builder, netns_address_print (&entry->address, text));
  }
  return g_strv_builder_end (builder);
}

static void
commit_move (NetnsPlan *plan, gpointer data)
{
  Commit *commit = data;
  Origin *origin = g_steal_pointer (&commit->origin);
  NetnsNamespace *namespace = find_namespace (commit->origins, origin->cookie);
  NetnsLink *link = namespace ? netns_namespace_find_link (namespace, origin->name_there) : NULL;
  Origin *seen;

  g_hash_table_replace (commit->origins->by_file, origin->file, origin);
  /* What was made of the news of it knows less. */
  seen = origin->home == 0 ? find_by_home (commit->origins, origin->cookie, origin->name, origin) : NULL;
  if (seen != NULL && (link == NULL || seen->index == link->info.index)) {
    netns_store_write (seen->file, NULL, NULL);
    g_hash_table_remove (commit->origins->by_file, seen->file);
  }
  if (link != NULL) /* otherwise the news of it is still under way */
    on_link_added (link, commit->origins);
}

static void
free_commit (gpointer data)
{
  Commit *commit = data;

  g_clear_pointer (&commit->origin, free_origin);
  g_free (commit);
}

/**
 * netns_origins_plan_move:
 * @origins: the table
 * @plan: a plan that is about to move a link
 * @link: the link
 * @to: where it goes
 * @name_there: what it is called there
 *
 * Of a link that moves on, its first home is kept.
 */
void
netns_origins_plan_move (NetnsOrigins *origins, NetnsPlan *plan, NetnsLink *link, const NetnsNamespace *to,
                         const char *name_there)
{
  gboolean from_host = link->namespace->source == NETNS_SOURCE_HOST;
  const Origin *before = find (origins, link);
  g_autofree char *contents = NULL;
  Commit *commit;
  Origin *origin;
  guint64 home = before ? before->home : from_host ? 0 : link->namespace->cookie;

  if (to->source == NETNS_SOURCE_HOST || to->cookie == 0 || to->cookie == home || (home == 0 && !from_host && !before)
      || !g_utf8_validate (link->info.name, -1, NULL))
    return;
  origin = g_new0 (Origin, 1);
  origin->file = g_strdup_printf (FOLDER "/%" G_GUINT64_FORMAT "-%s", to->cookie, name_there);
  origin->cookie = to->cookie;
  origin->name_there = g_strdup (name_there);
  origin->home = home;
  origin->name = g_strdup (before ? before->name : link->info.name);
  origin->enabled = before ? before->enabled : (link->info.flags & IFF_UP) != 0;
  origin->addresses = before ? g_strdupv (before->addresses) : list_addresses (link);
  contents = print_origin (origin);
  netns_plan_add (plan, &netns_operation_state_write, "", "{'file': <%s>, 'contents': <%s>}", origin->file, contents);
  commit = g_new0 (Commit, 1);
  commit->origins = origins;
  commit->origin = origin;
  netns_plan_on_commit (plan, commit_move, commit, free_commit);
}

/* What it has in @link's namespace is taken away first, so that it comes back if the plan is undone: a move loses it. */
static void
plan_way_home (NetnsPlan *plan, const NetnsLink *link, const NetnsNamespace *home, const Origin *origin)
{
  g_auto (GStrv) addresses = list_addresses (link);
  const char *from = link->namespace->name;

  /* Who is root in a container can give links names that are no text. */
  for (guint i = 0; g_utf8_validate (link->info.name, -1, NULL) && addresses[i] != NULL; i++)
    netns_plan_add (plan, &netns_operation_address_remove, from, "{'link': <%s>, 'address': <%s>}", link->info.name,
                    addresses[i]);
  netns_plan_add (plan, &netns_operation_link_move, from, "{'index': <%u>, 'to-namespace': <%s>, 'new-name': <%s>}",
                  link->info.index, home->name, origin->name);
  netns_plan_add (plan, &netns_operation_link_set_enabled, home->name, "{'link': <%s>, 'value': <%b>}", origin->name,
                  origin->enabled);
  for (guint i = 0; origin->addresses[i] != NULL; i++)
    netns_plan_add (plan, &netns_operation_address_add, home->name, "{'link': <%s>, 'address': <%s>}", origin->name,
                    origin->addresses[i]);
}

/**
 * netns_origins_plan_homecoming:
 * @origins: the table
 * @plan: a plan that deletes a namespace
 * @namespace: the namespace
 * @error: `Exists`: another link has the name of one there where it belongs
 *
 * Sends each link in it home that was moved there, under the name and with the addresses that it had.
 *
 * Returns: whether all can go
 */
gboolean
netns_origins_plan_homecoming (NetnsOrigins *origins, NetnsPlan *plan, NetnsNamespace *namespace, GError **error)
{
  g_autoptr (GPtrArray) links = netns_namespace_list_links (namespace);

  for (guint i = 0; i < links->len; i++) {
    NetnsLink *link = g_ptr_array_index (links, i);
    const Origin *origin = find (origins, link);
    NetnsNamespace *home = origin ? find_namespace (origins, origin->home) : NULL;

    if (home == NULL)
      continue;
    if (netns_namespace_find_link (home, origin->name) != NULL) {
      g_set_error (error, NETNS_ERROR, NETNS_ERROR_EXISTS,
                   "Link “%s” came from %s%s, where another link is called “%s” now; give that another name, or move "
                   "this one away first",
                   link->info.name, *home->name ? "namespace " : "the host", home->name, origin->name);
      return FALSE;
    }
    netns_plan_use_namespace (plan, home);
    plan_way_home (plan, link, home, origin);
  }
  return TRUE;
}
