/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unmounting in a mount namespace of somebody else. */
#pragma once

#include "common/grant.h"
#include "kernel/holders.h"

gboolean netns_unmount_elsewhere (const NetnsGrant *grant, const NetnsHolder *mount, GError **error);
