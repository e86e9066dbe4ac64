/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nft/lookup.h"

#include "nft/evaluation.h"

#include <string.h>

typedef struct {
  NetnsCondition *condition;
  NetnsSet *set;
  const NetnsByte *bytes;
  const guint *sizes;
} Lookup;

/* Whether it says where an interval begins or ends, and not both. */
static gboolean
is_edge (const NetnsSet *set, const NetnsElement *element)
{
  return set->flags & NFT_SET_INTERVAL && set->fields->len <= 1 && element->key != NULL && element->end == NULL
         && !(element->flags & NFT_SET_ELEM_CATCHALL);
}

/* Returns: (transfer none) (nullable): the same text for the same verdict */
static gpointer
get_tag (const NetnsSet *set, const NetnsElement *element)
{
  NetnsVerdict verdict = netns_verdict_read (element->data);
  g_autofree char *text = g_strdup_printf ("%d %s", verdict.code, verdict.chain);

  return set->leads ? (gpointer) g_intern_string (text) : NULL;
}

static guint
align (guint length)
{
  return (length + NFT_REG32_SIZE - 1) / NFT_REG32_SIZE * NFT_REG32_SIZE;
}

/* An interval for each part of the key. */
static gboolean
require_fields (NetnsCase *of, const Lookup *lookup, const guint8 *first, const guint8 *last)
{
  guint offset = 0;

  for (guint i = 0; i < lookup->set->fields->len; i++) {
    guint length = g_array_index (lookup->set->fields, guint, i);

    if (length > lookup->set->key_length || offset > lookup->set->key_length - length) {
      of->maybe = TRUE;
      return TRUE;
    }
    if (!netns_case_between (of, lookup->bytes + offset, first + offset, last + offset, length, lookup->sizes))
      return FALSE;
    offset += align (length);
  }
  return TRUE;
}

/* @last: (nullable): where an interval ends, %NULL for a single key */
static void
add_case (const Lookup *lookup, const NetnsElement *element, const guint8 *first, const guint8 *last)
{
  NetnsCase *of = netns_condition_add (lookup->condition);
  gboolean fits;

  of->tag = get_tag (lookup->set, element);
  if (last == NULL)
    fits = netns_case_equal (of, lookup->bytes, first, lookup->set->key_length, lookup->sizes);
  else if (lookup->set->fields->len > 1)
    fits = require_fields (of, lookup, first, last);
  else
    fits = netns_case_between (of, lookup->bytes, first, last, lookup->set->key_length, lookup->sizes);
  if (!fits)
    netns_condition_drop (lookup->condition, of);
}

static int
compare_elements (gconstpointer a, gconstpointer b, gpointer set)
{
  return memcmp (((const NetnsElement *) a)->key, ((const NetnsElement *) b)->key,
                 ((const NetnsSet *) set)->key_length);
}

/* The end of an interval is before the next edge. */
static GArray *
sort_edges (NetnsSet *set)
{
  GArray *edges = g_array_sized_new (FALSE, FALSE, sizeof (NetnsElement), set->elements->len);

  for (guint i = 0; i < set->elements->len; i++)
    if (is_edge (set, &g_array_index (set->elements, NetnsElement, i)))
      g_array_append_vals (edges, &g_array_index (set->elements, NetnsElement, i), 1);
  g_array_sort_with_data (edges, compare_elements, set);
  return edges;
}

/* @last: (out caller-allocates): where the interval ends that begins with an edge */
static void
find_end (const NetnsSet *set, const GArray *edges, guint number, guint8 *last)
{
  const guint8 *first = g_array_index (edges, NetnsElement, number).key, *next = NULL;

  for (guint i = number + 1; i < edges->len && next == NULL; i++)
    if (memcmp (g_array_index (edges, NetnsElement, i).key, first, set->key_length) != 0)
      next = g_array_index (edges, NetnsElement, i).key;
  memset (last, 0xff, NETNS_REGISTERS);
  if (next == NULL)
    return;
  memcpy (last, next, set->key_length);
  for (guint i = set->key_length; i > 0 && last[i - 1]-- == 0; i--)
    ;
}

