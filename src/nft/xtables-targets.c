/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Targets of iptables; what is not here may do anything. */
#include "nft/xtables.h"

#include <netinet/in.h>

#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_MARK.h>
#include <linux/netfilter/xt_connmark.h>
#include <string.h>

static NetnsResult
target_mark (NetnsEvaluation *evaluation, gconstpointer info)
{
  const struct xt_mark_tginfo2 *asked = info;
  NetnsMark *mark = &evaluation->packets->mark;

  *mark = (NetnsMark) { (mark->value & ~asked->mask) ^ asked->mark, mark->known | asked->mask };
  mark->value &= mark->known;
  return NETNS_EVALUATION_GOES_ON;
}

/* Bits of one mark take the place of bits of the other. */
static NetnsMark
merge_marks (NetnsMark mark, guint32 lost, NetnsMark other, guint32 taken)
{
  NetnsMark merged = { (mark.value & ~lost) ^ (other.value & taken), (mark.known | lost) & (other.known | ~taken) };

  merged.value &= merged.known;
  return merged;
}

static NetnsResult
target_connmark (NetnsEvaluation *evaluation, gconstpointer info)
{
  const struct xt_connmark_tginfo1 *asked = info;
  NetnsPackets *packets = evaluation->packets;
  const NetnsMark value = { asked->ctmark, G_MAXUINT32 };

  if (!netns_here_is_tracked (evaluation->here, packets))
    return NETNS_EVALUATION_GOES_ON;
  switch (asked->mode) {
  case XT_CONNMARK_SET:
    packets->connection_mark = merge_marks (packets->connection_mark, asked->ctmask, value, G_MAXUINT32);
    break;
  case XT_CONNMARK_SAVE:
    packets->connection_mark = merge_marks (packets->connection_mark, asked->ctmask, packets->mark, asked->nfmask);
    break;
  default:
    packets->mark = merge_marks (packets->mark, asked->nfmask, packets->connection_mark, asked->ctmask);
  }
  return NETNS_EVALUATION_GOES_ON;
}

/* Of revision 2, which can shift, what comes of it is not known. */
static NetnsResult
target_connmark_shift (NetnsEvaluation *evaluation, gconstpointer info)
{
  const struct xt_connmark_tginfo2 *asked = info;
  const struct xt_connmark_tginfo1 plain = { asked->ctmark, asked->ctmask, asked->nfmask, asked->mode };

  if (asked->shift_bits == 0)
    return target_connmark (evaluation, &plain);
  if (asked->mode == XT_CONNMARK_RESTORE)
    evaluation->packets->mark.known = 0;
  else
    evaluation->packets->connection_mark.known = 0;
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
target_ct (NetnsEvaluation *evaluation, gconstpointer info)
{
  if (((const struct xt_ct_target_info *) info)->flags & XT_CT_NOTRACK)
    evaluation->packets->untracked = TRUE;
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
target_notrack (NetnsEvaluation *evaluation, gconstpointer info)
{
  evaluation->packets->untracked = TRUE;
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
target_drop (NetnsEvaluation *evaluation, gconstpointer info)
{
  return netns_evaluation_decide (evaluation, NF_DROP);
}

static NetnsResult
target_source (NetnsEvaluation *evaluation, gconstpointer info)
{
  evaluation->packets->rewritten |= 1u << NETNS_VARIES_SOURCE | 1u << NETNS_VARIES_SOURCE_PORT;
  return netns_evaluation_decide (evaluation, NF_ACCEPT);
}

static NetnsResult
target_destination (NetnsEvaluation *evaluation, gconstpointer info)
{
  evaluation->packets->rewritten |= 1u << NETNS_VARIES_DESTINATION | 1u << NETNS_VARIES_DESTINATION_PORT;
  evaluation->packets->redirected = TRUE;
  return netns_evaluation_decide (evaluation, NF_ACCEPT);
}

static NetnsResult
target_ttl (NetnsEvaluation *evaluation, gconstpointer info)
{
  evaluation->packets->rewritten |= 1u << NETNS_VARIES_TTL;
  return NETNS_EVALUATION_GOES_ON;
}

static NetnsResult
target_tos (NetnsEvaluation *evaluation, gconstpointer info)
{
  evaluation->packets->rewritten |= 1u << NETNS_VARIES_TOS;
  return NETNS_EVALUATION_GOES_ON;
}

static const struct {
  const char *name;
  guint revision;
  gsize size;
  NetnsResult (*run) (NetnsEvaluation *evaluation, gconstpointer info);
} targets[] = {
  { "CONNMARK",   1, sizeof (struct xt_connmark_tginfo1), target_connmark       },
  { "CONNMARK",   2, sizeof (struct xt_connmark_tginfo2), target_connmark_shift },
  { "CT",         0, sizeof (struct xt_ct_target_info),   target_ct             },
  { "CT",         1, sizeof (struct xt_ct_target_info),   target_ct             },
  { "CT",         2, sizeof (struct xt_ct_target_info),   target_ct             },
  { "DNAT",       0, 0,                                   target_destination    },
  { "DNAT",       1, 0,                                   target_destination    },
  { "DNAT",       2, 0,                                   target_destination    },
  { "DSCP",       0, 0,                                   target_tos            },
  { "HL",         0, 0,                                   target_ttl            },
  { "MARK",       2, sizeof (struct xt_mark_tginfo2),     target_mark           },
  { "MASQUERADE", 0, 0,                                   target_source         },
  { "NOTRACK",    0, 0,                                   target_notrack        },
  { "REJECT",     0, 0,                                   target_drop           },
  { "SNAT",       0, 0,                                   target_source         },
  { "SNAT",       1, 0,                                   target_source         },
  { "SNAT",       2, 0,                                   target_source         },
  { "TOS",        0, 0,                                   target_tos            },
  { "TTL",        0, 0,                                   target_ttl            },
};

/* Targets that leave packet and verdict as they are. */
static const char *const harmless[]
  = { "AUDIT",   "CHECKSUM", "CLASSIFY", "CONNSECMARK", "ECN",         "IDLETIMER", "LED",   "LOG",  "NFACCT", "NFLOG",
      "RATEEST", "SECMARK",  "SET",      "TCPMSS",      "TCPOPTSTRIP", "TEE",       "TRACE", "ULOG", NULL };

/* As netns_xtables_match(), of a target. */
NetnsResult
netns_xtables_target (NetnsEvaluation *evaluation, const char *name, guint revision, const guint8 *info, guint length)
{
  g_autofree guint8 *copy = info && length > 0 ? g_memdup2 (info, length) : NULL;

  if (g_strv_contains (harmless, name))
    return NETNS_EVALUATION_GOES_ON;
  for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
    if (strcmp (targets[i].name, name) == 0 && targets[i].revision == revision && length >= targets[i].size)
      return targets[i].run (evaluation, copy);
  return netns_evaluation_decide (evaluation, NETNS_VERDICT_UNKNOWN);
}

/* Returns: whether it makes any difference to packets */
gboolean
netns_xtables_can_decide (const char *target)
{
  return !g_strv_contains (harmless, target);
}

/* Returns: whether it ends them */
gboolean
netns_xtables_drops (const char *target)
{
  static const char *const names[] = { "DELUDE", "DROP", "REJECT", "TARPIT", NULL };

  return g_strv_contains (names, target);
}
