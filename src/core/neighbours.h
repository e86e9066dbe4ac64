/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a namespace knows on its links. */
#pragma once

#include "core/plan.h"

typedef struct _NetnsCore NetnsCore;

NetnsPlan *netns_namespace_list_neighbours (NetnsCore *core, guint caller, const char *name, GError **error);
