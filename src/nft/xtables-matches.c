/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matches: each has a function that adds what it asks of packets; what is not here may fit or not. Sizes and meaning are those
 * of the kernel's net/netfilter/xt_*.c, revisions as Linux 6.18 has them. */
#include "nft/xtables.h"

#include <netinet/in.h>

#include <limits.h>
#include <linux/if.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_MARK.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connlimit.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_hashlimit.h>
#include <linux/netfilter/xt_helper.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_policy.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <string.h>
#include <sys/socket.h>

/* What a match has: @info is of the right length. */
typedef struct {
  NetnsEvaluation *evaluation;
  const NetnsHere *here;
  const NetnsPackets *packets;
  guint revision;
} Match;

static void
ask (const Match *match, NetnsCondition *condition)
{
  netns_evaluation_ask (match->evaluation, condition);
}

static void
ask_sure (const Match *match, gboolean fits)
{
  ask (match, netns_condition_new_sure (fits));
}

static void
ask_maybe (const Match *match)
{
  ask (match, netns_condition_new_maybe ());
}

static void
ask_between (const Match *match, const NetnsByte *bytes, gconstpointer first, gconstpointer last, guint length,
             gboolean inverted)
{
  NetnsCondition *condition = netns_condition_new (inverted);
  NetnsCase *of = netns_condition_add (condition);

  if (!netns_case_between (of, bytes, first, last, length, match->here->sizes))
    netns_condition_drop (condition, of);
  ask (match, condition);
}

/* Whether any of these bits is set, of which only some are known. */
static void
ask_any (const Match *match, guint32 value, guint32 known, guint32 mask, gboolean inverted)
{
  if (value & known & mask)
    ask_sure (match, !inverted);
  else if (mask & ~known)
    ask_maybe (match);
  else
    ask_sure (match, inverted);
}

/* ---- matches */

static void
match_always (const Match *match, gconstpointer info)
{
  ask_sure (match, TRUE);
}

static void
match_never (const Match *match, gconstpointer info)
{
  ask_sure (match, FALSE);
}

/* A bit for each state, and one for each kind of translation. */
static void
ask_state (const Match *match, guint mask, gboolean inverted)
{
  guint states = netns_here_get_states (match->here, match->packets);
  guint32 value = states & NF_CT_STATE_UNTRACKED_BIT ? XT_CONNTRACK_STATE_UNTRACKED : states, status, known;

  netns_here_get_status (match->here, match->packets, &status, &known);
  if (!netns_here_is_tracked (match->here, match->packets)) {
    ask_any (match, value, G_MAXUINT32, mask, inverted);
    return;
  }
  value |= status & IPS_SRC_NAT ? XT_CONNTRACK_STATE_SNAT : 0;
  value |= status & IPS_DST_NAT ? XT_CONNTRACK_STATE_DNAT : 0;
  ask_any (match, value, known & IPS_SRC_NAT ? G_MAXUINT32 : ~(guint32) XT_CONNTRACK_STATE_SNAT, mask, inverted);
}

static void
match_conntrack (const Match *match, gconstpointer info)
{
  /* The last members differ: masks have one byte in revision 1, and 3 has ranges of ports. */
  const struct xt_conntrack_mtinfo3 *asked = info;
  const struct xt_conntrack_mtinfo1 *narrow = info;
  guint flags = asked->match_flags, inverted = asked->invert_flags;
  guint32 status, known;

  if (flags & XT_CONNTRACK_STATE)
    ask_state (match, match->revision == 1 ? narrow->state_mask : asked->state_mask,
               (inverted & XT_CONNTRACK_STATE) != 0);
  else if (!netns_here_is_tracked (match->here, match->packets))
    ask_sure (match, FALSE);
  if (!netns_here_is_tracked (match->here, match->packets))
    return;
  if (flags & XT_CONNTRACK_DIRECTION)
    ask_sure (match, match->here->passage->is_answer == ((inverted & XT_CONNTRACK_DIRECTION) != 0));
  if (flags & XT_CONNTRACK_STATUS) {
    netns_here_get_status (match->here, match->packets, &status, &known);
    ask_any (match, status, known, match->revision == 1 ? narrow->status_mask : asked->status_mask,
             (inverted & XT_CONNTRACK_STATUS) != 0);
  }
  if (flags & XT_CONNTRACK_PROTO)
    ask_sure (match, (asked->l4proto == match->here->passage->protocol) != ((inverted & XT_CONNTRACK_PROTO) != 0));
  if (flags
      & ~(XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS | XT_CONNTRACK_DIRECTION | XT_CONNTRACK_STATUS
          | XT_CONNTRACK_PROTO))
    ask_maybe (match); /* addresses and ports of the connection, and its age */
}

