/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/service/lingering.h"

#define AGAIN (24 * 60 * 60 * 1000) /* ms; the watch tells when it ends earlier */

struct _NetnsLingering {
  GPtrArray *entries; /* Entry */
};

typedef struct {
  NetnsLingering *all;
  NetnsEndWatch *end;
  guint owner;
} Entry;

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  netns_end_watch_free (entry->end);
  g_free (entry);
}

NetnsLingering *
netns_lingering_new (void)
{
  NetnsLingering *lingering = g_new0 (NetnsLingering, 1);

  lingering->entries = g_ptr_array_new_with_free_func (free_entry);
  return lingering;
}

void
netns_lingering_free (NetnsLingering *lingering)
{
  g_ptr_array_unref (lingering->entries);
  g_free (lingering);
}

static void
on_end (gboolean ended, gpointer data)
{
  Entry *entry = data;

  if (ended)
    g_ptr_array_remove_fast (entry->all->entries, entry);
  else
    netns_end_watch_wait (entry->end, AGAIN, on_end, entry);
}

/* The namespace that a plan has deleted, whose end did not come in time. */
void
netns_lingering_add (NetnsLingering *lingering, NetnsPlan *plan)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->all = lingering;
  entry->end = netns_plan_steal_end (plan, &entry->owner);
  g_ptr_array_add (lingering->entries, entry);
  netns_end_watch_wait (entry->end, AGAIN, on_end, entry);
}

/* Returns: how many a user has */
guint
netns_lingering_count (const NetnsLingering *lingering, guint owner)
{
  guint count = 0;

  for (guint i = 0; i < lingering->entries->len; i++)
    count += ((const Entry *) g_ptr_array_index (lingering->entries, i))->owner == owner;
  return count;
}
