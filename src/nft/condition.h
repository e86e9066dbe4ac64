/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rule asks of a packet: values, byte by byte as they are known, and the cases that are asked for. */
#pragma once

#include "nft/packets.h"

/* Where a byte of a value comes from: one of NetnsVaries, or … */
enum {
  NETNS_BYTE_FIXED = -1,
  NETNS_BYTE_UNKNOWN = -2,
};

/**
 * NetnsByte:
 * @origin: where it comes from
 * @index: which byte of what differs it is
 * @mask: which bits of that are in it; of NETNS_BYTE_UNKNOWN those that are not known
 * @value: the other bits; those of @mask are inverted by it
 */
typedef struct {
  gint8 origin;
  guint8 index;
  guint8 mask;
  guint8 value;
} NetnsByte;

/**
 * NetnsCase:
 * @parts: (element-type NetnsPart): what must be so, all of it
 * @maybe: whether not all that is asked is known: those packets may fit
 * @tag: what the rule does with those packets
 */
typedef struct {
  GArray *parts;
  gboolean maybe;
  gpointer tag;
} NetnsCase;

/**
 * NetnsCondition:
 * @cases: (element-type NetnsCase): one of which is enough, the first that fits counts
 * @inverted: whether the other packets are meant
 */
typedef struct {
  GPtrArray *cases;
  gboolean inverted;
} NetnsCondition;

/**
 * NetnsMeantFunc:
 * @packets: (transfer full): those of a case
 * @tag: its tag
 * @data: as given
 */
typedef void (*NetnsMeantFunc) (NetnsPackets *packets, gpointer tag, gpointer data);

NetnsCondition *netns_condition_new (gboolean inverted);
void netns_condition_free (NetnsCondition *condition);
NetnsCase *netns_condition_add (NetnsCondition *condition);
void netns_condition_drop (NetnsCondition *condition, NetnsCase *unfit);
NetnsCondition *netns_condition_new_sure (gboolean fits);
NetnsCondition *netns_condition_new_maybe (void);
void netns_case_require (NetnsCase *of, NetnsVaries varies, GArray *ranges);
gboolean netns_case_equal (NetnsCase *of, const NetnsByte *bytes, const guint8 *value, guint length,
                           const guint *sizes);
gboolean netns_case_between (NetnsCase *of, const NetnsByte *bytes, const guint8 *first, const guint8 *last,
                             guint length, const guint *sizes);
gboolean netns_bytes_are_whole (const NetnsByte *bytes, guint length);
void netns_condition_unite (NetnsCondition *condition);
GPtrArray *netns_condition_apply (const NetnsCondition *condition, const NetnsPackets *packets, const NetnsRule *rule,
                                  const guint *sizes, NetnsMeantFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetnsCondition, netns_condition_free)
