/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A step that tells whom a namespace knows on its links. */
#pragma once

#include "core/plan/plan.h"

NETNS_DECLARE_PLAIN_OPERATION (neighbours_list)
