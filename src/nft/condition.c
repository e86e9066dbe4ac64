/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/condition.h"

#include <string.h>

/**
 * NetnsPart:
 * @varies: what of a packet
 * @ranges: (element-type NetnsRange): what it must be
 */
typedef struct {
  NetnsVaries varies;
  GArray *ranges;
} NetnsPart;

static void
clear_part (gpointer data)
{
  g_array_unref (((NetnsPart *) data)->ranges);
}

static void
free_case (gpointer data)
{
  NetnsCase *of = data;

  g_array_unref (of->parts);
  g_free (of);
}

/* Returns: (transfer full): one without cases, which fits no packet */
NetnsCondition *
netns_condition_new (gboolean inverted)
{
  NetnsCondition *condition = g_new0 (NetnsCondition, 1);

  condition->cases = g_ptr_array_new_with_free_func (free_case);
  condition->inverted = inverted;
  return condition;
}

void
netns_condition_free (NetnsCondition *condition)
{
  g_ptr_array_unref (condition->cases);
  g_free (condition);
}

/* Returns: (transfer none): one more case, which fits all packets until something is asked of it */
NetnsCase *
netns_condition_add (NetnsCondition *condition)
{
  NetnsCase *of = g_new0 (NetnsCase, 1);

  of->parts = g_array_new (FALSE, FALSE, sizeof (NetnsPart));
  g_array_set_clear_func (of->parts, clear_part);
  g_ptr_array_add (condition->cases, of);
  return of;
}

/* Takes away the last case: it fits no packet. */
void
netns_condition_drop (NetnsCondition *condition, NetnsCase *unfit)
{
  g_assert (g_ptr_array_index (condition->cases, condition->cases->len - 1) == unfit);
  g_ptr_array_set_size (condition->cases, (int) condition->cases->len - 1);
}

/* Returns: (transfer full): one that fits all packets or none */
NetnsCondition *
netns_condition_new_sure (gboolean fits)
{
  NetnsCondition *condition = netns_condition_new (FALSE);

  if (fits)
    netns_condition_add (condition);
  return condition;
}

/* Returns: (transfer full): one of which is not known what it fits */
NetnsCondition *
netns_condition_new_maybe (void)
{
  NetnsCondition *condition = netns_condition_new (FALSE);

  netns_condition_add (condition)->maybe = TRUE;
  return condition;
}

/* Asks of them to be in @ranges, which are sorted. @ranges: (transfer full) */
void
netns_case_require (NetnsCase *of, NetnsVaries varies, GArray *ranges)
{
  NetnsPart part = { varies, ranges };

  g_array_append_val (of->parts, part);
}

/* ---- equal */

/* Bits of one thing that differs, and what they must be. */
typedef struct {
  guint8 mask[NETNS_VALUE_MAX];
  guint8 value[NETNS_VALUE_MAX];
} Bits;

static gboolean
is_prefix (const Bits *bits, guint size)
{
  gboolean ended = FALSE;

  for (guint i = 0; i < size; i++) {
    guint8 mask = bits->mask[i];

    if ((ended && mask != 0) || (guint8) (~mask & (~mask + 1)) != 0)
      return FALSE;
    ended |= mask != 0xff;
  }
  return TRUE;
}

static void
require_prefix (NetnsCase *of, NetnsVaries varies, const Bits *bits, guint size)
{
  GArray *ranges = netns_ranges_new ();
  guint8 last[NETNS_VALUE_MAX];

  for (guint i = 0; i < size; i++)
    last[i] = bits->value[i] | (guint8) ~bits->mask[i];
  netns_ranges_add (ranges, bits->value, last, size);
  netns_case_require (of, varies, ranges);
}

/* Of few enough values. */
static void
require_each (NetnsCase *of, NetnsVaries varies, const Bits *bits, guint size)
{
  GArray *ranges = netns_ranges_new ();

  for (guint number = 0; number < 1u << (8 * size); number++) {
    const guint8 value[] = { (guint8) (size == 1 ? number : number >> 8), (guint8) number };
    gboolean fits = TRUE;

    for (guint i = 0; i < size; i++)
      fits &= (value[i] & bits->mask[i]) == bits->value[i];
    if (fits)
      netns_ranges_add (ranges, value, value, size);
  }
  netns_case_require (of, varies, ranges);
}

static void
require_bits (NetnsCase *of, NetnsVaries varies, const Bits *bits, guint size)
{
  if (is_prefix (bits, size))
    require_prefix (of, varies, bits, size);
  else if (size <= 2)
    require_each (of, varies, bits, size);
  else
    of->maybe = TRUE;
}

