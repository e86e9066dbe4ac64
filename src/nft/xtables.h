/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matches and targets of iptables, which iptables-nft puts into rules of nf_tables as they are. */
#pragma once

#include "nft/evaluation.h"

NetnsResult netns_xtables_match (NetnsEvaluation *evaluation, const char *name, guint revision, const guint8 *info,
                                 guint length);
NetnsResult netns_xtables_target (NetnsEvaluation *evaluation, const char *name, guint revision, const guint8 *info,
                                  guint length);
gboolean netns_xtables_can_decide (const char *target);
gboolean netns_xtables_drops (const char *target);
