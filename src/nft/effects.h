/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a rule can do, whomever it fits. */
#pragma once

#include "nft/view.h"

gboolean netns_rule_can_decide (const NetnsRule *rule);
gboolean netns_rule_sets_connection_mark (const NetnsRule *rule);