static void
match_state (const Match *match, gconstpointer info)
{
  guint mask = ((const struct xt_state_info *) info)->statemask,
        states = netns_here_get_states (match->here, match->packets);

  ask_any (match, states, G_MAXUINT32, mask, FALSE);
}

static void
ask_mark (const Match *match, const NetnsMark *mark, guint32 value, guint32 mask, gboolean inverted)
{
  gboolean differs = ((mark->value ^ value) & mask & mark->known) != 0 || (value & ~mask) != 0;

  if (!differs && mask & ~mark->known)
    ask_maybe (match);
  else
    ask_sure (match, differs == inverted);
}

static void
match_mark (const Match *match, gconstpointer info)
{
  const struct xt_mark_mtinfo1 *asked = info;

  ask_mark (match, &match->packets->mark, asked->mark, asked->mask, asked->invert);
}

static void
match_connmark (const Match *match, gconstpointer info)
{
  const struct xt_connmark_mtinfo1 *asked = info;

  if (netns_here_is_tracked (match->here, match->packets))
    ask_mark (match, &match->packets->connection_mark, asked->mark, asked->mask, asked->invert);
  else
    ask_sure (match, FALSE);
}

/* @types: bits by number of RTN_*, 0 for any */
static void
ask_address_type (const Match *match, gboolean of_source, guint types, gboolean inverted)
{
  guint type = netns_here_get_address_type (match->here, of_source);

  if (types != 0)
    ask_any (match, 1u << type, type ? G_MAXUINT32 : 0, types, inverted);
}

static void
match_addrtype (const Match *match, gconstpointer info)
{
  const struct xt_addrtype_info *old = info;
  const struct xt_addrtype_info_v1 *asked = info;

  if (match->revision == 0) {
    ask_address_type (match, TRUE, old->source, old->invert_source != 0);
    ask_address_type (match, FALSE, old->dest, old->invert_dest != 0);
  } else {
    ask_address_type (match, TRUE, asked->source, (asked->flags & XT_ADDRTYPE_INVERT_SOURCE) != 0);
    ask_address_type (match, FALSE, asked->dest, (asked->flags & XT_ADDRTYPE_INVERT_DEST) != 0);
  }
  ask_sure (match, TRUE);
}

/* A packet that is routed has no port of a bridge to leave by (physdev_mt()); by which one it came is not known. */
static void
match_physdev (const Match *match, gconstpointer info)
{
  static const guint unfit[] = { XT_PHYSDEV_OP_BRIDGED, XT_PHYSDEV_OP_ISOUT, XT_PHYSDEV_OP_OUT };
  const struct xt_physdev_info *asked = info;

  for (gsize i = 0; i < G_N_ELEMENTS (unfit); i++)
    if (asked->bitmask & unfit[i])
      ask_sure (match, (asked->invert & unfit[i]) != 0);
  if (asked->bitmask & (XT_PHYSDEV_OP_IN | XT_PHYSDEV_OP_ISIN))
    ask_maybe (match);
}

static void
ask_port (const Match *match, NetnsVaries port, guint16 first, guint16 last, gboolean inverted)
{
  const guint16 from = GUINT16_TO_BE (first), to = GUINT16_TO_BE (last);
  NetnsByte bytes[NETNS_VALUE_MAX];

  netns_load_varies (match->here, match->packets, port, bytes);
  ask_between (match, bytes, &from, &to, sizeof from, inverted);
}

