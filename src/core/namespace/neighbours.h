/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The neighbours of a namespace on its links. */
#pragma once

#include "core/plan/plan.h"

typedef struct _NetnsCore NetnsCore;

NetnsPlan *netns_namespace_list_neighbours (NetnsCore *core, guint caller, const char *name, GError **error);
