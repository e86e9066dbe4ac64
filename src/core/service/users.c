/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/service/users.h"

#include "common/later.h"

#include <pwd.h>
#include <unistd.h>

#define TIMEOUT     2000                      /* ms: after that the number has to do */
#define VALID       (300 * G_TIME_SPAN_SECOND) /* a user can get another name */
#define USERS_MAX   1000
#define LOOKUPS_MAX 16 /* threads at a time; there are not so many users whose names are not known */

/* A user whose name was looked for. */
typedef struct {
  char *name; /* NULL if it is not known */
  gint64 valid; /* monotonic */
} User;

/* A search in a thread of its own, which nobody waits for longer than TIMEOUT. */
typedef struct {
  guint uid;
  char *name;
  GMainContext *context;
  GSource *timer;
  GArray *calls; /* Call */
} Lookup;

typedef struct {
  GSourceOnceFunc func;
  gpointer data;
} Call;

static GHashTable *users;   /* uid -> User */
static GHashTable *lookups; /* uid -> Lookup */

static void
free_user (gpointer data)
{
  User *user = data;

  g_free (user->name);
  g_free (user);
}

static const User *
find_user (guint uid)
{
  return users ? g_hash_table_lookup (users, GUINT_TO_POINTER (uid)) : NULL;
}

static gboolean
parse_uid (const char *word, guint *uid)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (word, 10, 0, G_MAXUINT32, &number, NULL))
    return FALSE;
  *uid = (guint) number;
  return TRUE;
}

/* Returns: (transfer full): @list, uids with blanks between them, with names in their places as far as they are known */
char *
netns_users_print (const char *list)
{
  g_auto (GStrv) words = g_strsplit (list, " ", -1);
  guint uid;

  for (char **word = words; *word != NULL; word++) {
    const User *user = parse_uid (*word, &uid) ? find_user (uid) : NULL;

    if (user == NULL || user->name == NULL)
      continue;
    g_free (*word);
    *word = g_strdup (user->name);
  }
  return g_strjoinv (" ", words);
}

static void
keep (guint uid, const char *name)
{
  User *user = g_new (User, 1);

  if (g_hash_table_size (users) >= USERS_MAX)
    g_hash_table_remove_all (users);
  *user = (User) { g_strdup (name), g_get_monotonic_time () + VALID };
  g_hash_table_replace (users, GUINT_TO_POINTER (uid), user);
}

static void
answer (Lookup *lookup)
{
  g_autoptr (GArray) calls = g_steal_pointer (&lookup->calls);

  netns_later_clear (&lookup->timer);
  lookup->calls = g_array_new (FALSE, FALSE, sizeof (Call));
  for (guint i = 0; i < calls->len; i++)
    g_array_index (calls, Call, i).func (g_array_index (calls, Call, i).data);
}

static void
free_lookup (Lookup *lookup)
{
  g_array_unref (lookup->calls);
  g_main_context_unref (lookup->context);
  g_free (lookup->name);
  g_free (lookup);
}

static void
on_found (gpointer data)
{
  Lookup *lookup = data;

  g_hash_table_remove (lookups, GUINT_TO_POINTER (lookup->uid));
  keep (lookup->uid, lookup->name);
  answer (lookup);
  free_lookup (lookup);
}

static void
on_late (gpointer data)
{
  Lookup *lookup = data;

  g_message ("The name of user %u is not found in time", lookup->uid);
  keep (lookup->uid, NULL);
  answer (lookup);
}

static gpointer
run (gpointer data)
{
  Lookup *lookup = data;
  long size = sysconf (_SC_GETPW_R_SIZE_MAX);
  g_autofree char *buffer = g_malloc (size > 0 ? (gsize) size : 16384);
  struct passwd entry, *found = NULL;

  if (getpwuid_r (lookup->uid, &entry, buffer, size > 0 ? (gsize) size : 16384, &found) == 0 && found != NULL)
    lookup->name = g_utf8_make_valid (found->pw_name, -1);
  netns_later_in (lookup->context, on_found, lookup);
  return NULL;
}

/* Returns: (nullable): %NULL if there is no thread for it, and the number has to do */
static Lookup *
start (guint uid)
{
  g_autoptr (GThread) thread = NULL;
  Lookup *lookup;

  if (g_hash_table_size (lookups) >= LOOKUPS_MAX)
    return NULL;
  lookup = g_new0 (Lookup, 1);
  lookup->uid = uid;
  lookup->context = g_main_context_ref_thread_default ();
  lookup->calls = g_array_new (FALSE, FALSE, sizeof (Call));
  thread = g_thread_try_new ("netns-user", run, lookup, NULL);
  if (thread == NULL) {
    free_lookup (lookup);
    return NULL;
  }
  g_hash_table_insert (lookups, GUINT_TO_POINTER (uid), lookup);
  netns_later_after (&lookup->timer, TIMEOUT, on_late, lookup);
  return lookup;
}

static gboolean
look_up (guint uid, const Call *call)
{
  const User *user = find_user (uid);
  Lookup *lookup = g_hash_table_lookup (lookups, GUINT_TO_POINTER (uid));

  if (user != NULL && user->valid > g_get_monotonic_time ())
    return FALSE;
  if (lookup == NULL)
    lookup = start (uid);
  if (lookup == NULL)
    return FALSE;
  g_array_append_val (lookup->calls, *call);
  return TRUE;
}

/**
 * netns_users_look_up:
 * @list: uids, with blanks between them
 * @func: (scope async): called when there is one more name, after 2 s at the latest
 * @data: for @func
 *
 * In the main thread.
 *
 * Returns: whether @func will be called; %FALSE if all names are known that can be had
 */
gboolean
netns_users_look_up (const char *list, GSourceOnceFunc func, gpointer data)
{
  g_auto (GStrv) words = g_strsplit (list, " ", -1);
  const Call call = { func, data };

  if (users == NULL) {
    users = g_hash_table_new_full (NULL, NULL, NULL, free_user);
    lookups = g_hash_table_new (NULL, NULL);
  }
  for (char **word = words; *word != NULL; word++) {
    guint uid;

    if (parse_uid (*word, &uid) && look_up (uid, &call))
      return TRUE;
  }
  return FALSE;
}