static void
match_tcp (const Match *match, gconstpointer info)
{
  const struct xt_tcp *asked = info;
  guint8 flags = match->here->passage->is_answer ? 0x12 : 0x02; /* SYN+ACK, SYN */

  ask_sure (match, match->here->passage->protocol == IPPROTO_TCP);
  ask_port (match, NETNS_VARIES_SOURCE_PORT, asked->spts[0], asked->spts[1], (asked->invflags & XT_TCP_INV_SRCPT) != 0);
  ask_port (match, NETNS_VARIES_DESTINATION_PORT, asked->dpts[0], asked->dpts[1],
            (asked->invflags & XT_TCP_INV_DSTPT) != 0);
  ask_sure (match, ((flags & asked->flg_mask) == asked->flg_cmp) != ((asked->invflags & XT_TCP_INV_FLAGS) != 0));
  if (asked->option != 0)
    ask_maybe (match);
}

static void
match_udp (const Match *match, gconstpointer info)
{
  const struct xt_udp *asked = info;

  ask_sure (match, match->here->passage->protocol == IPPROTO_UDP);
  ask_port (match, NETNS_VARIES_SOURCE_PORT, asked->spts[0], asked->spts[1], (asked->invflags & XT_UDP_INV_SRCPT) != 0);
  ask_port (match, NETNS_VARIES_DESTINATION_PORT, asked->dpts[0], asked->dpts[1],
            (asked->invflags & XT_UDP_INV_DSTPT) != 0);
}

/* Of both families it is the same (struct ipt_icmp and ip6t_icmp). */
typedef struct {
  guint8 type;
  guint8 code[2];
  guint8 invflags;
} Icmp;

#define ICMP_ANY 0xff

static void
match_icmp (const Match *match, gconstpointer info)
{
  const Icmp *asked = info;
  gboolean fits = (asked->type == ICMP_ANY && match->here->passage->family == AF_INET)
                  || (asked->type == netns_here_get_icmp_type (match->here) && asked->code[0] == 0);

  ask_sure (match, match->here->passage->protocol == IPPROTO_ICMP || match->here->passage->protocol == IPPROTO_ICMPV6);
  ask_sure (match, fits != ((asked->invflags & 1) != 0));
}

static void
add_port (const Match *match, NetnsCondition *condition, NetnsVaries port, guint16 first, guint16 last)
{
  const guint16 from = GUINT16_TO_BE (first), to = GUINT16_TO_BE (last);
  NetnsCase *of = netns_condition_add (condition);
  NetnsByte bytes[NETNS_VALUE_MAX];

  netns_load_varies (match->here, match->packets, port, bytes);
  if (!netns_case_between (of, bytes, (const guint8 *) &from, (const guint8 *) &to, sizeof from, match->here->sizes))
    netns_condition_drop (condition, of);
}

static void
match_multiport (const Match *match, gconstpointer info)
{
  const struct xt_multiport_v1 *asked = info;
  guint count = MIN (asked->count, XT_MULTI_PORTS);
  guint8 protocol = match->here->passage->protocol;
  NetnsCondition *condition;

  ask_sure (match, protocol == IPPROTO_TCP || protocol == IPPROTO_UDP);
  condition = netns_condition_new (asked->invert != 0);
  for (guint i = 0; i < count; i++) {
    guint16 first = asked->ports[i], last = asked->pflags[i] && i + 1 < count ? asked->ports[++i] : first;

    if (asked->flags != XT_MULTIPORT_DESTINATION)
      add_port (match, condition, NETNS_VARIES_SOURCE_PORT, first, last);
    if (asked->flags != XT_MULTIPORT_SOURCE)
      add_port (match, condition, NETNS_VARIES_DESTINATION_PORT, first, last);
  }
  netns_condition_unite (condition);
  ask (match, condition);
}

