/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of firewalls. Their contents are not mirrored: the worker reads them on demand. */
#pragma once

#include "mirror/state.h"

typedef struct _NetnsRuleWatch NetnsRuleWatch;

NetnsRuleWatch *netns_rule_watch_new (NetnsMirrorState *state);
void netns_rule_watch_free (NetnsRuleWatch *watch);
