/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel settings that each network namespace has of its own, and that can do no harm outside of it. */
#pragma once

#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;

NetnsPlan *netns_namespace_set_sysctl (NetnsCore *core, guint caller, const char *name, const char *key,
                                       const char *value, GError **error);
NetnsPlan *netns_namespace_get_sysctl (NetnsCore *core, guint caller, const char *name, const char *key,
                                       GError **error);
