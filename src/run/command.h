/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way from a child of the helper to the command. */
#pragma once

#include "run/order.h"

void netns_command_execute (const NetnsOrder *order, int report) G_GNUC_NORETURN;
