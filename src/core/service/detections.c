/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/service/detections.h"

#include "common/error.h"
#include "common/later.h"
#include "kernel/address.h"

#include <linux/if.h>
#include <linux/if_addr.h>

/* A router, or who owns the namespace, can have the kernel ask for hours (dad_transmits and the retransmission timer). */
#define MOST 10000 /* ms */

struct _NetnsDetections {
  NetnsMirror *mirror;
  GPtrArray *under_way; /* Detection */
  GSource *turn;
};

typedef struct {
  NetnsDetections *all;
  NetnsLink *link; /* NULL when it is gone */
  NetnsLinkAddress address;
  GSource *timer;
  gboolean late;
  NetnsDetectedFunc func;
  gpointer data;
} Detection;

static void
free_detection (gpointer data)
{
  Detection *detection = data;

  netns_later_clear (&detection->timer);
  g_free (detection);
}

/* Without a carrier the kernel waits for one. An address that is not for ever it removes when it is a duplicate. */
static gboolean
goes_on (const Detection *detection, gboolean *duplicate)
{
  const NetnsLink *link = detection->link;
  const NetnsLinkAddress *known = link ? netns_link_addresses_find (link->addresses, &detection->address, NULL) : NULL;

  *duplicate = known
                 ? (known->flags & IFA_F_DADFAILED) != 0
                 : link != NULL && detection->address.valid_until * G_USEC_PER_SEC > (guint64) g_get_monotonic_time ();
  return known != NULL && !*duplicate && !detection->late && (known->flags & IFA_F_TENTATIVE) != 0
         && (link->info.flags & (IFF_UP | IFF_LOWER_UP)) == (IFF_UP | IFF_LOWER_UP);
}

static void
finish (Detection *detection, gboolean duplicate)
{
  g_autoptr (GError) error = NULL;
  char text[NETNS_ADDRESS_MAX_TEXT];

  if (duplicate)
    netns_refuse (&error, NETNS_ERROR_ADDRESS_IN_USE, "A neighbour on link “%s” already has address %s",
                  detection->link->info.name, netns_address_print_host (&detection->address.address, text));
  detection->func (error, detection->data);
  free_detection (detection);
}

static void
look (gpointer data)
{
  NetnsDetections *detections = data;
  guint i = 0;

  netns_mirror_catch_up (detections->mirror);
  while (i < detections->under_way->len) {
    Detection *detection = g_ptr_array_index (detections->under_way, i);
    gboolean duplicate;

    if (goes_on (detection, &duplicate)) {
      i++;
      continue;
    }
    g_ptr_array_steal_index (detections->under_way, i);
    finish (detection, duplicate); /* may begin another one, behind the others */
  }
}

static void
look_soon (NetnsDetections *detections)
{
  if (detections->under_way->len > 0)
    netns_later_end_of_turn (&detections->turn, look, detections);
}

static void
on_late (gpointer data)
{
  Detection *detection = data;

  detection->late = TRUE;
  look_soon (detection->all);
}

static void
on_link_removed (NetnsLink *link, gpointer data)
{
  NetnsDetections *detections = data;

  for (guint i = 0; i < detections->under_way->len; i++) {
    Detection *detection = g_ptr_array_index (detections->under_way, i);

    if (detection->link == link)
      detection->link = NULL;
  }
  look_soon (detections);
}

static void
on_link_changed (NetnsLink *link, guint changes, gpointer data)
{
  if (changes & (NETNS_LINK_ADDRESSES | NETNS_LINK_ENABLED | NETNS_LINK_CARRIER))
    look_soon (data);
}

static const NetnsObserver mirror_observer = { .link_removed = on_link_removed, .link_changed = on_link_changed };

/* Returns: (transfer full): nobody waits yet; the mirror must outlive it */
NetnsDetections *
netns_detections_new (NetnsMirror *mirror)
{
  NetnsDetections *detections = g_new0 (NetnsDetections, 1);

  detections->mirror = mirror;
  detections->under_way = g_ptr_array_new_with_free_func (free_detection);
  netns_mirror_observe (mirror, &mirror_observer, detections);
  return detections;
}

/* Nothing must change afterwards; who waits is not called. */
void
netns_detections_free (NetnsDetections *detections)
{
  netns_later_clear (&detections->turn);
  g_ptr_array_unref (detections->under_way);
  g_free (detections);
}

/**
 * netns_detections_await:
 * @detections: all that are under way
 * @link: a link
 * @address: one that it has just got
 * @func: called later when the address can be used, or nobody can tell when: it is gone, the link is down or without a
 *   carrier, or it takes more than 10 s
 * @data: for @func
 */
void
netns_detections_await (NetnsDetections *detections, NetnsLink *link, const NetnsLinkAddress *address,
                        NetnsDetectedFunc func, gpointer data)
{
  const Detection values = { .all = detections, .link = link, .address = *address, .func = func, .data = data };
  Detection *detection = g_memdup2 (&values, sizeof values);

  g_ptr_array_add (detections->under_way, detection);
  netns_later_after (&detection->timer, MOST, on_late, detection);
  /* News of a carrier come up to a second late (net/core/link_watch.c). */
  netns_mirror_refresh_link (detections->mirror, link->namespace->name, link->info.index, "");
  look_soon (detections);
}
