/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many packets at once: all those whose addresses, ports and so on are in some ranges. Rules divide them into those that they
 * speak of and the others, so that nothing is lost of what several rules say together. */
#pragma once

#include "nft/view.h"

#define NETNS_VALUE_MAX 16

/* What differs among the packets, in network byte order. All else is the same for all, or not known. */
typedef enum {
  NETNS_VARIES_SOURCE,
  NETNS_VARIES_DESTINATION,
  NETNS_VARIES_SOURCE_PORT,
  NETNS_VARIES_DESTINATION_PORT,
  NETNS_VARIES_LENGTH, /* as `meta length` */
  NETNS_VARIES_TTL,
  NETNS_VARIES_TOS,
  NETNS_N_VARIES
} NetnsVaries;

/**
 * NetnsRange:
 * @first: the first value of it
 * @last: the last one
 */
typedef struct {
  guint8 first[NETNS_VALUE_MAX];
  guint8 last[NETNS_VALUE_MAX];
} NetnsRange;

/**
 * NetnsMark:
 * @value: its bits
 * @known: which of them are known
 */
typedef struct {
  guint32 value;
  guint32 known;
} NetnsMark;

/**
 * NetnsPackets:
 * @ranges: (element-type NetnsRange): which packets these are, by what differs among them
 * @rewritten: bits of what differs that somebody changed on the way: what they are now is not known
 * @mark: their mark
 * @connection_mark: that of their connection
 * @untracked: whether their connection is not followed
 * @redirected: whether their destination was translated
 * @doubt: (nullable): a rule of which is not known what it does with them; they are here in case that it does this
 */
typedef struct {
  GArray *ranges[NETNS_N_VARIES];
  guint rewritten;
  NetnsMark mark;
  NetnsMark connection_mark;
  gboolean untracked;
  gboolean redirected;
  const NetnsRule *doubt;
} NetnsPackets;

GArray *netns_ranges_new (void);
void netns_ranges_add (GArray *ranges, gconstpointer first, gconstpointer last, guint size);
void netns_ranges_tidy (GArray *ranges);
GArray *netns_ranges_intersect (const GArray *a, const GArray *b);
GArray *netns_ranges_subtract (const GArray *a, const GArray *b, guint size);
double netns_ranges_measure (const GArray *ranges, guint size);

NetnsPackets *netns_packets_copy (const NetnsPackets *packets);
NetnsPackets *netns_packets_copy_with (const NetnsPackets *packets, NetnsVaries varies, GArray *ranges);
gboolean netns_packets_equal (const NetnsPackets *a, const NetnsPackets *b);
void netns_packets_free (NetnsPackets *packets);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsPackets, netns_packets_free)
