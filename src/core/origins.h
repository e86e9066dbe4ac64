/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where links were before they were moved away, and, if Link.MoveTo did that, what they had there: to there they go back
 * when the namespace that they are in is deleted. */
#pragma once

#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;
typedef struct _NetnsOrigins NetnsOrigins;

NetnsOrigins *netns_origins_new (NetnsMirror *mirror);
void netns_origins_free (NetnsOrigins *origins);
void netns_origins_prune (NetnsOrigins *origins);
void netns_origins_plan_move (NetnsOrigins *origins, NetnsPlan *plan, NetnsLink *link, const NetnsNamespace *to,
                              const char *name_there);
gboolean netns_origins_plan_homecoming (NetnsOrigins *origins, NetnsPlan *plan, NetnsNamespace *namespace,
                                        GError **error);
