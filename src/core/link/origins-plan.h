/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How links go back to where they came from. */
#pragma once

#include "core/state/origins.h"

gboolean netns_origins_plan_return (NetnsOrigins *origins, NetnsPlan *plan, NetnsNamespace *namespace, GError **error);
