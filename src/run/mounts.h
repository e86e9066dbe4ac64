/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command's network namespace and rights make of its file system: /sys, and no set-user-ID bits. */
#pragma once

#include "run/order.h"

gboolean netns_mounts_finish (const NetnsOrder *order, GError **error);