/**
 * netns_case_equal:
 * @of: a case
 * @bytes: bytes of packets
 * @value: what they must be
 * @length: their number
 * @sizes: bytes of what differs
 *
 * Returns: %FALSE if they never are that
 */
gboolean
netns_case_equal (NetnsCase *of, const NetnsByte *bytes, const guint8 *value, guint length, const guint *sizes)
{
  Bits bits[NETNS_N_VARIES] = { 0 };
  gboolean asked[NETNS_N_VARIES] = { 0 };

  for (guint i = 0; i < length; i++) {
    const NetnsByte *byte = &bytes[i];
    guint8 need = value[i] ^ byte->value;

    if (need & ~byte->mask)
      return FALSE;
    if (byte->mask == 0)
      continue;
    if (byte->origin < 0) {
      of->maybe = TRUE;
      continue;
    }
    /* The same bits can be asked for twice. */
    if ((bits[byte->origin].value[byte->index] ^ need) & bits[byte->origin].mask[byte->index] & byte->mask)
      return FALSE;
    bits[byte->origin].mask[byte->index] |= byte->mask;
    bits[byte->origin].value[byte->index] |= need;
    asked[byte->origin] = TRUE;
  }
  for (NetnsVaries varies = 0; varies < NETNS_N_VARIES; varies++)
    if (asked[varies])
      require_bits (of, varies, &bits[varies], sizes[varies]);
  return TRUE;
}

/* ---- between */

static gboolean
is_fixed (const NetnsByte *byte)
{
  return byte->mask == 0;
}

/* Returns: whether these are all bytes of one thing from its first one on. */
gboolean
netns_bytes_are_whole (const NetnsByte *bytes, guint length)
{
  for (guint i = 0; i < length; i++)
    if (bytes[i].origin < 0 || bytes[i].origin != bytes[0].origin || bytes[i].index != i || bytes[i].mask != 0xff
        || bytes[i].value != 0)
      return FALSE;
  return TRUE;
}

/**
 * netns_case_between:
 * @of: a case
 * @bytes: bytes of packets
 * @first: the smallest value that they may have
 * @last: the largest one
 * @length: the number of bytes; they compare as memcmp() does it
 * @sizes: bytes of what differs
 *
 * Returns: %FALSE if they never are between
 */
gboolean
netns_case_between (NetnsCase *of, const NetnsByte *bytes, const guint8 *first, const guint8 *last, guint length,
                    const guint *sizes)
{
  guint8 from[NETNS_VALUE_MAX] = { 0 }, to[NETNS_VALUE_MAX];
  gboolean above = FALSE, below = FALSE; /* whether that is decided already */
  GArray *ranges;

  for (; length > 0 && is_fixed (bytes); bytes++, first++, last++, length--) {
    if ((!above && bytes->value < *first) || (!below && bytes->value > *last))
      return FALSE;
    above |= bytes->value > *first;
    below |= bytes->value < *last;
  }
  if (length == 0 || (above && below))
    return TRUE;
  if (!netns_bytes_are_whole (bytes, length) || length > sizes[bytes->origin]) {
    of->maybe = TRUE;
    return TRUE;
  }
  memset (to, 0xff, sizeof to);
  if (!above)
    memcpy (from, first, length);
  if (!below)
    memcpy (to, last, length);
  ranges = netns_ranges_new ();
  netns_ranges_add (ranges, from, to, sizes[bytes->origin]);
  netns_case_require (of, (NetnsVaries) bytes->origin, ranges);
  return TRUE;
}

/* ---- many cases */

