/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name servers of a namespace: files in /etc/netns that go where the namespace goes. */
#pragma once

#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;

NetnsPlan *netns_namespace_set_dns (NetnsCore *core, guint caller, const char *name, const char *const *servers,
                                    const char *const *search, GError **error);
void netns_dns_plan_clear (NetnsCore *core, NetnsPlan *plan, const char *name);
void netns_dns_plan_move (NetnsCore *core, NetnsPlan *plan, const char *name, const char *new_name);
