/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state/owners.h"

#include "common/names.h"
#include "core/plan/store.h"

#define FOLDER "namespaces"
#define GROUP  "Namespace"
#define OWNER  "Owner"

struct _NetnsOwners {
  GHashTable *uids; /* cookie -> uid */
};

static gboolean
parse (const char *file, const char *contents, guint64 *cookie, guint64 *uid, GError **error)
{
  g_autoptr (GKeyFile) key_file = g_key_file_new ();
  g_autofree char *name = g_path_get_basename (file), *text = NULL;

  if (!g_ascii_string_to_unsigned (name, 10, 1, G_MAXUINT64, cookie, error)
      || !g_key_file_load_from_data (key_file, contents, G_MAXSIZE, G_KEY_FILE_NONE, error))
    return FALSE;
  text = g_key_file_get_value (key_file, GROUP, OWNER, error);
  return text != NULL && g_ascii_string_to_unsigned (text, 10, 0, NETNS_UID_NOBODY - 1, uid, error);
}

static void
load (NetnsOwners *owners, const char *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  guint64 cookie, uid;

  if (!netns_store_read (file, &contents, &error))
    g_warning ("%s", error->message);
  if (contents == NULL)
    return;
  if (parse (file, contents, &cookie, &uid, &error))
    netns_owners_set (owners, cookie, (guint) uid);
  else
    netns_store_set_aside (file, error->message);
}

/* Returns: (transfer full): what was known when the service stopped */
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

/* Forgets the owners of namespaces that ended; the mirror has settled. Does nothing while there is a namespace whose
 * cookie could not be read: it may be the one that an owner belongs to. */
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

/* Returns: the uid that a namespace belongs to, NETNS_UID_NOBODY for nobody */
guint
netns_owners_get (const NetnsOwners *owners, const NetnsNamespace *namespace)
{
  gpointer uid;

  if (namespace->cookie == 0 || namespace->source == NETNS_SOURCE_HOST || netns_namespace_is_unnamed (namespace)
      || !g_hash_table_lookup_extended (owners->uids, &namespace->cookie, NULL, &uid))
    return NETNS_UID_NOBODY;
  return GPOINTER_TO_UINT (uid);
}

/* The namespace belongs to @uid now, NETNS_UID_NOBODY for nobody. Only the table; the file is a plan's business. */
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

/* Returns: (transfer full) (nullable): the contents of the file; NULL without an owner: no file */
char *
netns_owners_contents_for (guint uid)
{
  return uid == NETNS_UID_NOBODY ? NULL : g_strdup_printf ("[" GROUP "]\n" OWNER "=%u\n", uid);
}