/* Makes one case of those that ask for the same thing only, are sure and have the same tag: there can be very many. */
void
netns_condition_unite (NetnsCondition *condition)
{
  g_autoptr (GPtrArray) all = g_steal_pointer (&condition->cases);
  g_autoptr (GHashTable) open = g_hash_table_new (NULL, NULL); /* tags of cases that ask for nothing that is known */
  GHashTable *united[NETNS_N_VARIES] = { NULL }; /* tag -> NetnsCase */

  g_ptr_array_set_free_func (all, NULL);
  condition->cases = g_ptr_array_new_with_free_func (free_case);
  for (guint i = 0; i < all->len; i++) {
    NetnsCase *of = g_ptr_array_index (all, i), *first;
    const NetnsPart *part = of->parts->len == 1 && !of->maybe ? &g_array_index (of->parts, NetnsPart, 0) : NULL;

    if (part == NULL) {
      if (of->maybe && of->parts->len == 0 && !g_hash_table_add (open, of->tag))
        free_case (of);
      else
        g_ptr_array_add (condition->cases, of);
      continue;
    }
    if (united[part->varies] == NULL)
      united[part->varies] = g_hash_table_new (NULL, NULL);
    first = g_hash_table_lookup (united[part->varies], of->tag);
    if (first == NULL) {
      g_hash_table_insert (united[part->varies], of->tag, of);
      g_ptr_array_add (condition->cases, of);
      continue;
    }
    g_array_append_vals (g_array_index (first->parts, NetnsPart, 0).ranges, part->ranges->data, part->ranges->len);
    free_case (of);
  }
  for (NetnsVaries varies = 0; varies < NETNS_N_VARIES; varies++) {
    GHashTableIter iter;
    gpointer of;

    if (united[varies] == NULL)
      continue;
    g_hash_table_iter_init (&iter, united[varies]);
    while (g_hash_table_iter_next (&iter, NULL, &of))
      netns_ranges_tidy (g_array_index (((NetnsCase *) of)->parts, NetnsPart, 0).ranges);
    g_hash_table_unref (united[varies]);
  }
}

/* ---- packets */

static void
add_if_any (GPtrArray *list, NetnsPackets *packets)
{
  if (packets != NULL)
    g_ptr_array_add (list, packets);
}

/* Adds to @rest those of @packets that a case does not fit.
 *
 * Returns: (transfer full) (nullable): the others */
static NetnsPackets *
split (const NetnsCase *of, const NetnsPackets *packets, const guint *sizes, GPtrArray *rest)
{
  NetnsPackets *fitting = netns_packets_copy (packets);

  for (guint i = 0; fitting != NULL && i < of->parts->len; i++) {
    const NetnsPart *part = &g_array_index (of->parts, NetnsPart, i);
    g_autoptr (NetnsPackets) whole = g_steal_pointer (&fitting);
    const GArray *ranges = whole->ranges[part->varies];

    add_if_any (rest, netns_packets_copy_with (whole, part->varies,
                                               netns_ranges_subtract (ranges, part->ranges, sizes[part->varies])));
    fitting = netns_packets_copy_with (whole, part->varies, netns_ranges_intersect (ranges, part->ranges));
  }
  return fitting;
}

static NetnsPackets *
doubt (NetnsPackets *packets, const NetnsRule *rule)
{
  if (packets->doubt == NULL)
    packets->doubt = rule;
  return packets;
}

/**
 * netns_condition_apply:
 * @condition: what is asked of packets
 * @packets: any
 * @rule: who asks
 * @sizes: bytes of what differs
 * @func: (scope call): gets those that are meant
 * @data: for @func
 *
 * Of packets that may be meant there are two of each: one that is, and one that is not.
 *
 * Returns: (transfer full) (element-type NetnsPackets): the others
 */
GPtrArray *
netns_condition_apply (const NetnsCondition *condition, const NetnsPackets *packets, const NetnsRule *rule,
                       const guint *sizes, NetnsMeantFunc func, gpointer data)
{
  GPtrArray *rest = g_ptr_array_new_with_free_func ((GDestroyNotify) netns_packets_free);
  g_autoptr (GPtrArray) meant = g_ptr_array_new ();

  g_ptr_array_add (rest, netns_packets_copy (packets));
  for (guint i = 0; i < condition->cases->len && rest->len > 0; i++) {
    const NetnsCase *of = g_ptr_array_index (condition->cases, i);
    g_autoptr (GPtrArray) before = rest;

    rest = g_ptr_array_new_with_free_func ((GDestroyNotify) netns_packets_free);
    for (guint j = 0; j < before->len; j++) {
      NetnsPackets *fitting = split (of, g_ptr_array_index (before, j), sizes, rest);

      if (fitting == NULL)
        continue;
      if (of->maybe)
        g_ptr_array_add (rest, netns_packets_copy (doubt (fitting, rule)));
      if (condition->inverted)
        g_ptr_array_add (meant, fitting);
      else
        func (fitting, of->tag, data);
    }
  }
  if (!condition->inverted)
    return rest;
  for (guint i = 0; i < rest->len; i++)
    func (netns_packets_copy (g_ptr_array_index (rest, i)), NULL, data);
  g_ptr_array_set_size (rest, 0);
  for (guint i = 0; i < meant->len; i++)
    g_ptr_array_add (rest, g_ptr_array_index (meant, i));
  return rest;
}