static void
ask_address (const Match *match, NetnsVaries address, const union nf_inet_addr *first, const union nf_inet_addr *last,
             gboolean inverted)
{
  NetnsByte bytes[NETNS_VALUE_MAX];
  guint length = netns_load_varies (match->here, match->packets, address, bytes);

  ask_between (match, bytes, first, last, length, inverted);
}

static void
match_iprange (const Match *match, gconstpointer info)
{
  const struct xt_iprange_mtinfo *asked = info;

  if (asked->flags & IPRANGE_SRC)
    ask_address (match, NETNS_VARIES_SOURCE, &asked->src_min, &asked->src_max, (asked->flags & IPRANGE_SRC_INV) != 0);
  if (asked->flags & IPRANGE_DST)
    ask_address (match, NETNS_VARIES_DESTINATION, &asked->dst_min, &asked->dst_max,
                 (asked->flags & IPRANGE_DST_INV) != 0);
  ask_sure (match, TRUE);
}

static void
match_pkttype (const Match *match, gconstpointer info)
{
  const struct xt_pkttype_info *asked = info;

  ask_sure (match, (asked->pkttype == 0 /* PACKET_HOST */) != (asked->invert != 0));
}

/* What is forwarded has no socket (owner_mt()). */
static void
match_owner (const Match *match, gconstpointer info)
{
  const struct xt_owner_match_info *asked = info;

  ask_sure (match, (asked->match ^ asked->invert) == 0);
}

/* Packets are within limits, as long as there are few. */
static void
match_hashlimit (const Match *match, gconstpointer info)
{
  guint32 mode = match->revision == 1   ? ((const struct xt_hashlimit_mtinfo1 *) info)->cfg.mode
                 : match->revision == 2 ? ((const struct xt_hashlimit_mtinfo2 *) info)->cfg.mode
                                        : ((const struct xt_hashlimit_mtinfo3 *) info)->cfg.mode;

  ask_sure (match, (mode & XT_HASHLIMIT_INVERT) == 0);
}

static void
match_connlimit (const Match *match, gconstpointer info)
{
  const struct xt_connlimit_info *asked = info;

  ask_sure (match, (asked->limit < 1) != ((asked->flags & XT_CONNLIMIT_INVERT) != 0));
}

static void
match_recent (const Match *match, gconstpointer info)
{
  const struct xt_recent_mtinfo *asked = info;

  if (asked->check_set & XT_RECENT_SET)
    ask_sure (match, !asked->invert);
  else if (asked->hit_count > 1)
    ask_sure (match, asked->invert);
  else
    ask_maybe (match);
}

/* The way back to the source is the way that it came. */
static void
match_rpfilter (const Match *match, gconstpointer info)
{
  ask_sure (match, (((const struct xt_rpfilter_info *) info)->flags & XT_RPFILTER_INVERT) == 0);
}

/* It came without IPsec; how it leaves is not known. */
static void
match_policy (const Match *match, gconstpointer info)
{
  guint flags = ((const struct xt_policy_info *) info)->flags;

  if (flags & XT_POLICY_MATCH_IN)
    ask_sure (match, (flags & XT_POLICY_MATCH_NONE) != 0);
  else
    ask_maybe (match);
}

static void
match_helper (const Match *match, gconstpointer info)
{
  if (match->here->passage->is_answer || !netns_here_is_tracked (match->here, match->packets))
    ask_maybe (match);
  else
    ask_sure (match, ((const struct xt_helper_info *) info)->invert != 0);
}

