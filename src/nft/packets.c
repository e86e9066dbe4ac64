/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/packets.h"

#include <string.h>

/* ---- ranges: sorted, none touches another. Values are left in their array, the rest is 0: so they compare as they are. */

/* Returns: (transfer full): none */
GArray *
netns_ranges_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (NetnsRange));
}

static int
compare_values (const guint8 *a, const guint8 *b)
{
  return memcmp (a, b, NETNS_VALUE_MAX);
}

/* netns_ranges_tidy() must follow. */
void
netns_ranges_add (GArray *ranges, gconstpointer first, gconstpointer last, guint size)
{
  NetnsRange range = { 0 };

  memcpy (range.first, first, MIN (size, NETNS_VALUE_MAX));
  memcpy (range.last, last, MIN (size, NETNS_VALUE_MAX));
  if (compare_values (range.first, range.last) <= 0)
    g_array_append_val (ranges, range);
}

static int
compare_ranges (gconstpointer a, gconstpointer b)
{
  return compare_values (((const NetnsRange *) a)->first, ((const NetnsRange *) b)->first);
}

/* Sorts, and makes one of those that overlap. */
void
netns_ranges_tidy (GArray *ranges)
{
  guint kept = 0;

  g_array_sort (ranges, compare_ranges);
  for (guint i = 1; i < ranges->len; i++) {
    NetnsRange *last = &g_array_index (ranges, NetnsRange, kept), *next = &g_array_index (ranges, NetnsRange, i);

    if (compare_values (next->first, last->last) > 0)
      g_array_index (ranges, NetnsRange, ++kept) = *next;
    else if (compare_values (next->last, last->last) > 0)
      memcpy (last->last, next->last, NETNS_VALUE_MAX);
  }
  g_array_set_size (ranges, ranges->len > 0 ? kept + 1 : 0);
}

/* Returns: (transfer full): what is in both */
GArray *
netns_ranges_intersect (const GArray *a, const GArray *b)
{
  GArray *both = netns_ranges_new ();

  for (guint i = 0, j = 0; i < a->len && j < b->len;) {
    const NetnsRange *first = &g_array_index (a, NetnsRange, i), *second = &g_array_index (b, NetnsRange, j);
    gboolean ends_first = compare_values (first->last, second->last) < 0;

    netns_ranges_add (both, compare_values (first->first, second->first) > 0 ? first->first : second->first,
                      ends_first ? first->last : second->last, NETNS_VALUE_MAX);
    if (ends_first)
      i++;
    else
      j++;
  }
  return both;
}

/* Of a value of @size bytes that is not the last, or not the first one. */
static void
step (guint8 *value, guint size, gboolean up)
{
  for (guint i = size; i > 0; i--) {
    value[i - 1] = (guint8) (value[i - 1] + (up ? 1 : -1));
    if (value[i - 1] != (up ? 0 : 0xff))
      break;
  }
}

/* Returns: (transfer full): what is in @a and not in @b; values have @size bytes */
GArray *
netns_ranges_subtract (const GArray *a, const GArray *b, guint size)
{
  GArray *rest = netns_ranges_new ();
  guint j = 0;

  for (guint i = 0; i < a->len; i++) {
    NetnsRange left = g_array_index (a, NetnsRange, i);
    gboolean any = TRUE;

    while (j < b->len && compare_values (g_array_index (b, NetnsRange, j).last, left.first) < 0)
      j++;
    for (guint k = j; any && k < b->len; k++) {
      const NetnsRange *taken = &g_array_index (b, NetnsRange, k);

      if (compare_values (taken->first, left.last) > 0)
        break;
      if (compare_values (taken->first, left.first) > 0) {
        NetnsRange before = left;

        memcpy (before.last, taken->first, NETNS_VALUE_MAX);
        step (before.last, size, FALSE);
        g_array_append_val (rest, before);
      }
      any = compare_values (taken->last, left.last) < 0;
      memcpy (left.first, taken->last, NETNS_VALUE_MAX);
      if (any)
        step (left.first, size, TRUE);
    }
    if (any)
      g_array_append_val (rest, left);
  }
  return rest;
}

/* Between 0 and 1. */
static double
get_place (const guint8 *value, guint size)
{
  double place = 0;

  for (guint i = size; i > 0; i--)
    place = (place + value[i - 1]) / 256;
  return place;
}

/* Returns: which part of all values they are, up to 1 */
double
netns_ranges_measure (const GArray *ranges, guint size)
{
  double measure = 0, one = 1;

  for (guint i = 0; i < size; i++)
    one /= 256;
  for (guint i = 0; i < ranges->len; i++) {
    const NetnsRange *range = &g_array_index (ranges, NetnsRange, i);

    measure += get_place (range->last, size) - get_place (range->first, size) + one;
  }
  return measure;
}

/* ---- packets */

/* Returns: (transfer full): the same */
NetnsPackets *
netns_packets_copy (const NetnsPackets *packets)
{
  NetnsPackets *copy = g_memdup2 (packets, sizeof *packets);

  for (gsize i = 0; i < NETNS_N_VARIES; i++)
    g_array_ref (copy->ranges[i]);
  return copy;
}

/* @ranges: (transfer full): what they are by @varies
 *
 * Returns: (transfer full) (nullable): those of them; %NULL if there are none */
NetnsPackets *
netns_packets_copy_with (const NetnsPackets *packets, NetnsVaries varies, GArray *ranges)
{
  NetnsPackets *copy;

  if (ranges->len == 0) {
    g_array_unref (ranges);
    return NULL;
  }
  copy = netns_packets_copy (packets);
  g_array_unref (copy->ranges[varies]);
  copy->ranges[varies] = ranges;
  return copy;
}

static gboolean
equal_marks (NetnsMark a, NetnsMark b)
{
  return a.value == b.value && a.known == b.known;
}

/* Returns: whether they are the same packets, in the same state, whatever brought them there */
gboolean
netns_packets_equal (const NetnsPackets *a, const NetnsPackets *b)
{
  if (a->rewritten != b->rewritten || !equal_marks (a->mark, b->mark)
      || !equal_marks (a->connection_mark, b->connection_mark) || a->untracked != b->untracked
      || a->redirected != b->redirected)
    return FALSE;
  for (gsize i = 0; i < NETNS_N_VARIES; i++)
    if (a->ranges[i] != b->ranges[i]
        && (a->ranges[i]->len != b->ranges[i]->len
            || memcmp (a->ranges[i]->data, b->ranges[i]->data, a->ranges[i]->len * sizeof (NetnsRange)) != 0))
      return FALSE;
  return TRUE;
}

void
netns_packets_free (NetnsPackets *packets)
{
  for (gsize i = 0; i < NETNS_N_VARIES; i++)
    g_array_unref (packets->ranges[i]);
  g_free (packets);
}