static void
add_intervals (const Lookup *lookup)
{
  g_autoptr (GArray) edges = sort_edges (lookup->set);
  guint8 last[NETNS_REGISTERS];

  for (guint i = 0; i < edges->len; i++) {
    const NetnsElement *element = &g_array_index (edges, NetnsElement, i);

    if (element->flags & NFT_SET_ELEM_INTERVAL_END)
      continue;
    find_end (lookup->set, edges, i, last);
    add_case (lookup, element, element->key, last);
  }
}

/* ---- very many elements: the keys of a set, made ranges once */

static gboolean
has_only_keys (const NetnsSet *set)
{
  for (guint i = 0; i < set->elements->len; i++)
    if (g_array_index (set->elements, NetnsElement, i).key == NULL
        || g_array_index (set->elements, NetnsElement, i).flags & NFT_SET_ELEM_CATCHALL)
      return FALSE;
  return TRUE;
}

static GArray *
make_ranges (NetnsSet *set)
{
  g_autoptr (GArray) edges = sort_edges (set);
  GArray *ranges = netns_ranges_new ();
  guint8 last[NETNS_REGISTERS];

  for (guint i = 0; i < edges->len; i++) {
    const NetnsElement *element = &g_array_index (edges, NetnsElement, i);

    if (element->flags & NFT_SET_ELEM_INTERVAL_END)
      continue;
    find_end (set, edges, i, last);
    netns_ranges_add (ranges, element->key, last, set->key_length);
  }
  for (guint i = 0; i < set->elements->len; i++) {
    const NetnsElement *element = &g_array_index (set->elements, NetnsElement, i);

    if (!is_edge (set, element))
      netns_ranges_add (ranges, element->key, element->end ? element->end : element->key, set->key_length);
  }
  netns_ranges_tidy (ranges);
  return ranges;
}

/* Whether it is asked whether one thing that differs is in a set. */
static gboolean
is_plain (const Lookup *lookup)
{
  const guint length = lookup->set->key_length;

  return !lookup->set->leads && lookup->set->fields->len <= 1 && length <= NETNS_VALUE_MAX && length > 0
         && netns_bytes_are_whole (lookup->bytes, length) && lookup->sizes[lookup->bytes->origin] == length
         && (lookup->set->ranges != NULL || has_only_keys (lookup->set));
}

/**
 * netns_lookup:
 * @set: a set or map with its elements
 * @bytes: what is looked up, as many bytes as its keys have
 * @inverted: whether packets are meant that are not in it
 * @sizes: bytes of what differs
 *
 * Returns: (transfer full): what packets must be; tags are verdicts as netns_verdict_parse() reads them, if it has such
 */
NetnsCondition *
netns_lookup (NetnsSet *set, const NetnsByte *bytes, gboolean inverted, const guint *sizes)
{
  NetnsCondition *condition = netns_condition_new (inverted);
  Lookup lookup = { condition, set, bytes, sizes };
  const NetnsElement *others = NULL;

  if (is_plain (&lookup)) {
    if (set->ranges == NULL)
      set->ranges = make_ranges (set);
    netns_case_require (netns_condition_add (condition), (NetnsVaries) bytes->origin, g_array_ref (set->ranges));
    return condition;
  }
  for (guint i = 0; i < set->elements->len; i++) {
    const NetnsElement *element = &g_array_index (set->elements, NetnsElement, i);

    if (element->flags & NFT_SET_ELEM_CATCHALL)
      others = element;
    else if (element->key == NULL)
      netns_condition_add (condition)->maybe = TRUE;
    else if (!is_edge (set, element))
      add_case (&lookup, element, element->key,
                set->flags & NFT_SET_INTERVAL ? (element->end ? element->end : element->key) : NULL);
  }
  add_intervals (&lookup);
  netns_condition_unite (condition);
  if (others != NULL)
    netns_condition_add (condition)->tag = get_tag (set, others);
  return condition;
}
