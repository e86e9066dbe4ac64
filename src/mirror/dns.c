/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mirror/dns.h"

#include "common/cleanup.h"
#include "common/error.h"
#include "common/later.h"
#include "common/names.h"
#include "kernel/etc.h"

#include <errno.h>
#include <gio/gio.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define ABOVE       "/etc"
#define RESOLV_CONF "resolv.conf"
#define IN_FOLDER   (IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE)
#define OF_ITSELF   (IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
#define OF_PARENT   (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define NOT_WATCHED (-1)

struct _NetnsDnsReader {
  NetnsMirrorState *state;
  int inotify;
  GSource *source;
  int above;           /* watch on /etc, where /etc/netns may come */
  int parent;          /* watch on /etc/netns */
  GHashTable *entries; /* name -> Entry */
};

/* A folder below /etc/netns. */
typedef struct {
  int folder; /* watch on it */
  int file;   /* watch on its resolv.conf */
  NetnsDns *dns;
} Entry;

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  g_clear_pointer (&entry->dns, netns_dns_free);
  g_free (entry);
}

/* Two folders can be one by a symbolic link, and then share a watch. */
static void
drop_watch (NetnsDnsReader *reader, int watch)
{
  GHashTableIter iter;
  Entry *entry;

  if (watch == NOT_WATCHED)
    return;
  g_hash_table_iter_init (&iter, reader->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    if (entry->folder == watch || entry->file == watch)
      return;
  inotify_rm_watch (reader->inotify, watch); /* which may have gone with what it watched */
}

static void
renew_watch (NetnsDnsReader *reader, int *watch, const char *path, guint32 mask)
{
  int old = *watch;

  *watch = inotify_add_watch (reader->inotify, path, mask);
  if (*watch < 0 && errno != ENOENT && errno != ENOTDIR)
    g_warning ("Changes of %s will not be seen: %s", path, g_strerror (errno));
  if (old != *watch)
    drop_watch (reader, old);
}

static void
announce (NetnsDnsReader *reader, const char *name, const NetnsDns *before, const NetnsDns *now)
{
  char *nothing[] = { NULL };
  const NetnsDns none = { nothing, nothing, FALSE };
  NetnsNamespace *namespace = g_hash_table_lookup (reader->state->by_name, name);
  guint changes = 0;

  before = before ? before : &none;
  now = now ? now : &none;
  if (!g_strv_equal ((const char *const *) before->servers, (const char *const *) now->servers))
    changes |= NETNS_NAMESPACE_DNS_SERVERS;
  if (!g_strv_equal ((const char *const *) before->search, (const char *const *) now->search))
    changes |= NETNS_NAMESPACE_DNS_SEARCH;
  if (changes != 0 && namespace != NULL && g_strcmp0 (namespace->name, name) == 0)
    netns_state_notify_namespace_changed (reader->state, namespace, changes);
}

static void
forget (NetnsDnsReader *reader, const char *name)
{
  g_autofree char *key = NULL;
  Entry *entry;

  if (!g_hash_table_steal_extended (reader->entries, name, (gpointer *) &key, (gpointer *) &entry))
    return;
  drop_watch (reader, entry->folder);
  drop_watch (reader, entry->file);
  announce (reader, name, entry->dns, NULL);
  free_entry (entry);
}

/* The watches come first: what changes after them is seen. */
static void
look_at (NetnsDnsReader *reader, const char *name)
{
  g_autofree char *folder = g_build_filename (NETNS_ETC_DIR, name, NULL);
  g_autofree char *file = g_build_filename (folder, RESOLV_CONF, NULL), *contents = NULL;
  Entry *entry = g_hash_table_lookup (reader->entries, name);
  g_autoptr (NetnsDns) before = NULL;

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR)) {
    forget (reader, name);
    return;
  }
  if (entry == NULL) {
    entry = g_new0 (Entry, 1);
    entry->folder = entry->file = NOT_WATCHED;
    g_hash_table_insert (reader->entries, g_strdup (name), entry);
  }
  renew_watch (reader, &entry->folder, folder, IN_FOLDER | IN_ONLYDIR);
  renew_watch (reader, &entry->file, file, OF_ITSELF);
  contents = netns_etc_read (file);
  before = g_steal_pointer (&entry->dns);
  entry->dns = contents ? netns_dns_parse (contents) : NULL;
  announce (reader, name, before, entry->dns);
}

static void
look_at_all (NetnsDnsReader *reader)
{
  g_autoptr (GList) names = g_hash_table_get_keys (reader->entries);
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GDir) dir = NULL;
  GHashTableIter iter;
  const char *name;

  for (GList *item = names; item != NULL; item = item->next)
    g_hash_table_add (known, g_strdup (item->data));
  reader->parent = inotify_add_watch (reader->inotify, NETNS_ETC_DIR, OF_PARENT);
  dir = g_dir_open (NETNS_ETC_DIR, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_hash_table_add (known, g_strdup (name));
  g_hash_table_iter_init (&iter, known);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    look_at (reader, name);
}