/* Among those that never fit are all that look for an extension header of IPv6: there is none. */
static const struct {
  const char *name;
  guint first_revision;
  guint last_revision;
  gsize size;
  void (*add) (const Match *match, gconstpointer info);
} matches[] = {
  { "ah",        0, 9, 0,                                    match_never     },
  { "addrtype",  0, 0, sizeof (struct xt_addrtype_info),     match_addrtype  },
  { "addrtype",  1, 1, sizeof (struct xt_addrtype_info_v1),  match_addrtype  },
  { "cgroup",    0, 9, 0,                                    match_never     },
  { "comment",   0, 0, 0,                                    match_always    },
  { "connlimit", 1, 1, sizeof (struct xt_connlimit_info),    match_connlimit },
  { "connmark",  1, 1, sizeof (struct xt_connmark_mtinfo1),  match_connmark  },
  { "conntrack", 1, 1, sizeof (struct xt_conntrack_mtinfo1), match_conntrack },
  { "conntrack", 2, 2, sizeof (struct xt_conntrack_mtinfo2), match_conntrack },
  { "conntrack", 3, 3, sizeof (struct xt_conntrack_mtinfo3), match_conntrack },
  { "dst",       0, 9, 0,                                    match_never     },
  { "esp",       0, 9, 0,                                    match_never     },
  { "frag",      0, 9, 0,                                    match_never     },
  { "hashlimit", 1, 1, sizeof (struct xt_hashlimit_mtinfo1), match_hashlimit },
  { "hashlimit", 2, 2, sizeof (struct xt_hashlimit_mtinfo2), match_hashlimit },
  { "hashlimit", 3, 3, sizeof (struct xt_hashlimit_mtinfo3), match_hashlimit },
  { "hbh",       0, 9, 0,                                    match_never     },
  { "helper",    0, 0, sizeof (struct xt_helper_info),       match_helper    },
  { "icmp",      0, 0, sizeof (Icmp),                        match_icmp      },
  { "icmp6",     0, 0, sizeof (Icmp),                        match_icmp      },
  { "iprange",   1, 1, sizeof (struct xt_iprange_mtinfo),    match_iprange   },
  { "limit",     0, 0, 0,                                    match_always    },
  { "mark",      1, 1, sizeof (struct xt_mark_mtinfo1),      match_mark      },
  { "multiport", 1, 1, sizeof (struct xt_multiport_v1),      match_multiport },
  { "nfacct",    0, 9, 0,                                    match_always    },
  { "owner",     1, 1, sizeof (struct xt_owner_match_info),  match_owner     },
  { "physdev",   0, 0, sizeof (struct xt_physdev_info),      match_physdev   },
  { "pkttype",   0, 0, sizeof (struct xt_pkttype_info),      match_pkttype   },
  { "policy",    0, 0, sizeof (struct xt_policy_info),       match_policy    },
  { "mh",        0, 9, 0,                                    match_never     },
  { "recent",    0, 1, sizeof (struct xt_recent_mtinfo),     match_recent    },
  { "rpfilter",  0, 0, sizeof (struct xt_rpfilter_info),     match_rpfilter  },
  { "rt",        0, 9, 0,                                    match_never     },
  { "socket",    0, 9, 0,                                    match_never     },
  { "state",     0, 0, sizeof (struct xt_state_info),        match_state     },
  { "tcp",       0, 0, sizeof (struct xt_tcp),               match_tcp       },
  { "udp",       0, 0, sizeof (struct xt_udp),               match_udp       },
};

/**
 * netns_xtables_match:
 * @evaluation: a rule; what is asked of packets is added to its conditions
 * @name: of the match
 * @revision: of the match
 * @info: (nullable): what it has
 * @length: of @info
 *
 * Returns: that something is asked
 */
NetnsResult
netns_xtables_match (NetnsEvaluation *evaluation, const char *name, guint revision, const guint8 *info, guint length)
{
  const Match match = { evaluation, evaluation->here, evaluation->packets, revision };
  /* For its alignment. */
  g_autofree guint8 *copy = info && length > 0 ? g_memdup2 (info, length) : NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (matches); i++) {
    if (strcmp (matches[i].name, name) != 0 || revision < matches[i].first_revision
        || revision > matches[i].last_revision || length < matches[i].size)
      continue;
    matches[i].add (&match, copy);
    return NETNS_EVALUATION_ASKS;
  }
  return netns_evaluation_ask_unknown (evaluation);
}
