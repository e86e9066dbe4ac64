/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces without a name that have not ended: a socket can keep one as long as it likes. Each counts as its owner's
 * still, or one user could have any number of them. */
#pragma once

#include "core/plan/plan.h"

typedef struct _NetnsLingering NetnsLingering;

NetnsLingering *netns_lingering_new (void);
void netns_lingering_free (NetnsLingering *lingering);
void netns_lingering_add (NetnsLingering *lingering, NetnsPlan *plan);
guint netns_lingering_count (const NetnsLingering *lingering, guint owner);