/* The files that one batch of events is about. */
typedef struct {
  gboolean all;
  GHashTable *names;
  GHashTable *watches;
} News;

static void
take_event (NetnsDnsReader *reader, const struct inotify_event *event, News *news)
{
  const char *name = event->len > 0 ? event->name : "";

  if (event->mask & IN_Q_OVERFLOW)
    news->all = TRUE;
  else if (event->wd == reader->above)
    news->all |= strcmp (name, "netns") == 0;
  else if (event->wd == reader->parent && *name == '\0')
    news->all = TRUE;
  else if (event->wd == reader->parent)
    g_hash_table_add (news->names, g_strdup (name));
  else
    g_hash_table_add (news->watches, GINT_TO_POINTER (event->wd));
}

static void
gather_names (NetnsDnsReader *reader, News *news)
{
  GHashTableIter iter;
  const char *name;
  const Entry *entry;

  g_hash_table_iter_init (&iter, reader->entries);
  while (g_hash_table_size (news->watches) > 0
         && g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &entry))
    if (g_hash_table_contains (news->watches, GINT_TO_POINTER (entry->folder))
        || g_hash_table_contains (news->watches, GINT_TO_POINTER (entry->file)))
      g_hash_table_add (news->names, g_strdup (name));
}

static gboolean
read_news (NetnsDnsReader *reader, News *news)
{
  union {
    struct inotify_event event;
    char bytes[64 * (sizeof (struct inotify_event) + NAME_MAX + 1)];
  } buffer;
  gssize size = read (reader->inotify, &buffer, sizeof buffer);

  for (gssize at = 0; at < size;) {
    const struct inotify_event *event = (const struct inotify_event *) (gpointer) (buffer.bytes + at);

    take_event (reader, event, news);
    at += (gssize) (sizeof *event + event->len);
  }
  return size > 0;
}

/* Takes in what happened below /etc/netns up to now. */
void
netns_dns_reader_drain (NetnsDnsReader *reader)
{
  News news = { FALSE, NULL, NULL };
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) watches = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  const char *name;

  news.names = names;
  news.watches = watches;
  while (read_news (reader, &news))
    continue;
  gather_names (reader, &news);
  if (news.all) {
    look_at_all (reader);
    return;
  }
  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    look_at (reader, name);
}

static void
on_events (gpointer data)
{
  netns_dns_reader_drain (data);
}

/* Begins or ceases to take in events as they come. */
void
netns_dns_reader_watch (NetnsDnsReader *reader, gboolean watch)
{
  netns_later_clear (&reader->source);
  if (!watch)
    return;
  netns_later_watch (&reader->source, reader->inotify, G_IO_IN, on_events, reader);
}

NetnsDnsReader *
netns_dns_reader_new (NetnsMirrorState *state, GError **error)
{
  g_autoptr (NetnsDnsReader) reader = g_new0 (NetnsDnsReader, 1);

  reader->state = state;
  reader->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_entry);
  reader->parent = NOT_WATCHED;
  reader->inotify = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);
  reader->above = reader->inotify >= 0
                    ? inotify_add_watch (reader->inotify, ABOVE, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)
                    : NOT_WATCHED;
  if (reader->above < 0) {
    netns_error_set_errno (error, errno, "Cannot watch " NETNS_ETC_DIR);
    return NULL;
  }
  look_at_all (reader);
  return g_steal_pointer (&reader);
}

void
netns_dns_reader_free (NetnsDnsReader *reader)
{
  netns_dns_reader_watch (reader, FALSE);
  netns_close_fd (&reader->inotify);
  g_hash_table_unref (reader->entries);
  g_free (reader);
}

/* Returns: (transfer none) (nullable): a namespace's own name servers, %NULL when it uses those of the host */
const NetnsDns *
netns_dns_reader_get (const NetnsDnsReader *reader, const char *name)
{
  const Entry *entry = *name != '\0' ? g_hash_table_lookup (reader->entries, name) : NULL;

  return entry ? entry->dns : NULL;
}

/* Returns: (transfer full) (element-type utf8): names whose resolv.conf the service wrote, whether or not there is such a
 * namespace */
GPtrArray *
netns_dns_reader_list_ours (const NetnsDnsReader *reader)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  const char *name;
  const Entry *entry;

  g_hash_table_iter_init (&iter, reader->entries);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, (gpointer *) &entry))
    if (entry->dns != NULL && entry->dns->ours)
      g_ptr_array_add (names, g_strdup (name));
  return names;
}
