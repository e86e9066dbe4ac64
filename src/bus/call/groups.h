/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The groups of a caller: not those of its user, as it may have given some up. */
#pragma once

#include "bus/tree/interface.h"

void netns_groups_find (NetnsCall *call, NetnsDoneFunc done, gpointer data);
