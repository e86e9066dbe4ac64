/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/owners.h"

#include "common/names.h"
#include "core/store.h"

#define FOLDER "namespaces"
#define GROUP  "Namespace"
#define OWNER  "Owner"

struct _NetnsOwners {
  GHashTable *uids; /* cookie -> uid */
};

static void
load (NetnsOwners *owners, const char *file)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autofree char *contents = NULL, *name = g_path_get_basename (file);
  g_autoptr (GError) error = NULL;
  guint64 cookie, uid;

  if (!netns_store_read (file, &contents, &error) || contents == NULL
      || !g_key_file_load_from_data (key_file, contents, G_MAXSIZE, G_KEY_FILE_NONE, &error)
      || !g_ascii_string_to_unsigned (name, 10, 1, G_MAXUINT64, &cookie, &error)) {
    g_warning ("Leaving out %s: %s", file, error ? error->message : "gone");
    return;
  }
  uid = g_key_file_get_uint64 (key_file, GROUP, OWNER, &error);
  if (error == NULL && uid < NETNS_UID_NOBODY)
    netns_owners_set (owners, cookie, (guint) uid);
}

/**
 * netns_owners_new:
 *
 * Returns: (transfer full): what was known when the service stopped
 */
NetnsOwners *
netns_owners_new (void)
{
  NetnsOwners *owners = g_new0 (NetnsOwners, 1);
  g_autoptr (GPtrArray) files = netns_store_list (FOLDER);

  owners->uids = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint i = 0; i < files->len; i++)
    load (owners, g_ptr_array_index (files, i));
  return owners;
}

void
netns_owners_free (NetnsOwners *owners)
{
  g_hash_table_unref (owners->uids);
  g_free (owners);
}

/**
 * netns_owners_prune:
 * @owners: the table
 * @mirror: a settled mirror, which knows all cookies
 *
 * Forgets the owners of namespaces that ended. Does nothing while there is one whose cookie could not be read: it may be
 * the one that an owner belongs to.
 */
void
netns_owners_prune (NetnsOwners *owners, NetnsMirror *mirror)
{
  g_autoptr (GPtrArray) namespaces = netns_mirror_list_namespaces (mirror);
  g_autoptr (GHashTable) living = g_hash_table_new (g_int64_hash, g_int64_equal);
  GHashTableIter iter;
  const guint64 *cookie;

  for (guint i = 0; i < namespaces->len; i++) {
    NetnsNamespace *namespace = g_ptr_array_index (namespaces, i);

    if (namespace->cookie == 0 && namespace->source != NETNS_SOURCE_BROKEN)
      return;
    if (!netns_namespace_is_unnamed (namespace))
      g_hash_table_add (living, &namespace->cookie);
  }
  g_hash_table_iter_init (&iter, owners->uids);
  while (g_hash_table_iter_next (&iter, (gpointer *) &cookie, NULL)) {
    g_autofree char *file = NULL;

    if (g_hash_table_contains (living, cookie))
      continue;
    file = netns_owners_file_for (*cookie);
    netns_store_write (file, NULL, NULL);
    g_hash_table_iter_remove (&iter);
  }
}

/**
 * netns_owners_get:
 * @owners: the table
 * @namespace: a namespace
 *
 * Returns: the uid that it belongs to, NETNS_UID_NOBODY for nobody
 */
guint
netns_owners_get (const NetnsOwners *owners, const NetnsNamespace *namespace)
{
  gpointer uid;

  if (namespace->cookie == 0 || namespace->source == NETNS_SOURCE_HOST || netns_namespace_is_unnamed (namespace)
      || !g_hash_table_lookup_extended (owners->uids, &namespace->cookie, NULL, &uid))
    return NETNS_UID_NOBODY;
  return GPOINTER_TO_UINT (uid);
}

/**
 * netns_owners_set:
 * @owners: the table
 * @cookie: cookie of a namespace
 * @uid: whom it belongs to, NETNS_UID_NOBODY for nobody
 *
 * Only the table; the file is a plan's business.
 */
void
netns_owners_set (NetnsOwners *owners, guint64 cookie, guint uid)
{
  if (uid == NETNS_UID_NOBODY)
    g_hash_table_remove (owners->uids, &cookie);
  else
    g_hash_table_insert (owners->uids, g_memdup2 (&cookie, sizeof cookie), GUINT_TO_POINTER (uid));
}

/* Returns: (transfer full): where the owner of a namespace is kept */
char *
netns_owners_file_for (guint64 cookie)
{
  return g_strdup_printf (FOLDER "/%" G_GUINT64_FORMAT, cookie);
}

/* Returns: (transfer full) (nullable): what the file says; NULL for nobody: no file */
char *
netns_owners_contents_for (guint uid)
{
  return uid == NETNS_UID_NOBODY ? NULL : g_strdup_printf ("[" GROUP "]\n" OWNER "=%u\n", uid);
}
