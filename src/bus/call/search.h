/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespaces must be looked for before a call can be answered. */
#pragma once

#include "bus/tree/interface.h"

NetnsSearch netns_search_find (const NetnsCall *call, const NetnsMethod *method);
