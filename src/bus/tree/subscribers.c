/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/tree/subscribers.h"

#include "bus/tree/presence.h"

struct _NetnsSubscribers {
  NetnsMirror *mirror;
  NetnsPresence *names;
};

static void
on_left (const char *name, gpointer data)
{
  NetnsSubscribers *subscribers = data;

  if (netns_presence_is_empty (subscribers->names))
    netns_mirror_watch (subscribers->mirror, FALSE);
}

NetnsSubscribers *
netns_subscribers_new (NetnsMirror *mirror, GDBusConnection *connection)
{
  NetnsSubscribers *subscribers = g_new0 (NetnsSubscribers, 1);

  subscribers->mirror = mirror;
  subscribers->names = netns_presence_new (connection, on_left, subscribers);
  return subscribers;
}

void
netns_subscribers_free (NetnsSubscribers *subscribers)
{
  netns_presence_free (subscribers->names);
  g_free (subscribers);
}

/* Makes a client a subscriber until it leaves the bus. @searched is called when the mirror has all namespaces; at once
 * for a client that already follows all changes, unless @again: the wanted one is not known. */
void
netns_subscribers_add (NetnsSubscribers *subscribers, const char *sender, gboolean again, NetnsSettledFunc searched,
                       gpointer data)
{
  gboolean is_new = netns_presence_add (subscribers->names, sender);

  if (is_new || again)
    netns_mirror_search (subscribers->mirror, searched, data);
  else
    searched (data);
  /* Not before: the search that this begins would not be the one that @data waits for. */
  if (is_new)
    netns_mirror_watch (subscribers->mirror, TRUE);
}
