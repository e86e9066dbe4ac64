/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans for the routes of a namespace. */
#pragma once

#include "common/fields.h"
#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;

/* Words of RTN_*. */
extern const NetnsWord netns_route_types[];

NetnsPlan *netns_namespace_add_route (NetnsCore *core, guint caller, const char *name, const char *destination,
                                      const char *gateway, GVariant *options, GError **error);
NetnsPlan *netns_namespace_remove_route (NetnsCore *core, guint caller, const char *name, const char *destination,
                                         const char *gateway, GVariant *options, GError **error);
